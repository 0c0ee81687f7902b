"""How good a glare model is on a simulated clip, whose truth is exact, in space and in time.

The clip is a folder of the simulator: ``night-glare.mp4``, ``night-truth.mp4``, ``masks.mkv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.pipeline import Pipeline
from dashcam_pipeline.training.metrics import PairScore, Regions

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.stages.base import Quality

    Frames = npt.NDArray[np.uint8]

LIT = 0.5
"""Coverage from which a pixel belongs to a lamp or a signal."""


@dataclass(frozen=True, slots=True)
class ClipRow:
    """Means over the frames of a clip.

    Args:
        name: of the row.
        glare, rest, whole: PSNR in dB, regions as in ``metrics``.
        flicker: root mean square of what changes from frame to frame beyond the truth's own
            changes, in codes of 8 bits, within the glare region.
        lamps: change of the mean code on lamps and signals against the recording, relative;
            NaN where none is in view.
    """

    name: str
    glare: float
    rest: float
    whole: float
    flicker: float
    lamps: float


def clip_cleaner(model: str, options: dict[str, float], quality: Quality) -> Pipeline:
    """The glare stage with one model, with its smoothing in time."""
    spec = StageSpec(name="glare", options={"model": model, **options})
    return Pipeline(CleanConfig(stages=(spec,), quality=quality))


def evaluate_clip(folder: Path, rows: dict[str, Pipeline]) -> list[ClipRow]:
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
    films = [_read(folder / n) for n in ("night-glare.mp4", "night-truth.mp4", "masks.mkv")]
    glare, truth, masks = films
    if not len(glare) == len(truth) == len(masks):
        raise InputError(
            f"the films of {folder} differ in length: {[len(f) for f in films]} frames",
            advice="Simulate the clip again.",
        )
    results = {"doing nothing": glare}
    results |= {name: np.asarray(pipeline.process_rgb(glare)) for name, pipeline in rows.items()}
    return [_row(name, frames, glare, truth, masks) for name, frames in results.items()]


def clip_table(rows: list[ClipRow]) -> str:
    """Rows as a Markdown table."""
    lines = [
        "| row | glare region, dB | rest, dB | whole, dB | flicker, codes | lamps and signals |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r.name} | {r.glare:.2f} | {r.rest:.2f} | {r.whole:.2f} | {r.flicker:.2f} "
        f"| {r.lamps:+.1%} |"
        for r in rows
    ]
    return "\n".join(lines)


def _row(name: str, frames: Frames, glare: Frames, truth: Frames, masks: Frames) -> ClipRow:
    scores, flickers, lamps = [], [], []
    before: npt.NDArray[np.float32] | None = None
    for picture, hazy, clear, mask in zip(frames, glare, truth, masks, strict=True):
        got, bad, good = (p.astype(np.float32) / 255 for p in (picture, hazy, clear))
        regions = Regions.of(bad, good)
        scores.append(PairScore.of(got, good, regions))
        error = (got - good) * 255
        if before is not None and regions.glare.any():
            flickers.append(float(np.sqrt(np.mean((error - before)[regions.glare] ** 2))))
        before = error
        lit = mask[..., :2].max(-1) > LIT * 255
        if lit.any() and bad[lit].mean() > 0:
            lamps.append(float(got[lit].mean() / bad[lit].mean() - 1))
    glare_db, rest_db, whole_db = (
        float(np.nanmean([getattr(s, key) for s in scores])) for key in ("glare", "rest", "whole")
    )
    return ClipRow(
        name,
        glare_db,
        rest_db,
        whole_db,
        flicker=float(np.mean(flickers)) if flickers else float("nan"),
        lamps=float(np.mean(lamps)) if lamps else float("nan"),
    )


def _read(path: Path) -> Frames:
    """All frames of a film, (N, H, W, 3) uint8."""
    if not path.is_file():
        raise InputMissingError(
            f"no {path.name} in {path.parent}",
            advice="Give the folder of a clip that `dashcam simulate` wrote.",
        )
    with av.open(str(path)) as file:
        return np.stack([f.to_ndarray(format="rgb24") for f in file.decode(video=0)])
