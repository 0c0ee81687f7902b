"""The materials of the street, as shader nodes (procedural, no image but the prints).

A face's tint is the attribute ``tint`` (linear RGB and a fourth number). Materials that shine write
the render output ``mask``: red for lamps, green for signals, blue for lit windows and boards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import bpy

if TYPE_CHECKING:
    from collections.abc import Mapping

Bpy: TypeAlias = Any  # the renderer's objects carry no types
Rgba: TypeAlias = tuple[float, float, float, float]
RETRO = 25_000.0
"""Candela towards a sign (above the cut-off) times its retroreflection (cd/lx/m2)."""


class Shader:
    """One material being wired up."""

    def __init__(self, name: str) -> None:
        self.material: Bpy = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree: Bpy = self.material.node_tree
        self.tree.nodes.clear()
        self.output = self.node("ShaderNodeOutputMaterial")
        self.tint = self.node("ShaderNodeAttribute", attribute_name="tint")

    def node(self, kind: str, inputs: Mapping[Any, Any] | None = None, **settings: Any) -> Bpy:  # noqa: ANN401 (node settings have many types)
        """Add a node; inputs are sockets or constants."""
        node = self.tree.nodes.new(kind)
        for key, value in settings.items():
            setattr(node, key, value)
        for key, value in (inputs or {}).items():
            if isinstance(value, bpy.types.NodeSocket):
                self.tree.links.new(value, node.inputs[key])
            else:
                node.inputs[key].default_value = value
        return node

    def math(self, operation: str, *values: Any) -> Bpy:  # noqa: ANN401 (sockets or numbers)
        """A number computed."""
        return self.node("ShaderNodeMath", dict(enumerate(values)), operation=operation).outputs[0]

    def scale(self, color: Bpy, factor: Any) -> Bpy:  # noqa: ANN401 (socket or number)
        """A colour times a number."""
        return self.node(
            "ShaderNodeVectorMath", {0: color, "Scale": factor}, operation="SCALE"
        ).outputs[0]

    def times(self, a: Bpy, b: Bpy) -> Bpy:
        """Two colours, channel by channel."""
        return self.node("ShaderNodeVectorMath", {0: a, 1: b}, operation="MULTIPLY").outputs[0]

    def noise(self, scale: float, low: float, high: float, *, detail: float = 2.0) -> Bpy:
        """Fractal noise between two values, per metre of the world."""
        place = self.node("ShaderNodeNewGeometry").outputs["Position"]
        noise = self.node("ShaderNodeTexNoise", {"Vector": place, "Scale": scale, "Detail": detail})
        return self.ramp(
            noise.outputs["Factor" if "Factor" in noise.outputs else "Fac"], 0.3, 0.7, low, high
        )

    def bricks(self, size: tuple[float, float, float], one: Rgba, two: Rgba, gap: Rgba) -> Bpy:
        """Rows of bricks in texture coordinates; size is (width, height, mortar)."""
        uv = self.node("ShaderNodeUVMap").outputs[0]
        values = {"Vector": uv, "Scale": 1.0, "Color1": one, "Color2": two, "Mortar": gap}
        sizes = dict(zip(("Brick Width", "Row Height", "Mortar Size"), size, strict=True))
        return self.node("ShaderNodeTexBrick", values | sizes).outputs["Color"]

    def ramp(self, value: Bpy, start: float, end: float, low: Any, high: Any) -> Bpy:  # noqa: ANN401 (sockets or numbers)
        """Map start..end to low..high, clamped."""
        return self.node(
            "ShaderNodeMapRange", {0: value, 1: start, 2: end, 3: low, 4: high}, clamp=True
        ).outputs[0]

    def surface(self, color: Bpy, rough: Any, *, emission: Bpy = None, **inputs: Any) -> None:  # noqa: ANN401 (sockets or numbers)
        """Finish with a principled surface."""
        values: dict[str | int, Any] = {"Base Color": color, "Roughness": rough}
        values |= {name.replace("_", " "): value for name, value in inputs.items()}
        if emission is not None:
            values |= {"Emission Color": emission, "Emission Strength": 1.0}
        shader = self.node("ShaderNodeBsdfPrincipled", values)
        self.tree.links.new(shader.outputs[0], self.output.inputs[0])

    def mask(self, rgb: tuple[float, float, float], factor: Any = 1.0) -> None:  # noqa: ANN401 (socket or number)
        """Write to the render output ``mask``."""
        color = self.node("ShaderNodeCombineXYZ", {i: v for i, v in enumerate(rgb)}).outputs[0]  # noqa: C416 (keys must be plain ints or str for the checker)
        node = self.node("ShaderNodeOutputAOV", {"Color": self.scale(color, factor)})
        node.aov_name = "mask"


class Materials:
    """All materials of one scene; made when first asked for.

    Args:
        wetness: 0 dry to 1 standing water.
        prints: the image of prints.
    """

    def __init__(self, wetness: float, prints: Bpy) -> None:
        self._wetness = wetness
        self._prints = prints
        self._made: dict[str, Bpy] = {}
        self._night: list[tuple[Bpy, float, float]] = []

    def get(self, name: str) -> Bpy:
        """A material by name; ``lamp#r,g,b,level`` is a lamp of constant radiance."""
        if name not in self._made:
            shader = Shader(name)
            kind, _, level = name.partition("#")
            if level:
                self._light(shader, kind, tuple(float(v) for v in level.split(",")))
            else:
                getattr(self, f"_{kind}", self._plain)(shader)
            if kind not in {"lamp", "signal", "moon"}:
                shader.material.cycles.emission_sampling = "NONE"
            self._made[name] = shader.material
        return self._made[name]

    def set_night(self, *, night: bool) -> None:
        """Switch lamps, windows and retroreflection between night and day."""
        for node, at_night, by_day in self._night:
            node.outputs[0].default_value = at_night if night else by_day

    def _switch(self, shader: Shader, by_day: float = 0.0) -> Bpy:
        node = shader.node("ShaderNodeValue")
        node.outputs[0].default_value = 1.0
        self._night.append((node, 1.0, by_day))
        return node.outputs[0]

    def _light(self, s: Shader, kind: str, tint: tuple[float, ...]) -> None:
        """A light source of constant radiance, sampled as a lamp."""
        by_day = {"signal": 1.0, "moon": 0.0}.get(kind, 0.03)
        night = s.node("ShaderNodeValue")
        night.outputs[0].default_value = tint[3]
        self._night.append((night, tint[3], tint[3] * by_day))
        emission = s.node(
            "ShaderNodeEmission", {"Color": (*tint[:3], 1.0), "Strength": night.outputs[0]}
        )
        s.tree.links.new(emission.outputs[0], s.output.inputs[0])
        s.material.cycles.emission_sampling = "FRONT_BACK"
        s.mask((0.0, 1.0, 0.0) if kind == "signal" else (1.0, 0.0, 0.0))

    def _plain(self, s: Shader) -> None:
        s.surface(s.tint.outputs["Color"], 0.7)

    def _plaster(self, s: Shader) -> None:
        dirt = s.math("MULTIPLY", s.noise(0.35, 0.72, 1.05), s.noise(6.0, 0.92, 1.04))
        s.surface(s.scale(s.tint.outputs["Color"], dirt), 0.85)

    _concrete = _frame = _plaster

    def _kerb(self, s: Shader) -> None:
        s.surface(
            s.scale(s.tint.outputs["Color"], s.noise(2.0, 0.3, 0.5)), 0.8 - 0.4 * self._wetness
        )

    def _brick(self, s: Shader) -> None:
        bricks = s.bricks(
            (0.24, 0.075, 0.012), (1.15, 1.0, 0.95, 1), (0.75, 0.72, 0.72, 1), (1.3, 1.5, 1.6, 1)
        )
        s.surface(s.times(s.scale(s.tint.outputs["Color"], s.noise(0.4, 0.75, 1.1)), bricks), 0.85)

    def _tiles(self, s: Shader) -> None:
        rows = s.bricks(
            (0.3, 0.32, 0.02), (1.2, 1.1, 1.0, 1), (0.8, 0.8, 0.8, 1), (0.3, 0.3, 0.3, 1)
        )
        s.surface(s.times(s.tint.outputs["Color"], rows), 0.6 - 0.3 * self._wetness)

    def _tilewall(self, s: Shader) -> None:
        s.surface(s.scale(s.tint.outputs["Color"], s.noise(0.5, 0.7, 1.05)), 0.35)

    def _asphalt(self, s: Shader) -> None:
        grain = s.math("MULTIPLY", s.noise(0.25, 0.75, 1.2), s.noise(35.0, 0.8, 1.2))
        tracks = s.noise(0.06, 0.85, 1.15)
        wet = s.noise(
            0.22, max(0.0, self._wetness * 1.6 - 0.8), min(1.0, self._wetness * 1.5), detail=4.0
        )
        shade = s.math(
            "MULTIPLY", s.math("MULTIPLY", grain, tracks), s.ramp(wet, 0, 1, 0.055, 0.028)
        )
        color = s.node(
            "ShaderNodeCombineXYZ", {0: shade, 1: shade, 2: s.math("MULTIPLY", shade, 1.03)}
        )
        rough = s.ramp(wet, 0.0, 1.0, 0.62, 0.10)
        bump = s.node(
            "ShaderNodeBump", {"Strength": 0.25, "Distance": 0.004, "Height": s.noise(55.0, 0, 1)}
        )
        s.surface(color.outputs[0], rough, Normal=bump.outputs[0])

    def _patch(self, s: Shader) -> None:
        s.surface(
            s.tint.outputs["Color"],
            s.noise(0.4, 0.5 - 0.35 * self._wetness, 0.6 - 0.3 * self._wetness),
        )

    def _paving(self, s: Shader) -> None:
        dry = 1 - 0.45 * self._wetness
        slabs = s.bricks(
            (0.6, 0.4, 0.012),
            (0.2 * dry, 0.19 * dry, 0.18 * dry, 1),
            (0.15 * dry, 0.145 * dry, 0.14 * dry, 1),
            (0.05, 0.05, 0.05, 1),
        )
        s.surface(
            s.scale(slabs, s.noise(0.5, 0.7, 1.1)),
            s.noise(0.3, 0.8 - 0.65 * self._wetness, 0.85 - 0.3 * self._wetness),
        )

    def _grass(self, s: Shader) -> None:
        mix = s.noise(0.15, 0.0, 1.0, detail=5.0)
        fine = s.noise(4.0, 0.6, 1.3)
        color = s.node(
            "ShaderNodeMix",
            {0: mix, 6: (0.035, 0.06, 0.018, 1), 7: (0.075, 0.07, 0.03, 1)},
            data_type="RGBA",
        )
        s.surface(s.scale(color.outputs[2], fine), 0.9)

    def _bark(self, s: Shader) -> None:
        s.surface(s.scale(s.tint.outputs["Color"], s.noise(9.0, 0.6, 1.3)), 0.9)

    def _leaf(self, s: Shader) -> None:
        color = s.tint.outputs["Color"]
        front = s.node("ShaderNodeBsdfDiffuse", {"Color": color})
        back = s.node("ShaderNodeBsdfTranslucent", {"Color": s.scale(color, 1.3)})
        mix = s.node("ShaderNodeMixShader", {0: 0.35, 1: front.outputs[0], 2: back.outputs[0]})
        s.tree.links.new(mix.outputs[0], s.output.inputs[0])

    def _paint(self, s: Shader) -> None:
        s.surface(
            s.tint.outputs["Color"], 0.35, Metallic=0.15, Coat_Weight=0.8, Coat_Roughness=0.04
        )

    def _glass(self, s: Shader) -> None:
        s.surface(s.tint.outputs["Color"], 0.03)

    def _metal(self, s: Shader) -> None:
        s.surface(s.scale(s.tint.outputs["Color"], s.noise(2.0, 0.8, 1.1)), 0.42, Metallic=0.5)

    def _rubber(self, s: Shader) -> None:
        s.surface(s.tint.outputs["Color"], 0.6)

    def _lens(self, s: Shader) -> None:
        s.surface(s.scale(s.tint.outputs["Color"], 0.18), 0.08)

    def _stripe(self, s: Shader) -> None:
        s.surface(s.tint.outputs["Color"], 0.6)

    def _retro(self, s: Shader, strength: float) -> Bpy:
        """Light sent back to the driver: falls with the square of the distance."""
        away = s.math("MAXIMUM", s.node("ShaderNodeCameraData").outputs["View Distance"], 7.0)
        fall = s.math("DIVIDE", RETRO * strength, s.math("MULTIPLY", away, away))
        return s.math(
            "MULTIPLY", s.math("MULTIPLY", fall, s.tint.outputs["Alpha"]), self._switch(s)
        )

    def _mark(self, s: Shader) -> None:
        worn = s.scale(s.tint.outputs["Color"], s.noise(3.0, 0.35, 1.0, detail=4.0))
        s.surface(
            worn,
            0.6 - 0.35 * self._wetness,
            emission=s.scale(worn, self._retro(s, 0.02 * (1 - 0.7 * self._wetness))),
        )

    def _reflector(self, s: Shader) -> None:
        s.surface(
            s.tint.outputs["Color"],
            0.3,
            emission=s.scale(s.tint.outputs["Color"], self._retro(s, 1.0)),
        )

    def _image(self, s: Shader) -> Bpy:
        return s.node("ShaderNodeTexImage", image=self._prints, extension="EXTEND").outputs["Color"]

    def _print(self, s: Shader) -> None:
        color = self._image(s)
        s.surface(color, 0.4, emission=s.scale(color, self._retro(s, 1.0)))

    def _board(self, s: Shader) -> None:
        color = self._image(s)
        level = s.math("MULTIPLY", s.tint.outputs["Alpha"], self._switch(s, 0.4))
        s.surface(color, 0.4, emission=s.scale(color, level))
        s.mask((0, 0, 1), s.math("GREATER_THAN", level, 1.0))

    def _pane(self, s: Shader) -> tuple[Bpy, Bpy, Bpy, Bpy]:
        """Of a window: across (0 to 1), up, and two numbers of its own."""
        uv = s.node("ShaderNodeUVMap").outputs[0]
        split = s.node("ShaderNodeSeparateXYZ", {0: uv})
        across = s.math("FRACT", split.outputs[0])
        place = s.node("ShaderNodeVectorMath", {0: uv}, operation="FLOOR").outputs[0]
        tinted = s.node(
            "ShaderNodeVectorMath", {0: place, 1: s.tint.outputs["Color"]}, operation="ADD"
        ).outputs[0]
        lottery = s.node("ShaderNodeTexWhiteNoise", {0: tinted}, noise_dimensions="3D")
        chance = s.node("ShaderNodeSeparateColor", {0: lottery.outputs["Color"]})
        return across, split.outputs[1], chance.outputs[0], chance.outputs[1]

    def _window(self, s: Shader) -> None:
        across, up, one, two = self._pane(s)
        off = s.math("ABSOLUTE", s.math("SUBTRACT", across, 0.5))
        curtain = s.math(
            "MULTIPLY", s.ramp(off, 0.22, 0.28, 0.0, 0.6), s.math("GREATER_THAN", one, 0.35)
        )
        blind = s.math("MULTIPLY", s.math("GREATER_THAN", up, s.ramp(two, 0.0, 1.0, 0.3, 1.2)), 0.5)
        room = s.math("MULTIPLY", s.noise(1.4, 0.45, 1.2), s.ramp(up, 0.0, 1.0, 0.6, 1.15))
        shade = s.math("MULTIPLY", s.math("SUBTRACT", 1.0, curtain), s.math("SUBTRACT", 1.0, blind))
        level = s.math("MULTIPLY", s.tint.outputs["Alpha"], self._switch(s))
        glow = s.math("MULTIPLY", s.math("MULTIPLY", room, shade), level)
        dark = s.node("ShaderNodeCombineXYZ", {0: 0.02, 1: 0.022, 2: 0.025}).outputs[0]
        s.surface(dark, 0.04, emission=s.scale(s.tint.outputs["Color"], glow))
        s.mask((0, 0, 1), s.math("GREATER_THAN", level, 1.0))

    def _shop(self, s: Shader) -> None:
        """A lit sales room: a bright ceiling, shelves with goods, people's height darker."""
        goods = s.bricks(
            (0.13, 0.17, 0.02), (1.0, 0.8, 0.6, 1), (0.25, 0.35, 0.5, 1), (0.5, 0.48, 0.45, 1)
        )
        _, up, _, _ = self._pane(s)
        ceiling = s.ramp(up, 0.62, 0.7, 0.0, 1.0)
        pale = s.node(
            "ShaderNodeMix", {0: ceiling, 6: goods, 7: (1, 1, 1, 1)}, data_type="RGBA"
        ).outputs[2]
        level = s.math("MULTIPLY", s.tint.outputs["Alpha"], self._switch(s, 0.3))
        spots = s.math(
            "MULTIPLY", s.noise(0.9, 0.25, 1.1, detail=3.0), s.ramp(up, 0.0, 1.0, 0.45, 1.1)
        )
        color = s.times(pale, s.tint.outputs["Color"])
        dark = s.node("ShaderNodeCombineXYZ", {0: 0.02, 1: 0.022, 2: 0.025}).outputs[0]
        s.surface(dark, 0.04, emission=s.scale(color, s.math("MULTIPLY", level, spots)))
        s.mask((0, 0, 1), s.math("GREATER_THAN", level, 1.0))
