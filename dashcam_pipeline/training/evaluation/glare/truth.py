"""How good a glare model is on simulated clips, whose truth is exact, in space and in time.

A clip is a folder of the simulator: ``night-glare.mp4``, ``night-truth.mp4``, ``masks.mkv``. Those
of the windscreen judge (``samples/windscreens``) are the first measure of this project: what
drivers look through is a windscreen.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.evaluation.common.motion import Motion
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, mean, number, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar
from dashcam_pipeline.training.evaluation.glare.lines import LinesKept, lines_kept
from dashcam_pipeline.training.evaluation.glare.metrics import PairScore, Regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline

    Frames = npt.NDArray[np.uint8]

RECORDING = "night-glare.mp4"
CLEAN = "-clean"
"""Ending of the name of a control: a scene behind clean glass."""

CLIPPED, EDGE = 0.95, 9
"""Code value of the brightest channel from which a lamp is clipped; width in pixels by which the
places so found are grown."""

LIT = 0.5
"""Coverage from which a pixel belongs to a lamp or a signal."""


@dataclass(frozen=True, slots=True)
class ClipRow:
    """Means over the frames of a clip.

    Args:
        name: of the row.
        glare, rest, whole: PSNR in dB, regions as in ``metrics``.
        flicker: root mean square of what changes from frame to frame beyond the truth's own
            changes, along the recording's motion, in codes of 8 bits; but for clipped lamps, whose
            edges are sharper where their glow is gone, so that a motion a little wrong says more.
        lamps: change of the mean code on lamps and signals against the recording, relative;
            NaN where none is in view.
        lines: how much of the rise that lane marks, verges and posts have in the truth, or in the
            recording if glare has taken some of it there, they have here, 1 for all of it: the
            median over the frames; NaN where there are none.
        lines_least: the same, of the frame that keeps least.
    """

    name: str
    glare: float
    rest: float
    whole: float
    flicker: float
    lamps: float
    lines: float
    lines_least: float


def find_clips(folders: Sequence[Path]) -> list[Path]:
    """Folders of clips: those given, or those in them.

    Raises:
        InputMissingError: a folder is no clip and holds none.
    """
    clips: list[Path] = []
    for folder in folders:
        inside = sorted(path.parent for path in folder.glob(f"*/{RECORDING}"))
        if not (folder / RECORDING).is_file() and not inside:
            raise InputMissingError(
                f"no {RECORDING} in {folder}, nor in a folder in it",
                advice="Give the folder of a clip that `dashcam simulate` wrote.",
            )
        clips += [folder] if (folder / RECORDING).is_file() else inside
    return clips


def evaluate_clip(folder: Path, rows: Mapping[str, Pipeline]) -> list[ClipRow]:
    """Score pipelines on a clip.

    Args:
        folder: of the simulator.
        rows: a name for each pipeline to compare.

    Returns:
        doing nothing first, then a row for each pipeline.

    Raises:
        InputMissingError: the folder lacks one of the three films.
        InputError: they differ in length.
    """
    films = [_read(folder / n) for n in (RECORDING, "night-truth.mp4", "masks.mkv")]
    glare, truth, masks = films
    if not len(glare) == len(truth) == len(masks):
        raise InputError(
            f"the films of {folder} differ in length: {[len(f) for f in films]} frames",
            advice="Simulate the clip again.",
        )
    results = {NOTHING: glare}
    results |= {name: np.asarray(pipeline.process_rgb(glare)) for name, pipeline in rows.items()}
    lumas = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in glare]
    motions = [Motion.between(np.asarray(a), np.asarray(b)) for a, b in pairwise(lumas)]
    return [_row(name, frames, glare, truth, masks, motions) for name, frames in results.items()]


@dataclass(frozen=True, slots=True)
class TruthReport:
    """All rows of some clips, by the clip's name."""

    clips: Mapping[str, Sequence[ClipRow]]

    def means(self) -> list[ClipRow]:
        """A row for each pipeline: means over all clips but the controls."""
        dirty = [rows for name, rows in self.clips.items() if not name.endswith(CLEAN)]
        means = []
        for same in zip(*dirty, strict=True):
            values = {
                field.name: mean([getattr(row, field.name) for row in same])
                for field in fields(ClipRow)
                if field.name not in {"name", "lines_least"}
            }
            least = min(
                (r.lines_least for r in same if not math.isnan(r.lines_least)), default=math.nan
            )
            means.append(ClipRow(same[0].name, lines_least=least, **values))
        return means

    def bars(self) -> list[Bar]:
        """What weights and stage are to reach behind windscreens; none for a single clip."""
        if len(self.clips) == 1 or not self.means():
            return []
        nothing, *others = self.means()
        bars = []
        for row in others:
            gain, flicker = row.whole - nothing.whole, row.flicker / nothing.flicker
            bars += [
                Bar(row.name, "whole, dB over doing nothing", gain, "least", 5, "+.2f"),
                Bar(row.name, "flicker over the recording's", flicker, "most", 1, ".3f"),
                Bar(row.name, "lane marks and posts keep", row.lines, "least", 0.97, ".1%"),
                Bar(row.name, "the same, of the worst frame", row.lines_least, "least", 0.9, ".1%"),
            ]
            controls = [rows for name, rows in self.clips.items() if name.endswith(CLEAN)]
            for rows in controls:
                own = next(r for r in rows if r.name == row.name)
                change = own.whole - rows[0].whole
                bars.append(Bar(row.name, "whole on clean glass", change, "least", -0.1, "+.2f"))
        return bars

    def markdown(self) -> str:
        """A table a clip, and one of the means."""
        parts = [f"{name}\n\n{clip_table(rows)}" for name, rows in self.clips.items()]
        if len(self.clips) > 1 and self.means():
            parts.append(f"All but the controls behind clean glass\n\n{clip_table(self.means())}")
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        clips = {name: [asdict(row) for row in rows] for name, rows in self.clips.items()}
        return {"clips": clips, "means": [asdict(row) for row in self.means()]}


def clip_table(rows: Sequence[ClipRow]) -> str:
    """Rows as a Markdown table."""
    heads = ["row", "whole, dB", "glare region, dB", "rest, dB", "flicker, codes"]
    lines = [
        [
            r.name,
            *numbers(".2f", r.whole, r.glare, r.rest, r.flicker),
            number(r.lamps, "+.1%"),
            number(r.lines, ".0%"),
            number(r.lines_least, ".0%"),
        ]
        for r in rows
    ]
    return table([*heads, "lamps and signals", "lines keep", "worst frame"], lines)


def _row(  # noqa: PLR0917 - one caller
    name: str,
    frames: Frames,
    glare: Frames,
    truth: Frames,
    masks: Frames,
    motions: Sequence[Motion],
) -> ClipRow:
    scores, flickers, lamps, lines = [], [], [], []
    before: npt.NDArray[np.float32] | None = None
    for i, (picture, hazy, clear, mask) in enumerate(zip(frames, glare, truth, masks, strict=True)):
        got, bad, good = (p.astype(np.float32) / 255 for p in (picture, hazy, clear))
        regions = Regions.of(bad, good)
        scores.append(PairScore.of(got, good, regions))
        error = (got - good) * 255
        if before is not None and (seen := motions[i - 1].seen & ~_clipped(bad)).any():
            change = (error - motions[i - 1].carry(before))[seen]
            flickers.append(float(np.sqrt(np.mean(change**2))))
        before = error
        lit = mask[..., :2].max(-1) > LIT * 255
        known = mask.max(-1) > LIT * 255
        lines.append(lines_kept(got, good, known) / min(lines_kept(bad, good, known), 1))
        if lit.any() and bad[lit].mean() > 0:
            lamps.append(float(got[lit].mean() / bad[lit].mean() - 1))
    glare_db, rest_db, whole_db = (
        float(np.nanmean([getattr(s, key) for s in scores])) for key in ("glare", "rest", "whole")
    )
    kept = LinesKept.of(lines)
    return ClipRow(
        name,
        glare_db,
        rest_db,
        whole_db,
        flicker=float(np.mean(flickers)) if flickers else float("nan"),
        lamps=float(np.mean(lamps)) if lamps else float("nan"),
        lines=kept.median,
        lines_least=kept.least,
    )


def _clipped(recording: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Clipped lamps of a frame (H, W, 3) in [0, 1] and their edges, (H, W)."""
    cores = (recording.max(axis=-1) >= CLIPPED).astype(np.uint8)
    return np.asarray(cv2.dilate(cores, np.ones((EDGE, EDGE), np.uint8)) > 0)


def _read(path: Path) -> Frames:
    """All frames of a film, (N, H, W, 3) uint8."""
    if not path.is_file():
        raise InputMissingError(
            f"no {path.name} in {path.parent}",
            advice="Give the folder of a clip that `dashcam simulate` wrote.",
        )
    with av.open(str(path)) as file:
        return np.stack([f.to_ndarray(format="rgb24") for f in file.decode(video=0)])
