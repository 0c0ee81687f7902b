"""The lines of text that a camera burns into its picture: date, speed, plate, position.

They are evidence, and must come out as they went in. They are found from a dozen pictures sought
all over the recording, so that the run itself still starts at once:

* Strokes are where a picture is ``CONTRAST`` codes above its grey opening: thin, and brighter than
  what surrounds them.
* Many strokes of a line of text last: they are at the very same pixels in nearly all pictures,
  while the scene behind the windscreen moves on. Digits that change at its ends have strokes in
  every picture as well, if at other pixels.
* It is flat and wide, lies near the upper or lower border, and is crossed by many strokes; an edge
  of the bonnet or the dashboard is crossed by few.

A picture that stands still throughout (parking) gives no motion to tell text by; there the shape
alone decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from dashcam_pipeline.stages.base import Box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame

MIN_SAMPLES: Final = 4
"""Fewer than these say nothing."""

MAX_ROWS: Final = 1080
"""Larger pictures are reduced first."""

CONTRAST: Final = 40
"""8-bit codes by which a stroke is brighter than what surrounds it."""

STROKE: Final = 1 / 60
"""Widest stroke, as a share of the picture's height (18 rows of 1080)."""

DENSITY: Final = 0.10
"""Share of stroke samples in a line; text has 0.2 to 0.5. Of lasting ones half of that is asked."""

QUANTILE: Final = 0.15
"""Of the pictures: digits may be missing from as many."""

LASTING_IN: Final = 0.8
"""Share of the pictures in which a lasting stroke is at its place."""

LASTING: Final = 0.25
"""Share of a line's strokes that last."""

CROSSINGS: Final = 2.0
"""Stroke edges on a row of a line, for each line height of its length; text has 4 to 10."""

BORDER: Final = 0.14
"""Lines lie within this share of the height from the upper or lower border."""

_LINE_HEIGHT: Final = (0.009, 0.075)
_LINE_WIDTH: Final = 0.05
_ASPECT: Final = 2.5
_REACH: Final = 8
"""Line heights that changing digits may reach beyond what lasts."""

_MARGIN: Final = 0.35
"""Of the line's height, added on every side."""

_SEEK_PACKETS: Final = 240
_FALLBACK_PICTURES: Final = 72
"""Pictures decoded where a recording has few key pictures: 0.3 s of work at 1080p."""

_MIN_FEATHER: Final = 4
"""Samples, also of the margin."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Burned-in lines of text.

    Args:
        boxes: in luma samples of the stored picture; nothing in them may change.
        feather: samples outside the boxes over which a change may set in.
    """

    boxes: tuple[Box, ...] = ()
    feather: int = 0

    def __bool__(self) -> bool:
        """True if there are any."""
        return bool(self.boxes)


def find_overlay(frames: Sequence[Frame]) -> Overlay:
    """Find the lines of text in a recording.

    Args:
        frames: all over it, as ``sample_frames`` gives them.

    Returns:
        what was found; nothing where there are too few.
    """
    return find_lines([_luma(frame) for frame in frames])


def _luma(frame: Frame) -> npt.NDArray[np.uint8]:
    """A frame's luma in 8 bits, (H, W)."""
    return np.asarray(frame.planes[0] >> (frame.layout.bits - 8), np.uint8)


def find_lines(pictures: Sequence[npt.NDArray[np.uint8]]) -> Overlay:
    """Find the lines of text that all pictures have.

    Args:
        pictures: 8-bit luma, shape (height, width), all of one shape.

    Returns:
        their boxes, from top to bottom, and how far a change should be faded in around them.
    """
    if len(pictures) < MIN_SAMPLES:
        return Overlay()
    height, width = pictures[0].shape
    factor = min(1.0, MAX_ROWS / height)
    size = (round(width * factor), round(height * factor))
    small = list(pictures)
    if factor < 1:
        small = [
            np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
            for luma in pictures
        ]
    lines = []
    border = round(size[1] * BORDER)
    for begin in (0, size[1] - border):
        band = [luma[begin : begin + border] for luma in small]
        lines += [(x, begin + y, w, h) for x, y, w, h in _lines(band, size[1])]
    boxes = tuple(_grown(line, (height, width), factor) for line in lines)
    tallest = max((box.height for box in boxes), default=0)
    return Overlay(boxes, max(_MIN_FEATHER, tallest // 3) if boxes else 0)


def _lines(band: Sequence[npt.NDArray[np.uint8]], rows: int) -> Iterator[tuple[int, int, int, int]]:
    """Lines of text in the same band of all pictures, which have so many rows; top to bottom.

    Args:
        band: 8-bit luma of each picture, (h, w).
        rows: of the whole pictures.

    Yields:
        x, y, width and height in samples of the band.
    """
    side = max(3, round(rows * STROKE)) | 1
    kernel = np.ones((side, side), np.uint8)
    strokes = np.stack(
        [cv2.morphologyEx(luma, cv2.MORPH_TOPHAT, kernel) > CONTRAST for luma in band]
    )
    lasting = strokes.mean(axis=0) >= LASTING_IN
    cell = max(5, side)
    density = cv2.blur(lasting.astype(np.float32), (cell, cell)) > DENSITY / 2
    bridge = np.ones((1, 3 * cell), np.uint8)
    joined = cv2.morphologyEx(density.astype(np.uint8), cv2.MORPH_CLOSE, bridge)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for x, y, w, h in sorted((tuple(map(int, one[:4])) for one in stats[1:]), key=lambda b: b[1]):
        if line := _line(strokes, lasting, (x, y, w, h), rows):
            yield line


def _line(
    strokes: npt.NDArray[np.bool_],
    lasting: npt.NDArray[np.bool_],
    area: tuple[int, int, int, int],
    rows: int,
) -> tuple[int, int, int, int] | None:
    """The tight box of a line of text around a component, or None if it is something else.

    Args:
        strokes: what is brighter than its surroundings, (pictures, h, w).
        lasting: where that is so in nearly all pictures, (h, w).
        area: x, y, width and height of the component in samples.
        rows: of the whole pictures.
    """
    x, y, w, h = area
    count, _, columns = strokes.shape
    inside = lasting[y : y + h, x : x + w]
    ys, xs = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(ys):
        return None
    y, h = y + int(ys[0]), int(ys[-1] - ys[0]) + 1
    if not _LINE_HEIGHT[0] * rows <= h <= _LINE_HEIGHT[1] * rows:
        return None
    left, right = x + int(xs[0]), x + int(xs[-1]) + 1
    left, right = _with_digits(strokes[:, y : y + h], left, right, h)
    w = right - left
    if w < _LINE_WIDTH * columns or w < _ASPECT * h:
        return None
    text = strokes[:, y : y + h, left:right]
    if lasting[y : y + h, left:right].sum() < LASTING * float(text.sum()) / count:
        return None
    crossings = np.count_nonzero(text[:, :, 1:] != text[:, :, :-1]) / (count * h)
    return (left, y, w, h) if crossings >= CROSSINGS * w / h else None


def _with_digits(
    rows: npt.NDArray[np.bool_], left: int, right: int, height: int
) -> tuple[int, int]:
    """A line's ends moved out over digits that change: strokes in every picture, if elsewhere.

    Args:
        rows: of the strokes, those of the line, (pictures, height, w).
        left, right: the ends of what lasts.
        height: of the line.
    """
    shares = rows.mean(axis=1)
    wide = max(3, height // 2) | 1
    smooth = cv2.blur(shares.astype(np.float32), (wide, 1))
    rank = int(QUANTILE * (len(rows) - 1))
    steady = np.partition(smooth, rank, axis=0)[rank] > DENSITY
    reach, gap = _REACH * height, height
    for _ in range(reach):
        if left > 0 and steady[max(0, left - gap) : left].any():
            left -= 1
        if right < len(steady) and steady[right : right + gap].any():
            right += 1
    return left, right


def _grown(line: tuple[int, int, int, int], shape: tuple[int, int], factor: float) -> Box:
    """A line's box with its margin, in samples of the stored picture."""
    x, y, w, h = line
    margin = max(h * _MARGIN, _MIN_FEATHER)
    left, top = max(0, int((x - margin) / factor)), max(0, int((y - margin) / factor))
    right = min(shape[1], round((x + w + margin) / factor))
    bottom = min(shape[0], round((y + h + margin) / factor))
    return Box(x=left, y=top, width=right - left, height=bottom - top)
