"""Cars, vans, buses and lorries: a smooth body, glass, wheels, lamps and a plate.

Local axes: x to the right, y forward, z up; the origin lies on the ground amid the wheels.
Lamp radiances are in cd/m2 and lie within what ECE regulations allow: intensity over the area of
the lens (tail 4-12 cd; stop 60-185 cd on the axis, averaged here over the half space; low beam, as
oncoming drivers see it, a few hundred cd).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from dashcam_pipeline.simulation.mesh import Array, Mesh, box, disc, lathe

Kind: TypeAlias = Literal["sedan", "hatch", "suv", "van", "bus", "lorry"]

PAINTS = ((0.55, 0.56, 0.57), (0.75, 0.75, 0.74), (0.02, 0.02, 0.022), (0.1, 0.11, 0.12),
          (0.25, 0.26, 0.28), (0.02, 0.05, 0.18), (0.3, 0.02, 0.02), (0.03, 0.12, 0.08),
          (0.35, 0.28, 0.18), (0.02, 0.1, 0.2), (0.5, 0.2, 0.03))  # fmt: skip
LED, HALOGEN, RED = (1.0, 1.0, 1.08), (1.2, 0.95, 0.62), (1.9, 0.07, 0.03)

# (station, roof height, belt height) from rear (0) to nose (1); metres.
PROFILES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "sedan": ((0, 0.88, 0.84), (0.02, 0.98, 0.92), (0.13, 1.01, 0.94), (0.17, 1.06, 0.95),
              (0.32, 1.40, 0.93), (0.42, 1.45, 0.92), (0.55, 1.43, 0.91), (0.62, 1.34, 0.91),
              (0.74, 0.98, 0.90), (0.86, 0.90, 0.84), (0.96, 0.78, 0.74), (1, 0.62, 0.6)),
    "hatch": ((0, 0.86, 0.82), (0.015, 1.00, 0.94), (0.06, 1.22, 0.95), (0.13, 1.45, 0.94),
              (0.3, 1.50, 0.93), (0.52, 1.49, 0.92), (0.61, 1.38, 0.92), (0.75, 1.00, 0.91),
              (0.87, 0.92, 0.85), (0.97, 0.78, 0.74), (1, 0.62, 0.6)),
    "suv": ((0, 0.96, 0.92), (0.015, 1.10, 1.04), (0.05, 1.40, 1.05), (0.1, 1.62, 1.05),
            (0.3, 1.69, 1.04), (0.54, 1.67, 1.03), (0.62, 1.56, 1.02), (0.74, 1.14, 1.01),
            (0.88, 1.06, 0.98), (0.97, 0.92, 0.88), (1, 0.72, 0.7)),
    "van": ((0, 1.05, 1.0), (0.01, 1.95, 1.08), (0.05, 2.03, 1.08), (0.4, 2.06, 1.08),
            (0.72, 2.02, 1.08), (0.8, 1.86, 1.07), (0.9, 1.24, 1.05), (0.97, 1.05, 0.98),
            (1, 0.78, 0.76)),
}  # fmt: skip
SIZES: dict[str, tuple[float, float]] = {  # length, width; metres
    "sedan": (4.7, 1.82), "hatch": (4.1, 1.76), "suv": (4.6, 1.9), "van": (5.2, 2.0),
    "bus": (11.5, 2.5), "lorry": (9.0, 2.48),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle's mesh and where its headlamps are.

    Args:
        kind: which body.
        mesh: paint, glass, lamps, plate; materials as ``blender`` knows them.
        headlamps: (2, 3) centres of the two lenses, local.
        led: True for cool headlamps, False for halogen.
    """

    kind: Kind
    mesh: Mesh
    headlamps: Array
    led: bool


def make_vehicle(
    rng: np.random.Generator,
    plate_uv: Array,
    *,
    kind: Kind | None = None,
    lit: bool = True,
    braking: bool = False,
) -> Vehicle:
    """Build one.

    Args:
        rng: decides paint, lamps and, unless given, the body.
        plate_uv: (4, 2) of its number plate in the texture of prints.
        kind: which body.
        lit: lamps on (parked cars: off).
        braking: stop lamps on.
    """
    if kind is None:
        kinds: tuple[Kind, ...] = ("sedan", "hatch", "suv", "van")
        kind = kinds[int(rng.choice(4, p=[0.34, 0.33, 0.25, 0.08]))]
    mesh = Mesh()
    length, width = SIZES[kind]
    paint = (*PAINTS[int(rng.integers(len(PAINTS)))], 0.0)
    if kind in {"bus", "lorry"}:
        tall = _box_body(mesh, rng, kind, paint)
    else:
        _car_body(mesh, kind, paint)
        tall = 0.0
    _wheels(mesh, length, width, 0.48 if tall else (0.36 if kind == "suv" else 0.32))
    led = bool(rng.random() < 0.6)  # share of newer cars
    heads = _lamps(mesh, rng, kind, (length, width, tall), led=led, lit=lit, braking=braking)
    rear, nose = -length / 2 - 0.03, length / 2 + 0.03
    low = 0.75 if kind in {"suv", "van"} else 0.62
    half, high = 0.26, 0.115
    for y, side, z in ((rear, 1.0, low), (nose, -1.0, 0.42)):
        corners = [[-half, y, z], [half, y, z], [half, y, z + high], [-half, y, z + high]]
        mesh.quads(np.array(corners) * (side, 1, 1), "print", (1, 1, 1, 0.25), plate_uv)
    return Vehicle(kind, mesh, heads, led)


def _car_body(mesh: Mesh, kind: str, paint: tuple[float, ...]) -> None:
    """A lofted body: lower shell in paint, greenhouse in glass with pillars and roof."""
    length, width = SIZES[kind]
    profile = np.array(PROFILES[kind])
    t = np.unique(np.concatenate([np.linspace(0, 1, 29), profile[:, 0], [0.005, 0.995]]))
    roof, belt = (np.interp(t, profile[:, 0], profile[:, i]) for i in (1, 2))
    half = width / 2 * (1 - 0.16 * np.abs(2 * t - 1) ** 5)
    sill = 0.24 + 0.08 * np.abs(2 * t - 1) ** 6
    green = np.clip((roof - belt) / 0.5, 0, 1)
    narrow = half * (1 - 0.20 * green)
    zeros = np.zeros_like(t)
    rows = [
        (zeros + 0.01, sill), (half * 0.9, sill), (half * 0.985, sill + 0.14),
        (half, (sill + belt) / 2), (half * 0.97, belt - 0.03), (half * 0.945, belt),
        (narrow, roof - 0.10 * green - 0.02), (narrow * 0.86, roof - 0.015), (zeros, roof + 0.01),
    ]  # fmt: skip
    y = (t - 0.5) * length
    right = np.stack([np.stack([x, y, z], -1) for x, z in rows], 1)
    grid = np.concatenate([right, right[:, -2::-1] * (-1, 1, 1)], 1)
    n, m = grid.shape[:2]
    i, j = np.meshgrid(np.arange(n - 1), np.arange(m - 1), indexing="ij")
    faces = np.stack([i * m + j, i * m + j + 1, (i + 1) * m + j + 1, (i + 1) * m + j], -1)
    mid = (t[:-1] + t[1:]) / 2
    tall = np.interp(mid, t, roof - belt) > 0.17  # a greenhouse, not a bonnet
    slope = np.abs(np.diff(roof) / (np.diff(t) * length)) > 0.35  # a screen, not a roof
    pillar = (np.abs(mid - 0.47) < 0.012) | (np.abs(mid - 0.30) < 0.01)  # where the doors meet
    side = np.isin(j, (5, m - 7))
    top = np.isin(j, (6, 7, m - 8, m - 9))
    if kind == "van":
        side &= mid[:, None] > 0.62  # no windows at the load
    glass = tall[:, None] & ((side & ~pillar[:, None]) | (top & slope[:, None]))
    dark = np.isin(j, (0, 1, m - 2, m - 3))
    points = grid.reshape(-1, 3)
    for mask, material, tint in (
        (glass, "glass", (0.02, 0.02, 0.02, 0)),
        (dark & ~glass, "rubber", (0.03, 0.03, 0.03, 0)),
        (~glass & ~dark, "paint", paint),
    ):
        mesh.add(points, faces[mask], material, tint, smooth=True)
    for end, order in ((0, slice(None, None, -1)), (n - 1, slice(None))):
        ring = grid[end]
        fan = np.array([(m, a, a + 1) for a in range(m - 1)])[:, order]
        mesh.add(np.vstack([ring, ring.mean(0)]), fan, "paint", paint, smooth=True)
    w, rear, nose = float(half.max()), -length / 2, length / 2
    grey, black = (0.04, 0.04, 0.045, 0), (0.02, 0.02, 0.02, 0)
    box(mesh, (-w * 0.8, rear - 0.02, 0.26), (w * 0.8, rear + 0.1, 0.46), "rubber", grey)
    box(mesh, (-w * 0.7, nose - 0.12, 0.3), (w * 0.7, nose + 0.015, 0.55), "rubber", black)


def _box_body(mesh: Mesh, rng: np.random.Generator, kind: str, paint: tuple[float, ...]) -> float:
    """A bus with lit windows or a lorry with a load; its height."""
    length, width = SIZES[kind]
    w, h = width / 2, 3.1 if kind == "bus" else float(rng.uniform(3.2, 3.9))
    rear, nose = -length / 2, length / 2
    if kind == "bus":
        box(mesh, (-w, rear, 0.35), (w, nose, h), "paint", paint)
        glow = (1.0, 0.93, 0.8, float(rng.uniform(60, 180)))
        for side in (-1, 1):
            for a in np.arange(rear + 0.5, nose - 1.4, 1.35):
                corners = [[w + 0.01, a, 1.25], [w + 0.01, a + 1.2, 1.25],
                           [w + 0.01, a + 1.2, 2.5], [w + 0.01, a, 2.5]]  # fmt: skip
                mesh.quads(np.array(corners) * (side, 1, 1), "window", glow)
        for y in (rear - 0.01, nose + 0.01):
            x = w - 0.15
            pane = [(-x, y, 1.2), (x, y, 1.2), (x, y, 2.6), (-x, y, 2.6)]
            mesh.quads([pane], "window", (1.0, 0.93, 0.8, glow[3] * 0.4))
    else:
        load = (*rng.uniform(0.25, 0.7, 3), 0.0)
        box(mesh, (-w, rear, 1.0), (w, nose - 2.2, h), "metal", load)
        box(mesh, (-w + 0.05, nose - 2.0, 0.5), (w - 0.05, nose, 2.9), "paint", paint)
        box(mesh, (-0.5, rear, 0.6), (0.5, nose - 1.0, 1.0), "rubber", (0.03, 0.03, 0.03, 0))
        mesh.quads(
            [[[-w + 0.2, nose + 0.01, 1.6], [w - 0.2, nose + 0.01, 1.6],
              [w - 0.2, nose + 0.01, 2.6], [-w + 0.2, nose + 0.01, 2.6]]],
            "glass", (0.02, 0.02, 0.02, 0),
        )  # fmt: skip
        box(mesh, (-w, rear - 0.02, 0.45), (w, rear + 0.05, 0.6), "stripe", (0.8, 0.1, 0.08, 0.1))
    return h


def _wheels(mesh: Mesh, length: float, width: float, radius: float) -> None:
    """Four tyres with rims in dark arches."""
    for y in (-0.29 * length, 0.31 * length):
        for side in (-1, 1):
            x = side * (width / 2 - 0.10)
            pair = np.array([[x - 0.11, y, radius], [x + 0.11, y, radius]])
            lathe(mesh, pair, radius, "rubber", (0.02, 0.02, 0.02, 0), sides=16, caps=True)
            face = (x + side * 0.115, y, radius)
            disc(
                mesh,
                face,
                radius * 0.66,
                (side, 0, 0),
                "rubber",
                (0.012, 0.012, 0.012, 0),
                sides=14,
            )
            _spokes(mesh, face, radius * 0.64, side)
            arch = (side * (width / 2 + 0.004), y, radius + 0.03)
            disc(mesh, arch, radius + 0.05, (side, 0, 0), "rubber", (0.01, 0.01, 0.01, 0), sides=18)


def _spokes(mesh: Mesh, hub: tuple[float, float, float], radius: float, side: int) -> None:
    """Five spokes and a hub on a dark rim."""
    x, y, z = hub
    turn = np.arange(5) * 2 * np.pi / 5 + 0.3
    along = np.stack([0 * turn, np.cos(turn), np.sin(turn)], -1)
    across = np.stack([0 * turn, -np.sin(turn), np.cos(turn)], -1) * radius * 0.13
    centre = np.array([x + side * 0.004, y, z])
    tip = centre + along * radius
    corners = np.stack(
        [centre - across, tip - across * 1.4, tip + across * 1.4, centre + across], 1
    )
    mesh.quads(corners, "metal", (0.22, 0.22, 0.23, 0))
    disc(
        mesh,
        centre + (side * 0.004, 0, 0),
        radius * 0.2,
        (side, 0, 0),
        "metal",
        (0.1, 0.1, 0.1, 0),
        sides=8,
    )


def _lamps(
    mesh: Mesh,
    rng: np.random.Generator,
    kind: Kind,
    body: tuple[float, float, float],
    *,
    led: bool,
    lit: bool,
    braking: bool,
) -> Array:
    """Tail, stop and head lamps; the centres of the two low beams."""
    length, width, tall = body
    rear, nose, w = -length / 2 - 0.025, length / 2 + 0.03, width / 2 * 0.84
    z = {"suv": 0.98, "van": 0.95, "bus": 0.9, "lorry": 0.8}.get(kind, 0.82)
    wide, high = float(rng.uniform(0.16, 0.34)), float(rng.uniform(0.07, 0.2))
    tail = float(rng.uniform(4, 12)) / (wide * high)
    stop = float(rng.uniform(25, 80)) / (wide * high)
    level = (stop if braking else tail) if lit else 0.0
    material = "lamp" if lit else "lens"
    for side in (-1, 1):
        x0, x1 = sorted((side * w, side * (w - wide)))
        corners = [[x0, rear, z - high / 2], [x1, rear, z - high / 2],
                   [x1, rear, z + high / 2], [x0, rear, z + high / 2]]  # fmt: skip
        mesh.quads([corners], material, (*RED, level))
        # A housing: light sources shine both ways, and must not light the bodywork.
        low = (x0 - 0.01, rear + 0.003, z - high / 2 - 0.01)
        far = (x1 + 0.01, rear + 0.02, z + high / 2 + 0.01)
        box(mesh, low, far, "rubber", (0.02, 0.02, 0.02, 0))
    if braking and lit:
        top = tall or {"suv": 1.5, "van": 1.9, "hatch": 1.38}.get(kind, 1.02)
        mesh.quads([[[-0.2, rear + 0.02, top - 0.04], [0.2, rear + 0.02, top - 0.04],
                     [0.2, rear + 0.02, top], [-0.2, rear + 0.02, top]]],
                   "lamp", (*RED, 2500.0))  # fmt: skip
    front = {"suv": 0.78, "van": 0.82, "bus": 0.75, "lorry": 0.85}.get(kind, 0.66)
    # What an oncoming driver meets: a few hundred cd; now and then a badly aimed beam.
    candela = float(rng.lognormal(np.log(500), 0.5)) * (
        7.0 if rng.random() < 0.15 else 1.0
    )  # share
    radius = float(rng.uniform(0.07, 0.1))
    colour = LED if led else HALOGEN
    centres = np.array([[side * (w - 0.12), nose, front] for side in (-1, 1)])
    for centre in centres:
        glow = candela / (np.pi * radius**2) if lit else 0.0
        disc(mesh, centre, radius, (0, 1, 0), material, (*colour, glow), sides=8)
        back = centre - (0, 0.004, 0)
        disc(mesh, back, radius * 1.25, (0, 1, 0), "rubber", (0.05, 0.05, 0.05, 0), sides=8)
    if led and lit:
        for centre in centres:
            x, y, zc = centre + (0, 0.003, -0.11)
            mesh.quads([[[x + 0.16, y, zc], [x - 0.16, y, zc], [x - 0.16, y, zc + 0.025],
                         [x + 0.16, y, zc + 0.025]]], "lamp", (*LED, 6000.0))  # fmt: skip
    return centres
