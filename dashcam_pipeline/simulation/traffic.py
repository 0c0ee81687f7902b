"""Vehicles in the lanes and at the kerb, their beams, and the camera's own car."""

from __future__ import annotations

import numpy as np

from dashcam_pipeline.simulation.furniture import LAMP_COLOURS
from dashcam_pipeline.simulation.mesh import Array, Mesh, sheet
from dashcam_pipeline.simulation.prints import plate
from dashcam_pipeline.simulation.scene import Beam, Drive, Part, Scene
from dashcam_pipeline.simulation.vehicles import HALOGEN, LED, Kind, make_vehicle

AHEAD = 230.0
"""How far away vehicles still are placed, metres."""


def add_traffic(scene: Scene, rng: np.random.Generator) -> None:
    """Fill the lanes; set the camera's lane and own beams."""
    r = scene.recipe
    own = int(rng.integers(r.lanes))
    stopped = (
        r.crossing is not None and r.signal == "red" and r.crossing < 45 and rng.random() < 0.5
    )
    scene.camera = Drive(0.0, r.lane(own), 0.0 if stopped else r.speed)
    own_led = bool(rng.random() < 0.6)  # share
    colour = LAMP_COLOURS["led-5700K"] if own_led else LAMP_COLOURS["led-3000K"]
    for side in (-0.62, 0.62):
        scene.beams.append(
            Beam(scene.camera, (side, 1.5, 0.66), float(rng.uniform(9e3, 22e3)), colour)
        )
    plates = [scene.prints.add(plate(rng)) for _ in range(10)]
    spread = 100.0 / max(r.traffic, 0.05)
    for direction in (1, -1):
        for lane in range(r.lanes):
            s = (
                float(rng.uniform(7, 16) if rng.random() < 0.5 else rng.exponential(spread)) + 6.0
            )  # some near
            while s < AHEAD:
                if (
                    stopped
                    and direction > 0
                    and r.crossing is not None
                    and abs(s - r.crossing - 4) < 9
                ):
                    s += 16.0
                    continue
                waits = stopped and direction > 0 and r.crossing is not None and s < r.crossing
                speed = 0.0 if waits else r.speed * float(rng.uniform(0.9, 1.1))
                _one(scene, rng, Drive(s, direction * r.lane(lane), direction * speed), plates)
                s += 8.0 + float(rng.exponential(spread))


def _one(scene: Scene, rng: np.random.Generator, drive: Drive, plates: list[Array]) -> None:
    """Put one moving vehicle in its lane."""
    r = scene.recipe
    heavy: tuple[Kind, Kind] = ("lorry", "bus")
    share = {"highway": 0.18, "tunnel": 0.08}.get(r.kind, 0.05)
    kind = (
        heavy[int(r.kind in {"city", "rainy-city"})]
        if rng.random() < share and drive.s > 25
        else None
    )
    braking = drive.speed == 0 or (drive.speed > 0 and rng.random() < 0.25)  # share
    made = make_vehicle(rng, plates[int(rng.integers(len(plates)))], kind=kind, braking=braking)
    scene.parts.append(Part(made.kind, made.mesh, np.eye(4), drive))
    if drive.speed < 0 or drive.s < 60:  # others light nothing that we see
        y = float(made.headlamps[0, 1]) + 0.1
        scene.beams.append(
            Beam(drive, (0.0, y, float(made.headlamps[0, 2])), 18e3, LED if made.led else HALOGEN)
        )


def add_parked(scene: Scene, rng: np.random.Generator, d: float) -> None:
    """Rows of parked cars on both sides, ``d`` metres from the centre line."""
    r = scene.recipe
    plates = [scene.prints.add(plate(rng)) for _ in range(5)]
    fill = float(rng.uniform(0.3, 0.9))
    fleet = [make_vehicle(rng, plates[i % 5], lit=False) for i in range(9)]
    for side in (-1, 1):
        s = float(rng.uniform(-4, 4))
        while s < 150:  # farther ones are hidden
            near_crossing = r.crossing is not None and -9 < s - r.crossing < 14  # no parking there
            if rng.random() < fill and not near_crossing:
                car = fleet[int(rng.integers(len(fleet)))]
                turn = (np.pi if side < 0 else 0.0) + float(rng.normal(0, 0.015))
                scene.put("parked", car.mesh, s, side * (d + float(rng.normal(0, 0.08))), turn=turn)
            s += 5.6 + float(rng.exponential(0.6))


def add_bonnet(scene: Scene, rng: np.random.Generator) -> None:
    """The own car's bonnet at the lower edge of the view, moving along."""
    mesh = Mesh()
    x = np.linspace(-0.85, 0.85, 13)
    y = np.linspace(0.55, 1.75, 9)
    drop = 0.10 * (x / 0.85) ** 4
    level = scene.recipe.camera_height - 0.36 - float(rng.uniform(0.0, 0.06))
    fall = 0.16 * ((y - 0.55) / 1.2) ** 2
    ridge = 0.018 * np.exp(-(((np.abs(x) - 0.5) / 0.07) ** 2))
    z = level - drop[None] - fall[:, None] + ridge[None]
    grid = np.stack(np.broadcast_arrays(x[None], y[:, None], z), -1)
    paint = rng.choice(
        [[0.02, 0.02, 0.022], [0.3, 0.31, 0.32], [0.1, 0.02, 0.02], [0.02, 0.04, 0.12]]
    )
    sheet(mesh, grid, "paint", (*paint, 0.0))
    scene.parts.append(Part("bonnet", mesh, np.eye(4), scene.camera))
