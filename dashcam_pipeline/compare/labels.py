"""Words on a picture: white on a dark plate, readable on any night and at any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dashcam_pipeline.compare.canvas import luma_code
from dashcam_pipeline.compare.fonts import BOLD, REGULAR, draw, text_width

if TYPE_CHECKING:
    from dashcam_pipeline.compare.canvas import Canvas

_PLATE: Final = 0.62
"""How much of the picture a plate hides: white on it has a contrast of 4.5:1 even over white."""

_SMALLEST: Final = 13
"""Pixels of the smallest text; Hangul needs about 12 for its densest syllables."""

_SHARE: Final = 1 / 22
"""Height of the main line, as a share of the pane's height."""

_SMALL: Final = 0.72
"""Height of the second line, as a share of the main one's."""

_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Plate:
    """A drawn label, ready to be laid onto any number of pictures.

    Args:
        alpha: how much it hides, float32 in [0, 1], even sides.
        ink: white to add, float32 in [0, 1], of the same shape.
    """

    alpha: npt.NDArray[np.float32]
    ink: npt.NDArray[np.float32]

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.alpha.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.alpha.shape[0])

    def lay(self, canvas: Canvas, x: int, y: int) -> None:
        """Draw it onto a canvas; what would lie outside is left out.

        Args:
            canvas: changed in place.
            x, y: upper left corner, even.
        """
        for number, plane in enumerate(canvas.planes):
            shift = int(number > 0)
            top, left = max(0, y >> shift), max(0, x >> shift)
            alpha, ink = self.alpha, self.ink
            if shift:
                alpha = alpha.reshape(alpha.shape[0] // 2, 2, -1, 2).mean((1, 3))
            area = plane[top : top + alpha.shape[0], left : left + alpha.shape[1]]
            alpha = alpha[: area.shape[0], : area.shape[1]]
            if shift:
                target = 128.0 * alpha
            else:
                black, white = luma_code(0, canvas.color), luma_code(1, canvas.color)
                target = black * alpha + (white - black) * ink[: area.shape[0], : area.shape[1]]
            area[:] = np.rint(area * (1 - alpha) + target)


def main_size(pane_height: int) -> int:
    """Pixels of a pane's main line of text."""
    return max(_SMALLEST, round(pane_height * _SHARE))


def small_size(pane_height: int) -> int:
    """Pixels of a pane's second line of text."""
    return max(_SMALLEST, round(main_size(pane_height) * _SMALL))


def write(
    picture: npt.NDArray[np.uint8], text: str, at: tuple[int, int], size: int, *, bold: bool = False
) -> None:
    """Write a line of white text.

    Args:
        picture: uint8 R'G'B', shape (h, w, 3), contiguous; changed in place.
        text: one line.
        at: where it begins, on its baseline (x, y).
        size: pixels.
        bold: True for a heading.
    """
    weight = BOLD if bold else REGULAR
    layer = np.zeros_like(picture)
    draw(layer, text, at, size, weight)
    np.maximum(picture, layer, out=picture)


def shorten(text: str, size: int, width: int) -> str:
    """A name that fits: its middle is left out, its beginning and its ending stay.

    Args:
        text: one line.
        size: pixels.
        width: columns that there are.

    Returns:
        empty where not even three letters fit.
    """
    if text_width(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 2, -1):
        tail = kept // 2
        short = text[: kept - tail] + _ELLIPSIS + text[len(text) - tail :]
        if text_width(short, size) <= width:
            return short
    return ""


def plate(title: str, detail: str, *, pane: tuple[int, int]) -> Plate:
    """Draw a label.

    Args:
        title: a word or two; always shown whole.
        detail: a smaller second line, such as a file's name; shortened to fit, may be empty.
        pane: (width, height) of the picture that it explains.
    """
    size = main_size(pane[1])
    small = small_size(pane[1])
    pad = max(4, round(size * 0.45))
    room = pane[0] - 4 * pad
    while size > _SMALLEST and text_width(title, size, BOLD) > room:
        size -= 1
    detail = shorten(_printable(detail), small, room)
    lines = [(title, size, BOLD, 1.0)] + ([(detail, small, REGULAR, 0.85)] if detail else [])
    wide = max(text_width(text, px, weight) for text, px, weight, _ in lines)
    tall = sum(round(px * 1.3) for _, px, _, _ in lines)
    shape = tuple(-(-side // 2) * 2 for side in (tall + pad, wide + 2 * pad))
    ink = np.zeros(shape, np.float32)
    y = pad // 2
    for text, px, weight, strength in lines:
        layer = np.zeros((*shape, 3), np.uint8)
        write(layer, text, (pad, y + round(px * 1.02)), px, bold=weight == BOLD)
        np.maximum(ink, layer[..., 0].astype(np.float32) * (strength / 255), out=ink)
        y += round(px * 1.3)
    alpha = np.maximum(_rounded(shape, pad * 0.7) * _PLATE, ink)
    return Plate(alpha, ink)


def _printable(text: str) -> str:
    """A file name as it can be shown: undecodable bytes and control characters become '?'."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _rounded(shape: tuple[int, ...], radius: float) -> npt.NDArray[np.float32]:
    """A rectangle (rows, columns) with soft round corners, float32, 1 inside and 0 outside."""
    height, width = shape
    y, x = np.ogrid[:height, :width]
    dx = np.maximum(radius - 0.5 - np.minimum(x, width - 1 - x), 0)
    dy = np.maximum(radius - 0.5 - np.minimum(y, height - 1 - y), 0)
    return np.asarray(np.clip(radius + 0.5 - np.hypot(dx, dy), 0, 1), np.float32)
