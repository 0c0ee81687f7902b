"""The light of spokes: what leads straight away from a lamp, as streaks do and lane marks don't.

A network claims half of a streak, and less of it the farther it is from its lamp. But its shape
alone tells a streak: it begins at what clips, leads away from there in a line that hardly bends,
and nowhere grows brighter on its way. So at each place the spokes of a lamp hold the least of what
rises above its surroundings between there and the lamp: a morphological reconstruction, as
``connected`` has it, along rays. A lane mark that a ray crosses keeps what it has above the streak
in front of it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]
    Map = npt.NDArray[np.float32]

CLIPS: Final = 0.95
"""Code value of the brightest colour from which a place belongs to a lamp, whose rays start there.
"""

LAMPS: Final = 8
"""Lamps whose spokes are followed, the largest ones: theirs are the brightest."""

RAYS: Final = 360
"""Rays of a lamp."""

REACH: Final = 0.45
"""How far they are followed, in frame widths."""

BEND: Final = 0.05
"""How far a spoke may leave its ray, in samples a sample outwards: wipers leave arcs."""

SMOOTH: Final = 3
"""Samples along a ray that are averaged, so that grain ends no spoke."""

GRAIN: Final = np.float32(0.002)
"""Linear light, summed over the colours, that a spoke may lack somewhere on its way."""


def spokes(rising: Light, peak: Light) -> Map:
    """The light of all lamps' spokes.

    Args:
        rising: (h, w) linear light, summed over the colours: what rises above what is wide.
        peak: (h, w), the brightest colour's code value in [0, 1].

    Returns:
        (h, w) float32, nowhere negative: at each place the brightest spoke's.
    """
    height, width = rising.shape
    clips = (peak >= CLIPS).astype(np.uint8)
    lamps = _middles(clips)
    found = np.zeros((height, width), np.float32)
    if not lamps:
        return found
    from_lamps = _followed(*_along_rays(np.asarray(rising, np.float32), clips, lamps))
    x, y = _grid(height, width)
    for (middle_x, middle_y), rays in zip(lamps, from_lamps, strict=True):
        away, angle = cv2.cartToPolar(x - middle_x, y - middle_y)
        angle *= RAYS / (2 * math.pi)
        around = np.concatenate([rays, rays[:1]])  # the last ray lies beside the first one
        np.maximum(found, cv2.remap(around, away, angle, cv2.INTER_LINEAR), out=found)
    return found


def _middles(clips: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The deepest places (x, y) of the largest lamps, of which ``clips`` (h, w) is 1."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(clips, connectivity=8)
    framed = cv2.copyMakeBorder(clips, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1]
    middles = []
    for lamp in 1 + np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:LAMPS]:
        left, top, width, height = stats[lamp, : cv2.CC_STAT_AREA]
        box = slice(top, top + height), slice(left, left + width)
        row, column = divmod(int(np.where(labels[box] == lamp, depth[box], 0).argmax()), width)
        middles.append((int(left + column), int(top + row)))
    return middles


def _along_rays(
    rising: Map, clips: npt.NDArray[np.uint8], lamps: list[tuple[int, int]]
) -> tuple[Map, npt.NDArray[np.bool_]]:
    """What lies along the rays of lamps.

    Args:
        rising, clips: (h, w), as in ``spokes``.
        lamps: where they are.

    Returns:
        both (samples outwards, lamps, rays): the light, and where it belongs to some lamp.
    """
    shape = len(lamps), RAYS, max(int(REACH * rising.shape[1]), 2)
    turn = np.arange(RAYS, dtype=np.float32)[:, None] * np.float32(2 * math.pi / RAYS)
    away = np.arange(shape[-1], dtype=np.float32)
    middles = np.array(lamps, np.float32)[:, :, None, None]
    x = (middles[:, 0] + np.cos(turn) * away).reshape(-1, shape[-1])
    y = (middles[:, 1] + np.sin(turn) * away).reshape(-1, shape[-1])
    lamp = cv2.dilate(clips, np.ones((3, 3), np.uint8)).astype(np.float32)
    both = cv2.remap(
        cv2.merge([rising, lamp]), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    light, within = cv2.split(both)
    light = cv2.blur(light, (SMOOTH, 1))
    outwards = [np.moveaxis(part.reshape(shape), -1, 0) for part in (light, within)]
    return np.ascontiguousarray(outwards[0], np.float32), outwards[1] > 0.5  # noqa: PLR2004 - half


def _followed(light: Map, lamp: npt.NDArray[np.bool_]) -> Map:
    """The least light on the way out, a lamp's own left out; (lamps, rays, samples outwards).

    Args:
        light, lamp: as ``_along_rays`` has them; ``light`` is changed.
    """
    light += GRAIN
    light[lamp] = np.inf
    # One ray more on both sides: the first one is the last one's neighbour.
    least = np.full((light.shape[1], RAYS + 2), np.inf, np.float32)
    aside = 0.0
    for step in range(1, len(light)):
        here = least[:, 1:-1]
        aside += BEND / step * RAYS / (2 * math.pi)
        if aside >= 1:
            aside %= 1
            least[:, 0], least[:, -1] = least[:, -2], least[:, 1]
            here = np.maximum(np.maximum(least[:, :-2], here), least[:, 2:])
        light[step] = least[:, 1:-1] = np.minimum(here, light[step])
    light[0] = light[np.isinf(light)] = 0
    light = np.maximum(light - GRAIN, 0)
    return np.ascontiguousarray(np.moveaxis(light, 0, -1))


@cache
def _grid(height: int, width: int) -> tuple[Map, Map]:
    """Each sample's own x, and its y, (height, width) both."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return x, y
