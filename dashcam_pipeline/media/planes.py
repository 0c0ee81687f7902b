"""Between the decoder's pictures and planes of samples.

Planar Y'CbCr of 8 to 16 bits is looked at where it lies, without a copy. Semi-planar formats
(``nv12``, ``p010``) are taken apart losslessly. Every other format (RGB, palettes, packed or
oddly subsampled Y'CbCr) is converted once, with matrix and range named, to 4:4:4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import av
import numpy as np
from av.video.reformatter import Interpolation

from dashcam_pipeline.frames import PixelLayout

if TYPE_CHECKING:
    from dashcam_pipeline.frames import Color, Frame, Plane

_PLANAR: Final = re.compile(r"yuvj?(420|422|444)p(?:(9|10|12|14|16)le)?")
_GRAY: Final = re.compile(r"gray(?:(9|10|12|14|16)le)?")
_SEMI_PLANAR: Final = {
    # name: (bits, log2 chroma, right shift of a 16-bit sample)
    "nv12": (8, (1, 1), 0),
    "nv16": (8, (1, 0), 0),
    "nv24": (8, (0, 0), 0),
    "p010le": (10, (1, 1), 6),
    "p012le": (12, (1, 1), 4),
    "p016le": (16, (1, 1), 0),
    "p210le": (10, (1, 0), 6),
    "p410le": (10, (0, 0), 6),
}
_CHROMA: Final[dict[str, tuple[int, int]]] = {"420": (1, 1), "422": (1, 0), "444": (0, 0)}
_CHROMA_NAME: Final = {value: key for key, value in _CHROMA.items()}

_SWS_MATRIX: Final = {"bt709": 1, "bt601": 5, "bt2020": 9}
"""swscale's colour spaces: SWS_CS_ITU709, SWS_CS_ITU601, SWS_CS_BT2020."""

_EXACT: Final = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the reader makes of a decoder's pixel format.

    Args:
        name: FFmpeg's name of the decoder's format.
        layout: of the planes that come out.
        converted: True if the samples are converted (not merely rearranged) on the way.
    """

    name: str
    layout: PixelLayout
    converted: bool = False

    @property
    def planar(self) -> bool:
        """True if the planes are views of the decoder's memory."""
        return _PLANAR.fullmatch(self.name) is not None


def pixel_format(name: str) -> PixelFormat:
    """What the reader makes of a format; any that FFmpeg knows will do.

    Args:
        name: FFmpeg's name, such as ``yuv420p10le``.
    """
    if m := _PLANAR.fullmatch(name):
        return PixelFormat(name, PixelLayout(int(m[2] or 8), _CHROMA[m[1]]))
    if m := _GRAY.fullmatch(name):
        return PixelFormat(name, PixelLayout(int(m[1] or 8), (1, 1)))
    if name in _SEMI_PLANAR:
        bits, chroma, _ = _SEMI_PLANAR[name]
        return PixelFormat(name, PixelLayout(bits, chroma))
    deepest = max((c.bits for c in av.VideoFormat(name).components), default=8)
    bits = 8 if deepest <= 8 else 10 if deepest <= 10 else 16  # noqa: PLR2004 - bit depths
    return PixelFormat(name, PixelLayout(bits, (0, 0)), converted=True)


def format_of(layout: PixelLayout) -> str:
    """FFmpeg's planar format for a layout."""
    depth = "" if layout.bits == 8 else f"{layout.bits}le"  # noqa: PLR2004
    return f"yuv{_CHROMA_NAME[layout.log2_chroma]}p{depth}"


def semi_planar(layout: PixelLayout) -> list[str]:
    """FFmpeg's semi-planar formats that hold a layout's samples (hardware encoders take them)."""
    return [
        n
        for n, (bits, chroma, _) in _SEMI_PLANAR.items()
        if (bits, chroma) == (layout.bits, layout.log2_chroma)
    ]


def view(plane: av.video.plane.VideoPlane, channels: int, *, deep: bool) -> Plane:
    """A read-only look at a plane's memory.

    Args:
        plane: of a frame; kept alive by the view.
        channels: interleaved samples a pixel (2 for the chroma plane of ``nv12``).
        deep: True for 16-bit samples.

    Returns:
        shape (rows, columns * channels); rows honour the line size, also a negative one.
    """
    samples = _rows(plane, channels, deep=deep)
    if plane.line_size < 0:
        samples = samples[::-1]
    samples.flags.writeable = False
    return samples


def planes_of(frame: av.VideoFrame, form: PixelFormat, color: Color) -> tuple[Plane, Plane, Plane]:
    """The three planes of a decoder's picture, in ``form.layout``.

    Args:
        frame: a software frame whose format is ``form.name``.
        form: from ``pixel_format``.
        color: matrix and range of the result, used where samples must be converted.

    Returns:
        Y', Cb and Cr, (rows, columns) uint8 or uint16 each; read-only where they are the decoder's.
    """
    layout, deep = form.layout, form.layout.bits > 8  # noqa: PLR2004
    if form.planar:
        y, cb, cr = (view(p, 1, deep=deep) for p in frame.planes)
        return y, cb, cr
    if form.converted:
        return planes_of(convert(frame, format_of(layout), color), _plain(layout), color)
    luma = view(frame.planes[0], 1, deep=deep)
    if form.name not in _SEMI_PLANAR:
        grey = 1 << (layout.bits - 1)
        neutral = cast("Plane", np.full(layout.chroma_shape(*luma.shape), grey, luma.dtype))
        neutral.flags.writeable = False
        return luma, neutral, neutral
    shift = _SEMI_PLANAR[form.name][2]
    pairs = view(frame.planes[1], 2, deep=deep)
    cb, cr = pairs[:, 0::2], pairs[:, 1::2]
    if shift:
        luma = cast("Plane", luma >> shift)
    return luma, cast("Plane", cb >> shift), cast("Plane", cr >> shift)


def _plain(layout: PixelLayout) -> PixelFormat:
    return PixelFormat(format_of(layout), layout)


def convert(
    frame: av.VideoFrame,
    name: str,
    color: Color,
    size: tuple[int, int] | None = None,
    *,
    source: Color | None = None,
) -> av.VideoFrame:
    """Convert with swscale, naming matrix and range on both sides.

    Args:
        frame: the picture; Y'CbCr is taken to be in ``source``, RGB to be full range.
        name: the target's pixel format.
        color: matrix and range of the target.
        size: (width, height) of the target; the frame's own by default.
        source: matrix and range of the frame; the target's by default.
    """
    is_rgb = frame.format.is_rgb
    own = source or color
    target, before = 2 if color.full_range else 1, 2 if own.full_range else 1
    width, height = size or (frame.width, frame.height)
    return frame.reformat(
        width,
        height,
        name,
        src_colorspace=_SWS_MATRIX[own.matrix],
        dst_colorspace=_SWS_MATRIX[color.matrix],
        src_color_range=2 if is_rgb or frame.format.name.startswith("yuvj") else before,
        dst_color_range=target,
        interpolation=int(_EXACT),
        threads=1,
    )


def to_video_frame(frame: Frame, name: str) -> av.VideoFrame:
    """A new picture for an encoder, filled with a frame's planes.

    Args:
        frame: any frame.
        name: a planar or semi-planar format of the frame's bits, in the layout's subsampling or
            in 4:4:4.
    """
    target = av.VideoFrame(frame.width, frame.height, name)
    deep = frame.layout.bits > 8  # noqa: PLR2004
    luma, cb, cr = frame.planes
    if pixel_format(name).layout.log2_chroma != frame.layout.log2_chroma:
        cb, cr = (_repeated(plane, frame) for plane in (cb, cr))
    if name in _SEMI_PLANAR:
        shift = _SEMI_PLANAR[name][2]
        _rows(target.planes[0], 1, deep=deep)[:] = luma << shift
        pairs = _rows(target.planes[1], 2, deep=deep)
        pairs[:, 0::2] = cb << shift
        pairs[:, 1::2] = cr << shift
        return target
    for plane, samples in zip(target.planes, (luma, cb, cr), strict=True):
        _rows(plane, 1, deep=deep)[:] = samples
    return target


def _repeated(chroma: Plane, frame: Frame) -> Plane:
    """One chroma sample for every luma sample, (H, W): repeated, so nothing is lost or made up."""
    x, y = frame.layout.log2_chroma
    full = chroma.repeat(1 << y, axis=0).repeat(1 << x, axis=1)
    return full[: frame.height, : frame.width]


def _rows(plane: av.video.plane.VideoPlane, channels: int, *, deep: bool) -> Plane:
    """Rows of a plane's memory, (height, width * channels) uint8 or uint16, as they lie there."""
    shape = (plane.height, plane.width * channels)
    stride = abs(plane.line_size)
    memory = memoryview(plane)
    if deep:
        return np.ndarray(shape, np.uint16, buffer=memory, strides=(stride, 2))
    return np.ndarray(shape, np.uint8, buffer=memory, strides=(stride, 1))
