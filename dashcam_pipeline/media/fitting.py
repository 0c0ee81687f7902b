"""Pictures of another size than a recording's: made to fit, in their own shape, on black."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self, TypeAlias, cast

import numpy as np

from dashcam_pipeline.media import planes

if TYPE_CHECKING:
    import av

    from dashcam_pipeline.frames import Plane
    from dashcam_pipeline.media.source import VideoTrack

    Planes: TypeAlias = tuple[Plane, Plane, Plane]

SAME: Final = 0.02
"""Shapes that differ by less fill the picture: encoders round sizes up to blocks of 16."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a picture lies in another one.

    Args:
        width, height: of it there.
        x, y: of its upper left corner; all of them even, as chroma needs it.
    """

    width: int
    height: int
    x: int = 0
    y: int = 0

    @classmethod
    def of(cls, size: tuple[int, int], shape: Fraction, like: VideoTrack) -> Self:
        """Fit a picture into those of a track.

        Args:
            size: of the picture, in samples.
            shape: width of one of its samples by its height.
            like: the track.
        """
        own = Fraction(size[0], size[1]) * shape
        whole = Fraction(like.width, like.height)
        wanted = own / (like.sample_aspect_ratio or 1)  # in samples of the track
        if abs(wanted / whole - 1) < SAME:
            return cls(like.width, like.height)
        if wanted > whole:
            height = max(2, round(like.width / wanted / 2) * 2)
            return cls(like.width, height, 0, (like.height - height) // 4 * 2)
        width = max(2, round(like.height * wanted / 2) * 2)
        return cls(width, like.height, (like.width - width) // 4 * 2, 0)


def fitted(picture: av.VideoFrame, video: VideoTrack, like: VideoTrack) -> Planes:
    """A picture's samples as another track has them, with black bars where its shape is another.

    Args:
        picture: of any size and pixel format.
        video: the track that it is of.
        like: the other one.
    """
    size, name = (picture.width, picture.height), planes.format_of(like.layout)
    fit = Fit.of(size, video.sample_aspect_ratio or Fraction(1), like)
    inner = (fit.width, fit.height)
    small = planes.convert(picture, name, like.color, inner, source=video.color)
    samples = planes.planes_of(small, planes.pixel_format(name), like.color)
    if inner == (like.width, like.height):
        return samples
    bits = like.layout.bits - 8
    black, grey = (0 if like.color.full_range else 16) << bits, 128 << bits
    shape, across, down = (like.height, like.width), *like.layout.log2_chroma
    chroma = like.layout.chroma_shape(*shape)
    luma, cb, cr = samples
    return (
        _laid(luma, shape, (fit.y, fit.x), black),
        _laid(cb, chroma, (fit.y >> down, fit.x >> across), grey),
        _laid(cr, chroma, (fit.y >> down, fit.x >> across), grey),
    )


def _laid(samples: Plane, shape: tuple[int, int], corner: tuple[int, int], ground: int) -> Plane:
    """A plane of one value, and samples at a corner (row, column) of it."""
    whole = np.full(shape, ground, samples.dtype)
    (y, x), (rows, columns) = corner, samples.shape
    whole[y : y + rows, x : x + columns] = samples
    return cast("Plane", whole)
