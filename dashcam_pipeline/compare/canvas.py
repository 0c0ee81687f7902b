"""Pictures for looking at: upright, with square pixels, 8-bit 4:2:0, at any size.

A recording's frames may be stored turned, with oblong pixels or at 10 bits; two recordings may
differ in all of that. For a comparison every frame becomes a ``Canvas`` of one size and colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation

from dashcam_pipeline.frames import Color, Frame, PixelLayout
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
