"""Posts, wires, rails and lane marks: bright lines that belong to the scene, and stay.

A line is glare only if it runs through a lamp. Backgrounds have too few lit posts and marks near
lamps to teach that, so some are drawn into them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.training.synthesis.lamps import Lamp

    Plane = npt.NDArray[np.float32]

POSTS = 0.2
"""Share of the pictures with clutter whose lamps stand on posts."""

SHIFT = 3
"""Fractional bits of the coordinates that OpenCV draws between."""


@glare_kind(
    "clutter", "posts, wires and lane marks: bright lines that are no glare and stay", part="scene"
)
def clutter(rng: np.random.Generator, lamps: list[Lamp], height: int, width: int) -> Plane:
    """Draw bright lines.

    Args:
        rng: seeded generator.
        lamps: some of them get a post below.
        height: of the frame, pixels.
        width: of the frame, pixels.

    Returns:
        (H, W, 3) float32 linear light to lay over the scene by the maximum.
    """
    light = np.zeros((height, width, 3), np.float32)
    vanishing = np.array([width * rng.uniform(0.3, 0.7), height * rng.uniform(0.35, 0.6)])
    for _ in range(int(rng.integers(1, 5))):
        draw = (_marks, _posts, _lattice)[int(rng.integers(3))]
        cover = np.zeros((height, width), np.float32)
        draw(rng, cover, vanishing)
        np.maximum(light, _lit(rng, cover), out=light)
    if rng.random() < POSTS:
        cover = np.zeros((height, width), np.float32)
        for lamp in lamps[:6]:
            thick = max(lamp.radius * rng.uniform(0.2, 0.8), 1.0)
            foot = np.array([lamp.x + rng.normal(0, 0.02) * height, height * rng.uniform(0.6, 1)])
            _line(cover, np.array([lamp.x, lamp.y + lamp.radius]), foot, thick)
        np.maximum(light, _lit(rng, cover), out=light)
    return light


def _lit(rng: np.random.Generator, cover: Plane) -> Plane:
    """A surface's light, (H, W, 3): nearly white paint or metal, lit from one place."""
    height, width = cover.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    at = rng.uniform(0, 1, 2) * (width, height)
    reach = height * rng.uniform(0.15, 1.5)
    fall = 1 / (1 + ((x - at[0]) ** 2 + (y - at[1]) ** 2) / reach**2)
    level = math.exp(rng.uniform(math.log(0.01), math.log(0.7)))
    color = np.exp(rng.normal(0, 0.2, 3)).astype(np.float32)
    return np.asarray((level * fall * cover)[..., None] * color, np.float32)


def _line(
    cover: Plane, start: npt.NDArray[np.floating], end: npt.NDArray[np.floating], thick: float
) -> None:
    """A smooth line; thinner than a pixel it gets faint."""
    a, b = (tuple(int(v) for v in np.round(p * (1 << SHIFT))) for p in (start, end))
    shade = min(thick, 1.0)
    cv2.line(cover, a, b, shade, max(round(thick), 1), cv2.LINE_AA, SHIFT)


def _marks(rng: np.random.Generator, cover: Plane, vanishing: npt.NDArray[np.floating]) -> None:
    """Lane marks: dashes towards the vanishing point, wider as they come near."""
    height, width = cover.shape
    for _ in range(int(rng.integers(1, 4))):
        near = np.array([rng.uniform(-0.3, 1.3) * width, height])
        dash, gap = rng.uniform(0.3, 1.0), rng.uniform(0, 0.6)
        wide = rng.uniform(0.004, 0.02) * height
        depth = 1.0  # distance in units of the nearest; places go as its reciprocal
        while depth < 30:  # noqa: PLR2004 - beyond, a mark is no wider than a pixel
            a, b = (vanishing + (near - vanishing) / d for d in (depth, depth + dash))
            _line(cover, a, b, wide / depth)
            depth += dash + gap


def _posts(rng: np.random.Generator, cover: Plane, _vanishing: npt.NDArray[np.floating]) -> None:
    """Posts and trunks, nearly upright."""
    height, width = cover.shape
    for _ in range(int(rng.integers(1, 8))):
        foot = np.array([rng.uniform(0, width), height * rng.uniform(0.4, 1)])
        rise = height * rng.uniform(0.1, 0.8)
        top = foot - (rng.normal(0, 0.05) * rise, rise)
        _line(cover, top, foot, height * math.exp(rng.uniform(math.log(0.002), math.log(0.02))))


def _lattice(rng: np.random.Generator, cover: Plane, _vanishing: npt.NDArray[np.floating]) -> None:
    """Rails, wires, bars of a facade: parallel lines at even distances, in any direction."""
    height, width = cover.shape
    turn = rng.uniform(0, math.pi)
    along = np.array([math.cos(turn), math.sin(turn)])
    across = np.array([-along[1], along[0]])
    start = np.array([rng.uniform(0, width), rng.uniform(0, height)])
    step, long = height * rng.uniform(0.015, 0.12), height * rng.uniform(0.1, 0.8)
    thick = height * rng.uniform(0.002, 0.008)
    for i in range(int(rng.integers(2, 12))):
        at = start + across * (step * i)
        _line(cover, at, at + along * long, thick)
