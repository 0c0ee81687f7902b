"""A mark on the picture itself that says that it is synthetic.

Whoever sees a still of the result must see what it is, whatever became of the file's metadata. The
mark is drawn on the frame's own planes, in a corner where nothing is protected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.stages.shrink import code_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Color, Frame, PixelLayout, Plane
    from dashcam_pipeline.stages.base import Box, StreamInfo

    Map = npt.NDArray[np.floating[Any]]

SHARE: Final = 1 / 36
"""Height of the letters' line, as a share of the frame's: 30 rows of 1080."""

SMALLEST: Final = 10
"""Pixels of the smallest letters that can be read."""

PLATE: Final = 0.55
"""How much of the picture the plate behind the letters hides: white on it is readable on snow."""

_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT: Final = 30
"""The size at which the font has scale 1: its capitals are 21 pixels high, 0.7 of it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn mark, ready to be laid onto every frame of a stream.

    Args:
        x, y: its upper left corner in luma samples, even.
        alpha: how much it hides, float32 in [0, 1], of luma's grid; even sides.
        ink: white in it, float32 in [0, 1], of the same shape.
    """

    x: int
    y: int
    alpha: Map
    ink: Map

    def lay(self, frame: Frame) -> Frame:
        """Draw it onto a frame.

        Args:
            frame: of the stream that it was made for.

        Returns:
            a frame with planes of its own.
        """
        planes = [plane.copy() for plane in frame.planes]
        for number, plane in enumerate(planes):
            self._lay_plane(plane, frame.layout, frame.color, number)
        luma, cb, cr = planes
        return frame.with_planes((luma, cb, cr))

    def _lay_plane(self, plane: Plane, layout: PixelLayout, color: Color, number: int) -> None:
        """Write the words into plane ``number``, (H, W) uint8 or uint16, in its code values."""
        black, span, neutral, _ = code_scale(layout, color)
        sx, sy = layout.log2_chroma if number else (0, 0)
        alpha = self.alpha
        if sx:
            size = (alpha.shape[1] >> sx, alpha.shape[0] >> sy)
            alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
        top, left = self.y >> sy, self.x >> sx
        area = plane[top : top + alpha.shape[0], left : left + alpha.shape[1]]
        alpha = alpha[: area.shape[0], : area.shape[1]]
        if number:
            drawn = area + alpha * (neutral - area)
        else:
            ink = self.ink[: area.shape[0], : area.shape[1]]
            drawn = area + alpha * (black - area) + span * ink
        area[:] = np.rint(drawn)


def make_mark(text: str, info: StreamInfo) -> Mark:
    """Draw a mark for a stream.

    Args:
        text: a word or two.
        info: its size, and what is protected: the mark keeps clear of that where it can.
    """
    size = max(SMALLEST, round(info.height * SHARE))
    pad = max(2, round(size * 0.3))
    while size > 1 and _width(text, size) + 2 * pad > info.width:
        size -= 1  # a very narrow picture: better small than cut
    wide, tall = _width(text, size) + 2 * pad, round(size * 1.15) + 2 * pad
    shape = (tall + tall % 2, wide + wide % 2)
    letters = np.zeros((*shape, 3), np.uint8)
    scale, thick = _stroke(size)
    cv2.putText(letters, text, (pad, pad + size), _FONT, scale, (255,) * 3, thick, cv2.LINE_AA)
    ink = letters[..., 0].astype(np.float32) / 255
    x, y = _place(shape, info, margin=max(2, size // 2))
    return Mark(x, y, np.maximum(np.float32(PLATE), ink), ink)


def _stroke(size: int) -> tuple[float, int]:
    """Scale and thickness."""
    return size / _FONT_HEIGHT, max(1, round(size / 14))


def _width(text: str, size: int) -> int:
    return int(cv2.getTextSize(text, _FONT, *_stroke(size))[0][0])


def _place(shape: tuple[int, int], info: StreamInfo, margin: int) -> tuple[int, int]:
    """Where the least of it is protected: a corner, else the middle of an edge or the picture."""
    rights = info.width - shape[1] - margin, margin, (info.width - shape[1]) // 2
    downs = margin, info.height - shape[0] - margin, (info.height - shape[0]) // 2
    places = [(max(0, x) & ~1, max(0, y) & ~1) for y in downs for x in rights]
    return min(places, key=lambda place: _covered(place, shape, info.protected))


def _covered(place: tuple[int, int], shape: tuple[int, int], boxes: Sequence[Box]) -> int:
    """Samples of the mark that lie in boxes."""
    x, y = place
    height, width = shape
    return sum(
        max(0, min(x + width, box.x + box.width) - max(x, box.x))
        * max(0, min(y + height, box.y + box.height) - max(y, box.y))
        for box in boxes
    )
