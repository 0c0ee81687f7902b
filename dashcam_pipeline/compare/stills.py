"""Single pictures: one moment, or a sheet of many.

::

    still("night.mp4", "night_clean.mp4", at=12.5, output="moment.png")
    contact_sheet("night.mp4", count=12, output="sheet.jpg")
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import numpy.typing as npt

from dashcam_pipeline.compare import labels
from dashcam_pipeline.compare.canvas import Size
from dashcam_pipeline.compare.composer import Composer
from dashcam_pipeline.compare.options import PreviewOptions
from dashcam_pipeline.compare.preview import choose_target
from dashcam_pipeline.compare.sources import Comparison, no_frames
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.readable import clock
from dashcam_pipeline.engine.report import wrote
from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.atomic import atomic
from dashcam_pipeline.media.folders import made_folder
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.stages.base import Box

RGB = npt.NDArray[np.uint8]

SUFFIXES: Final[dict[str, list[int]]] = {
    ".png": [],
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, 92],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 90],
}
"""Picture formats that are written, and how."""

SHEET_WIDTH: Final = 2400
"""Columns of a contact sheet, at most."""

_TILE_GAP: Final = 12
_PAPER: Final = 24


@dataclass(frozen=True, slots=True)
class StillReport:
    """What was written.

    Args:
        path: the picture.
        size: of it.
        times: of the moments that it shows, in seconds.
        box: what ``crop`` shows.
        notes: what the user should know.
        synthetic: True if it shows what the camera never saw.
    """

    path: Path
    size: Size
    times: tuple[float, ...]
    box: Box | None = None
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def summary(self) -> str:
        """For people, without a newline at the end."""
        count = len(self.times)
        facts = [
            f"{self.size.width}x{self.size.height}",
            clock(self.times[0], tenths=True) if count == 1 else _("{n} moments", n=count),
            *([_("box {box}", box=self.box)] if self.box else []),
        ]
        return wrote(self.path, facts, synthetic=self.synthetic)


def still(
    input: str | Path,  # noqa: A002 - the word that the command line has
    cleaned: str | Path | None = None,
    *,
    at: float,
    output: str | Path | None = None,
    options: PreviewOptions | None = None,
    config: CleanConfig | None = None,
) -> StillReport:
    """Show before and after of one moment.

    Args:
        input: the recording; only read.
        cleaned: what was made of it; None runs the configuration's chain on that frame.
        at: seconds from the first picture on; the first frame from there on is shown.
        output: where the picture goes; None is ``NAME_before_after.png``.
        options: layout, size, labels, change map.
        config: the chain.

    Raises:
        UsageError: no picture there, or the recordings don't match.
        DashcamError: another of its kinds; nothing was written.
    """
    options = options or PreviewOptions()
    comparison = _comparison(input, cleaned, config)
    target = _picture_target(comparison, output)
    with (
        made_folder(target.parent),
        atomic(target, overwrite=comparison.config.overwrite) as file,
    ):
        compose = Composer(comparison, options, moments=[at])
        for when, pair in comparison.pairs_at([at]):
            picture = compose(pair, options.period / 4).to_rgb()
            file.write(encode(picture, target.suffix.lower()))
            synthetic = comparison.synthetic
            return StillReport(target, compose.size, (when,), compose.box, synthetic=synthetic)
        raise no_frames(comparison.before, at)


def contact_sheet(
    input: str | Path,  # noqa: A002 - the word that the command line has
    cleaned: str | Path | None = None,
    *,
    count: int,
    output: str | Path | None = None,
    options: PreviewOptions | None = None,
    config: CleanConfig | None = None,
) -> StillReport:
    """Show before and after of moments spread over the asked part, on one sheet.

    Args:
        input: the recording; only read.
        cleaned: what was made of it; None runs the configuration's chain on those frames.
        count: moments, 1 to 200.
        output: where the picture goes; None is ``NAME_before_after.png``.
        options: layout, labels, change map; ``height`` is that of the whole sheet's tiles.
        config: the chain, and the part.

    Raises:
        UsageError: no picture in that part, or the recordings don't match.
        DashcamError: another of its kinds; nothing was written.
    """
    options = options or PreviewOptions()
    comparison = _comparison(input, cleaned, config)
    target = _picture_target(comparison, output)
    with (
        made_folder(target.parent),
        atomic(target, overwrite=comparison.config.overwrite) as file,
    ):
        sheet, times, compose = _make_sheet(comparison, options, count)
        file.write(encode(sheet, target.suffix.lower()))
    size = Size(sheet.shape[1], sheet.shape[0])
    synthetic = comparison.synthetic
    return StillReport(target, size, tuple(times), compose.box, synthetic=synthetic)


def _make_sheet(
    comparison: Comparison, options: PreviewOptions, count: int
) -> tuple[RGB, list[float], Composer]:
    """The sheet, the times of its moments in seconds, and what composed them."""
    moments = comparison.moments(count)
    compose = Composer(comparison, options.model_copy(update={"labels": False}), moments=moments)
    columns = _columns(count, compose.size)
    tile = compose.size.fit((SHEET_WIDTH - _TILE_GAP) / columns - _TILE_GAP, SHEET_WIDTH)
    if options.height is not None:
        tile = compose.size
    tiles, times = [], []
    for when, pair in comparison.pairs_at(moments):
        tiles.append(compose(pair, options.period / 4).resized(tile).to_rgb())
        times.append(when)
    if not tiles:
        raise no_frames(comparison.before, moments[0])
    heading = _heading(comparison, compose) if options.labels else ""
    sheet = _sheet(tiles, times, min(columns, len(tiles)), heading)
    return sheet, times, compose


def _comparison(
    source: str | Path, cleaned: str | Path | None, config: CleanConfig | None
) -> Comparison:
    other = None if cleaned is None else Path(cleaned)
    return Comparison(Path(source), other, config or CleanConfig())


def _picture_target(comparison: Comparison, output: str | Path | None) -> Path:
    target = choose_target(comparison, output, suffix=".png")
    if target.suffix.lower() not in SUFFIXES:
        raise OutputError(
            _(
                "{target} has the extension {suffix}, which no picture has.",
                target=target,
                suffix=repr(target.suffix or "(none)"),
            ),
            advice=_("Written are: {suffixes}.", suffixes=", ".join(SUFFIXES)),
        )
    return target


def encode(picture: RGB, suffix: str) -> bytes:
    """A picture as a file's bytes.

    Args:
        picture: uint8 R'G'B', shape (h, w, 3).
        suffix: one of ``SUFFIXES``.
    """
    bgr = np.ascontiguousarray(picture[..., ::-1])
    done, data = cv2.imencode(suffix, bgr, SUFFIXES[suffix])
    if not done:
        raise OutputError(
            _(
                "a picture of {width}x{height} can't be written as {suffix}.",
                width=picture.shape[1],
                height=picture.shape[0],
                suffix=suffix,
            ),
            advice=_("Take another ending, or a smaller `height=`."),
        )
    return data.tobytes()


def _columns(count: int, size: Size) -> int:
    """So many that the sheet comes out about as wide as it is high."""
    return max(1, min(count, round(math.sqrt(count * size.height / size.width) + 0.35)))


def _heading(comparison: Comparison, compose: Composer) -> str:
    names = [comparison.source.name]
    if comparison.cleaned is not None:
        names.append(comparison.cleaned.name)
    return f"{' | '.join(compose.titles)}   {', '.join(names)}"


def _sheet(tiles: list[RGB], times: list[float], columns: int, heading: str) -> RGB:
    """Tiles (h, w, 3) uint8 of one size in rows, their times in seconds below; (H, W, 3) uint8."""
    height, width = tiles[0].shape[:2]
    size = max(15, min(28, height // 9))
    caption = round(size * 1.7)
    top = _TILE_GAP + (round(size * 2.2) if heading else 0)
    rows = -(-len(tiles) // columns)
    shape = (
        top + rows * (height + caption + _TILE_GAP),
        _TILE_GAP + columns * (width + _TILE_GAP),
    )
    sheet = np.full((shape[0] + shape[0] % 2, shape[1] + shape[1] % 2, 3), _PAPER, np.uint8)
    if heading:
        text = labels.shorten(heading, size, shape[1] - 2 * _TILE_GAP)
        labels.write(sheet, text, (_TILE_GAP, _TILE_GAP + round(size * 1.3)), size, bold=True)
    for index, (tile, when) in enumerate(zip(tiles, times, strict=True)):
        row, column = divmod(index, columns)
        y = top + row * (height + caption + _TILE_GAP)
        x = _TILE_GAP + column * (width + _TILE_GAP)
        sheet[y : y + height, x : x + width] = tile
        labels.write(sheet, clock(when, tenths=True), (x, y + height + round(size * 1.2)), size)
    return sheet
