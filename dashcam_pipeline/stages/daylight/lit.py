"""Where lamps shine: signals, tail lights, indicators, lit signs; and any lamp that clips.

Their colour is a message, so a stage that turns night into day must not touch it. A lamp is

* bright and coloured: its strongest primary is high, and red and green are far apart. That is the
  axis on which signals speak: yellow walls in the light of a street lamp, white and blue lie in its
  middle and may turn into day;
* compact: brighter than the morphological opening by a flat and by an upright line, which removes
  what is short in either direction. An evening sky, a lit wall and a wet road are no lamps.

It is looked for on a reduced picture, and grown by a few samples, over its glow and its white core;
what is bright and enclosed by it belongs to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.frames import KR_KB
from dashcam_pipeline.stages.ramp import ramp
from dashcam_pipeline.stages.shrink import code_scale

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame

    Map = npt.NDArray[np.floating[Any]]

ROWS: Final = 540
"""Larger frames are reduced to so many rows: a signal 100 m away still has two samples."""

BRIGHT: Final = (0.45, 0.65)
"""Strongest primary from which, and up to which, a place turns into a lamp."""

GLOW: Final = (0.5, 0.75)
"""The same of a place's strongest primary relative to the largest one near it. What is dark beside
a lamp, or a dim glow, would stay as a dark rim in a bright picture."""

COLORFUL: Final = (0.10, 0.22)
"""The same of the distance between red and green."""

GLOWING: Final = (0.35, 0.55)
"""The same of what is so red or green that it must be a lamp, whatever its size."""

AMBER: Final = (0.3, 0.45)
"""Green's place between the weakest and the strongest primary from which, and up to which, red
turns into amber. Whole streets are that colour in the light of sodium lamps."""

ABOVE: Final = (0.12, 0.25)
"""The same of the strongest primary less its opening."""

WIDEST: Final = 1 / 4
TALLEST: Final = 1 / 3
"""Of the frame's height: what is longer than this, flat or upright, is no lamp. Signals hang from
bright poles and shine above each other; evening skies are wide."""

CLIPPED: Final = (0.88, 0.96)
"""Strongest primary from which, and up to which, a place turns into a lamp that clips."""

KEPT: Final = 0.85
"""Share of its light that such a lamp keeps by day; training asks for the same."""

BROADEST: Final = 0.15
"""Of the picture's height: what clips in a disc as broad as this is lit, and no lamp."""

QUARTER: Final = 4
"""The opening is found on a picture so many times smaller."""

RIM: Final = 1 / 120
"""Of the frame's height: how far a lamp is grown."""

CORE: Final = 1 / 60
"""The same, of the radius of a clipped, white core that its coloured ring closes over."""


def lit_signals(frame: Frame) -> Map:
    """How much each place belongs to a coloured lamp.

    Args:
        frame: any layout.

    Returns:
        (h, w) float32 in [0, 1], at the frame's aspect with at most ``ROWS`` rows.
    """
    height = min(ROWS, frame.height)
    width = max(1, round(frame.width * height / frame.height))
    strongest, colorful, telling = _bright_and_colorful(frame, height, width)
    lit = ramp(colorful, *COLORFUL)
    if not lit.any():
        return lit
    lit *= ramp(strongest - _opened(strongest), *ABOVE)
    np.maximum(lit, ramp(telling, *GLOWING), out=lit)
    lit *= ramp(strongest, *BRIGHT)
    rim = max(1, round(RIM * height))
    core = max(1, round(CORE * height))
    grown = np.asarray(cv2.erode(cv2.dilate(lit, _disc(rim + core)), _disc(core)), np.float32)
    whole = np.maximum(grown, _enclosed(grown) * ramp(strongest, *BRIGHT))
    soft = cv2.GaussianBlur(whole, (0, 0), rim / 2)
    nearby = cv2.dilate(strongest, _disc(2 * core))
    return np.asarray(soft * ramp(strongest / np.maximum(nearby, BRIGHT[0]), *GLOW))


def clipped_lamps(strongest: Map) -> Map:
    """How much each place belongs to a lamp that clips, whatever its colour.

    Args:
        strongest: (h, w) float32, the strongest primary in [0, 1].

    Returns:
        (h, w) float32 in [0, 1].
    """
    clipped = ramp(strongest, *CLIPPED)
    disc = _disc(max(1, round(BROADEST * strongest.shape[0] / 2)))
    return np.asarray(cv2.morphologyEx(clipped, cv2.MORPH_TOPHAT, disc))


def _enclosed(lit: Map) -> npt.NDArray[np.bool_]:
    """What lies within rings: the white middle of a lamp whose bloom alone is coloured.

    Args:
        lit: (h, w) float32 in [0, 1].

    Returns:
        (h, w) bool, without the rings themselves.
    """
    ring = np.pad(lit > 0.5, 1).astype(np.uint8)  # noqa: PLR2004 - half lit
    cv2.floodFill(ring, None, (0, 0), 1)
    return np.asarray(ring[1:-1, 1:-1] == 0)


def _disc(radius: int) -> npt.NDArray[np.uint8]:
    """A round structuring element, (2 * radius + 1, 2 * radius + 1)."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _bright_and_colorful(frame: Frame, height: int, width: int) -> tuple[Map, Map, Map]:
    """The strongest primary, how far red and green are apart, and the same without amber.

    Each is (height, width) float32, code values of which 1 is white; the last two are at least 0.
    """
    y0, ys, c0, cs = code_scale(frame.layout, frame.color)
    y, cb, cr = (
        np.asarray(
            cv2.resize(
                plane,
                (width, height),
                interpolation=cv2.INTER_AREA if plane.shape[0] > height else cv2.INTER_LINEAR,
            ),
            np.float32,
        )
        for plane in frame.planes
    )
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    y = (y - y0) * (1 / ys)
    # each primary less luma
    red = (cr - c0) * (2 * (1 - kr) / cs)
    blue = (cb - c0) * (2 * (1 - kb) / cs)
    green = red * (-kr / kg) - blue * (kb / kg)
    most = np.maximum(np.maximum(red, green), blue)
    least = np.minimum(np.minimum(red, green), blue)
    colorful = np.abs(red - green)
    amber = ramp((green - least) / np.maximum(most - least, 1e-3), *AMBER) * (red > green)
    most += y
    np.minimum(most, 1, out=most)  # reduced chroma spills over its neighbours' luma
    return most, colorful, colorful * (1 - amber)


def _opened(values: Map) -> Map:
    """The larger of the openings by a flat and by an upright line, found at a quarter of the size.

    A quarter by the maximum, so that a thin lit line isn't lost, and grown by a sample, so that no
    rim of what is long is left over.

    Args:
        values: (h, w) float32, the strongest primary in [0, 1].

    Returns:
        (h, w) float32 in [0, 1].
    """
    height, width = values.shape
    padded = np.pad(values, ((0, -height % QUARTER), (0, -width % QUARTER)), mode="edge")
    rows, columns = (side // QUARTER for side in padded.shape)
    block = np.ones((QUARTER, QUARTER), np.uint8)
    small = np.ascontiguousarray(cv2.dilate(padded, block, anchor=(0, 0))[::QUARTER, ::QUARTER])
    wide, tall = (max(3, round(height * share / QUARTER) | 1) for share in (WIDEST, TALLEST))
    flat, upright = (
        # dark outside, or what touches the border would look longer than it is
        cv2.dilate(cv2.erode(small, line, borderType=cv2.BORDER_CONSTANT, borderValue=0), line)
        for line in (np.ones((1, wide), np.uint8), np.ones((tall, 1), np.uint8))
    )
    opened = cv2.dilate(np.maximum(flat, upright), np.ones((3, 3), np.uint8))
    size = columns * QUARTER, rows * QUARTER
    large = cv2.resize(opened, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(large[:height, :width])
