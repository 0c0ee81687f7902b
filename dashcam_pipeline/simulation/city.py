"""A town street: houses, shops, pavements, a crossing with signals, trees, parked cars."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.simulation.furniture import (
    make_bin,
    make_lamp,
    make_sign,
    make_signal,
    make_wire,
)
from dashcam_pipeline.simulation.houses import GLOWS, WALLS, make_house
from dashcam_pipeline.simulation.mesh import Mesh, box, lathe
from dashcam_pipeline.simulation.plants import make_bush, make_tree
from dashcam_pipeline.simulation.prints import direction, parking, shop, speed_limit, warning
from dashcam_pipeline.simulation.scene import Scene, mirrored, strip
from dashcam_pipeline.simulation.traffic import add_parked

NEAR, FAR = -30.0, 300.0
SIDE = 5.0
"""Half width of the street that crosses, metres."""
KERB = 0.13
MARK = (0.72, 0.72, 0.70, 0.35)
HOLD = 7.0
"""From the crossing's middle back to the stop line, beyond ``SIDE``, metres."""


def add_city(scene: Scene, rng: np.random.Generator) -> None:
    """Build the street of a town."""
    r = scene.recipe
    _ground(scene)
    _marks(scene, rng)
    walk = r.half_road + r.pavement
    for side in (-1, 1):
        _row(scene, rng, side, walk + r.setback)
    _lamps(scene, rng)
    _trees(scene, rng, walk)
    _signs(scene, rng)
    if r.crossing is not None:
        _crossing(scene, rng, r.crossing)
    if r.parking:
        add_parked(scene, rng, r.half_road - 1.1)
    _skyline(scene, rng)


def _spans(crossing: float | None) -> list[tuple[float, float]]:
    """The stretches of kerb between the streets that cross."""
    if crossing is None:
        return [(NEAR, FAR + 80)]
    return [(NEAR, crossing - SIDE - 2), (crossing + SIDE + 2, FAR + 80)]


def _ground(scene: Scene) -> None:
    """Carriageway, kerbs, pavements, the land beyond."""
    r, m, road = scene.recipe, scene.static, scene.road
    half, walk = r.half_road, r.half_road + r.pavement
    strip(
        m,
        road,
        (NEAR, FAR + 80),
        ((-half, 0), (-half / 2, 0.03), (0, 0.06), (half / 2, 0.03), (half, 0)),
        "asphalt",
    )
    for span in _spans(r.crossing):
        for side in (-1, 1):
            kerb = [(side * half, 0.0), (side * half, KERB), (side * (half + 0.22), KERB)]
            slab = [(side * (half + 0.22), KERB), (side * walk, KERB + 0.03)]
            yard = [(side * walk, KERB + 0.02), (side * (walk + 45), KERB + 0.02)]
            for edges, material in (
                (kerb, "kerb"),
                (slab, "paving"),
                (yard, "paving" if r.setback < 1 else "grass"),
            ):
                strip(m, road, span, tuple(edges[::side]), material)
    if r.crossing is not None:
        c = r.crossing
        for side in (-1, 1):
            placed = mirrored(((half - 0.05, 0.0), (half + 60, 0.0)), side)
            strip(m, road, (c - SIDE - 2, c + SIDE + 2), placed, "asphalt")


def _marks(scene: Scene, rng: np.random.Generator) -> None:
    """Centre line, lane lines, edge or parking lines, manholes, patches."""
    r, m, road = scene.recipe, scene.static, scene.road
    solid = rng.random() < 0.35  # share
    lines = [
        (i * r.lane_width * side, not (i == 0 and solid))
        for i in range(r.lanes)
        for side in ((1,) if i == 0 else (-1, 1))
    ]
    if r.parking:
        lines += [(side * (r.half_road - 2.2), False) for side in (-1, 1)]
    clear = None if r.crossing is None else (r.crossing - SIDE - HOLD, r.crossing + SIDE + HOLD)
    for d, dashed in lines:
        step, long = (9.0, 3.5) if dashed else (9.0, 9.0)
        for s in np.arange(NEAR, 220, step):
            if clear is not None and s + long > clear[0] and s < clear[1]:
                continue
            strip(
                m,
                road,
                (s, s + long),
                ((d - 0.065, _crown(r.half_road, d)), (d + 0.065, _crown(r.half_road, d))),
                "mark",
                MARK,
            )
    for _ in range(int(rng.integers(3, 9))):
        s, d = float(rng.uniform(4, 90)), float(rng.uniform(-r.half_road + 1, r.half_road - 1))
        w, long = float(rng.uniform(0.4, 1.6)), float(rng.uniform(0.6, 7))
        h = _crown(r.half_road, d)
        strip(
            m,
            road,
            (s, s + long),
            ((d - w / 2, h - 0.002), (d + w / 2, h - 0.002)),
            "patch",
            (0.02, 0.02, 0.022, 0),
        )


def _crown(half: float, d: float) -> float:
    """Height of paint above the cambered carriageway at ``d``."""
    return 0.06 * (1 - min(abs(d), half) / half) + 0.005


def _row(scene: Scene, rng: np.random.Generator, side: int, d: float) -> None:
    """Houses wall to wall, with a gap now and then, and at the street that crosses."""
    r = scene.recipe
    s = float(rng.uniform(-25, -15))
    terrace = rng.random() < 0.65 or r.setback == 0  # share
    gap = None
    if r.crossing is not None:
        gap = (r.crossing - SIDE - 2 - r.pavement, r.crossing + SIDE + 3 + r.pavement)
    while s < FAR:
        width = float(rng.uniform(6.5, 16.0))
        if gap is not None and s < gap[1] and s + width > gap[0]:
            if gap[0] - s <= 5.5:  # too narrow for a house
                s = gap[1]
                continue
            width = gap[0] - s
        if rng.random() < 0.06:  # share of gaps
            _garden(scene, rng, side, d, (s, width))
        else:
            storeys = int(rng.integers(r.storeys[0], r.storeys[1] + 1))
            uv = (
                scene.prints.add(shop(rng))
                if r.setback < 1 and rng.random() < 0.45 and s < 140
                else None
            )
            house = make_house(
                rng, width, storeys=storeys, depth=float(rng.uniform(8, 13)), shop_uv=uv, lit=r.lit
            )
            at = s + width if side > 0 else s
            matrix = scene.road.matrix(s + width / 2, side * d, KERB, -side * np.pi / 2)
            matrix[:3, 3] -= matrix[:3, 0] * width / 2
            matrix[2, 3] = scene.road.at(at)[2] + KERB
            scene.static.merge(house, matrix)
        s += width + (0.0 if terrace else float(rng.uniform(1.5, 6)))


def _garden(
    scene: Scene, rng: np.random.Generator, side: int, d: float, span: tuple[float, float]
) -> None:
    """A wall, bushes and a tree where no house stands."""
    s, width = span
    wall = Mesh()
    box(wall, (-0.12, 0, 0), (0.12, width, 1.4), "brick", (0.3, 0.17, 0.12, 0))
    scene.put("wall", wall, s, side * d)
    tree = make_tree(rng, height=float(rng.uniform(6, 12)), bare=scene.recipe.bare)
    scene.put("tree", tree, s + width / 2, side * (d + 4))
    for _ in range(3):
        scene.put("bush", make_bush(rng), s + float(rng.uniform(0, width)), side * (d + 1.2))


def _lamps(scene: Scene, rng: np.random.Generator) -> None:
    """Posts on both sides in turn (or on one), a few of them dead; wires between some."""
    r = scene.recipe
    if r.lamps is None:
        return
    lamp, dead = make_lamp(r.lamps), make_lamp(r.lamps, on=False)
    d = r.half_road + 0.5
    both = r.lanes > 1 or r.lamps.shape != "arm" or rng.random() < 0.4  # share
    for side, shift in ((1, 0.0), (-1, 0.5 * r.lamp_gap)) if both else ((1, 0.0),):
        for s in np.arange(float(rng.uniform(-18, 2)) + shift, 260, r.lamp_gap):
            if r.crossing is not None and abs(s - r.crossing) < SIDE + 2:
                continue
            mesh = dead if rng.random() < 0.03 else lamp  # share
            scene.put("lamp", mesh, float(s), side * d, h=KERB, turn=0.0 if side > 0 else np.pi)
    if rng.random() < 0.35:  # share of streets with wires
        for h in (6.2, 6.6, 7.4):
            for s in np.arange(-20, 200, 32.0):
                a, b = scene.road.at(s, d + 0.3, h), scene.road.at(s + 32.0, d + 0.3, h)
                scene.static.merge(make_wire(a, b), np.eye(4))
        pole = Mesh()
        lathe(pole, [(0, 0, 0), (0, 0, 7.8)], [0.14, 0.1], "bark", (0.12, 0.09, 0.07, 0))
        for s in np.arange(-20, 220, 32.0):
            scene.put("pole", pole, float(s), d + 0.3)


def _trees(scene: Scene, rng: np.random.Generator, walk: float) -> None:
    """Street trees on the pavement, a few shapes repeated and turned."""
    r = scene.recipe
    if r.trees <= 0:
        return
    kinds = [make_tree(rng, height=float(rng.uniform(6, 10)), bare=r.bare) for _ in range(3)]
    d = walk - 0.9 if r.pavement > 3 else r.half_road + 0.7  # wide pavements
    for side in (-1, 1):
        for s in np.arange(float(rng.uniform(-10, 5)), 200, 100.0 / r.trees):
            if rng.random() < 0.15 or (
                r.crossing is not None and abs(s - r.crossing) < SIDE + 6
            ):  # gaps
                continue
            scene.put(
                "tree",
                kinds[int(rng.integers(3))],
                float(s),
                side * d,
                h=KERB,
                turn=float(rng.uniform(0, 6)),
            )


def _signs(scene: Scene, rng: np.random.Generator) -> None:
    """Speed limits, parking, warnings, direction boards, bins, bollards."""
    r = scene.recipe
    d = r.half_road + 0.45
    limit = scene.prints.add(speed_limit(int(rng.choice([30, 40, 50]))))
    park, care = scene.prints.add(parking()), scene.prints.add(warning())
    for _ in range(int(rng.integers(3, 8))):
        s, side = float(rng.uniform(8, 110)), int(rng.choice([-1, 1, 1]))
        pick = int(rng.integers(4))
        if pick == 0:
            mesh = make_sign(limit, size=(0.6, 0.6), height=2.1, shape="disc")
        elif pick == 1:
            mesh = make_sign(park, size=(0.5, 0.5), height=2.1)
        elif pick == 2:  # the third kind
            mesh = make_sign(care, size=(0.75, 0.68), height=2.1, shape="triangle")
        else:
            board = scene.prints.add(direction(rng, motorway=False))
            mesh = make_sign(board, size=(1.7, 0.85), height=2.2)
        scene.put(
            "sign",
            mesh,
            s,
            side * (d + (0.6 if pick == 3 else 0)),
            h=KERB,
            turn=float(rng.normal(0, 0.06)),
        )
    for _ in range(int(rng.integers(2, 7))):
        scene.put(
            "bin",
            make_bin(rng),
            float(rng.uniform(6, 90)),
            float(rng.choice([-1, 1])) * (d + 0.4),
            h=KERB,
        )
    if rng.random() < 0.4:  # share
        bollard = Mesh()
        lathe(
            bollard, [(0, 0, 0), (0, 0, 0.9)], 0.06, "metal", (0.5, 0.5, 0.5, 0), sides=7, caps=True
        )
        for s in np.arange(5, 70, 2.2):
            if r.crossing is None or abs(s - r.crossing) > SIDE + 2:
                scene.put("bollard", bollard, float(s), d, h=KERB)


def _crossing(scene: Scene, rng: np.random.Generator, c: float) -> None:
    """Signals for all directions, stop lines and zebra stripes."""
    r, m, road = scene.recipe, scene.static, scene.road
    half = r.half_road
    wide = float(rng.choice([0.0, 0.0, 3.2, 5.0])) if r.lanes > 1 else 0.0
    ours = make_signal(r.signal, arm=wide)
    other = make_signal("red" if r.signal != "red" else "green")
    near, far = c - SIDE - 2.5, c + SIDE + 2.5
    for s, side in ((near, 1), (near, -1), (far, 1)):
        scene.put("signal", ours, s, side * (half + 0.6), h=KERB, turn=0.0 if side > 0 else 0.15)
    scene.put("signal", ours, far, -half - 0.6, h=KERB, turn=np.pi)
    scene.put("signal", other, c - SIDE, half + 1.5, h=KERB, turn=-np.pi / 2)
    scene.put("signal", other, c + SIDE, -half - 1.5, h=KERB, turn=np.pi / 2)
    stop = near - 2.6
    h = 0.075
    strip(m, road, (stop, stop + 0.45), ((0.1, h), (half - 0.3, h * 0.4)), "mark", MARK)
    for d in np.arange(-half + 0.5, half - 0.4, 1.0):
        edge = _crown(half, d) + 0.002
        strip(m, road, (near - 1.4, near + 1.6), ((d, edge), (d + 0.5, edge)), "mark", MARK)


def _skyline(scene: Scene, rng: np.random.Generator) -> None:
    """Blocks behind the houses and at the street's end, with scattered lit windows."""
    for _ in range(26):
        s, side = float(rng.uniform(60, 420)), int(rng.choice([-1, 1]))
        d = side * float(rng.uniform(38, 150))
        _block(scene, rng, s, d)
    for d in (-24.0, 0.0, 22.0):
        _block(scene, rng, FAR + 95 + float(rng.uniform(0, 30)), d)


def _block(scene: Scene, rng: np.random.Generator, s: float, d: float) -> None:
    """One far block of flats."""
    w, depth, h = float(rng.uniform(14, 30)), float(rng.uniform(10, 18)), float(rng.uniform(12, 38))
    wall = (*(np.array(WALLS[int(rng.integers(len(WALLS)))]) * 0.7), 0.0)
    mesh = Mesh()
    box(mesh, (-w / 2, 0, 0), (w / 2, depth, h), "plaster", wall)
    xs, zs = np.meshgrid(np.arange(-w / 2 + 1, w / 2 - 1.5, 2.6), np.arange(1.2, h - 1.5, 3.0))
    x, z = xs.reshape(-1), zs.reshape(-1)
    y = np.full_like(x, -0.03)
    low = np.stack([x, y, z], -1)
    front = np.stack([low, low + (1.4, 0, 0), low + (1.4, 0, 1.5), low + (0, 0, 1.5)], 1)
    count = len(front)
    colour = np.array(GLOWS)[rng.integers(len(GLOWS), size=count)]
    level = np.where(
        rng.random(count) < scene.recipe.lit * 0.8, rng.lognormal(np.log(12), 0.8, count), 0
    )
    tint = np.concatenate([colour, level[:, None]], 1)
    mesh.quads(front, "window", tint)
    scene.put("block", mesh, s, d, turn=float(rng.choice([0.0, -np.sign(d) * np.pi / 2])))
