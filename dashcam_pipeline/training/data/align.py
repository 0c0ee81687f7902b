"""Undo the small shift between two photographs taken one after the other.

The shift is that of the phase correlation peak (Kuglin and Hines, 1975) of the pictures' gradients:
glare is smooth and hardly has any, while both share the scene's edges.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Plane = npt.NDArray[np.floating[Any]]

SMALLEST = 0.3
"""Pixels; a smaller shift is left alone, so that aligned pairs come out as they went in."""

LARGEST = 0.03
"""Of the longer side; what looks like a larger shift is chance."""

BETTER = 0.9
"""Edges must be this much less unlike after the shift, or it isn't believed."""


def align(first: RGB, second: RGB) -> tuple[RGB, RGB]:
    """Move the second picture onto the first; both lose the margin that only one of them has.

    Args:
        first, second: uint8 RGB of one shape (H, W, 3).

    Returns:
        the very same pictures if no shift is found or undoing it brings nothing.
    """
    a, b = _edges(first), _edges(second)
    height, width = a.shape
    dx, dy = _shift(a, b)
    length = math.hypot(dx, dy)
    if not SMALLEST <= length <= LARGEST * max(height, width):
        return first, second
    margin = math.ceil(max(abs(dx), abs(dy)))
    inside = (slice(margin, height - margin), slice(margin, width - margin))
    before = _unlike(a[inside], b[inside])
    if _unlike(a[inside], _moved(b, dx, dy)[inside]) > BETTER * before:
        return first, second
    return first[inside], np.asarray(_moved(second, dx, dy)[inside], np.uint8)


def _shift(a: Plane, b: Plane) -> tuple[float, float]:
    """(dx, dy) by which the second plane lies off the first, to parts of a pixel.

    OpenCV's own phase correlation is half a pixel off where it pads to an odd size.
    """
    height, width = a.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    first, second = (np.fft.rfft2((p - p.mean()) * window) for p in (a, b))
    cross = second * first.conj()
    peak = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), s=(height, width))
    y, x = np.unravel_index(int(peak.argmax()), peak.shape)
    near = np.clip(np.roll(peak, (1 - y, 1 - x), (0, 1))[:3, :3], 0, None)
    dy, dx = (float((near.sum(axis=k) * (-1, 0, 1)).sum() / (near.sum() + 1e-12)) for k in (1, 0))
    wrapped_x, wrapped_y = (x + width // 2) % width, (y + height // 2) % height
    return wrapped_x - width // 2 + dx, wrapped_y - height // 2 + dy


def _unlike(a: Plane, b: Plane) -> float:
    """One minus the correlation of two planes (H, W): the strength of edges doesn't count."""
    return 1 - float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _edges(picture: RGB) -> Plane:
    """Gradient magnitude of the coded luma, (H, W) float32."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    x, y = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(x, y), np.float32)


def _moved(picture: npt.NDArray[Any], dx: float, dy: float) -> npt.NDArray[Any]:
    """Sample a picture (H, W, C) at (x + dx, y + dy), bilinearly; edges are repeated."""
    h, w = picture.shape[:2]
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
