"""Coordinates round a source of light, and noise that every kind of glare is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Grid = npt.NDArray[np.floating[Any]]
    Generator = np.random.Generator

REFERENCE_RADIUS = 0.06
"""Where a kernel's mean is 1, in frame heights: just outside the bloom of a near lamp."""


@dataclass(frozen=True, slots=True)
class Polar:
    """A square round the source.

    Args:
        radius: in frame heights, (N, N).
        angle: radians, (N, N).
        x, y: the two axes in frame heights, (N, N).
        frame_height: pixels.
        wiper: radians; the direction of the streaks that the wiper's arcs make, for all kinds.
    """

    radius: Grid
    angle: Grid
    x: Grid
    y: Grid
    frame_height: int
    wiper: float = math.pi / 2

    @classmethod
    def square(cls, size: int, frame_height: int, wiper: float = math.pi / 2) -> Polar:
        """Coordinates of a square of ``size`` pixels around a source at its centre."""
        axis = (np.arange(size, dtype=np.float32) - size // 2) / frame_height
        x, y = np.meshgrid(axis, axis)
        return cls(np.hypot(x, y), np.arctan2(y, x), x, y, frame_height, wiper)

    @property
    def size(self) -> int:
        """Side of the square, pixels."""
        return len(self.radius)

    @property
    def ring(self) -> npt.NDArray[np.bool_]:
        """Where the radius is ``REFERENCE_RADIUS``, (N, N)."""
        return np.asarray(np.abs(self.radius - REFERENCE_RADIUS) < 1.5 / self.frame_height)


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(math.exp(rng.uniform(math.log(low), math.log(high))))


def angular_noise(rng: Generator, angle: Grid, sharpness: float) -> Grid:
    """Noise of mean about 1 that depends on the angle alone: where dirt and scratches lie."""
    count = 2048
    white = rng.standard_normal(count)
    frequency = np.fft.rfftfreq(count, 1 / count)
    cutoff = log_uniform(rng, 6, 200)
    smooth = np.fft.irfft(np.fft.rfft(white) * np.exp(-((frequency / cutoff) ** 2)), count)
    smooth /= smooth.std() + 1e-9
    ring = np.exp(sharpness * smooth)
    ring /= ring.mean()
    index = (angle + math.pi) / (2 * math.pi) * count
    return np.interp(index, np.arange(count + 1), np.append(ring, ring[0])).astype(np.float32)
