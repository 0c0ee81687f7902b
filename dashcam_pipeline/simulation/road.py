"""The road's line through the landscape, and places given relative to it.

A place is (s, d, h): metres along the centre line, metres to its right, metres above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dashcam_pipeline.simulation.mesh import Array

STEP = 2.0
"""Metres between samples."""


class Road:
    """A smooth centre line that starts at the origin and heads along +y.

    Args:
        rng: decides the bends and slopes.
        bend: the sharpest curvature, 1/m (0.01 is a radius of 100 m).
        slope: the steepest grade (0.05 is 5 %).
        length: metres ahead; 80 m behind are added.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        bend: float,
        slope: float,
        length: float = 420.0,
    ) -> None:
        self.length = length
        self.s: Array = np.arange(-80.0, length + STEP, STEP)
        curvature = bend * _wave(rng, self.s, (90.0, 300.0))
        heading = np.cumsum(curvature) * STEP
        grade = slope * _wave(rng, self.s, (120.0, 400.0))
        x = np.cumsum(np.sin(heading)) * STEP
        y = np.cumsum(np.cos(heading)) * STEP
        z = np.cumsum(grade) * STEP
        origin = int(np.argmin(np.abs(self.s)))
        c, q = np.cos(heading[origin]), np.sin(heading[origin])
        x, y = x - x[origin], y - y[origin]
        self.heading: Array = heading - heading[origin]
        self.xyz: Array = np.stack([c * x - q * y, q * x + c * y, z - z[origin]], -1)

    def at(self, s: npt.ArrayLike, d: npt.ArrayLike = 0.0, h: npt.ArrayLike = 0.0) -> Array:
        """World points (..., 3) of places given relative to the road; arguments broadcast."""
        s_, d_, h_ = np.broadcast_arrays(
            np.asarray(s, float), np.asarray(d, float), np.asarray(h, float)
        )
        x, y, z = (np.interp(s_, self.s, self.xyz[:, i]) for i in range(3))
        a = self.yaw(s_)
        return np.stack([x + d_ * np.cos(a), y - d_ * np.sin(a), z + h_], -1)

    def yaw(self, s: npt.ArrayLike) -> Array:
        """Heading to the right of +y, radians."""
        return np.asarray(np.interp(np.asarray(s, float), self.s, self.heading))

    def matrix(self, s: float, d: float = 0.0, h: float = 0.0, turn: float = 0.0) -> Array:
        """4x4 pose of a thing that stands at (s, d, h) facing along the road, turned left."""
        a = -float(self.yaw(s)) + turn
        m = np.eye(4)
        m[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        m[:3, 3] = self.at(s, d, h)
        return m


def _wave(rng: np.random.Generator, s: Array, lengths: tuple[float, float]) -> Array:
    """Three sines of random length and phase, within -1 and 1."""
    total = np.zeros_like(s)
    for _ in range(3):
        total += np.sin(2 * np.pi * s / rng.uniform(*lengths) + rng.uniform(0, 2 * np.pi)) / 3
    return total
