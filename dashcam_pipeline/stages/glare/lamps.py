"""Which places are lamps, that nothing is taken from.

It is what the network's mask says, and what clips. But a dirty windscreen spreads a lamp until a
disc many times its size clips, and its spokes as well; what clips then is a lamp only

* if it ends sharply, as no glow does;
* in its middle: where the distance from the edge of what clips has a peak, as a lamp's glow falls
  off to all sides, and its spokes from it outwards. Red, green and blue clip at edges of their own,
  which says more than the outermost does: headlights that are one in blue are two in red. Deep
  inside, what the network takes for a source stays as well, such as a road in their light. It
  fades towards the edge and is round, as where the lamp itself ends is anyone's guess. What runs
  into something larger has a middle of its own where it stands out;
* where it is compact: smaller than any glow is drawn at the work size. Signals far away, reflectors
  and rear lamps are, and the network takes them for the glow that surrounds them;
* where it has a colour: a signal or a brake light is told by the colour of its rim, and keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.stages.glare.connected import reconstruct
from dashcam_pipeline.stages.glare.road import above_road
from dashcam_pipeline.stages.ramp import ramp
from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]
    Map = npt.NDArray[np.float32]

CLIPPED: Final = (0.95, 1.0)
"""Code value of the brightest colour between which a place clips."""

SPOKE: Final = 0.2
"""Distance from the edge of what clips, in those of a lamp's middle, from which something beside it
is no spoke but another lamp."""

MIDDLE: Final = (0.2, 0.6)
"""Distance from the edge, in those of the middle, between which a place turns into the lamp. Those
of simulated drives are smaller than that; real ones, globes above all, would be dots."""

STANDS_OUT: Final = 0.85
"""Share of a middle's distance from the edge above which nothing larger may be reached from it: so
a headlight stays that runs into what clips and is larger, such as a white car in its light."""

NEARLY_NONE: Final = 0.02
"""Share from which such a middle counts."""

OWN_DEPTH: Final = (0.012, 0.02)
"""Distance from the edge of such a middle, in frame heights, between which it is no mere bulge of a
spoke: 13 to 22 lines of 1080."""

ROUND: Final = 0.016
"""How far large lamps are smoothed, in frame heights: what clips has corners where spokes leave it,
and its middle need not."""

LARGE: Final = (0.007, 0.016)
"""Distance from the edge, in frame heights, of a spoke that a lamp just outshines, between which it
is large."""

CORE: Final = 2.0
"""What its smoothed middle is multiplied by, so that it is white still."""

DEEP: Final = (0.014, 0.019)
"""Distance from the edge of what clips, in frame heights, between which a place needn't be a middle
to stay: 15 to 20 lines of 1080."""

SOURCE: Final = (0.4, 0.65)
"""The network's mask between which a place so deep stays."""

GLOW: Final = (0.55, 0.7)
"""Code value just beside what clips between which glow may have clipped there, too: a glow falls
off smoothly, so that what is much darker just outside says that the lamp alone clips."""

RIM_OF_BLOWN: Final = 15
"""Side of the window in which it is measured, in samples."""

FARTHER: Final = 5
"""Times that side it is where there is no edge in it: deep inside what clips."""

COMPACT: Final = 5
"""Length, in samples, of the lines that fit into what is no compact source: streaks, lane marks,
the disc of a lamp."""

RISES: Final = (0.1, 0.2)
"""Code value that a compact source rises above what such lines hold, from none to all of it."""

BRIGHT: Final = (0.5, 0.7)
"""Code value of its peak between which it is bright enough to be one."""

PEAK: Final = (0.5, 0.8)
"""Share of its peak's light between which a place belongs to a compact source."""

AROUND_PEAK: Final = 9
"""Side of the window in which that peak is, in samples."""

RED: Final = ((335.0, 30.0), (0.4, 0.55), (0.78, 0.92))
"""Of red to orange lights: first and last hue in degrees; the saturation (HSV) between which a
light has that colour; the code value of its brightest colour between which a place belongs to it.
"""

AMBER: Final = ((30.0, 44.0), (0.7, 0.85), (0.78, 0.92))
"""The same of amber ones: the glow of sodium lamps has their hue, but is paler."""

GREEN: Final = ((90.0, 203.0), (0.14, 0.24), (0.85, 1.0))
"""The same of green ones: signals nearly reach white, and seldom clip."""

COLORED: Final = (0.15, 0.3)
"""Share of the lit places near that have the colour, between which a light counts as coloured."""

RIM: Final = 9
"""Side of the window in which they are counted, in samples of half the size."""


DISC: Final = 7
"""Diameter, in samples, of what fits into what clips round a lamp, but not into a spoke of it."""

BESIDE: Final = 9
"""Diameter of what such a disc is grown by: its rim is of a colour, and would stay as a ring."""

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def lamp_map(picture: Light, mask: Light, clipped: Map, spread: float) -> Map:
    """How much a place is a lamp.

    Args:
        picture: (3, h, w) code values in [0, 1], at the work size.
        mask: (h, w), the network's, in [0, 1].
        clipped: (h, w), as ``where_clipped`` has it.
        spread: how surely dirty glass spread them, 0 to 1.

    Returns:
        (h, w) float32 in [0, 1].
    """
    lamp = np.maximum(mask, clipped)
    if spread > 0:
        peak = np.asarray(picture.max(axis=0), np.float32)
        middles, alone = _in_what_clips(picture, peak, mask)
        # Blurred, or their edges would be jagged; where a glow was, its light is that of the edge.
        parts = [
            cv2.GaussianBlur(middles, (0, 0), 0.8),
            cv2.GaussianBlur(np.maximum(alone, _compact(peak)), (0, 0), 0.6),
            _colored(picture),
            mask * (1 - cv2.dilate(clipped, np.ones((5, 5), np.uint8))),
        ]
        behind_dirt = np.max(parts, axis=0)
        lamp += np.float32(spread) * (behind_dirt - lamp)
    return np.asarray(lamp, np.float32)


def where_clipped(picture: Light) -> Map:
    """Where some colour of a picture (3, h, w) clips, (h, w) from 0 to 1: its light is unknown."""
    peak = cv2.GaussianBlur(picture.max(axis=0), (0, 0), 0.7)  # or its edge would be jagged
    return ramp(peak, *CLIPPED)


def with_rims(clipped: Map) -> Map:
    """What clips (h, w), as ``where_clipped`` has it, with the rims of discs round lamps.

    Just outside what clips the colours of a glow part: red and green nearly clip, blue doesn't.
    """
    disc, beside = (
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)) for size in (DISC, BESIDE)
    )
    discs = cv2.dilate(cv2.morphologyEx(clipped, cv2.MORPH_OPEN, disc), beside)
    # on the road lane marks lie beside what clips
    rims = above_road(len(clipped)) * cv2.GaussianBlur(discs, (0, 0), BESIDE / 6)
    return np.asarray(np.maximum(clipped, rims), np.float32)


def _in_what_clips(picture: Light, peak: Map, mask: Light) -> tuple[Map, Map]:
    """Middles of what clips, and what clips without a glow, (h, w) from 0 to 1 each.

    Args:
        picture, mask: as ``lamp_map`` has them.
        peak: (h, w), the brightest colour.
    """
    blown = (peak >= CLIPPED[0]).astype(np.uint8)
    if not blown.any() or blown.all():
        return np.asarray(blown, np.float32), np.asarray(blown, np.float32)
    inside = np.zeros(peak.shape, np.float32)
    for channel in picture:
        clips = (channel >= CLIPPED[0]).astype(np.uint8)
        inside += cv2.distanceTransform(clips, cv2.DIST_L2, 5)
    inside /= np.float32(len(picture) * len(peak))
    # A spoke falls off from its lamp, and is reached from there; the next lamp rises again.
    reached = reconstruct(inside, np.float32(SPOKE) * inside)
    middle = ramp(np.float32(SPOKE) * inside / np.maximum(reached, 1e-6), *MIDDLE)
    middle = np.maximum(middle, ramp(inside, *DEEP) * ramp(mask, *SOURCE))
    smooth = cv2.GaussianBlur(middle, (0, 0), ROUND * len(peak))
    middle += ramp(reached, *LARGE) * (np.minimum(np.float32(CORE) * smooth, 1) - middle)
    np.maximum(middle, _standing_out(inside), out=middle)
    middle *= middle  # so that code values, not light, fall off evenly
    near, nearer = (cv2.dilate(blown, np.ones((side, side), np.uint8)) for side in (5, 3))
    rim = np.asarray(near - nearer, np.float32)
    bright, count = _near(rim * peak), _near(rim)
    glow = bright / (count + 1e-6)
    alone = cv2.dilate(blown * (1 - ramp(glow, *GLOW)), np.ones((3, 3), np.uint8))  # with its edge
    return np.asarray(blown * middle, np.float32), np.asarray(alone, np.float32)


def _standing_out(inside: Map) -> Map:
    """Middles beside larger ones that they run into, (h, w) from 0 to 1, round as a lamp's.

    Args:
        inside: (h, w), distance from the edge of what clips, in frame heights.
    """
    found = np.zeros_like(inside)
    if inside.max() <= OWN_DEPTH[0]:
        return found
    lower = np.float32(STANDS_OUT) * inside
    share = lower / np.maximum(reconstruct(inside, lower), 1e-6)
    peaks = ramp(share, STANDS_OUT, 1.0) * ramp(inside, *OWN_DEPTH)
    count, labels, boxes, centers = cv2.connectedComponentsWithStats(
        (peaks > NEARLY_NONE).astype(np.uint8)
    )
    for i in range(1, count):
        x, y, width, height = boxes[i, :4]
        here = np.s_[y : y + height, x : x + width]
        its = labels[here] == i
        sure, depth = float(peaks[here][its].max()), float(inside[here][its].max()) * len(inside)
        cx, cy = centers[i]
        left, top = max(int(cx - depth), 0), max(int(cy - depth), 0)
        disc = found[top : int(cy + depth) + 1, left : int(cx + depth) + 1]
        rows, columns = (np.arange(n, dtype=np.float32) for n in disc.shape)
        away = np.hypot(rows[:, None] + top - cy, columns[None] + left - cx) / depth
        np.maximum(disc, sure * ramp(1 - away, *MIDDLE), out=disc)
    return found


def _near(rim: Map) -> Map:
    """What of a rim is near, (h, w); where none is, a little of what is farther off."""
    near, far = (
        cv2.boxFilter(rim, -1, (side, side)) for side in (RIM_OF_BLOWN, FARTHER * RIM_OF_BLOWN)
    )
    return np.asarray(near + np.float32(0.01) * far)


def _compact(peak: Map) -> Map:
    """Compact sources, (h, w) from 0 to 1; ``peak`` is the brightest colour.

    What rises above the largest of the openings by lines of four directions, into none of which it
    fits.
    """
    rows, falling = np.ones((1, COMPACT), np.uint8), np.eye(COMPACT, dtype=np.uint8)
    lines = (rows, rows.T, falling, np.ascontiguousarray(np.fliplr(falling)))
    codes = cv2.convertScaleAbs(peak, alpha=255)  # 8 bits tell the order of codes, and are quick
    opened = np.max([cv2.morphologyEx(codes, cv2.MORPH_OPEN, line) for line in lines], axis=0)
    rises = cv2.dilate(codes - opened, np.ones((3, 3), np.uint8))
    top = cv2.dilate(codes, np.ones((AROUND_PEAK, AROUND_PEAK), np.uint8))
    share = np.square(codes / np.maximum(top, 1).astype(np.float32))
    sources = ramp(rises, *(255 * code for code in RISES)) * ramp(share, *PEAK)
    sources *= ramp(top, *(255 * code for code in BRIGHT))
    return np.asarray(cv2.dilate(sources, _CROSS))


def _colored(picture: Light) -> Map:
    """Coloured lights with their rims, (h, w) from 0 to 1; found at half the size."""
    height, width = picture.shape[1:]
    small = cv2.merge([halved(channel.astype(np.float32, copy=False)) for channel in picture])
    hue, saturation, value = cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    lights = np.zeros(small.shape[:2], np.float32)
    for (first, last), colored, levels in (RED, AMBER, GREEN):
        lit = ramp(value, *levels)
        turned = np.mod(np.asarray(hue) - first, 360) < (last - first) % 360
        having = lit * turned * ramp(saturation, *colored)
        if having.any():
            near = cv2.boxFilter(having, -1, (RIM, RIM)) / (
                cv2.boxFilter(lit, -1, (RIM, RIM)) + 1e-4
            )
            lights = np.maximum(lights, lit * ramp(near, *COLORED))
    return np.asarray(cv2.resize(lights, (width, height)), np.float32)
