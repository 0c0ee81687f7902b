"""Which matrix and range a picture's samples are in, and how that is written down again.

The rule, applied in one place: the matrix is the source's tag, else BT.709 from 720 lines up and
BT.601 below; the range is the source's tag or its "yuvj" pixel format, else limited. Both are
passed on explicitly wherever samples are converted and tagged on every output, because a player
(and swscale) that has to guess guesses by other rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.frames import Color

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

    from dashcam_pipeline.frames import Matrix

UNSPECIFIED: Final = 2
"""Code point of "unspecified" for primaries, transfer and matrix (ITU-T H.273, 8.1 to 8.3)."""

RANGE_UNSPECIFIED: Final = 0
RANGE_LIMITED: Final = 1
RANGE_FULL: Final = 2
"""FFmpeg's AVColorRange: 1 is MPEG (16..235), 2 is JPEG (0..255)."""

HD_LINES: Final = 720
"""From this many lines up an untagged picture is read as BT.709."""

PAL_LINES: Final = 576
"""The height of 625-line video, whose BT.601 variant has a code point of its own."""

MATRIX_OF: Final[dict[int, Matrix]] = {
    1: "bt709",
    4: "bt601",  # FCC 1953: weights .30, .11
    5: "bt601",  # BT.470 System B/G, 625 lines
    6: "bt601",  # SMPTE 170M, 525 lines
    7: "bt709",  # SMPTE 240M: weights .212, .087, nearest to BT.709
    9: "bt2020",  # non-constant luminance
    10: "bt2020",  # constant luminance
}
"""Our matrix for H.273 MatrixCoefficients."""

PRIMARIES_NAMES: Final = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}
TRANSFER_NAMES: Final = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    11: "iec61966-2-4",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    18: "arib-std-b67",
}
MATRIX_NAMES: Final = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
}
RANGE_NAMES: Final = {RANGE_LIMITED: "limited", RANGE_FULL: "full"}


@dataclass(frozen=True, slots=True)
class ColorTags:
    """The colour tags of a track as the file has them.

    Args:
        primaries, transfer, matrix: code points of ITU-T H.273, 2 where the file says nothing.
        range: 0 unspecified, 1 limited, 2 full.
    """

    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    range: int = RANGE_UNSPECIFIED

    def to_dict(self) -> dict[str, str | None]:
        """Names as FFmpeg prints them, None where unspecified."""
        return {
            "primaries": PRIMARIES_NAMES.get(self.primaries),
            "transfer": TRANSFER_NAMES.get(self.transfer),
            "matrix": MATRIX_NAMES.get(self.matrix),
            "range": RANGE_NAMES.get(self.range),
        }

    def put_on(self, target: VideoCodecContext | VideoFrame) -> None:
        """Give an encoder, or a picture for one, these tags."""
        target.color_primaries, target.color_trc = self.primaries, self.transfer
        target.colorspace, target.color_range = self.matrix, self.range


@dataclass(frozen=True, slots=True)
class ColorDecision:
    """How a track's colour was decided.

    Args:
        color: what the samples are read in.
        found: the tags as the file has them.
        written: the tags an output gets: those found, with matrix and range filled in.
        matrix_assumed: True if the file had no usable matrix tag.
        range_assumed: True if the file said nothing about the range.
    """

    color: Color
    found: ColorTags
    written: ColorTags
    matrix_assumed: bool
    range_assumed: bool


def decide_color(found: ColorTags, *, pixel_format: str, height: int) -> ColorDecision:
    """Apply the rule of this module.

    Args:
        found: the tags as the file has them.
        pixel_format: FFmpeg's name; "yuvj..." means full range, RGB is full range by nature.
        height: lines of the stored picture.
    """
    is_rgb = pixel_format.startswith(("rgb", "bgr", "gbr", "argb", "abgr", "pal8", "0rgb"))
    matrix = MATRIX_OF.get(found.matrix)
    matrix_assumed = matrix is None
    tag = found.matrix
    if matrix is None:
        if height >= HD_LINES:
            matrix, tag = "bt709", 1
        else:
            matrix, tag = "bt601", 5 if height == PAL_LINES else 6
    # RGB is converted by us, once, to full-range Y'CbCr, where most code values are kept
    if is_rgb or pixel_format.startswith("yuvj"):
        range_tag, range_assumed = RANGE_FULL, False
    elif found.range in {RANGE_LIMITED, RANGE_FULL}:
        range_tag, range_assumed = found.range, False
    else:
        range_tag, range_assumed = RANGE_LIMITED, True
    return ColorDecision(
        color=Color(matrix=matrix, full_range=range_tag == RANGE_FULL),
        found=found,
        written=ColorTags(found.primaries, found.transfer, tag, range_tag),
        matrix_assumed=matrix_assumed,
        range_assumed=range_assumed,
    )
