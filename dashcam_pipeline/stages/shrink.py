"""A frame at a network's work size: each plane by itself, then the colour conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.frames import KR_KB

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.frames import Color, Frame, PixelLayout, Plane

HALVED = 2.0
"""A plane so many times larger than wanted is halved, by the mean of four samples, as often as it
is; bilinear sampling of the rest misses little that an area filter sees, at a tenth of its cost."""


def code_scale(layout: PixelLayout, color: Color) -> tuple[float, float, float, float]:
    """How code values map to signal values.

    Returns:
        (luma offset, luma span, chroma offset, chroma span) in code values: Y' = (code - offset)
        / span in [0, 1], Cb and Cr likewise in [-0.5, 0.5] (ITU-R BT.709-6, 4.6; BT.2100-2,
        table 9 for full range).
    """
    step = 1 << (layout.bits - 8)
    if color.full_range:
        return 0.0, float(layout.max_value), 128.0 * step, float(layout.max_value)
    return 16.0 * step, 219.0 * step, 128.0 * step, 224.0 * step


def shrink_rgb(frame: Frame, height: int, width: int) -> npt.NDArray[np.float32]:
    """The frame as R'G'B' at a work size.

    Args:
        frame: any layout.
        height, width: of the result.

    Returns:
        (3, height, width) float32 in [0, 1].
    """
    y0, ys, c0, cs = code_scale(frame.layout, frame.color)
    y, cb, cr = (_resized(plane, height, width) for plane in frame.planes)
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    y = (y - y0) / ys
    cb = (cb - c0) / cs
    cr = (cr - c0) / cs
    rgb = np.empty((3, height, width), np.float32)
    rgb[0] = y + 2 * (1 - kr) * cr
    rgb[2] = y + 2 * (1 - kb) * cb
    rgb[1] = (y - kr * rgb[0] - kb * rgb[2]) / kg
    return np.clip(rgb, 0, 1, out=rgb)


def halvings(plane: tuple[int, ...], size: tuple[int, int]) -> int:
    """How often a plane is halved before it is sampled.

    Args:
        plane: its (rows, columns).
        size: (height, width) that is wanted.
    """
    count = 0
    while min(plane[0] / size[0], plane[1] / size[1]) >= HALVED:
        plane = (plane[0] // 2, plane[1] // 2)
        count += 1
    return count


def _resized(plane: Plane, height: int, width: int) -> npt.NDArray[np.float32]:
    """A plane (H, W) at another size; (nearly) all of its samples count where it gets smaller.

    Returns:
        (height, width) float32 in the plane's code values.
    """
    samples: npt.NDArray[Any] = plane
    for _ in range(halvings(plane.shape, (height, width))):
        size = (samples.shape[1] // 2, samples.shape[0] // 2)
        even = samples[: 2 * size[1], : 2 * size[0]]  # OpenCV is fast at the exact half alone
        samples = cv2.resize(even, size, interpolation=cv2.INTER_AREA)
    samples = cv2.resize(samples, (width, height), interpolation=cv2.INTER_LINEAR)
    return samples.astype(np.float32)


def halved(plane: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """A plane (h, w) at half the size, but of one sample at least: means of its samples."""
    height, width = plane.shape
    size = (max(width // 2, 1), max(height // 2, 1))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))
