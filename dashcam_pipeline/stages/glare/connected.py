"""Which structured glare hangs together with a source of light.

A streak passes through its lamp; a lane mark, a verge or a lit post is as bright and as thin, and
passes through none. So what the network takes for structured glare counts as far as one can get
there from a source without leaving it: the morphological reconstruction by dilation (Vincent,
*Morphological grayscale reconstruction in image analysis*, 1993) of the layer from its values at
sources. A place is left with the least value on the best way to it, so that a lane mark in the
haze of a lamp keeps all that it rises above the haze.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.stages.glare import fused
from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]
    Map = npt.NDArray[np.uint8]

MASKED = 0.3
"""Value of the network's lamp mask from which a place counts as a source."""

BRIGHT = 0.7
"""Code value of the brightest channel from which it does as well: the mask misses small and
coloured lamps. A lane mark may reach it, but is a line."""

CLIPS = 0.95
"""Code value from which a line may be a source: a tube."""

WIDE = 5
"""Diameter, in samples at half the size, from which something bright is no line."""

REACH = 0.04
"""Diameter round a source that still belongs to it, in frame heights."""

LONG = 0.14
"""Length that a streak goes on for, in frame heights: more than a lane mark is wide."""

LONG_BELOW = 0.32
"""The same in the lowest part of the frame, where the nearest and widest lane marks lie."""

BELOW = (0.6, 0.75)
"""Rows, in frame heights, between which that part begins: below oncoming headlights."""

SOME = 0.2
"""Share of a place at half the size from which a source in it counts: a lamp of one sample does."""

_BOX = np.ones((3, 3), np.uint8)
_LIGHT = np.square(np.square(np.arange(256, dtype=np.float32) / 255))
"""Of codes that are fourth roots."""

_LOOK = 8
"""Dilations between two looks at whether anything grew."""


def sources_of(picture: Light, lamps: Light) -> Map:
    """Where sources of light are, at half the work size.

    Args:
        picture: (3, h, w) code values in [0, 1].
        lamps: (h, w), the network's lamp mask in [0, 1].

    Returns:
        (h / 2, w / 2) uint8, 0 or 1.
    """
    peak = cv2.GaussianBlur(picture.max(axis=0), (0, 0), 1)
    sure = halved(((lamps > MASKED) | (peak > CLIPS)).astype(np.float32)) > SOME
    bright = np.asarray(halved((peak > BRIGHT).astype(np.float32)) > SOME, np.uint8)
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (WIDE, WIDE))
    # A sample wider, or a jagged line would hold no straight one.
    line = _opened(np.asarray(cv2.dilate(bright, _BOX)), _line_size(LONG, len(bright)))
    thin = line > cv2.morphologyEx(bright, cv2.MORPH_OPEN, ball)
    return np.asarray(sure | ((bright > 0) & ~thin), np.uint8)


def connected_share(structured: Light, sources: Map) -> Light:
    """How much of structured glare is connected with a source.

    Sources that lie just outside the frame count where their light comes in: along the upper edge
    and the upper halves of both sides. Below lies the road.

    Args:
        structured: (h, w) linear light, summed over the channels.
        sources: as ``sources_of`` has them.

    Returns:
        (h, w) float32 in [0, 1].
    """
    layer = np.asarray(halved(structured), np.float32)
    marker = np.where(_around(sources), layer, np.float32(0))
    half = layer.shape[0] // 2
    marker[0] = layer[0]
    marker[:half, 0], marker[:half, -1] = layer[:half, 0], layer[:half, -1]
    return _enlarged_share(reconstruct(layer, marker), layer, structured.shape)


def streak_share(structured: Light, sources: Map) -> Light:
    """How much of thin structured glare goes on as far as a streak does.

    Along itself a streak is alike, or fades. Where it crosses a lane mark the network claims a
    share of the mark's light as well, and what it claims has a peak there, no longer than the mark
    is wide: the opening by lines of all directions, the largest of them, is without it. Next to a
    source every streak has a peak of its own, which counts.

    Args:
        structured: (h, w) linear light, summed over the channels, without what is wide.
        sources: as ``sources_of`` has them.

    Returns:
        (h, w) float32 in [0, 1].
    """
    layer = np.asarray(halved(structured), np.float32)
    brightest = max(float(layer.max()), 1e-6)
    # An opening asks for the order of lights alone: 8 bits of their fourth root are enough for it.
    codes = np.sqrt(np.sqrt(layer * np.float32(1 / brightest))) * np.float32(255)
    codes = np.asarray(np.rint(codes), np.uint8)
    codes = np.where(_around(sources), codes, _going_on(codes))
    alike = np.minimum(_LIGHT[codes] * np.float32(brightest), layer)
    return _enlarged_share(alike, layer, structured.shape)


def _going_on(codes: Map) -> Map:
    """Of a layer's codes (h, w) at half the work size what goes on as far as streaks do."""
    height = len(codes)
    begin, end = (round(share * height) for share in BELOW)
    size = _line_size(LONG_BELOW, height)
    top = max(begin - size, 0)  # from further up nothing reaches the lower part
    lower = _opened(codes[top:], size)
    going_on = _opened(codes, _line_size(LONG, height))
    share = np.clip((np.arange(begin, height) - begin) / max(end - begin, 1), 0, 1)
    upper = going_on[begin:].astype(np.float32)
    mixed = upper + share[:, None].astype(np.float32) * (lower[begin - top :] - upper)
    going_on[begin:] = np.rint(mixed)
    return going_on


def _line_size(long: float, height: int) -> int:
    """An odd number of samples, of what is so long in frame heights."""
    return int(long * height) // 2 * 2 + 1


def _opened(layer: Map, size: int) -> Map:
    """Of a layer (h, w) what goes on along some line of so many samples: its largest opening."""
    opened = [cv2.morphologyEx(layer, cv2.MORPH_OPEN, line) for line in _lines(size)]
    return np.asarray(np.max(opened, axis=0))


def far_from(sources: Map, reach: float, shape: tuple[int, ...]) -> Light:
    """Where no source is near, from 0 to 1, at the work size.

    Args:
        sources: as ``sources_of`` has them.
        reach: diameter round a source that is near, in frame heights.
        shape: (h, w).

    Returns:
        (h, w) float32.
    """
    far = np.asarray(~_around(sources, reach), np.float32)
    return np.asarray(cv2.resize(far, shape[::-1]))


def _around(sources: Map, reach: float = REACH) -> npt.NDArray[np.bool_]:
    """Sources and what still belongs to them."""
    side = int(reach * len(sources)) // 2 * 2 + 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(sources, ball) > 0)


def _enlarged_share(part: Light, whole: Light, shape: tuple[int, ...]) -> Light:
    """What share one layer at half the size is of another, at the work size (h, w)."""
    # Enlarged before they are divided: the share of a thin streak isn't that of the dark beside it.
    few, all_of_it = (cv2.resize(values, shape[::-1]) for values in (part, whole))
    return np.asarray(np.clip(few / (all_of_it + 1e-6), 0, 1), np.float32)


@cache
def _lines(length: int) -> list[Map]:
    """Lines through the middle of a square, for morphology.

    In so many directions that the nearest one is off by less than a sample at its ends.
    """
    middle, count = length // 2, max(length - 1, 1)  # an even number: upright ones are among them
    lines = []
    for turn in np.arange(count) * (math.pi / count):
        dx, dy = round(middle * math.cos(turn)), round(middle * math.sin(turn))
        line = np.zeros((length, length), np.uint8)
        cv2.line(line, (middle - dx, middle - dy), (middle + dx, middle + dy), 1)
        lines.append(line)
    return lines


def reconstruct(layer: Light, marker: Light) -> Light:
    """Grow a marker under a layer until it grows no more.

    Args:
        layer, marker: (h, w) float32; the marker is nowhere above the layer.

    Returns:
        (h, w) float32: at each place the least value on the best way there from the marker.
    """
    if fused.library() is not None:
        return fused.reconstruct(layer, marker)
    last, reached = None, marker
    while last is None or not np.array_equal(last, reached):
        last = reached
        for _ in range(_LOOK):
            reached = np.asarray(cv2.min(cv2.dilate(reached, _BOX), layer), np.float32)
    return reached
