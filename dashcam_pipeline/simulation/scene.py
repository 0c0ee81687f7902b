"""A scene ready to be rendered: things and where they are at a time, beams, camera, prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.simulation.mesh import Array, Mesh, sheet
from dashcam_pipeline.simulation.prints import Prints

if TYPE_CHECKING:
    from dashcam_pipeline.simulation.recipe import Recipe
    from dashcam_pipeline.simulation.road import Road


@dataclass(frozen=True, slots=True)
class Drive:
    """Steady motion along the road.

    Args:
        s: place along the road at time 0, metres.
        d: metres right of the centre line.
        speed: m/s along the road; negative for oncoming traffic.
    """

    s: float
    d: float
    speed: float


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh and where it stands; several parts may share one mesh.

    Args:
        name: for people.
        mesh: local geometry.
        matrix: 4x4 pose, for what stands still.
        drive: motion along the road, for what doesn't.
    """

    name: str
    mesh: Mesh
    matrix: Array
    drive: Drive | None = None


@dataclass(frozen=True, slots=True)
class Beam:
    """A dipped headlight beam (both lamps of a vehicle as one or two).

    Args:
        drive: of its vehicle.
        offset: (x right, y forward, z up) of the lamp, metres.
        candela: in the hot spot.
        colour: linear RGB.
    """

    drive: Drive
    offset: tuple[float, float, float]
    candela: float
    colour: tuple[float, float, float]


@dataclass(slots=True)
class Scene:
    """All that a renderer needs."""

    recipe: Recipe
    road: Road
    static: Mesh = field(default_factory=Mesh)
    parts: list[Part] = field(default_factory=list)
    beams: list[Beam] = field(default_factory=list)
    prints: Prints = field(default_factory=Prints)
    camera: Drive = field(default_factory=lambda: Drive(0.0, 0.0, 0.0))

    def put(
        self, name: str, mesh: Mesh, s: float, d: float, *, h: float = 0.0, turn: float = 0.0
    ) -> None:
        """Stand a mesh at a place of the road, turned left by ``turn`` radians."""
        self.parts.append(Part(name, mesh, self.road.matrix(s, d, h, turn)))

    def drive_matrix(self, drive: Drive, time: float) -> Array:
        """Pose (4x4) of what drives, ``time`` seconds after the start."""
        turn = np.pi if drive.speed < 0 else 0.0
        return self.road.matrix(drive.s + drive.speed * time, drive.d, turn=turn)

    def camera_pose(self, time: float) -> tuple[Array, Array]:
        """Where the camera is and where it looks at ``time`` seconds.

        Returns:
            position (3,) in metres and the unit vectors right, up, forward as rows (3, 3);
            bumps of the road move it by a few millimetres and hundredths of a degree.
        """
        r = self.recipe
        phase = np.random.default_rng([7, r.seed]).uniform(0, 2 * np.pi, 6)
        beat = np.sin(2 * np.pi * np.array([1.1, 1.7, 2.9, 6.1, 8.3, 0.5]) * time + phase)
        moving = min(1.0, r.speed / 10.0)
        pitch = np.radians(r.pitch + moving * (0.10 * beat[0] + 0.06 * beat[2] + 0.03 * beat[3]))
        roll = np.radians(moving * (0.12 * beat[5] + 0.03 * beat[4]))
        lift = r.camera_height + moving * (0.008 * beat[1] + 0.003 * beat[3])
        m = self.road.matrix(
            self.camera.s + self.camera.speed * time, self.camera.d + 0.05 * beat[5] * moving, lift
        )
        x, y, z = m[:3, 0], m[:3, 1], np.array([0.0, 0.0, 1.0])
        grade = np.gradient(self.road.xyz[:, 2], self.road.s)
        tilt = pitch + float(
            np.interp(self.camera.s + self.camera.speed * time, self.road.s, grade)
        )
        forward = y * np.cos(tilt) + z * np.sin(tilt)
        up = np.cross(x, forward)
        right = x * np.cos(roll) + up * np.sin(roll)
        return m[:3, 3], np.stack([right, np.cross(right, forward), forward])


def mirrored(edges: tuple[tuple[float, float], ...], side: int) -> tuple[tuple[float, float], ...]:
    """Edges given for the right side, as they lie on ``side`` (1 or -1), left to right."""
    return edges if side > 0 else tuple((-d, h) for d, h in edges[::-1])


def strip(
    mesh: Mesh,
    road: Road,
    span: tuple[float, float],
    edges: tuple[tuple[float, float], ...],
    material: str,
    tint: tuple[float, float, float, float] = (0.5, 0.5, 0.5, 0.0),
) -> None:
    """A ribbon along the road over ``span``; ``edges`` are (right, height) from left to right."""
    inner = road.s[(road.s > span[0]) & (road.s < span[1])]
    s = np.concatenate([[span[0]], inner, [span[1]]])
    d, h = (np.array(v) for v in zip(*edges, strict=True))
    grid = road.at(s[:, None], d[None], h[None])
    run = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(d), np.diff(h)))])
    uv = np.stack(np.broadcast_arrays(run[None] + d[0], s[:, None]), -1)
    sheet(mesh, grid, material, tint, uv, smooth=False)
