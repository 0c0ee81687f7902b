"""Taking a layer of light away from a frame, in linear light, on its own Y'CbCr planes.

For each pixel x = R'G'B' (chroma enlarged to luma's grid) and layer L >= 0:

    x' = sqrt(max(x^2 - L, 0)),  d = k (x' - x)

by the square law of ``dashcam_pipeline.inference.light``. k keeps what the sensor clipped: it
falls from 1 to 0 while luma rises through ``CLIPPED``, since a lamp's true radiance is unknown
there and lamps are to stay. The *difference* d is turned into luma
and chroma, averaged over each chroma sample's pixels, added to the frame's own samples and
rounded. So a sample whose change is below half a code value comes out as it went in, to the bit,
and no conversion to R'G'B' and back touches the picture.

Work goes strip by strip, small enough for the cache; strips and columns where the layer is zero
are not touched at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.frames import KR_KB
from dashcam_pipeline.stages.shrink import code_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame, Plane

    Layer = npt.NDArray[np.floating[Any]]

STRIP = 64
"""Luma rows worked on at a time: 64 rows of 1080p are half a megabyte in float32."""

CLIPPED = (0.75, 0.97)
"""Luma between which a pixel turns into a lamp that nothing is taken from."""


def subtract_light(frame: Frame, layer: Layer) -> Frame:
    """Take light away.

    Args:
        frame: any layout.
        layer: (3, h, w) float32, linear R G B >= 0, at any size; it is enlarged bilinearly.

    Returns:
        the changed frame, or ``frame`` itself where no sample changed.
    """
    if not layer.any():
        return frame
    planes = [plane.copy() for plane in frame.planes]
    changed = False
    for y0, y1, x0, x1 in _active(layer, frame.height, frame.width):
        changed |= _subtract_block(frame, planes, layer, (y0, y1, x0, x1))
    if not changed:
        return frame
    luma, cb, cr = planes
    return frame.with_planes((luma, cb, cr))


def _active(layer: Layer, height: int, width: int) -> Iterator[tuple[int, int, int, int]]:
    """Blocks (y0, y1, x0, x1) on even coordinates that hold all of the layer that isn't zero."""
    h, w = layer.shape[1:]
    lit = np.asarray(layer.any(axis=0))
    for y0 in range(0, height, STRIP):
        y1 = min(y0 + STRIP, height)
        # Bilinear enlarging reaches one sample further on each side.
        rows = lit[max(int(y0 * h / height) - 1, 0) : int(np.ceil(y1 * h / height)) + 1]
        columns = np.flatnonzero(rows.any(axis=0))
        if columns.size:
            x0 = int(max(columns[0] - 1, 0) * width / w) & ~1
            x1 = min(int(np.ceil((columns[-1] + 2) * width / w)) + 1 & ~1, width + (width & 1))
            yield y0, y1, x0, min(x1, width)


def _enlarge(channel: Layer, height: int, width: int, block: tuple[int, int, int, int]) -> Layer:
    """One block of a channel enlarged to (height, width), pixel centres aligned."""
    y0, y1, x0, x1 = block
    h, w = channel.shape
    if (h, w) == (height, width):
        return channel[y0:y1, x0:x1]
    # The affine map of cv2.resize, whose result for the whole would be the same.
    matrix = np.array(
        [
            [w / width, 0, (x0 + 0.5) * w / width - 0.5],
            [0, h / height, (y0 + 0.5) * h / height - 0.5],
        ]
    )
    return np.asarray(
        cv2.warpAffine(
            channel,
            matrix,
            (x1 - x0, y1 - y0),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def _subtract_block(
    frame: Frame, planes: list[Plane], layer: Layer, block: tuple[int, int, int, int]
) -> bool:
    """Work on one block, writing into ``planes``; True if a sample changed."""
    y0, y1, x0, x1 = block
    sx, sy = frame.layout.log2_chroma
    luma_offset, luma_span, chroma_offset, chroma_span = code_scale(frame.layout, frame.color)
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    rows = slice(y0 >> sy, -(-y1 >> sy))
    columns = slice(x0 >> sx, -(-x1 >> sx))
    size = (x1 - x0, y1 - y0)

    luma = (frame.planes[0][y0:y1, x0:x1].astype(np.float32) - luma_offset) * (1 / luma_span)
    cb, cr = (
        (plane[rows, columns].astype(np.float32) - chroma_offset) * (1 / chroma_span)
        for plane in frame.planes[1:]
    )
    offsets = (
        2 * (1 - kr) * cr,
        -2 * (kr * (1 - kr) * cr + kb * (1 - kb) * cb) / kg,
        2 * (1 - kb) * cb,
    )
    keep = None
    if luma.size and luma.max() > CLIPPED[0]:
        keep = np.clip((CLIPPED[1] - luma) * (1 / (CLIPPED[1] - CLIPPED[0])), 0, 1)
    differences = []
    for channel, offset in enumerate(offsets):
        x = _to_luma_grid(offset, size, sx, sy)
        np.add(x, luma, out=x)
        np.clip(x, 0, 1, out=x)
        d = x * x
        d -= _enlarge(layer[channel], frame.height, frame.width, block)
        np.maximum(d, 0, out=d)
        np.sqrt(d, out=d)
        d -= x
        if keep is not None:
            d *= keep
        differences.append(d)
    dr, dg, db = differences
    dy = kr * dr
    dy += kg * dg
    dy += kb * db
    dcb, dcr = _to_chroma_grid(db - dy, sx, sy), _to_chroma_grid(dr - dy, sx, sy)
    dcb *= chroma_span / (2 * (1 - kb))
    dcr *= chroma_span / (2 * (1 - kr))
    dy *= luma_span
    top = float(frame.layout.max_value)
    changed = False
    for plane, difference, window in (
        (planes[0], dy, (slice(y0, y1), slice(x0, x1))),
        (planes[1], dcb, (rows, columns)),
        (planes[2], dcr, (rows, columns)),
    ):
        step = np.rint(difference, out=difference)
        if step.any():
            changed = True
            step += plane[window]
            np.clip(step, 0, top, out=step)
            plane[window] = step
    return changed


def _to_luma_grid(plane: Layer, size: tuple[int, int], sx: int, sy: int) -> Layer:
    """Chroma samples repeated over the pixels they belong to."""
    if sx == 0:
        return np.array(plane)
    w, h = size
    big = cv2.resize(plane, None, fx=1 << sx, fy=1 << sy, interpolation=cv2.INTER_NEAREST)
    return np.asarray(big[:h, :w])


def _to_chroma_grid(plane: Layer, sx: int, sy: int) -> Layer:
    """The mean over the pixels of each chroma sample; odd edges repeat their last pixel."""
    if sx == 0:
        return plane
    h, w = plane.shape
    bottom, right = h & 1 if sy else 0, w & 1
    if bottom or right:
        plane = np.asarray(cv2.copyMakeBorder(plane, 0, bottom, 0, right, cv2.BORDER_REPLICATE))
        h, w = plane.shape
    return np.asarray(cv2.resize(plane, (w >> sx, h >> sy), interpolation=cv2.INTER_AREA))
