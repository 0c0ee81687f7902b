"""Renders scenes with Blender's path tracer (bpy, Cycles, on the CPU).

Only this module, ``materials`` and ``sky`` import bpy, which is GPL-3.0-or-later and is not
distributed with this package: the extra ``simulate`` fetches it.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import bpy
import numpy as np
import numpy.typing as npt
from mathutils import Matrix

from dashcam_pipeline.simulation.exr import read_exr
from dashcam_pipeline.simulation.materials import Materials
from dashcam_pipeline.simulation.mesh import Array, Mesh, disc
from dashcam_pipeline.simulation.scene import Beam, Part, Scene
from dashcam_pipeline.simulation.silence import silence
from dashcam_pipeline.simulation.sky import DAY, make_day, make_night

Bpy: TypeAlias = Any  # the renderer's objects carry no types
MOON_AWAY = 900.0
MOON_RADIANCE = 3000.0
"""cd/m2 of the full moon's disc."""


@dataclass(frozen=True, slots=True)
class View:
    """What one rendering gives.

    Args:
        rgb: (H, W, 3) float32, linear BT.709 primaries, cd/m2 by night (by day to scale only).
        mask: (H, W, 3) float32, 0 to 1, coverage by lamps, signals, lit windows and boards.
    """

    rgb: npt.NDArray[np.float32]
    mask: npt.NDArray[np.float32]


class Renderer:
    """One scene, loaded.

    Args:
        scene: what to render.
        width, height: pixels.
        samples: light paths per pixel; a denoiser follows.
        threads: of the renderer.
    """

    def __init__(
        self, scene: Scene, *, width: int, height: int, samples: int = 24, threads: int = 1
    ) -> None:
        self.scene = scene
        self._samples = samples
        with silence(1):  # it looks for GPUs, though none is asked for
            bpy.ops.wm.read_factory_settings(use_empty=True)
            self._target: Bpy = bpy.context.scene
            _configure(self._target, (width, height), samples, threads)
        self._materials = Materials(scene.recipe.wetness, _prints(scene))
        self._meshes: dict[int, Bpy] = {}
        self._moving: list[tuple[Bpy, Part]] = []
        self._spots: list[tuple[Bpy, Beam]] = []
        self._add(Part("street", scene.static, np.eye(4)))
        for part in scene.parts:
            self._add(part)
        for beam in scene.beams:
            self._add_beam(beam)
        self._camera = _camera(self._target, scene.recipe.fov)
        self._moonlight = self._add_moon() if scene.recipe.moon is not None else None
        self._night_world = make_night(scene.recipe)
        self._day_world, self._sun = make_day(scene.recipe)

    def render(self, time: float = 0.0, *, night: bool = True, samples: int | None = None) -> View:
        """Render the view at ``time`` seconds, by night or by day.

        Args:
            time: seconds since the start.
            night: False for the same view by day.
            samples: light paths per pixel, if not those of the renderer.
        """
        self._target.cycles.samples = self._samples if samples is None else samples
        self._pose(time)
        self._target.world = self._night_world if night else self._day_world
        in_tunnel = self.scene.recipe.kind == "tunnel"
        self._materials.set_night(night=night or in_tunnel)
        self._sun.hide_render = night
        for spot, _ in self._spots:
            spot.hide_render = not night
        if self._moonlight is not None:
            for thing in self._moonlight:
                thing.hide_render = not night
        self._target.cycles.sample_clamp_indirect = 40.0 if night else 8.0 * DAY
        self._target.cycles.seed = self.scene.recipe.seed * 1000 + round(time * 100)
        with tempfile.TemporaryDirectory(prefix="dashcam-sim-") as folder:
            path = Path(folder) / "view.exr"
            self._target.render.filepath = str(path)
            with silence(1):
                bpy.ops.render.render(write_still=True)
            layers = read_exr(path)
        return View(_stack(layers, "Combined"), _stack(layers, "mask"))

    def _add(self, part: Part) -> None:
        if part.mesh.empty:
            return
        key = id(part.mesh)
        if key not in self._meshes:
            self._meshes[key] = self._mesh(part)
        thing = bpy.data.objects.new(part.name, self._meshes[key])
        thing.matrix_world = Matrix(part.matrix.tolist())
        self._target.collection.objects.link(thing)
        if part.drive is not None:
            self._moving.append((thing, part))

    def _mesh(self, part: Part) -> Bpy:
        """Hand a mesh over; lamps get one material per radiance, so that they are sampled well."""
        arrays = part.mesh.arrays()
        mesh = bpy.data.meshes.new(part.name)
        mesh.vertices.add(len(arrays.verts))
        mesh.vertices.foreach_set("co", arrays.verts.reshape(-1))
        mesh.loops.add(len(arrays.loops))
        mesh.loops.foreach_set("vertex_index", arrays.loops)
        mesh.polygons.add(len(arrays.starts))
        mesh.polygons.foreach_set("loop_start", arrays.starts)
        slots, names = _split_lights(arrays.slots, arrays.materials, arrays.tint)
        for name in names:
            mesh.materials.append(self._materials.get(name))
        mesh.polygons.foreach_set("material_index", slots)
        mesh.polygons.foreach_set("use_smooth", arrays.smooth)
        mesh.attributes.new("tint", "FLOAT_COLOR", "CORNER").data.foreach_set(
            "color", np.repeat(arrays.tint, arrays.sizes, axis=0).reshape(-1)
        )
        mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", arrays.uv.reshape(-1))
        mesh.update()
        mesh.validate()
        return mesh

    def _add_beam(self, beam: Beam) -> None:
        """A spot light with the flat cut-off of a dipped beam."""
        lamp = bpy.data.lights.new("beam", "SPOT")
        lamp.energy = 4 * np.pi * beam.candela
        lamp.color = np.clip(beam.colour, 0, 2).tolist()
        lamp.spot_size, lamp.spot_blend, lamp.shadow_soft_size = np.radians(110), 0.4, 0.05
        lamp.use_nodes = True
        tree = lamp.node_tree
        emission = next(n for n in tree.nodes if n.type == "EMISSION")
        axes = tree.nodes.new("ShaderNodeTexCoord").outputs["Normal"]
        split = tree.nodes.new("ShaderNodeSeparateXYZ")
        tree.links.new(axes, split.inputs[0])
        # Local -z is the axis: elevation is y, azimuth is x (both about sines).
        up = _chain(tree, split.outputs[1], ("MAPRANGE", -0.04, 0.004, 1.0, 0.012))
        low = _chain(tree, split.outputs[1], ("MAPRANGE", -0.4, -0.02, 0.15, 1.0), ("POWER", 5.0))
        side = _chain(tree, split.outputs[0], ("ABSOLUTE",), ("MAPRANGE", 0.05, 0.75, 1.0, 0.02))
        power = tree.nodes.new("ShaderNodeMath")
        power.operation = "MULTIPLY"
        tree.links.new(up, power.inputs[0])
        tree.links.new(low, power.inputs[1])
        both = tree.nodes.new("ShaderNodeMath")
        both.operation = "MULTIPLY"
        tree.links.new(power.outputs[0], both.inputs[0])
        tree.links.new(side, both.inputs[1])
        tree.links.new(both.outputs[0], emission.inputs["Strength"])
        spot = bpy.data.objects.new("beam", lamp)
        spot.visible_camera = spot.visible_glossy = False
        self._target.collection.objects.link(spot)
        self._spots.append((spot, beam))

    def _add_moon(self) -> tuple[Bpy, Bpy]:
        """The disc, half a degree wide, and the light that it gives (0.25 lx when full)."""
        azimuth, elevation = np.radians(self.scene.recipe.moon or (0.0, 0.0))
        toward = np.array(
            [
                np.sin(azimuth) * np.cos(elevation),
                np.cos(azimuth) * np.cos(elevation),
                np.sin(elevation),
            ]
        )
        mesh = Mesh()
        disc(
            mesh,
            toward * MOON_AWAY,
            MOON_AWAY * np.radians(0.26),
            -toward,
            "moon",
            (1.0, 0.97, 0.9, MOON_RADIANCE),
            sides=20,
        )
        face = bpy.data.objects.new("moon", self._mesh(Part("moon", mesh, np.eye(4))))
        face.visible_diffuse = False
        light = bpy.data.lights.new("moonlight", "SUN")
        light.energy, light.angle, light.color = 0.25, np.radians(0.5), (0.85, 0.93, 1.0)
        lamp = bpy.data.objects.new("moonlight", light)
        lamp.matrix_world = Matrix(_look(np.zeros(3), -toward).tolist())
        for thing in (face, lamp):
            self._target.collection.objects.link(thing)
        return face, lamp

    def _pose(self, time: float) -> None:
        """Move camera, vehicles and beams to where they are at ``time``."""
        position, (right, up, forward) = self.scene.camera_pose(time)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = np.stack([right, up, -forward], 1), position
        self._camera.matrix_world = Matrix(pose.tolist())
        for thing, part in self._moving:
            if part.drive is not None:
                thing.matrix_world = Matrix(self.scene.drive_matrix(part.drive, time).tolist())
        for spot, beam in self._spots:
            m = self.scene.drive_matrix(beam.drive, time)
            place = m[:3, :3] @ np.array(beam.offset) + m[:3, 3]
            spot.matrix_world = Matrix(_look(place, m[:3, 1]).tolist())


def _split_lights(
    slots: npt.NDArray[np.int32], materials: tuple[str, ...], tint: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.int32], list[str]]:
    """Give faces that shine a material per tint; the others keep theirs."""
    names, result = list(materials), slots.copy()
    for i, material in enumerate(materials):
        if material not in {"lamp", "signal", "moon"}:
            continue
        mine = np.flatnonzero(slots == i)
        levels, which = np.unique(tint[mine], axis=0, return_inverse=True)
        for k, level in enumerate(levels):
            name = f"{material}#" + ",".join(f"{v:.4g}" for v in level)
            if name not in names:
                names.append(name)
            result[mine[which.reshape(-1) == k]] = names.index(name)
    used = np.unique(result)
    return np.searchsorted(used, result).astype(np.int32), [names[i] for i in used]


def _configure(target: Bpy, size: tuple[int, int], samples: int, threads: int) -> None:
    """Settings of the path tracer and of the file it writes."""
    target.render.engine = "CYCLES"
    target.render.resolution_x, target.render.resolution_y = size
    target.render.resolution_percentage = 100
    target.render.threads_mode, target.render.threads = "FIXED", threads
    target.render.use_persistent_data = True
    image = target.render.image_settings
    image.media_type = "MULTI_LAYER_IMAGE"
    image.exr_codec, image.color_depth = "NONE", "32"
    image.use_exr_interleave = True  # one part, as exr.py reads it
    cycles = target.cycles
    cycles.device, cycles.samples = "CPU", samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 2
    cycles.transmission_bounces = 1
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.blur_glossy = 0.5
    cycles.use_light_tree = True
    cycles.filter_width = 1.3
    output = target.view_layers[0].aovs.add()
    output.name, output.type = "mask", "COLOR"


def _camera(target: Bpy, fov: float) -> Bpy:
    """A pinhole with the recipe's horizontal field of view."""
    lens = bpy.data.cameras.new("dashcam")
    lens.sensor_fit, lens.angle, lens.clip_end = "HORIZONTAL", np.radians(fov), 3000.0
    camera = bpy.data.objects.new("dashcam", lens)
    target.collection.objects.link(camera)
    target.camera = camera
    return camera


def _prints(scene: Scene) -> Bpy:
    """The texture of prints as the renderer's image (its rows run upwards)."""
    pixels = scene.prints.pixels
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("prints", width, height)
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :3] = pixels[::-1] / np.float32(255)
    image.pixels.foreach_set(rgba.reshape(-1))
    image.update()
    return image


def _look(position: Array, toward: Array) -> Array:
    """A pose whose local -z points along ``toward`` and whose y is up."""
    z = -np.asarray(toward) / np.linalg.norm(toward)
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x)
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.stack([x, np.cross(z, x), z], 1), position
    return pose


def _chain(tree: Bpy, value: Bpy, *steps: tuple[Any, ...]) -> Bpy:
    """Apply map ranges and simple maths in turn."""
    for kind, *numbers in steps:
        if kind == "MAPRANGE":
            node = tree.nodes.new("ShaderNodeMapRange")
            node.clamp = True
            for i, number in enumerate(numbers, 1):
                node.inputs[i].default_value = number
        else:
            node = tree.nodes.new("ShaderNodeMath")
            node.operation = kind
            if numbers:
                node.inputs[1].default_value = numbers[0]
        tree.links.new(value, node.inputs[0])
        value = node.outputs[0]
    return value


def _stack(layers: dict[str, npt.NDArray[np.float32]], name: str) -> npt.NDArray[np.float32]:
    """Three channels of a layer as (H, W, 3)."""
    keys = [f"ViewLayer.{name}.{c}" for c in "RGB"]
    if keys[0] not in layers:
        raise KeyError(f"the renderer gave no {keys[0]!r}, only {sorted(layers)}")
    return np.stack([layers[k] for k in keys], -1)
