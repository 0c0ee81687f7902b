"""What stands beside a road: lamps, signals, signs, posts, wires, rails.

Local axes of a thing at the kerb: x to the right of the road (away from it), y along it, z up;
mirrored for the left side by the caller's turn. Lamp radiances follow from luminous flux over area:
L = flux / (pi * area), cd/m2 for an even (Lambertian) lens.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from dashcam_pipeline.simulation.mesh import UNIT_UV, Array, Mesh, box, disc, lathe

# Linear RGB with unit luminance of black bodies and lamp types (sodium is not quite black-body).
LAMP_COLOURS: dict[str, tuple[float, float, float]] = {
    "sodium": (1.75, 0.87, 0.13),
    "led-2700K": (1.45, 0.93, 0.38),
    "led-3000K": (1.36, 0.95, 0.48),
    "led-4000K": (1.16, 0.98, 0.74),
    "led-5700K": (0.98, 1.0, 1.03),
    "mercury": (0.86, 1.05, 0.95),
}
GREY = (0.18, 0.185, 0.19, 0.0)
SIGNALS = {"red": (2.6, 0.25, 0.12), "amber": (1.9, 0.85, 0.06), "green": (0.15, 1.25, 0.75)}


@dataclass(frozen=True, slots=True)
class LampStyle:
    """A street's lamps: all alike.

    Args:
        colour: a key of ``LAMP_COLOURS``.
        shape: "arm" (luminaire on an arm over the road), "globe" or "lantern" (old town).
        height: of the light, metres.
        arm: length of the arm, metres.
        flux: lumens.
    """

    colour: str
    shape: str
    height: float
    arm: float
    flux: float


def make_lamp(style: LampStyle, *, on: bool = True) -> Mesh:
    """A lamp post whose arm points to local -x (towards the road when it stands on the right)."""
    mesh = Mesh()
    h, tint = style.height, LAMP_COLOURS[style.colour]
    material = "lamp" if on else "lens"
    lathe(
        mesh,
        [(0, 0, 0), (0, 0, 1.0), (0, 0, 1.01), (0, 0, h)],
        [0.10, 0.10, 0.07, 0.045],
        "metal",
        GREY,
        sides=7,
    )
    if style.shape == "globe":
        r = 0.21
        light = (*tint, style.flux / (np.pi * 4 * np.pi * r**2))
        a = np.linspace(0, np.pi, 5)
        lathe(
            mesh,
            np.stack([0 * a, 0 * a, h + r - r * np.cos(a)], -1),
            r * np.sin(a) + 0.001,
            material,
            light,
            sides=7,
        )
        return mesh
    if style.shape == "lantern":
        area = 4 * 0.3 * 0.42
        light = (*tint, style.flux / (np.pi * area))
        box(mesh, (-0.15, -0.15, h), (0.15, 0.15, h + 0.42), material, light)
        lathe(mesh, [(0, 0, h + 0.42), (0, 0, h + 0.62)], [0.26, 0.02], "metal", GREY, sides=6)
        return mesh
    knots = np.linspace(0, 1, 5)
    bow = np.stack([-style.arm * knots, 0 * knots, h + 0.25 * np.sin(knots * np.pi / 2)], -1)
    lathe(mesh, bow, 0.035, "metal", GREY, sides=5)
    x, z = -style.arm, h + 0.25
    wide, long, deep = 0.24, 0.62, 0.06
    box(mesh, (x - long, -wide / 2, z), (x, wide / 2, z + 0.09), "metal", GREY)
    # A shallow bowl: the lens is seen from afar, not only from below.
    area = (long - 0.1) * (wide - 0.04) + 2 * deep * (long + wide)
    light = (*tint, style.flux / (np.pi * area))
    box(
        mesh,
        (x - long + 0.05, -wide / 2 + 0.02, z - deep),
        (x - 0.05, wide / 2 - 0.02, z - 0.004),
        material,
        light,
    )
    return mesh


def make_signal(state: str, *, arm: float = 0.0) -> Mesh:
    """A traffic light facing local -y, on a post; with ``arm`` a second head over the road."""
    mesh = Mesh()
    height = 2.6
    top = height if arm <= 0 else 5.6
    lathe(mesh, [(0, 0, 0), (0, 0, top + 0.6)], 0.07, "metal", GREY, sides=7)
    heads = [(0.0, height)]
    if arm > 0:
        lathe(mesh, [(0, 0, top + 0.4), (-arm, 0, top + 0.6)], 0.05, "metal", GREY, sides=6)
        heads.append((-arm, top - 0.5))
    for x, z in heads:
        box(
            mesh,
            (x - 0.16, -0.32, z - 0.1),
            (x + 0.16, -0.08, z + 0.92),
            "rubber",
            (0.02, 0.02, 0.02, 0),
        )
        for i, name in enumerate(("green", "amber", "red")):
            spot = (x, -0.33, z + 0.12 + 0.29 * i)
            # A signal of 200 mm has 200-400 cd on its axis: about 8000 cd/m2.
            glow = 8000.0 if name == state else 0.0
            rgb = SIGNALS[name]
            material = "signal" if glow else "lens"
            disc(mesh, spot, 0.105, (0, -1, 0), material, (*rgb, glow), sides=10)
            hood = np.linspace(0.15 * np.pi, 0.85 * np.pi, 5)
            rim = np.stack([x + 0.125 * np.cos(hood), 0 * hood, spot[2] + 0.125 * np.sin(hood)], -1)
            for a, b in itertools.pairwise(rim):
                front, back = (0, -0.52, 0), (0, -0.32, 0)
                mesh.quads(
                    [[a + front, b + front, b + back, a + back]], "rubber", (0.02, 0.02, 0.02, 0)
                )
    return mesh


def make_sign(uv: Array, *, size: tuple[float, float], height: float, shape: str = "board") -> Mesh:
    """A sign facing local -y; ``shape`` is "board", "disc" or "triangle"; size in metres."""
    mesh = Mesh()
    w, h = size
    lathe(mesh, [(0, 0.03, 0), (0, 0.03, height + h)], 0.035, "metal", (0.3, 0.3, 0.31, 0), sides=6)
    x0, x1, z0, z1 = -w / 2, w / 2, height, height + h
    face = (1.0, 1.0, 1.0, 1.0)  # fourth number: how strongly it sends headlight back
    low, size_uv = uv[0], uv[2] - uv[0]
    if shape == "board":
        mesh.quads([[(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)]], "print", face, [uv])
        mesh.quads(
            [[(x1, 0.01, z0), (x0, 0.01, z0), (x0, 0.01, z1), (x1, 0.01, z1)]], "metal", GREY
        )
        return mesh
    sides = 3 if shape == "triangle" else 18
    a = np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / 2
    rim = np.stack([np.cos(a), np.sin(a)], -1)
    verts = np.stack([rim[:, 0] * w / 2, 0 * a, z0 + h / 2 + rim[:, 1] * h / 2], -1)
    coords = low + (rim * 0.49 + 0.5) * size_uv
    faces = np.array([(0, i, i + 1) for i in range(1, sides - 1)])
    mesh.add(verts, faces, "print", face, coords[faces])
    mesh.add(verts + (0, 0.01, 0), faces[:, ::-1], "metal", GREY)
    return mesh


def make_delineator() -> Mesh:
    """A white post of a country road with its reflector."""
    mesh = Mesh()
    box(mesh, (-0.06, -0.04, 0), (0.06, 0.04, 1.0), "plaster", (0.75, 0.75, 0.73, 0))
    box(mesh, (-0.061, -0.041, 0.68), (0.061, 0.041, 0.9), "rubber", (0.02, 0.02, 0.02, 0))
    x, y = 0.03, -0.043
    glass = [(-x, y, 0.71), (x, y, 0.71), (x, y, 0.87), (-x, y, 0.87)]
    mesh.quads([glass], "reflector", (1, 1, 1, 1.5))
    return mesh


def make_bin(rng: np.random.Generator) -> Mesh:
    """A litter bin or an electric cabinet."""
    mesh = Mesh()
    if rng.random() < 0.5:  # either
        lathe(
            mesh,
            [(0, 0, 0), (0, 0, 0.9)],
            0.25,
            "metal",
            (0.06, 0.09, 0.06, 0),
            sides=10,
            caps=True,
        )
    else:
        box(mesh, (-0.25, -0.5, 0), (0.25, 0.5, 1.2), "metal", (0.35, 0.36, 0.34, 0))
    return mesh


def make_wire(a: Array, b: Array, sag: float = 0.8) -> Mesh:
    """A hanging wire between two points (world)."""
    mesh = Mesh()
    t = np.linspace(0, 1, 9)[:, None]
    points = a + (b - a) * t - np.array([0, 0, 4 * sag]) * t * (1 - t)
    lathe(mesh, points, 0.018, "rubber", (0.02, 0.02, 0.02, 0), sides=4)
    return mesh


def gantry(uv: list[Array], *, span: float) -> Mesh:
    """A bridge of signs over a motorway, facing local -y; it starts at x = 0 and ends at span."""
    mesh = Mesh()
    height = 5.6
    for x in (0.0, span):
        box(mesh, (x - 0.15, -0.15, 0), (x + 0.15, 0.15, height + 1.6), "metal", GREY)
    for z in (height + 0.3, height + 1.4):
        box(mesh, (0, -0.08, z), (span, 0.08, z + 0.12), "metal", GREY)
    room = span / len(uv)
    for i, coords in enumerate(uv):
        w = min(room * 0.8, 4.4)
        x = room * (i + 0.5) - w / 2
        z = height - 0.2
        y, top = -0.2, z + w / 2
        face = [(x, y, z), (x + w, y, z), (x + w, y, top), (x, y, top)]
        mesh.quads([face], "print", (1, 1, 1, 1.0), [coords])
        back = UNIT_UV * (w, w / 2) + (x, z)
        mesh.quads([np.stack([back[::-1, 0], np.full(4, -0.18), back[::-1, 1]], -1)], "metal", GREY)
    return mesh
