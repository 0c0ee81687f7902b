"""Taking a layer of light away from a frame, in linear light, on its own Y'CbCr planes.

For each pixel x = R'G'B' (chroma enlarged to luma's grid) and the share s and floor f of the layer:

    x' = sqrt(max(x^2 - max(s x^2 - f, 0), KEPT x^2)),  d = k (x' - x)

by the square law of ``dashcam_pipeline.inference.light``; a gain may then brighten what is left
(``exposure``). k keeps what the sensor clipped: it
falls from 1 to 0 while luma rises through ``CLIPPED``, since a lamp's true radiance is unknown
there and lamps are to stay. The *difference* d is turned into luma
and chroma, averaged over each chroma sample's pixels, added to the frame's own samples and
rounded. So a sample whose change is below half a code value comes out as it went in, to the bit,
and no conversion to R'G'B' and back touches the picture.

A compiled library does that in one pass (``fused``), where there is one that takes the frame's
layout. Otherwise work goes strip by strip, small enough for the cache; blocks where the layer is
zero are not touched at all.
"""

from __future__ import annotations

import threading
from math import gcd, prod
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline.frames import KR_KB
from dashcam_pipeline.stages.glare import fused
from dashcam_pipeline.stages.shrink import code_scale

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from dashcam_pipeline.frames import Frame, Plane
    from dashcam_pipeline.stages.glare.layer import GlareLayer

    Map = npt.NDArray[np.floating[Any]]
    Mask = npt.NDArray[np.bool_]
    Block = tuple[int, int, int, int]

STRIP = 64
"""Luma rows worked on at a time: 64 rows of 1080p are half a megabyte in float32."""

KEPT = 0.04
"""Share of a pixel's light that always stays: no mistake of a layer turns a place black. Behind a
dirty windscreen nine tenths of the light of a night sky are haze."""

GAP = 512
"""Dark luma columns that are worth another block to be skipped."""

CLIPPED = (0.75, 0.97)
"""Luma between which a pixel turns into a lamp that nothing is taken from."""

_LOCAL = threading.local()
_NOTHING = np.empty(0, np.float32)


def subtract_light(frame: Frame, layer: GlareLayer) -> Frame:
    """Take light away.

    Args:
        frame: any layout.
        layer: at any size; it is enlarged bilinearly.

    Returns:
        the changed frame, or ``frame`` itself where no sample changed, as where nothing is taken.
    """
    lit = layer.lit
    if not lit.any():
        return frame
    if layer.gain > 1:
        lit = np.ones_like(lit)
    planes = [plane.copy() for plane in frame.planes]
    compiled = frame.layout == fused.LAYOUT and fused.library() is not None
    subtract = _in_one_pass if compiled else _in_strips
    if not subtract(frame, planes, layer, lit):
        return frame
    luma, cb, cr = planes
    return frame.with_planes((luma, cb, cr))


def _in_one_pass(frame: Frame, planes: list[Plane], layer: GlareLayer, lit: Mask) -> bool:
    """Write into ``planes``, copies of the frame's; True if a sample changed.

    Args:
        frame: of ``fused.LAYOUT``.
        planes: its copies.
        layer: to be taken away.
        lit: (h, w), where it isn't zero; not nowhere.
    """
    (h, w), height, width = lit.shape, frame.height, frame.width
    rows, columns = (np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0))
    # Bilinear enlarging reaches one sample further on each side.
    top, bottom = max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 2, h)
    y0, y1 = top * height // h & ~1, -(-bottom * height // h)
    x0 = max(int(columns[0]) - 1, 0) * width // w & ~1
    x1 = -(-min(int(columns[-1]) + 2, w) * width // w)
    places = fused.Places.of(height, h).part(y0, y1)
    wide = _scratch(5, h, width)
    maps = _maps(layer, frame)
    used = slice(int(places.above[0]), int(places.below[-1]) + 1)
    for values, enlarged in zip(maps, wide, strict=False):
        size = width, used.stop - used.start
        cv2.resize(values[used], size, dst=enlarged[used], interpolation=cv2.INTER_LINEAR)
    luma, chroma = (
        (slice(y0, y1), slice(x0, x1)),
        (slice(y0 // 2, y1 + 1 >> 1), slice(x0 // 2, x1 + 1 >> 1)),
    )
    windows = (luma, chroma, chroma)
    return fused.subtract(
        [plane[window] for plane, window in zip(frame.planes, windows, strict=True)],
        [plane[window] for plane, window in zip(planes, windows, strict=True)],
        wide[: len(maps), :, x0:x1],
        places,
        _numbers(frame, layer.gain),
    )


def _numbers(frame: Frame, gain: float) -> fused.Numbers:
    """What a frame's codes and the rule come to; ``gain`` as of the layer."""
    luma_offset, luma_span, chroma_offset, chroma_span = code_scale(frame.layout, frame.color)
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    begin, end = (share * luma_span for share in CLIPPED)
    step = -chroma_span / luma_span
    return fused.Numbers(
        luma_offset=luma_offset,
        luma_span=luma_span,
        chroma_offset=chroma_offset,
        chroma_scale=luma_span / chroma_span,
        red_cr=2 * (1 - kr),
        green_cr=-2 * kr * (1 - kr) / kg,
        green_cb=-2 * kb * (1 - kb) / kg,
        blue_cb=2 * (1 - kb),
        kr=kr,
        kg=kg,
        kb=kb,
        end=end,
        slope=1 / (end - begin),
        kept=KEPT,
        gain=gain,
        shoulder=(gain - 1) / luma_span**2,
        cb_step=step / (2 * (1 - kb)),
        cr_step=step / (2 * (1 - kr)),
    )


def _maps(layer: GlareLayer, frame: Frame) -> list[Map]:
    """What is enlarged, (h, w) float32 each: what isn't the share, the floor, and what is blown.

    The floors of R, G and B are in light of which the square root is a difference of luma codes.
    ``blown`` is left out where it is nowhere.
    """
    unit = np.float32(code_scale(frame.layout, frame.color)[1] ** 2)
    maps = [1 - layer.share, *(layer.floor * unit)]
    if layer.blown is not None and layer.blown.any():
        maps.append(layer.blown)
    return maps


def _in_strips(frame: Frame, planes: list[Plane], layer: GlareLayer, lit: Mask) -> bool:
    """As ``_in_one_pass``, for any layout and without a library."""
    enlarged = _Enlarged(layer, lit, frame)
    changed = False
    for block in enlarged.blocks():
        changed |= _subtract_block(frame, planes, enlarged.part(block), block, layer.gain)
    return changed


class _Enlarged:
    """The part of a layer that isn't zero, at a frame's size and in its luma's unit of light.

    Args:
        layer: to be enlarged.
        lit: (h, w), where it isn't zero; not nowhere.
        frame: whose size and codes count.
    """

    def __init__(self, layer: GlareLayer, lit: Mask, frame: Frame) -> None:
        self._lit, self._size = lit, (frame.height, frame.width)
        h, w = lit.shape
        top, bottom = _bounds(np.asarray(lit.any(axis=1)), frame.height)
        left, right = _bounds(np.asarray(lit.any(axis=0)), frame.width)
        self._y0, self._y1 = top * frame.height // h, bottom * frame.height // h
        self._x0, self._x1 = left * frame.width // w, right * frame.width // w
        maps = _maps(layer, frame)
        size = self._x1 - self._x0, self._y1 - self._y0
        self._maps = _scratch(len(maps), *size[::-1])
        for values, enlarged in zip(maps, self._maps, strict=True):
            part = values[top:bottom, left:right]
            cv2.resize(part, size, dst=enlarged, interpolation=cv2.INTER_LINEAR)

    def part(self, block: Block) -> tuple[Map, list[Map], Map | None]:
        """A block's own part of what isn't the share, of the floor of R, G and B, and of ``blown``.

        Returns:
            float32 of the block's shape each: the rest in [0, 1], three floors in squared luma
            codes, and how far clipped samples are glare, in [0, 1], or None for nowhere.
        """
        y0, y1, x0, x1 = block
        rows, columns = slice(y0 - self._y0, y1 - self._y0), slice(x0 - self._x0, x1 - self._x0)
        rest, *floor = (np.asarray(values[rows, columns]) for values in self._maps)
        blown = floor.pop() if len(floor) > 3 else None  # noqa: PLR2004 - R, G and B
        return rest, floor, blown

    def blocks(self) -> Iterator[Block]:
        """Blocks (y0, y1, x0, x1) in luma samples that hold all that isn't zero.

        They begin on even samples, so that no chroma sample lies in two.
        """
        h, w = self._lit.shape
        height, width = self._size
        gap = max(GAP * w // width, 3)
        for y0 in range(self._y0, self._y1, STRIP):
            y1 = min(y0 + STRIP, self._y1)
            # Bilinear enlarging reaches one sample further on each side.
            rows = self._lit[max(y0 * h // height - 1, 0) : -(-y1 * h // height) + 1]
            columns = np.flatnonzero(rows.any(axis=0))
            runs = np.split(columns, np.flatnonzero(np.diff(columns) > gap) + 1)
            for run in runs if columns.size else []:
                x0 = (int(run[0]) - 1) * width // w & ~1
                x1 = -(-(int(run[-1]) + 2) * width // w) + 1 & ~1
                yield y0, y1, max(x0, self._x0), min(x1, self._x1)


def _scratch(*shape: int) -> Map:
    """Float32 memory of this thread, of that shape, as it was left.

    Fresh pages would cost more than the enlarging.
    """
    size = prod(shape)
    if getattr(_LOCAL, "memory", _NOTHING).size < size:
        _LOCAL.memory = np.empty(size, np.float32)
    return np.asarray(_LOCAL.memory[:size].reshape(shape))


def _bounds(lit: Mask, length: int) -> tuple[int, int]:
    """The lit samples and one more on each side, widened to where both grids have an edge.

    Cut there, a part is enlarged to the very samples that it has in the enlarged whole.

    Args:
        lit: one axis of the small grid.
        length: of the same axis of the large grid; even samples of it count as edges.
    """
    found = np.flatnonzero(lit)
    step = len(lit) // gcd(len(lit), length)
    if step * length // len(lit) % 2:
        step *= 2
    begin = max(int(found[0]) - 1, 0) // step * step
    end = -(-(int(found[-1]) + 2) // step) * step
    return begin, min(end, len(lit))


def _subtract_block(
    frame: Frame,
    planes: list[Plane],
    layer: tuple[Map, list[Map], Map | None],
    block: Block,
    gain: float,
) -> bool:
    """Work on one block, writing into ``planes``; True if a sample changed.

    Args:
        frame: as it came.
        planes: its copies, (H, W) each in the plane's own grid and code values.
        layer: as ``_Enlarged.part`` gives it.
        block: y0, y1, x0, x1 in luma samples.
        gain: of the light that is left, 1 or more.
    """
    rest, floors, blown = layer
    y0, y1, x0, x1 = block
    sx, sy = frame.layout.log2_chroma
    luma_offset, luma_span, chroma_offset, chroma_span = code_scale(frame.layout, frame.color)
    kr, kb = KR_KB[frame.color.matrix]
    kg = 1 - kr - kb
    rows, columns = slice(y0 >> sy, -(-y1 >> sy)), slice(x0 >> sx, -(-x1 >> sx))

    # All in luma codes, and as what is lost, which is negative only where a gain brightens.
    luma = frame.planes[0][y0:y1, x0:x1].astype(np.float32)
    luma -= luma_offset
    cb, cr = (
        (plane[rows, columns].astype(np.float32) - chroma_offset) * (luma_span / chroma_span)
        for plane in frame.planes[1:]
    )
    offsets = (
        2 * (1 - kr) * cr,
        -2 * (kr * (1 - kr) * cr + kb * (1 - kb) * cb) / kg,
        2 * (1 - kb) * cb,
    )
    keep = _keep(luma, luma_span)
    if keep is not None and blown is not None:
        keep = np.asarray(cv2.max(keep, blown))
    losses = [
        _loss(_add_chroma(luma, offset, sx, sy), (rest, floor), luma_span, keep, gain)
        for offset, floor in zip(offsets, floors, strict=True)
    ]
    red, green, blue = losses
    loss = kr * red
    green *= kg
    loss += green
    loss += kb * blue
    blue -= loss
    red -= loss
    changed = False
    for plane, lost, k in ((planes[1], blue, kb), (planes[2], red, kr)):
        step = _to_chroma_grid(lost, sx, sy)
        step *= -chroma_span / luma_span / (2 * (1 - k))
        changed |= _add(plane[rows, columns], step, frame.layout.max_value)
    if gain > 1:
        return _add(planes[0][y0:y1, x0:x1], -loss, frame.layout.max_value) | changed
    whole = np.rint(loss, out=loss).astype(planes[0].dtype)
    if whole.any():
        changed = True
        window = planes[0][y0:y1, x0:x1]
        window[:] = cv2.subtract(window, whole)  # stops at zero
    return changed


def _keep(luma: Map, span: float) -> Map | None:
    """What share of a change counts, by what the sensor clipped; None for all of it everywhere.

    Args:
        luma: (h, w) float32 in luma codes above black.
        span: luma codes from black to white.

    Returns:
        (h, w) float32 in [0, 1].
    """
    begin, end = (share * span for share in CLIPPED)
    if luma.max() <= begin:
        return None
    return np.asarray(np.clip((end - luma) * (1 / (end - begin)), 0, 1))


def _loss(x: Map, layer: tuple[Map, Map], top: float, keep: Map | None, gain: float) -> Map:
    """How much less a primary has without the layer's light; ``x`` is overwritten.

    Args:
        x: the primary, (h, w) float32 in luma codes above black.
        layer: what isn't the share of glare, in [0, 1], and the floor in squared luma codes, which
            are linear light; (h, w) float32 each.
        top: luma codes from black to white.
        keep: share of the change that counts, (h, w) float32 in [0, 1]; None for all of it.
        gain: of the light that is left, 1 or more.

    Returns:
        (h, w) float32 in luma codes; negative only where a gain brightens.
    """
    rest, floor = layer
    np.clip(x, 0, top, out=x)
    light = x * x
    left = light * rest
    left += floor
    cv2.min(left, light, dst=left)
    light *= np.float32(KEPT)
    cv2.max(left, light, dst=left)
    if gain > 1:
        left *= gain / (1 + left * ((gain - 1) / top**2))
    cv2.sqrt(left, dst=left)
    x -= left
    if keep is not None:
        x *= keep
    return x


def _add_chroma(luma: Map, offset: Map, sx: int, sy: int) -> Map:
    """Luma plus a chroma sample for all the pixels that it belongs to.

    Args:
        luma: (h, w) float32.
        offset: in the units of luma on the chroma grid, (-(-h >> sy), -(-w >> sx)) float32.
        sx, sy: log2 of luma samples to a chroma sample.

    Returns:
        (h, w) float32.
    """
    if sx:
        # Interleaved with itself, a row is itself with every sample twice.
        doubled = cv2.merge((offset, offset)).reshape(len(offset), -1)
        offset = np.asarray(doubled[:, : luma.shape[1]])
    if not sy:
        return luma + offset
    x = np.empty_like(luma)
    np.add(luma[0::2], offset, out=x[0::2])
    np.add(luma[1::2], offset[: len(luma) // 2], out=x[1::2])
    return x


def _add(window: Plane, step: Map, top: int) -> bool:
    """Add rounded steps to samples where they lie; True if one changed.

    Args:
        window: (h, w) uint8 or uint16, written into.
        step: (h, w) float32 in its code values; overwritten.
        top: the largest code value.
    """
    np.rint(step, out=step)
    if not step.any():
        return False
    step += window
    window[:] = np.clip(step, 0, top, out=step)
    return True


def _to_chroma_grid(plane: Map, sx: int, sy: int) -> Map:
    """The mean over the pixels of each chroma sample; odd edges repeat their last pixel.

    Args:
        plane: (h, w) float32 on luma's grid.
        sx, sy: log2 of luma samples to a chroma sample.

    Returns:
        (-(-h >> sy), -(-w >> sx)) float32.
    """
    if sx == 0:
        return plane
    h, w = plane.shape
    bottom, right = h & 1 if sy else 0, w & 1
    if bottom or right:
        plane = np.asarray(cv2.copyMakeBorder(plane, 0, bottom, 0, right, cv2.BORDER_REPLICATE))
        h, w = plane.shape
    return np.asarray(cv2.resize(plane, (w >> sx, h >> sy), interpolation=cv2.INTER_AREA))
