"""Frames as they travel: planes, time and colour together.

A frame never travels without its ``pts``, and nothing here knows an average frame rate.
Samples stay in the source's own Y'CbCr planes from the decoder to the encoder; a stage that
changes nothing hands on the very same arrays, so an empty chain is bit-exact by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from fractions import Fraction

    import av

Plane: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""One plane of samples, shape (height, width); uint8 for 8 bits, else uint16 (low bits used)."""

Matrix: TypeAlias = Literal["bt601", "bt709", "bt2020"]

FirstField: TypeAlias = Literal["top", "bottom"]
"""Which of an interlaced picture's fields is shown first."""

KR_KB: dict[Matrix, tuple[float, float]] = {
    "bt601": (0.299, 0.114),  # ITU-R BT.601-7, 2.5.1
    "bt709": (0.2126, 0.0722),  # ITU-R BT.709-6, 3.2
    "bt2020": (0.2627, 0.0593),  # ITU-R BT.2020-2, table 4, non-constant luminance
}
"""Luma weights (Kr, Kb) of R' and B'; Kg is 1 - Kr - Kb."""


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How samples lie in planes.

    Args:
        bits: bits a sample, 8 to 16.
        log2_chroma: log2 of the chroma subsampling (x, y): (1, 1) is 4:2:0, (1, 0) is 4:2:2,
            (0, 0) is 4:4:4.
    """

    bits: int = 8
    log2_chroma: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        """Check what a stage relies on."""
        if not 8 <= self.bits <= 16:  # noqa: PLR2004
            raise ValueError(f"bits must be 8 to 16, not {self.bits = }")
        if self.log2_chroma not in {(0, 0), (1, 0), (1, 1)}:
            raise ValueError(f"unknown chroma subsampling: {self.log2_chroma = }")

    @property
    def max_value(self) -> int:
        """The largest code value."""
        return (1 << self.bits) - 1

    def chroma_shape(self, height: int, width: int) -> tuple[int, int]:
        """Shape of a chroma plane; odd sizes round up, as in FFmpeg."""
        x, y = self.log2_chroma
        return -(-height >> y), -(-width >> x)


@dataclass(frozen=True, slots=True)
class Color:
    """The colour a frame's samples are to be read in.

    Args:
        matrix: which luma weights (never unknown: untagged sources are decided by the reader).
        full_range: True for 0..255 (pc, "yuvj"), False for 16..235 (tv), scaled by bit depth.
    """

    matrix: Matrix = "bt709"
    full_range: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What a picture carries beside its samples, such as a line of closed captions.

    Args:
        kind: its payload type (H.264 and H.265, annex D, share their numbers).
        payload: without its size.
    """

    kind: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture with its place in time.

    Args:
        planes: Y', Cb, Cr, each of shape (h, w) in the layout's subsampling. They are read-only
            views of a decoder's memory as often as not: never write into them, make new ones.
        pts: presentation time in ticks of ``time_base``.
        time_base: seconds a tick.
        index: position in the stream of decoded frames, from 0.
        layout: bit depth and subsampling.
        color: matrix and range.
        duration: in ticks, 0 where the source doesn't say.
        source: the decoder's frame that the planes are views of, while they are unchanged.
        concealed: True if the decoder reported damage in this frame.
        messages: that go with the picture, whatever becomes of its samples.
        first_field: of an interlaced picture, the field that is shown first; None for a whole one.
    """

    planes: tuple[Plane, Plane, Plane]
    pts: int
    time_base: Fraction
    index: int
    layout: PixelLayout = PixelLayout()
    color: Color = Color()
    duration: int = 0
    source: av.VideoFrame | None = field(default=None, repr=False, compare=False)
    concealed: bool = False
    messages: tuple[Message, ...] = ()
    first_field: FirstField | None = None

    def __post_init__(self) -> None:
        """Check that the planes fit the layout."""
        luma, cb, cr = self.planes
        dtype = np.uint8 if self.layout.bits == 8 else np.uint16  # noqa: PLR2004
        chroma = self.layout.chroma_shape(*luma.shape)
        if luma.dtype != dtype or cb.dtype != dtype or cr.dtype != dtype:
            raise TypeError(f"{self.layout} needs {dtype.__name__} planes, not {luma.dtype = }")
        if cb.shape != chroma or cr.shape != chroma:
            raise ValueError(f"chroma planes must be {chroma}, not {cb.shape = }, {cr.shape = }")

    @property
    def height(self) -> int:
        """Luma rows."""
        return int(self.planes[0].shape[0])

    @property
    def width(self) -> int:
        """Luma columns."""
        return int(self.planes[0].shape[1])

    @property
    def seconds(self) -> float:
        """Presentation time in seconds, for people; never compute pts from it."""
        return float(self.pts * self.time_base)

    @property
    def nbytes(self) -> int:
        """Bytes its planes hold."""
        return sum(p.nbytes for p in self.planes)

    def with_planes(self, planes: tuple[Plane, Plane, Plane]) -> Frame:
        """The same frame in time with other samples; itself where no plane is another array.

        Args:
            planes: with the shapes and the dtype of its layout.
        """
        if all(new is old for new, old in zip(planes, self.planes, strict=True)):
            return self
        return replace(self, planes=planes, source=None)


@dataclass(frozen=True, slots=True)
class FrameBatch(Sequence[Frame]):
    """Frames in presentation order that go through a stage together.

    All of one shape, layout and colour; indices rise by one.
    """

    frames: tuple[Frame, ...]

    def __post_init__(self) -> None:
        """Check that the frames belong together."""
        for a, b in zip(self.frames, self.frames[1:], strict=False):
            if b.index != a.index + 1:
                raise ValueError(f"frames must follow one another: {a.index = }, {b.index = }")
            if a.planes[0].shape != b.planes[0].shape or a.layout != b.layout:
                raise ValueError(f"frames {a.index} and {b.index} differ in shape or layout")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order."""
        return iter(self.frames)

    def __getitem__(self, key):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        """A frame, or a tuple of frames for a slice."""
        return self.frames[key]

    @property
    def nbytes(self) -> int:
        """Bytes all planes hold."""
        return sum(f.nbytes for f in self.frames)
