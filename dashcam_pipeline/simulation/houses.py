"""Houses that stand along a street: walls, storeys of windows, shops, roofs, chimneys.

Local axes of a house: x along its front (0 to width), y away from the street (the front is y = 0),
z up. Radiances of lit windows are in cd/m2.
"""

from __future__ import annotations

import itertools

import numpy as np

from dashcam_pipeline.simulation.mesh import UNIT_UV, Array, Mesh, box, lathe

WALLS = ((0.48, 0.42, 0.34), (0.55, 0.52, 0.47), (0.40, 0.22, 0.15), (0.33, 0.18, 0.13),
         (0.5, 0.45, 0.28), (0.36, 0.38, 0.4), (0.6, 0.58, 0.55), (0.45, 0.33, 0.26),
         (0.3, 0.36, 0.34), (0.52, 0.40, 0.36))  # fmt: skip
GLOWS = ((1.5, 0.9, 0.36), (1.65, 0.82, 0.25), (1.3, 0.96, 0.58), (1.02, 1.0, 0.9), (0.6, 0.9, 1.7))
FRAME_TINTS = ((0.7, 0.7, 0.68, 0), (0.12, 0.1, 0.09, 0), (0.3, 0.2, 0.12, 0))


def make_house(
    rng: np.random.Generator,
    width: float,
    *,
    storeys: int,
    depth: float,
    shop_uv: Array | None = None,
    lit: float = 0.3,
) -> Mesh:
    """Build one.

    Args:
        rng: decides colours, windows, roof.
        width, depth: metres.
        storeys: from 1; about 3 m each.
        shop_uv: (4, 2) of a shop's board in the texture of prints: the ground floor is a shop.
        lit: share of windows with light.
    """
    mesh = Mesh()
    storey = float(rng.uniform(2.8, 3.3))
    ground = 3.8 if shop_uv is not None else storey + 0.4
    height = ground + storey * (storeys - 1)
    wall = (*(np.array(WALLS[int(rng.integers(len(WALLS)))]) * rng.uniform(0.75, 1.15)), 0.0)
    material = (
        "brick" if wall[0] > 1.6 * wall[2] and rng.random() < 0.7 else "plaster"
    )  # reddish walls
    box(mesh, (0, 0, 0), (width, depth, height), material, wall)
    trim = (*np.clip(np.array(wall[:3]) * rng.choice([0.5, 1.35]), 0, 0.8), 0.0)
    box(mesh, (-0.03, -0.08, 0), (width + 0.03, 0.05, 0.5), "concrete", (0.3, 0.29, 0.28, 0))
    if rng.random() < 0.7:  # share with a cornice
        box(mesh, (-0.1, -0.28, height - 0.28), (width + 0.1, 0.05, height), "concrete", trim)
    if storeys > 1 and rng.random() < 0.5:  # share with a string course
        box(
            mesh, (-0.02, -0.1, ground - 0.1), (width + 0.02, 0.02, ground + 0.08), "concrete", trim
        )
    _windows(mesh, rng, (width, depth), (ground, storey, storeys), lit, shop=shop_uv is not None)
    if shop_uv is not None:
        _shop(mesh, rng, width, ground, shop_uv)
    else:
        _door(mesh, rng, width, lit)
    _roof(mesh, rng, width, depth, height)
    return mesh


def _windows(
    mesh: Mesh,
    rng: np.random.Generator,
    size: tuple[float, float],
    levels: tuple[float, float, int],
    lit: float,
    *,
    shop: bool,
) -> None:
    """A grid of windows on the front and on both sides."""
    width, depth = size
    ground, storey, storeys = levels
    wide, high = float(rng.uniform(0.95, 1.6)), float(rng.uniform(1.35, 1.9))
    gap = float(rng.uniform(0.7, 1.5))
    frame = FRAME_TINTS[int(rng.integers(3))]
    balconies = storeys > 2 and rng.random() < 0.35  # blocks of flats
    count = max(1, int((width - 0.6) / (wide + gap)))
    first = (width - count * wide - (count - 1) * gap) / 2
    xs = first + np.arange(count) * (wide + gap)
    bottoms = [0.9] if not shop else []
    bottoms += [ground + i * storey + 0.8 for i in range(storeys - 1)]
    door = count // 2
    for level, z in enumerate(bottoms):
        flat_lit = rng.random(4) < lit  # rooms of one flat go together
        glow = GLOWS[int(rng.integers(len(GLOWS)))]
        for i, x in enumerate(xs):
            if level == 0 and not shop and i == door:
                continue
            on = flat_lit[i % 4] if rng.random() < 0.7 else rng.random() < lit  # share that follows
            _window(mesh, rng, (x, z, wide, high), frame, glow if on else None)
        if balconies and level > 0:
            low, top = (xs[0] - 0.3, -1.2, z - 0.85), (xs[0] + wide + 0.9, 0, z - 0.7)
            box(mesh, low, top, "concrete", (0.42, 0.41, 0.4, 0))
            rail = [
                (low[0], -1.18, z - 0.7),
                (top[0], -1.18, z - 0.7),
                (top[0], -1.18, z + 0.25),
                (low[0], -1.18, z + 0.25),
            ]
            mesh.quads([rail], "metal", (0.2, 0.21, 0.22, 0))
    _side_windows(mesh, rng, (width, depth), bottoms, (wide, high), lit)


def _window(
    mesh: Mesh,
    rng: np.random.Generator,
    spot: tuple[float, float, float, float],
    frame: tuple[float, ...],
    glow: tuple[float, float, float] | None,
) -> None:
    """One window on the front: reveal, panes, bar and sill."""
    x, z, w, h = spot
    level = float(rng.lognormal(np.log(14.0), 0.8)) if glow is not None else 0.0
    light = (*(glow or (1.0, 1.0, 1.0)), level)
    outer = _front(x - 0.09, x + w + 0.09, z - 0.09, z + h + 0.09, -0.02)
    mesh.quads([outer], "frame", frame)
    bar = w / 2
    panes = [
        _front(x, x + bar - 0.03, z, z + h, -0.03),
        _front(x + bar + 0.03, x + w, z, z + h, -0.03),
    ]
    unit = UNIT_UV + (float(rng.integers(50)), 0.0)
    split = np.stack(
        [unit * (0.5, 1) + (0.5 * unit[0, 0], 0), unit * (0.5, 1) + (0.5 * unit[0, 0] + 0.5, 0)]
    )
    mesh.quads(panes, "window", light, split)
    box(
        mesh,
        (x - 0.14, -0.16, z - 0.16),
        (x + w + 0.14, 0, z - 0.09),
        "concrete",
        (0.5, 0.49, 0.47, 0),
    )


def _side_windows(
    mesh: Mesh,
    rng: np.random.Generator,
    size: tuple[float, float],
    bottoms: list[float],
    pane: tuple[float, float],
    lit: float,
) -> None:
    """Plain panes on both gables: they are seen at a slant."""
    width, depth = size
    wide, high = pane
    for x in (-0.02, width + 0.02):
        for z in bottoms:
            for y in np.arange(1.2, depth - wide - 0.6, wide + 1.6):
                on = rng.random() < lit * 0.8
                glow = GLOWS[int(rng.integers(len(GLOWS)))]
                level = float(rng.lognormal(np.log(14.0), 0.8)) if on else 0.0
                quad = [(x, y, z), (x, y + wide, z), (x, y + wide, z + high), (x, y, z + high)]
                mesh.quads([quad], "window", (*glow, level))


def _shop(mesh: Mesh, rng: np.random.Generator, width: float, ground: float, uv: Array) -> None:
    """Shop windows, a door, an awning or a lit board."""
    open_late = rng.random() < 0.6  # share
    glow = GLOWS[int(rng.integers(len(GLOWS)))]
    level = float(rng.uniform(25, 130)) if open_late else float(rng.choice([0.0, 12.0]))
    edges = np.linspace(0.4, width - 0.4, max(2, int(width / 2.6)) + 1)
    for a, b in itertools.pairwise(edges):
        quad = _front(a + 0.08, b - 0.08, 0.35, ground - 1.1, -0.04)
        mesh.quads([_front(a, b, 0.28, ground - 1.02, -0.025)], "frame", FRAME_TINTS[1])
        shift = float(rng.integers(50))
        mesh.quads([quad], "shop", (*glow, level), [UNIT_UV + (shift, 0)])
    wide = min(width * 0.8, 4.6)
    x = (width - wide) / 2
    bright = float(rng.uniform(20, 110)) if rng.random() < 0.75 else 0.0  # share
    mesh.quads(
        [_front(x, x + wide, ground - 0.95, ground - 0.15, -0.2)], "board", (1, 1, 1, bright), [uv]
    )
    box(mesh, (x, -0.19, ground - 0.95), (x + wide, 0, ground - 0.15), "metal", (0.1, 0.1, 0.1, 0))
    if rng.random() < 0.4:  # share with an awning
        z = ground - 1.0
        cloth = (*rng.uniform(0.05, 0.5, 3), 0)
        quad = [
            (0.3, -1.5, z - 0.55),
            (width - 0.3, -1.5, z - 0.55),
            (width - 0.3, -0.1, z),
            (0.3, -0.1, z),
        ]
        mesh.quads([quad], "stripe", cloth)


def _door(mesh: Mesh, rng: np.random.Generator, width: float, lit: float) -> None:
    """A house door with a step and perhaps a lamp beside it."""
    x = width / 2 - 0.5
    mesh.quads([_front(x - 0.12, x + 1.12, 0, 2.5, -0.02)], "frame", FRAME_TINTS[0])
    mesh.quads([_front(x, x + 1, 0.15, 2.35, -0.035)], "frame", (*rng.uniform(0.03, 0.25, 3), 0))
    box(mesh, (x - 0.3, -0.7, 0), (x + 1.3, 0, 0.15), "concrete", (0.35, 0.34, 0.33, 0))
    if rng.random() < lit:
        lathe(mesh, [(x + 1.35, -0.15, 2.0), (x + 1.35, -0.15, 2.2)], 0.07, "lamp",
              (*GLOWS[1], 2500.0), sides=5, caps=True)  # fmt: skip


def _roof(mesh: Mesh, rng: np.random.Generator, width: float, depth: float, height: float) -> None:
    """Pitched (ridge along the street) with chimneys and dormers, or flat with a parapet."""
    tint = ((0.22, 0.09, 0.06, 0), (0.10, 0.10, 0.11, 0), (0.16, 0.11, 0.08, 0))[
        int(rng.integers(3))
    ]
    if rng.random() < 0.3:  # share of flat roofs
        for low, high in (((0, -0.05), (width, 0.2)), ((0, depth - 0.2), (width, depth))):
            box(mesh, (*low, height), (*high, height + 0.5), "concrete", (0.4, 0.39, 0.37, 0))
        box(mesh, (width * 0.3, depth * 0.3, height), (width * 0.5, depth * 0.6, height + 2.2),
            "plaster", (0.3, 0.3, 0.3, 0))  # fmt: skip
        return
    rise = depth / 2 * float(rng.uniform(0.55, 1.0))
    ridge = depth / 2
    a, b = -0.25, width + 0.25
    front = [
        (a, -0.45, height - 0.2),
        (b, -0.45, height - 0.2),
        (b, ridge, height + rise),
        (a, ridge, height + rise),
    ]
    back = [
        (b, depth + 0.45, height - 0.2),
        (a, depth + 0.45, height - 0.2),
        (a, ridge, height + rise),
        (b, ridge, height + rise),
    ]
    uv = UNIT_UV * (width, depth * 0.7)
    mesh.quads([front, back], "tiles", tint, [uv, uv])
    for x in (0.0, width):
        mesh.add(
            [(x, 0, height), (x, depth, height), (x, ridge, height + rise)],
            [[0, 1, 2]],
            "plaster",
            (0.4, 0.36, 0.32, 0),
        )
    for _ in range(int(rng.integers(0, 3))):
        x, y = float(rng.uniform(0.5, width - 1.2)), ridge + float(rng.uniform(-1, 1))
        box(
            mesh,
            (x, y, height + rise * 0.6),
            (x + 0.6, y + 0.6, height + rise + 0.9),
            "brick",
            (0.3, 0.15, 0.1, 0),
        )
    if rng.random() < 0.45 and width > 6:  # share with dormers, where there is room
        for x in np.arange(1.5, width - 2.4, 3.4):
            z, y = height + rise * 0.28, ridge * 0.28
            box(
                mesh,
                (x, y - 0.35, z - 0.3),
                (x + 1.3, y + 1.8, z + 1.25),
                "plaster",
                (0.4, 0.38, 0.35, 0),
            )
            level = float(rng.choice([0, 0, 0, 50.0]))
            mesh.quads(
                [_front(x + 0.2, x + 1.1, z, z + 1.0, y - 0.37)], "window", (*GLOWS[0], level)
            )


def _front(
    x0: float, x1: float, z0: float, z1: float, y: float
) -> list[tuple[float, float, float]]:
    """A quad parallel to the front."""
    return [(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)]
