"""RGB arrays as frames and back, for notebooks; recordings never take this way.

8-bit R'G'B' becomes full-range BT.709 Y'CbCr 4:4:4 at 10 bits, and back. At 10 bits the rounding
of Y', Cb and Cr together moves no primary by half an 8-bit code, so the way there and back is exact
for every colour.

Equations: ITU-R BT.709-6, 3.2 to 3.4 (derivation of luma and colour differences), with full-range
quantisation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dashcam_pipeline.frames import KR_KB, Color, Frame, PixelLayout
from dashcam_pipeline.stages.shrink import shrink_rgb

if TYPE_CHECKING:
    from fractions import Fraction

RGB = npt.NDArray[np.uint8]

LAYOUT: Final = PixelLayout(bits=10, log2_chroma=(0, 0))
COLOR: Final = Color(matrix="bt709", full_range=True)

SAMPLES: Final = 6
"""Pictures of an array that stages see before the first one is processed."""

_KR, _KB = KR_KB["bt709"]
_PEAK: Final = LAYOUT.max_value
_ZERO: Final = 1 << (LAYOUT.bits - 1)


def rgb_to_frame(rgb: RGB, *, index: int, pts: int, time_base: Fraction) -> Frame:
    """One picture as a frame.

    Args:
        rgb: uint8 R'G'B', shape (height, width, 3), 0 to 255.
        index: place in the stream.
        pts: presentation time in ticks of ``time_base``.
        time_base: seconds a tick.
    """
    red, green, blue = (rgb[..., i].astype(np.float32) / 255 for i in range(3))
    luma = _KR * red + (1 - _KR - _KB) * green + _KB * blue
    cb = (blue - luma) / (2 * (1 - _KB))
    cr = (red - luma) / (2 * (1 - _KR))
    planes = (
        _quantise(luma * _PEAK),
        _quantise(cb * _PEAK + _ZERO),
        _quantise(cr * _PEAK + _ZERO),
    )
    return Frame(planes, pts, time_base, index, LAYOUT, COLOR)


def frame_to_rgb(frame: Frame) -> RGB:
    """A frame of any layout as R'G'B'; coarser chroma is enlarged bilinearly.

    Returns:
        uint8 R'G'B', shape (height, width, 3), 0 to 255.
    """
    rgb = shrink_rgb(frame, frame.height, frame.width).transpose(1, 2, 0)
    return np.ascontiguousarray(np.rint(rgb * 255), dtype=np.uint8)


def _quantise(values: npt.NDArray[np.floating]) -> npt.NDArray[np.uint16]:
    """Code values rounded into what the layout holds; uint16 of the same shape."""
    return np.asarray(np.clip(np.rint(values), 0, _PEAK), dtype=np.uint16)
