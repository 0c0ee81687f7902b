"""Roads out of town: a motorway, a country road under the moon, a tunnel."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.simulation.furniture import (
    gantry,
    make_delineator,
    make_lamp,
    make_sign,
    make_wire,
)
from dashcam_pipeline.simulation.houses import make_house
from dashcam_pipeline.simulation.mesh import Mesh, box, lathe
from dashcam_pipeline.simulation.plants import make_bush, make_tree
from dashcam_pipeline.simulation.prints import board, direction, speed_limit, warning
from dashcam_pipeline.simulation.scene import Scene, mirrored, strip

NEAR, FAR = -30.0, 400.0
MARK = (0.75, 0.75, 0.73, 0.45)


def add_highway(scene: Scene, rng: np.random.Generator) -> None:
    """A motorway with a median, guard rails, gantries and perhaps lamps."""
    r, m, road = scene.recipe, scene.static, scene.road
    half, inner = r.half_road + 1.6, 1.6
    _land(scene, half)
    for side in (-1, 1):
        strip(m, road, (NEAR, FAR), mirrored(((inner - 0.6, 0.02), (half, 0.0)), side), "asphalt")
        for i in range(r.lanes + 1):
            d = side * (inner + i * r.lane_width)
            dashed = 0 < i < r.lanes
            for s in np.arange(NEAR, 260, 18.0):
                _line(scene, (s, s + (6.0 if dashed else 18.0)), d, 0.15 if dashed else 0.2)
        _rail(scene, side * (half + 0.5))
    strip(m, road, (NEAR, FAR), ((-inner + 0.5, 0.03), (inner - 0.5, 0.03)), "grass")
    if rng.random() < 0.6:  # share with a concrete barrier
        wall = ((-0.3, 0.0), (-0.08, 0.85), (0.08, 0.85), (0.3, 0.0))
        strip(m, road, (NEAR, FAR), wall, "concrete", (0.35, 0.34, 0.33, 0))
    else:
        _rail(scene, 0.5)
        _rail(scene, -0.5)
    _highway_furniture(scene, rng, half)
    _woods(scene, rng, half + 5, conifers=0.5)
    _posts(scene, half + 0.8, 50.0)


def _highway_furniture(scene: Scene, rng: np.random.Generator, half: float) -> None:
    """Lamps, gantries, a speed limit, perhaps a bridge."""
    r = scene.recipe
    if r.lamps is not None:
        lamp = make_lamp(r.lamps)
        middle = rng.random() < 0.5  # share with masts in the median
        for s in np.arange(float(rng.uniform(-20, 10)), 380, r.lamp_gap):
            for side in (-1, 1):
                d = 0.0 if middle else side * (half + 1.0)
                scene.put("lamp", lamp, float(s), d, turn=0.0 if (side > 0) != middle else np.pi)
    for s in rng.uniform(45, 260, int(rng.integers(1, 3))):
        panels = [
            scene.prints.add(direction(rng, motorway=True)) for _ in range(int(rng.integers(2, 4)))
        ]
        scene.put("gantry", gantry(panels, span=half + 1.0), float(s), 0.3)
    limit = scene.prints.add(speed_limit(int(rng.choice([80, 100, 120]))))
    scene.put(
        "sign",
        make_sign(limit, size=(0.9, 0.9), height=2.0, shape="disc"),
        float(rng.uniform(15, 60)),
        half + 1.2,
    )
    if rng.random() < 0.4:  # share with a bridge
        _bridge(scene, float(rng.uniform(70, 220)), half + 8)


def add_country(scene: Scene, rng: np.random.Generator) -> None:
    """A two-lane road through fields and woods, with posts, a fence, a farm, wires."""
    r, m, road = scene.recipe, scene.static, scene.road
    half = r.half_road
    _land(scene, half)
    strip(m, road, (NEAR, FAR), ((-half, 0.0), (0, 0.04), (half, 0.0)), "asphalt")
    solid = rng.random() < 0.4  # share
    for s in np.arange(NEAR, 240, 12.0):
        _line(scene, (s, s + (12.0 if solid else 4.0)), 0.0, 0.12, h=0.045)
        for side in (-1, 1):
            _line(scene, (s, s + 12.0), side * (half - 0.35), 0.12, h=0.0115)
    _posts(scene, half + 0.9, 25.0)
    _woods(scene, rng, half + 3.5, conifers=0.35)
    _country_sides(scene, rng, half)
    _country_signs(scene, rng, half)


def _country_sides(scene: Scene, rng: np.random.Generator, half: float) -> None:
    """Wires on poles, a farm, a fence."""
    road = scene.road
    side = int(rng.choice([-1, 1]))
    if rng.random() < 0.7:  # share with wires
        pole = Mesh()
        lathe(pole, [(0, 0, 0), (0, 0, 7.5)], [0.14, 0.1], "bark", (0.12, 0.09, 0.07, 0))
        d = side * (half + 3.0)
        for s in np.arange(-25, 240, 38.0):
            scene.put("pole", pole, float(s), d)
            for h in (6.9, 7.3):
                scene.static.merge(make_wire(road.at(s, d, h), road.at(s + 38.0, d, h)), np.eye(4))
    if rng.random() < 0.6:  # share with a farm
        s, d = float(rng.uniform(35, 140)), -side * float(rng.uniform(14, 40))
        house = make_house(rng, float(rng.uniform(9, 15)), storeys=2, depth=9, lit=0.5)
        scene.put("farm", house, s, d, turn=-np.sign(d) * np.pi / 2)
    if rng.random() < 0.5:  # share with a fence
        for h in (0.5, 0.95):
            for s in np.arange(-20, 150, 20.0):
                rope = make_wire(
                    road.at(s, side * (half + 2), h), road.at(s + 20, side * (half + 2), h), 0.02
                )
                scene.static.merge(rope, np.eye(4))


def _country_signs(scene: Scene, rng: np.random.Generator, half: float) -> None:
    """A warning or a speed limit, a board, perhaps lamps."""
    r = scene.recipe
    warns = rng.random() < 0.5  # either
    care = scene.prints.add(warning() if warns else speed_limit(70))
    shape = "triangle" if warns else "disc"
    scene.put(
        "sign",
        make_sign(care, size=(0.8, 0.8), height=1.7, shape=shape),
        float(rng.uniform(14, 60)),
        half + 1.6,
    )
    if rng.random() < 0.4:  # share
        panel = scene.prints.add(direction(rng, motorway=False))
        scene.put(
            "sign",
            make_sign(panel, size=(2.2, 1.1), height=1.5),
            float(rng.uniform(30, 80)),
            half + 2.6,
        )
    if r.lamps is not None:
        lamp = make_lamp(r.lamps)
        for s in np.arange(float(rng.uniform(10, 60)), 240, r.lamp_gap * 1.5):
            scene.put("lamp", lamp, float(s), half + 1.4)


def add_tunnel(scene: Scene, rng: np.random.Generator) -> None:
    """A vaulted tube with rows of lamps, kerbs, exit signs and fans."""
    r, m, road = scene.recipe, scene.static, scene.road
    half = r.half_road
    strip(m, road, (NEAR, FAR), ((-half, 0.0), (half, 0.0)), "asphalt")
    for i in range(-r.lanes, r.lanes + 1):
        dashed = 0 < abs(i) < r.lanes
        for s in np.arange(NEAR, 240, 9.0):
            _line(scene, (s, s + (4.0 if dashed else 9.0)), i * r.lane_width, 0.13)
    a = np.linspace(0, np.pi, 15)
    wall, top = half + 1.0, float(rng.uniform(5.2, 6.6))
    vault = [(float(-np.cos(t) * wall), float(2.6 + np.sin(t) * (top - 2.6))) for t in a]
    for side in (-1, 1):
        foot = [(side * half, 0.0), (side * half, 0.25), (side * wall, 0.25)]
        strip(m, road, (NEAR, FAR), tuple(foot[::side]), "kerb")
        strip(
            m,
            road,
            (NEAR, FAR),
            ((side * wall, 0.25), (side * wall, 2.6)),
            "tilewall",
            (0.55, 0.54, 0.5, 0),
        )
        band = ((side * (wall - 0.01), 1.0), (side * (wall - 0.01), 1.25))
        strip(m, road, (NEAR, FAR), band, "stripe", (*rng.uniform(0.05, 0.5, 3), 0.0))
    strip(m, road, (NEAR, FAR), tuple(vault), "concrete", (0.24, 0.235, 0.22, 0))
    colour = ((1.75, 0.87, 0.13), (1.16, 0.98, 0.74), (0.98, 1.0, 1.03), (1.36, 0.95, 0.48))[
        int(rng.integers(4))
    ]
    gap, h = float(rng.uniform(6, 14)), 2.6 + (top - 2.6) * 0.86
    long = float(rng.choice([0.5, 1.2, 2.4]))
    lamp = Mesh()
    flux = float(rng.uniform(3e3, 9e3))
    box(
        lamp,
        (-0.12, -long / 2, -0.08),
        (0.12, long / 2, 0.0),
        "lamp",
        (*colour, flux / (np.pi * (0.4 * long + 0.05))),
    )
    box(
        lamp,
        (-0.16, -long / 2 - 0.05, 0.0),
        (0.16, long / 2 + 0.05, 0.1),
        "metal",
        (0.2, 0.2, 0.2, 0),
    )
    rows = (-0.5, 0.5) if rng.random() < 0.7 else (0.0,)  # share with two rows
    for s in np.arange(NEAR + 2, 330, gap):
        for row in rows:
            scene.put("lamp", lamp, float(s), row * wall, h=h if row else top - 0.15)
    exit_uv = scene.prints.add(board("EXIT", (96, 48), (6, 120, 60), (240, 240, 240)))
    for s in np.arange(float(rng.uniform(8, 30)), 200, 40.0):
        sign = Mesh()
        sign.quads(
            [[(-0.5, 0, 0), (0.5, 0, 0), (0.5, 0, 0.5), (-0.5, 0, 0.5)]],
            "board",
            (1, 1, 1, 90.0),
            [exit_uv],
        )
        scene.put("exit", sign, float(s), wall - 0.6, h=2.2)
    fan = Mesh()
    lathe(fan, [(0, -1.5, 0), (0, 1.5, 0)], 0.45, "metal", (0.3, 0.3, 0.31, 0), sides=12)
    for s in np.arange(float(rng.uniform(25, 60)), 200, 70.0):
        for d in (-1.0, 1.0):
            scene.put("fan", fan, float(s), d, h=top - 0.7)


def _line(
    scene: Scene, span: tuple[float, float], d: float, wide: float, *, h: float = 0.012
) -> None:
    """A painted line."""
    strip(scene.static, scene.road, span, ((d - wide / 2, h), (d + wide / 2, h)), "mark", MARK)


def _land(scene: Scene, half: float) -> None:
    """Verge, ditch and fields on both sides; hills far off."""
    for side in (-1, 1):
        edges = (
            (half - 0.1, -0.03),
            (half + 1.5, -0.05),
            (half + 3.5, -0.5),
            (half + 6, 0.0),
            (half + 70, 0.8),
            (half + 160, 7.0),
        )
        strip(scene.static, scene.road, (NEAR, FAR), mirrored(edges, side), "grass")


def _rail(scene: Scene, d: float) -> None:
    """A guard rail: a beam with a bulge on posts."""
    for h0, h1, out in ((0.45, 0.52, 0.0), (0.52, 0.68, 0.05), (0.68, 0.75, 0.0)):
        strip(
            scene.static,
            scene.road,
            (NEAR, FAR),
            ((d + out, h0), (d + out, h1)),
            "metal",
            (0.4, 0.41, 0.42, 0),
        )
    post = Mesh()
    box(post, (-0.05, -0.05, 0), (0.05, 0.05, 0.7), "metal", (0.3, 0.3, 0.31, 0))
    for s in np.arange(-10, 120, 4.0):
        scene.put("post", post, float(s), d + 0.07 * np.sign(d))


def _posts(scene: Scene, d: float, gap: float) -> None:
    """Delineators on both sides."""
    post = make_delineator()
    for s in np.arange(-5, 260, gap):
        for side in (-1, 1):
            scene.put("delineator", post, float(s), side * d)


def _woods(scene: Scene, rng: np.random.Generator, d: float, *, conifers: float) -> None:
    """Trees and bushes in groups on both sides, a few shapes repeated."""
    r = scene.recipe
    shapes = [
        make_tree(
            rng,
            height=float(rng.uniform(6, 15)),
            bare=r.bare,
            conifer=bool(rng.random() < conifers),
        )
        for _ in range(5)
    ]
    bushes = [
        make_bush(rng, length=float(rng.uniform(1, 4)), height=float(rng.uniform(0.7, 2.2)))
        for _ in range(3)
    ]
    for side in (-1, 1):
        s = float(rng.uniform(-10, 10))
        while s < 330:  # farther ones are dots
            wood = rng.random() < 0.6  # share of groups
            for _ in range(int(rng.integers(2, 9)) if wood else 1):
                off = float(rng.exponential(9.0)) + float(rng.uniform(0, 3))
                tree = shapes[int(rng.integers(5))]
                scene.put(
                    "tree",
                    tree,
                    s + float(rng.normal(0, 5)),
                    side * (d + off),
                    h=-0.1,
                    turn=float(rng.uniform(0, 6)),
                )
            if rng.random() < 0.6:  # share
                scene.put(
                    "bush",
                    bushes[int(rng.integers(3))],
                    s + float(rng.normal(0, 3)),
                    side * (d + float(rng.uniform(-1, 2))),
                )
            s += float(rng.exponential(100.0 / max(r.trees, 1.0)))


def _bridge(scene: Scene, s: float, reach: float) -> None:
    """A road that crosses above."""
    mesh = Mesh()
    box(mesh, (-reach - 20, 0, 5.4), (reach + 20, 8, 6.6), "concrete", (0.33, 0.32, 0.31, 0))
    box(mesh, (-reach - 20, 0, 6.6), (reach + 20, 0.2, 7.5), "metal", (0.25, 0.26, 0.27, 0))
    for x in (-reach, 0.0, reach):
        box(mesh, (x - 0.5, 2, -0.5), (x + 0.5, 6, 5.4), "concrete", (0.33, 0.32, 0.31, 0))
    scene.put("bridge", mesh, s, 0.0)
