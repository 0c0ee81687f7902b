"""What kind of place and night a seed stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from dashcam_pipeline.simulation.furniture import LAMP_COLOURS, LampStyle

SceneKind: TypeAlias = Literal["city", "highway", "country-moon", "tunnel", "rainy-city"]
KINDS: tuple[SceneKind, ...] = get_args(SceneKind)


@dataclass(frozen=True, slots=True)
class Recipe:
    """One place on one night.

    Args:
        kind: scene kind.
        seed: decides everything.
        lanes: per direction.
        lane_width: metres.
        parking: cars park on both sides.
        pavement: width of the walkway, metres.
        setback: from walkway to houses, metres.
        storeys: (fewest, most) of the houses.
        lit: share of lit windows.
        lamps: style of the street's lamps, None on an unlit road.
        lamp_gap: metres between lamps of one side.
        wetness: 0 dry to 1 standing water.
        traffic: vehicles per 100 m of each lane.
        trees: trees per 100 m of each side.
        bare: the trees have no leaves.
        crossing: distance of a crossing with signals ahead, metres, or None.
        signal: its state for the camera's direction.
        moon: (azimuth to the right, elevation) in degrees, or None.
        sky_glow: luminance of the night sky near the horizon, cd/m2.
        clouds: 0 clear to 1 overcast.
        bend, slope: as in ``Road``.
        speed: of the camera, m/s.
        fov: horizontal, degrees.
        camera_height: metres.
        pitch: of the camera, degrees, up is positive.
        bonnet: the car's own bonnet is in view.
        sun: (azimuth, elevation) by day, degrees.
    """

    kind: SceneKind
    seed: int
    lanes: int
    lane_width: float
    parking: bool
    pavement: float
    setback: float
    storeys: tuple[int, int]
    lit: float
    lamps: LampStyle | None
    lamp_gap: float
    wetness: float
    traffic: float
    trees: float
    bare: bool
    crossing: float | None
    signal: str
    moon: tuple[float, float] | None
    sky_glow: float
    clouds: float
    bend: float
    slope: float
    speed: float
    fov: float
    camera_height: float
    pitch: float
    bonnet: bool
    sun: tuple[float, float]

    @property
    def half_road(self) -> float:
        """Metres from the centre line to the kerb (or the edge of the shoulder)."""
        shoulder = {
            "city": 0.3,
            "rainy-city": 0.3,
            "highway": 3.2,
            "country-moon": 0.6,
            "tunnel": 1.2,
        }
        return self.lanes * self.lane_width + (2.2 if self.parking else shoulder[self.kind])

    def lane(self, index: int) -> float:
        """Centre of a lane of the own direction, metres right of the centre line; 0 is inner."""
        median = 1.6 if self.kind == "highway" else 0.0
        return median + (index + 0.5) * self.lane_width


def make_recipe(kind: SceneKind, seed: int) -> Recipe:
    """Draw a recipe; the same for the same arguments."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    town = kind in {"city", "rainy-city"}
    narrow = bool(town and rng.random() < 0.55)  # share of side streets
    high = int(rng.integers(3, 7))
    lamps = _lamps(rng, kind, narrow=narrow)
    moon = (float(rng.uniform(-28, 28)), float(rng.uniform(4, 22)))
    by_chance = kind in {"city", "highway"} and rng.random() < 0.2  # share
    shows_moon = kind == "country-moon" or by_chance
    wet_night = kind == "rainy-city" or rng.random() < 0.3  # share after rain
    wetness = rng.uniform(0.45, 1.0) if wet_night and kind != "tunnel" else rng.uniform(0, 0.12)
    tall = rng.random() < 0.7  # share of tall streets
    lanes = {"highway": int(rng.integers(2, 4)), "country-moon": 1, "tunnel": 2}
    traffic = {"highway": (0.8, 3.0), "country-moon": (0.2, 0.8)}.get(kind, (0.6, 3.2))
    speed = {"highway": (22, 30), "country-moon": (15, 22), "tunnel": (14, 20)}.get(kind, (7, 13))
    bend = {"highway": 0.0012, "country-moon": 0.006, "tunnel": 0.002}.get(kind, 0.0025)
    slope = {"city": 0.015, "rainy-city": 0.015, "country-moon": 0.035}.get(kind, 0.012)
    crossed = town and rng.random() < 0.7  # share
    return Recipe(
        kind=kind,
        seed=seed,
        lanes=lanes.get(kind, 1 if narrow else 2),
        lane_width=3.6 if kind == "highway" else float(rng.uniform(3.0, 3.4)),
        parking=bool(town and rng.random() < 0.75),  # share
        pavement=float(rng.uniform(1.8, 4.5)),
        setback=float(rng.choice([0.0, 0.0, 1.5, 4.0])),
        storeys=(max(1, high - 2 - int(rng.integers(0, 2))), high) if tall else (1, 3),
        lit=float(rng.uniform(0.12, 0.5)),
        lamps=lamps,
        lamp_gap=float(rng.uniform(22, 38)) * (1.3 if kind == "highway" else 1.0),
        wetness=float(wetness),
        traffic=float(rng.uniform(*traffic)),
        trees=float(rng.choice([0.0, 4.0, 8.0]) if town else rng.uniform(3, 11)),
        bare=bool(rng.random() < 0.25),  # share in winter
        crossing=float(rng.uniform(16, 90)) if crossed else None,
        signal=str(rng.choice(["red", "green", "green", "amber"])),
        moon=moon if shows_moon else None,
        sky_glow=float(rng.lognormal(np.log(0.06 if town else 0.015), 0.6)),
        clouds=float(rng.uniform(0.5, 1.0)) if wet_night else float(rng.uniform(0, 0.9)),
        bend=bend * float(rng.uniform(0.2, 1.0)),
        slope=slope * float(rng.uniform(0.2, 1.0)),
        speed=float(rng.uniform(*speed)),
        fov=float(rng.uniform(62, 92)),
        camera_height=float(rng.uniform(1.25, 1.5)),
        pitch=float(rng.uniform(-3.5, 0.5)),
        bonnet=bool(rng.random() < 0.45),  # share
        sun=(float(rng.uniform(-180, 180)), float(rng.uniform(14, 60))),
    )


def _lamps(rng: np.random.Generator, kind: SceneKind, *, narrow: bool) -> LampStyle | None:
    """The style of a street's lamps."""
    colour = str(rng.choice(list(LAMP_COLOURS), p=[0.28, 0.12, 0.2, 0.22, 0.12, 0.06]))
    if kind == "country-moon":
        lit = rng.random() < 0.3  # share of lit roads
        return LampStyle(colour, "arm", 6.5, 1.0, 4500.0) if lit else None
    if kind == "highway":
        lit = rng.random() < 0.6  # share of lit motorways
        return LampStyle(colour, "arm", 11.0, 2.2, float(rng.uniform(13e3, 26e3))) if lit else None
    if kind == "tunnel":
        return None
    shape = str(rng.choice(["arm", "globe", "lantern"], p=[0.7, 0.15, 0.15])) if narrow else "arm"
    if shape != "arm":
        return LampStyle(
            colour, shape, float(rng.uniform(3.2, 4.2)), 0.0, float(rng.uniform(2200, 4500))
        )
    return LampStyle(
        colour,
        "arm",
        float(rng.uniform(5.5, 8.5)),
        float(rng.uniform(0.8, 2.2)),
        float(rng.uniform(5e3, 14e3)),
    )
