"""Draws a line of text with what OpenCV has.

OpenCV 5 draws Unicode text with fonts that it brings along (Rubik for Latin letters, WenQuanYi
Micro Hei for Hangul and the rest), so no font of the system, and none of ours, is needed. OpenCV 4,
which comes with the simulator's NumPy 1, has stroke fonts that know ASCII alone: there any other
character becomes a question mark, and labels are English.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BOLD: Final = 600
REGULAR: Final = 400

UNICODE: Final = hasattr(cv2, "FontFace")
"""True if every script can be drawn, False if ASCII alone."""

_STROKE: Final = cv2.FONT_HERSHEY_SIMPLEX
_STROKE_HEIGHT: Final = 30
"""The size at which the stroke font has scale 1: its capitals are 21 pixels high, 0.7 of it."""


def draw(
    layer: npt.NDArray[np.uint8], text: str, at: tuple[int, int], size: int, weight: int
) -> None:
    """Draw a line of white text.

    Args:
        layer: uint8, shape (h, w, 3), contiguous; changed in place.
        text: one line.
        at: where it begins, on its baseline (x, y).
        size: pixels.
        weight: ``REGULAR`` or ``BOLD``.
    """
    if UNICODE:
        cv2.putText(layer, text, at, (255, 255, 255), _face(), size, weight)
        return
    scale, thick = _stroke(size, weight)
    cv2.putText(layer, ascii_only(text), at, _STROKE, scale, (255,) * 3, thick, cv2.LINE_AA)


def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """Columns that a line of text needs."""
    if UNICODE:
        x, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _face(), size, weight)
        return int(x + width)
    scale, thick = _stroke(size, weight)
    return int(cv2.getTextSize(ascii_only(text), _STROKE, scale, thick)[0][0])


def ascii_only(text: str) -> str:
    """A text with a question mark for every character that is not ASCII."""
    return text.replace("…", "...").encode("ascii", "replace").decode()


def _face() -> cv2.FontFace:
    # One for each call: a FontFace keeps state, and drawing happens in more than one thread.
    return cv2.FontFace("sans")


def _stroke(size: int, weight: int) -> tuple[float, int]:
    """Scale and thickness of the stroke font."""
    thick = max(1, round(size / (12 if weight >= BOLD else 20)))
    return size / _STROKE_HEIGHT, thick
