"""``fused.c``, where it was compiled: what is dear in the glare stage in one pass over the samples.

An operation of NumPy's or OpenCV's is a pass over memory; taking light away is forty of them. The
library does the same in one, seven times as fast. It is compiled as the package is installed, if
there is a compiler (``hatch_build.py``), and lies beside this file; without it, or with one of
another ``VERSION``, everything works as well, and takes longer. Both ways come to the same samples,
but for one in a hundred thousand that lies between two codes.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.frames import PixelLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from dashcam_pipeline.frames import Plane

    Map = npt.NDArray[np.floating[Any]]

VERSION: Final = 1
"""Of what the library's functions take; a library left over from another one isn't used."""

LAYOUT: Final = PixelLayout(8, (1, 1))
"""What ``subtract`` takes."""

FILE: Final = Path(__file__).with_name(
    {"win32": "libfused.dll", "darwin": "libfused.dylib"}.get(sys.platform, "libfused.so")
)
"""The library; without the prefix Python would take it for this module."""

_Planes = ctypes.c_void_p * 3
_Strides = ctypes.c_ssize_t * 3


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the samples' codes and the rule of ``subtract`` come to, in the library's order.

    Args:
        luma_offset, luma_span, chroma_offset: as of ``code_scale``.
        chroma_scale: luma codes to a code of chroma.
        red_cr, green_cr, green_cb, blue_cb: what chroma adds to luma, for each primary.
        kr, kg, kb: luma weights.
        end, slope: of what clips: (end - luma) * slope, from 0 to 1, of a change counts.
        kept: share of the light that always stays.
        gain, shoulder: what is left becomes left * gain / (1 + left * shoulder).
        cb_step, cr_step: codes of chroma for a loss in luma codes.
    """

    luma_offset: float
    luma_span: float
    chroma_offset: float
    chroma_scale: float
    red_cr: float
    green_cr: float
    green_cb: float
    blue_cb: float
    kr: float
    kg: float
    kb: float
    end: float
    slope: float
    kept: float
    gain: float
    shoulder: float
    cb_step: float
    cr_step: float


@cache
def library() -> ctypes.CDLL | None:
    """The library; None where there is none to use."""
    try:
        found = ctypes.CDLL(str(FILE))
        if found.fused_version() != VERSION:
            return None
    except (OSError, AttributeError):  # not compiled, for another machine, or not ours
        return None
    found.subtract_light_420.restype = found.reconstruct.restype = ctypes.c_int
    return found


def subtract(
    planes: Sequence[Plane], cleaned: Sequence[Plane], maps: Map, places: Places, numbers: Numbers
) -> bool:
    """Take light away; ``library`` must be there.

    Args:
        planes: Y', Cb and Cr of ``LAYOUT``, from an even sample on: (h, w) and half of that.
        cleaned: the same, to be written.
        maps: (4 or 5, rows, w) float32: what isn't the share, the floor of R, G and B in squared
            luma codes, and ``blown``, if any.
        places: of the rows of luma among those of the maps.
        numbers: of the frame.

    Returns:
        whether a sample changed.
    """
    height, width = planes[0].shape
    # a plane of semi-planar pictures has its samples apart
    rows = [plane if plane.strides[1] == 1 else plane.copy() for plane in planes]
    changed: int = _needed().subtract_light_420(
        _Planes(*(plane.ctypes.data for plane in rows)),
        _Strides(*(plane.strides[0] for plane in rows)),
        _Planes(*(plane.ctypes.data for plane in cleaned)),
        _Strides(*(plane.strides[0] for plane in cleaned)),
        height,
        width,
        ctypes.c_void_p(maps.ctypes.data),
        len(maps),
        *(ctypes.c_ssize_t(stride // maps.itemsize) for stride in maps.strides[:2]),
        *(ctypes.c_void_p(each.ctypes.data) for each in (places.above, places.below)),
        ctypes.c_void_p(places.weight.ctypes.data),
        (ctypes.c_float * len(astuple(numbers)))(*astuple(numbers)),
    )
    return bool(changed)


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows of a picture lie among those of a smaller map.

    Args:
        above, below: (n,) int32, the map's rows that each lies between.
        weight: (n,) float32, of the one below; the other one's is the rest.
    """

    above: npt.NDArray[np.int32]
    below: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]

    @classmethod
    def of(cls, length: int, rows: int) -> Places:
        """Those of bilinear enlarging, with centres at halves: ``length`` rows of ``rows``."""
        centres = (np.arange(length) + 0.5) * (rows / length) - 0.5
        above = np.floor(centres)
        weight = np.where(above < 0, 0, centres - above)
        first = np.maximum(above, 0).astype(np.int32)
        return cls(first, np.minimum(first + 1, rows - 1), weight.astype(np.float32))

    def part(self, begin: int, end: int) -> Places:
        """Of some rows of the picture."""
        rows = slice(begin, end)
        return Places(self.above[rows], self.below[rows], self.weight[rows])


def reconstruct(layer: Map, marker: Map) -> Map:
    """As ``connected.reconstruct``; ``library`` must be there."""
    limit = np.ascontiguousarray(layer, np.float32)
    reached = np.array(marker, np.float32, order="C")
    places = (ctypes.c_void_p(each.ctypes.data) for each in (limit, reached))
    if _needed().reconstruct(*places, *reached.shape):
        raise MemoryError
    return reached


def _needed() -> ctypes.CDLL:
    found = library()
    if found is None:
        raise RuntimeError(f"{FILE.name} is not there")
    return found
