"""Dirt on the glass: where it scatters more or less, and otherwise, and lets less light through.

The camera stands so close to the windscreen that each direction looks through a place of its own,
blurred by the width of the aperture. So the dirt of a place acts on the pixels that are seen
through it, and all maps are smooth.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.polar import log_uniform

if TYPE_CHECKING:
    import numpy.typing as npt

    Generator = np.random.Generator
    Plane = npt.NDArray[np.float32]

STEP = 4
"""Pixels of the frame to a sample of a map while it is made."""


def field(rng: Generator, height: int, width: int) -> Plane:
    """Smooth noise of mean 0 and deviation 1, (H, W); its grain is drawn too."""
    total = np.zeros((height, width), np.float32)
    grain = log_uniform(rng, 0.12, 1.0)
    for octave in range(int(rng.integers(1, 4))):
        cell = max(grain * height / 2**octave, 2.0)
        shape = (math.ceil(height / cell) + 2, math.ceil(width / cell) + 2)
        coarse = rng.standard_normal(shape).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    total -= total.mean()
    return np.asarray(total / (total.std() + 1e-6), np.float32)


def dirt(rng: Generator, height: int, width: int) -> Plane:
    """How strongly each place scatters, (H, W), positive, 1 on average."""
    h, w = -(-height // STEP), -(-width // STEP)
    thick = rng.uniform(0.05, 0.5) * field(rng, h, w)
    if rng.random() < 0.5:  # noqa: PLR2004 - the wiper has been there
        thick += _swept(rng, h, w)
    if rng.random() < 0.25:  # noqa: PLR2004 - drops, flies, mud
        thick += _flecks(rng, h, w)
    amount = np.exp(thick)
    amount = cv2.resize(amount, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(amount / amount.mean(), np.float32)


def shares(rng: Generator, count: int, height: int, width: int) -> list[Plane]:
    """How much of each of several kinds of dirt lies at a place: (H, W) each, their sum is 1."""
    h, w = -(-height // STEP), -(-width // STEP)
    sharp = rng.uniform(0.5, 3)
    each = np.exp(np.stack([sharp * field(rng, h, w) for _ in range(count)]))
    each /= each.sum(axis=0)
    return [cv2.resize(s, (width, height), interpolation=cv2.INTER_LINEAR) for s in each]


def transmission(rng: Generator, height: int, width: int) -> Plane:
    """Share of the scene's light that the glass lets through, (H, W) in (0, 1]."""
    h, w = -(-height // STEP), -(-width // STEP)
    lost = rng.uniform(0, 0.25) * np.clip(field(rng, h, w) + rng.uniform(-1, 0.5), 0, 2)
    clear = np.asarray(np.exp(-lost), np.float32)
    return np.asarray(cv2.resize(clear, (width, height), interpolation=cv2.INTER_LINEAR))


def _swept(rng: Generator, h: int, w: int) -> Plane:
    """What a wiper does to the logarithm of dirt: less within its sector, arcs, a dirty border."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    pivot = rng.uniform(-0.3, 1.3) * w, rng.uniform(0.95, 1.7) * h
    radius = np.hypot(x - pivot[0], y - pivot[1]) / h
    reach, soft = rng.uniform(0.5, 2.0), log_uniform(rng, 0.01, 0.1)
    inside = 1 / (1 + np.exp(np.clip((radius - reach) / soft, -30, 30)))
    change = -rng.uniform(0, 1.5) * inside
    change += rng.uniform(0, 1.2) * np.exp(-(((radius - reach) / (2 * soft)) ** 2))
    arcs = cv2.GaussianBlur(
        rng.standard_normal((1, 512)).astype(np.float32), (0, 0), rng.uniform(0.7, 4)
    )[0]
    arcs /= arcs.std()
    change += rng.uniform(0, 0.25) * inside * np.interp(radius, np.linspace(0, 3, 512), arcs)
    return np.asarray(change, np.float32)


def _flecks(rng: Generator, h: int, w: int) -> Plane:
    """Soft spots that scatter more."""
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    more = np.zeros((h, w), np.float32)
    for _ in range(int(rng.integers(1, 12))):
        cx, cy = rng.uniform(0, w), rng.uniform(0, h)
        size = log_uniform(rng, 0.01, 0.12) * h
        more += np.float32(rng.uniform(0.2, 1.5)) * np.exp(
            -((x - cx) ** 2 + (y - cy) ** 2) / size**2
        )
    return more
