"""Scene cuts, so that no stage smooths over one.

Two consecutive frames are compared as luma thumbnails of 32x18 cells (area means). A cut is where
both are true:

* the cells' order of brightness changed: Spearman's rank correlation is below ``MAX_CORRELATION``.
  Ranks don't see exposure, gamma or flicker.
* most cells changed: the median over the cells of ``|log2 ratio - median log2 ratio|`` is above
  ``MIN_CHANGE``. The inner median is what all cells share (exposure); the outer one doesn't see
  headlights that light up less than half of the picture; and noise, which shuffles the ranks of a
  black frame, hardly moves it.

A missed cut lets a temporal stage mix two scenes for some frames; a false one only costs it its
memory. Both bounds come from recordings. Between consecutive frames of nine clips (day, rain, night
motorway, hand-held) the correlation stays above 0.84 and the change below 0.07, but for one true
cut among them (0.68 and 0.17); between pictures of unlike scenes, also of one camera in one town,
the correlation is below 0.83 and the change above 0.11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dashcam_pipeline.frames import Frame, Plane

Thumbnail = npt.NDArray[np.float32]
"""Luma means in 8-bit codes, shape (18, 32)."""

CELLS: Final = (32, 18)
"""Columns and rows of the thumbnail: 16:9, coarse enough that motion hardly changes it."""

MAX_CORRELATION: Final = 0.83
"""Rank correlation below which a pair of frames may be a cut."""

MIN_CHANGE: Final = 0.11
"""Change of the middle cell in stops, exposure apart, above which it may be a cut."""

_FLOOR: Final = 4.0
"""Codes added before the logarithm, so that noise near black counts little."""

_STEP: Final = 0.25
"""Cells nearer than this many codes share a rank: noise must not order flat areas."""

_SHRINK: Final = 10
"""At least so many pixels a cell are left by halving, in the frame's own type and for speed."""


def thumbnail(frame: Frame) -> Thumbnail:
    """Luma of a frame in 32x18 cells, in 8-bit codes."""
    luma = frame.planes[0]
    columns, rows = (2 * _SHRINK * cells for cells in CELLS)
    while luma.shape[1] >= columns and luma.shape[0] >= rows:
        half = (luma.shape[1] // 2, luma.shape[0] // 2)
        even = luma[: 2 * half[1], : 2 * half[0]]  # OpenCV is fast at the exact half alone
        luma = cast("Plane", cv2.resize(even, half, interpolation=cv2.INTER_AREA))
    small = cv2.resize(luma.astype(np.float32), CELLS, interpolation=cv2.INTER_AREA)
    return np.asarray(small / (1 << (frame.layout.bits - 8)), dtype=np.float32)


def _ranks(cells: Thumbnail) -> npt.NDArray[np.float64]:
    """Ranks of all cells with ties at their mean, less the overall mean; (cells,) float64."""
    _, inverse, counts = np.unique(
        np.round(cells.ravel() / _STEP), return_inverse=True, return_counts=True
    )
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    return np.asarray(ranks - ranks.mean(), dtype=np.float64)


def rank_correlation(a: Thumbnail, b: Thumbnail) -> float:
    """Spearman's rank correlation, -1 to 1; flat frames are like each other and nothing else."""
    ranks_a, ranks_b = _ranks(a), _ranks(b)
    norm = float(np.sqrt((ranks_a @ ranks_a) * (ranks_b @ ranks_b)))
    if norm == 0:
        return 1.0 if not (ranks_a.any() or ranks_b.any()) else 0.0
    return float(ranks_a @ ranks_b) / norm


def change(a: Thumbnail, b: Thumbnail) -> float:
    """Change of the middle cell in stops, without what all cells share."""
    stops = np.log2((b + _FLOOR) / (a + _FLOOR))
    return float(np.median(np.abs(stops - np.median(stops))))


def is_cut(a: Thumbnail, b: Thumbnail) -> bool:
    """Whether a new scene begins between two consecutive frames."""
    return change(a, b) > MIN_CHANGE and rank_correlation(a, b) < MAX_CORRELATION


class CutDetector:
    """Tells, frame by frame, whether a frame opens a new scene."""

    def __init__(self) -> None:
        self._last: Thumbnail | None = None

    def opens_scene(self, frame: Frame) -> bool:
        """True if a cut lies between the last frame given and this one; False for the first."""
        last, self._last = self._last, thumbnail(frame)
        return last is not None and is_cut(last, self._last)

    @property
    def last(self) -> Thumbnail | None:
        """Thumbnail of the last frame given; may be set to go on where another one paused."""
        return self._last

    @last.setter
    def last(self, thumbnail: Thumbnail | None) -> None:
        self._last = thumbnail

    def reset(self) -> None:
        """Forget the last frame: a new stream follows."""
        self._last = None
