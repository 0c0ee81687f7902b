"""Pictures for looking at: upright, with square pixels, 8-bit 4:2:0, at any size.

A recording's frames may be stored turned, with oblong pixels or at 10 bits; two recordings may
differ in all of that. For a comparison every frame becomes a ``Canvas`` of one size and colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

from dashcam_pipeline.frames import KR_KB, Color, Frame, PixelLayout
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.color import RANGE_FULL, RANGE_LIMITED, UNSPECIFIED

if TYPE_CHECKING:
    import av

    from dashcam_pipeline.media.source import VideoTrack

Samples: TypeAlias = npt.NDArray[np.uint8]

LAYOUT: Final = PixelLayout(bits=8, log2_chroma=(1, 1))
PIXEL_FORMAT: Final = "yuv420p"

_SWS_MATRIX: Final = {"bt709": 1, "bt601": 5, "bt2020": 9}
"""swscale's colour spaces: SWS_CS_ITU709, SWS_CS_ITU601, SWS_CS_BT2020."""

_AREA: Final = int(Interpolation.AREA | Interpolation.ACCURATE_RND)
_CUBIC: Final = int(Interpolation.BICUBIC | Interpolation.ACCURATE_RND)
_QUARTER: Final = 90

_LIMITED: Final = (219 / 255, 16, 224 / 255)
"""Scale and offset of luma, scale of chroma, from full range to limited (BT.709-6, 3.5)."""


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and rows of a picture."""

    width: int
    height: int

    def __post_init__(self) -> None:
        """Chroma needs even sides."""
        if self.width < 2 or self.height < 2 or self.width % 2 or self.height % 2:  # noqa: PLR2004
            raise ValueError(
                f"sides must be even and at least 2: {self.width = }, {self.height = }"
            )

    @classmethod
    def even(cls, width: float, height: float) -> Size:
        """The nearest size with even sides."""
        return cls(*(max(2, round(side / 2) * 2) for side in (width, height)))

    def fit(self, width: float, height: float) -> Size:
        """Itself, shrunk in its own shape until it lies within the bounds."""
        factor = min(1.0, width / self.width, height / self.height)
        return Size.even(self.width * factor, self.height * factor)


@dataclass(frozen=True, slots=True)
class Canvas:
    """One picture to draw on.

    Args:
        planes: Y', Cb, Cr, writable, uint8, shapes (h, w), (h / 2, w / 2) twice.
        color: matrix and range of the samples.
    """

    planes: tuple[Samples, Samples, Samples]
    color: Color

    @classmethod
    def blank(cls, size: Size, color: Color, level: float = 0.0) -> Canvas:
        """A grey one; ``level`` goes from 0 (black) to 1 (white)."""
        luma = np.full((size.height, size.width), luma_code(level, color), np.uint8)
        chroma = np.full((2, size.height // 2, size.width // 2), 128, np.uint8)
        return cls((luma, chroma[0], chroma[1]), color)

    @classmethod
    def from_rgb(cls, rgb: Samples, color: Color) -> Canvas:
        """What an R'G'B' picture looks like; even sides.

        Args:
            rgb: uint8, shape (h, w, 3), 0 to 255.
            color: matrix and range of the result.
        """
        kr, kb = KR_KB[color.matrix]
        red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
        luma = kr * red + (1 - kr - kb) * green + kb * blue
        scale, offset, chroma_scale = (1.0, 0, 1.0) if color.full_range else _LIMITED
        cb, cr = (
            cv2.resize(
                (part - luma) * np.float32(chroma_scale / (2 * (1 - k))),
                None,
                fx=0.5,
                fy=0.5,
                interpolation=cv2.INTER_AREA,
            )
            for part, k in ((blue, kb), (red, kr))
        )
        return cls((_code(luma * scale + offset), _code(cb + 128), _code(cr + 128)), color)

    def to_rgb(self) -> Samples:
        """As R'G'B', uint8, shape (h, w, 3), 0 to 255."""
        kr, kb = KR_KB[self.color.matrix]
        scale, offset, chroma_scale = (1.0, 0, 1.0) if self.color.full_range else _LIMITED
        luma = (self.planes[0].astype(np.float32) - offset) / scale
        cb, cr = (
            (cv2.resize(plane, luma.shape[::-1], interpolation=cv2.INTER_LINEAR) - np.float32(128))
            / np.float32(chroma_scale)
            for plane in self.planes[1:]
        )
        red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
        green = (luma - kr * red - kb * blue) / (1 - kr - kb)
        return _code(np.stack((red, green, blue), axis=-1))

    @property
    def size(self) -> Size:
        """Its luma size."""
        height, width = self.planes[0].shape
        return Size(width, height)

    def paste(self, other: Canvas, x: int, y: int) -> None:
        """Put another one here.

        Args:
            other: no part of it may lie outside.
            x, y: its upper left corner, even.
        """
        for to, source, shift in zip(self.planes, other.planes, (0, 1, 1), strict=True):
            top, left = y >> shift, x >> shift
            to[top : top + source.shape[0], left : left + source.shape[1]] = source

    def part(self, x: int, y: int, size: Size) -> Canvas:
        """A view of a part; even coordinates."""
        luma, cb, cr = (
            plane[y >> shift : (y + size.height) >> shift, x >> shift : (x + size.width) >> shift]
            for plane, shift in zip(self.planes, (0, 1, 1), strict=True)
        )
        return Canvas((luma, cb, cr), self.color)

    def resized(self, size: Size) -> Canvas:
        """A new one of another size."""
        larger = size.height > self.size.height
        how = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
        luma, cb, cr = (
            np.asarray(
                cv2.resize(plane, (size.width >> shift, size.height >> shift), interpolation=how),
                np.uint8,
            )
            for plane, shift in zip(self.planes, (0, 1, 1), strict=True)
        )
        return Canvas((luma, cb, cr), self.color)

    def as_frame(self, like: Frame) -> Frame:
        """A frame that shows this, at the time of another."""
        return Frame(
            planes=self.planes,
            pts=like.pts,
            time_base=like.time_base,
            index=like.index,
            layout=LAYOUT,
            color=self.color,
            duration=like.duration,
            concealed=like.concealed,
        )


def _code(values: npt.NDArray[np.floating[Any]]) -> Samples:
    """Rounded into 0 to 255; uint8 of the same shape."""
    return np.asarray(np.rint(values).clip(0, 255), np.uint8)


def luma_code(level: float, color: Color) -> int:
    """The code value of a grey.

    Args:
        level: gamma-encoded, 0 (black) to 1 (white).
        color: its range counts.
    """
    return round(255 * level) if color.full_range else round(16 + 219 * level)


def shown_size(video: VideoTrack) -> Size:
    """How large a player shows a track: turned upright, its pixels square."""
    ratio = video.sample_aspect_ratio or Fraction(1)
    width, height = float(video.width * ratio), float(video.height)
    if _quarters(video) % 2:
        width, height = height, width
    return Size.even(width, height)


def _quarters(video: VideoTrack) -> int:
    return round(video.rotation / _QUARTER) % 4


class Developer:
    """Turns frames of one recording into canvases.

    Args:
        video: the track that the frames come from.
        size: of the canvases.
        color: of the canvases.
    """

    def __init__(self, video: VideoTrack, size: Size, color: Color) -> None:
        self._quarters = _quarters(video)
        stored = size if self._quarters % 2 == 0 else Size(size.height, size.width)
        self._stored, self._color = stored, color

    def __call__(self, frame: Frame) -> Canvas:
        """A new canvas with the frame's picture."""
        picture = self._scale(frame)
        luma, cb, cr = (
            # a copy: what lies there is swscale's, and may be the decoder's own
            np.array(np.rot90(planes.view(plane, 1, deep=False), self._quarters), np.uint8)
            for plane in picture.planes
        )
        return Canvas((luma, cb, cr), self._color)

    def _scale(self, frame: Frame) -> av.VideoFrame:
        name = planes.format_of(frame.layout)
        picture = frame.source or planes.to_video_frame(frame, name)
        # Tags that a decoder left on the picture must not override what we pass.
        picture.colorspace, picture.color_range = UNSPECIFIED, 0
        shrinks = self._stored.height < frame.height
        return picture.reformat(
            self._stored.width,
            self._stored.height,
            PIXEL_FORMAT,
            src_colorspace=_SWS_MATRIX[frame.color.matrix],
            dst_colorspace=_SWS_MATRIX[self._color.matrix],
            src_color_range=_range(frame.color),
            dst_color_range=_range(self._color),
            interpolation=_AREA if shrinks else _CUBIC,
            threads=1,
        )


def _range(color: Color) -> int:
    return RANGE_FULL if color.full_range else RANGE_LIMITED
