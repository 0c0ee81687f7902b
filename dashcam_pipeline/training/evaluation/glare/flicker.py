"""Flicker of a cleaned clip: its warping error against that of the recording.

Luma of each frame is compared with the frame before, carried along on the *recording's* own
optical flow (Lai, Huang, Wang, Shechtman, Yumer, Yang: Learning blind video temporal consistency,
2018, section 4.2):

    r_t(V) = V_t - warp(V_(t-1)),    error(V) = sqrt(mean of r_t(V)^2),  in codes of 8 bits

over the pixels whose flow holds both ways (see ``motion``). *Ratio* is the output's error over the
recording's: above 1 the output flickers more. Taking light away lowers it by itself; so *added*
says what the cleaning itself changed from frame to frame, the same mean of r_t(output) -
r_t(recording).

Frames are averaged down to at most ``SIDE`` pixels; pairs over a scene cut are left out. Pipelines
run as they do for users, with smoothing in time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import tee
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.engine.cuts import is_cut, thumbnail
from dashcam_pipeline.engine.rgb import rgb_to_frame
from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.stages.shrink import code_scale
from dashcam_pipeline.training.data.pictures import PictureSource, load_picture
from dashcam_pipeline.training.evaluation.common.motion import Motion
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, mean, number, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.engine.cuts import Thumbnail
    from dashcam_pipeline.pipeline import Pipeline

    Map = npt.NDArray[np.floating[Any]]

SIDE: Final = 960
"""Longest side that errors are measured at."""

_TICK: Final = Fraction(1, 30)
_LARGEST_PICTURE: Final = 4096
_SIMULATED: Final = "night-glare.mp4"
"""The recording in a folder of `dashcam simulate`."""


def read_clip(path: Path) -> Iterator[Frame]:
    """Frames of a clip.

    Args:
        path: a recording; a folder of `dashcam simulate`; or a folder of pictures, which are
            taken as consecutive frames in the order of their names.

    Raises:
        InputMissingError: there is neither file nor folder.
        InputError: nothing to read, or the pictures differ in size.
    """
    if path.is_dir() and (path / _SIMULATED).is_file():
        path /= _SIMULATED
    if path.is_dir():
        return _read_pictures(path)
    if not path.is_file():
        raise InputMissingError(f"{path} is neither a recording nor a folder of pictures")
    return _read_recording(path)


def _read_recording(path: Path) -> Iterator[Frame]:
    with Reader(path) as reader:
        for item in reader:
            if isinstance(item, Frame):
                yield item


def _read_pictures(folder: Path) -> Iterator[Frame]:
    shape: tuple[int, ...] | None = None
    for index, file in enumerate(PictureSource("night", folder).files()):
        picture = load_picture(file, "night", _LARGEST_PICTURE).pixels
        shape = shape or picture.shape
        if picture.shape != shape:
            raise InputError(
                f"{file} is {picture.shape[1]}x{picture.shape[0]}, those before {shape[1]}x"
                f"{shape[0]}",
                advice="The frames of a clip have one size.",
            )
        yield rgb_to_frame(picture, index=index, pts=index, time_base=_TICK)


@dataclass(frozen=True, slots=True)
class FlickerRow:
    """One row of one clip; errors in codes of 8 bits.

    Args:
        name: of the row.
        error: warping error.
        ratio: over the recording's.
        added: warped change of what the cleaning changed.
    """

    name: str
    error: float
    ratio: float
    added: float


@dataclass(frozen=True, slots=True)
class ClipFlicker:
    """What was measured on one clip.

    Args:
        clip: its name.
        pairs: of frames compared.
        cuts: pairs left out.
        seen: share of the pixels whose flow held.
        rows: doing nothing first.
    """

    clip: str
    pairs: int
    cuts: int
    seen: float
    rows: tuple[FlickerRow, ...]


@dataclass(frozen=True, slots=True)
class FlickerReport:
    """All clips."""

    clips: tuple[ClipFlicker, ...]

    def bars(self) -> list[Bar]:
        """The output may not flicker more than the recording."""
        return [
            Bar(row.name, f"flicker of {clip.clip}", row.ratio, "most", 1.0, ".3f")
            for clip in self.clips
            for row in clip.rows[1:]
        ]

    def markdown(self) -> str:
        """One table, a line for each clip and row."""
        heads = ["clip", "row", "pairs", "flow holds", "error, codes", "ratio", "added, codes"]
        lines = [
            [
                clip.clip,
                row.name,
                str(clip.pairs),
                number(clip.seen, ".0%"),
                *numbers(".3f", row.error, row.ratio, row.added),
            ]
            for clip in self.clips
            for row in clip.rows
        ]
        return table(heads, lines, words=2)

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return {"clips": [asdict(clip) for clip in self.clips]}


def small_luma(frame: Frame) -> Map:
    """Luma of a frame in [0, 1], (h, w) float32, its longer side at most ``SIDE``."""
    offset, span, _, _ = code_scale(frame.layout, frame.color)
    luma = (frame.planes[0].astype(np.float32) - offset) * (1 / span)
    scale = SIDE / max(luma.shape)
    if scale < 1:
        luma = np.asarray(cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return np.clip(luma, 0, 1)


def measure_flicker(
    clip: str, frames: Iterable[Frame], pipelines: Mapping[str, Pipeline]
) -> ClipFlicker:
    """Measure one clip; frames are read once, and few are held.

    Args:
        clip: its name in the report.
        frames: in order.
        pipelines: a name for each row beside doing nothing; with smoothing, as users have it.

    Raises:
        InputError: fewer than two frames.
    """
    squares: dict[str, list[float]] = defaultdict(list)
    added: dict[str, list[float]] = defaultdict(list)
    seen: list[float] = []
    cuts = count = 0
    past: dict[str, Map] = {}
    last: Thumbnail | None = None
    for now, look in _lumas(frames, pipelines):
        count += 1
        if last is not None and is_cut(last, look):
            cuts += 1
        elif past:
            motion = Motion.between(_to_codes(past[NOTHING]), _to_codes(now[NOTHING]))
            seen.append(float(motion.seen.mean()))
            if motion.seen.any():
                rest = {n: (luma - motion.carry(past[n]))[motion.seen] for n, luma in now.items()}
                for name, residual in rest.items():
                    squares[name].append(_mean_square(residual))
                    added[name].append(_mean_square(residual - rest[NOTHING]))
        past, last = now, look
    if count < 2:  # noqa: PLR2004 - a pair
        raise InputError(f"{clip} has {count} frames; flicker needs two")
    rows = []
    for name in (NOTHING, *pipelines):
        error, change = (_codes(found[name]) for found in (squares, added))
        still = _codes(squares[NOTHING])
        rows.append(FlickerRow(name, error, error / still if still else float("nan"), change))
    return ClipFlicker(clip, len(seen), cuts, mean(seen), tuple(rows))


def _lumas(
    frames: Iterable[Frame], pipelines: Mapping[str, Pipeline]
) -> Iterator[tuple[dict[str, Map], Thumbnail]]:
    """Small luma of each frame by row, all rows in step, and the recording's thumbnail."""
    sources = tee(frames, len(pipelines) + 1)
    streams = [p.process(s) for p, s in zip(pipelines.values(), sources[1:], strict=True)]
    for before, *after in zip(sources[0], *streams, strict=True):
        lumas = {n: small_luma(f) for n, f in zip(pipelines, after, strict=True)}
        yield {NOTHING: small_luma(before), **lumas}, thumbnail(before)


def _to_codes(luma: Map) -> npt.NDArray[np.uint8]:
    return np.round(luma * 255).astype(np.uint8)


def _mean_square(residual: Map) -> float:
    return float(np.square(residual, dtype=np.float64).mean())


def _codes(squares: list[float]) -> float:
    """Root of the mean of squares, in codes of 8 bits."""
    return 255 * float(np.sqrt(np.mean(squares))) if squares else float("nan")
