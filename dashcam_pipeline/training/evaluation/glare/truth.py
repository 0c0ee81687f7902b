"""How good a glare model is on a simulated clip, whose truth is exact, in space and in time.

The clip is a folder of the simulator: ``night-glare.mp4``, ``night-truth.mp4``, ``masks.mkv``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, number, numbers, table
from dashcam_pipeline.training.evaluation.glare.metrics import PairScore, Regions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline
    from dashcam_pipeline.training.evaluation.glare.bars import Bar

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
    films = [_read(folder / n) for n in ("night-glare.mp4", "night-truth.mp4", "masks.mkv")]
    glare, truth, masks = films
    if not len(glare) == len(truth) == len(masks):
        raise InputError(
            f"the films of {folder} differ in length: {[len(f) for f in films]} frames",
            advice="Simulate the clip again.",
        )
    results = {NOTHING: glare}
    results |= {name: np.asarray(pipeline.process_rgb(glare)) for name, pipeline in rows.items()}
    return [_row(name, frames, glare, truth, masks) for name, frames in results.items()]


@dataclass(frozen=True, slots=True)
class ClipReport:
    """All rows of one clip."""

    rows: tuple[ClipRow, ...]

    def bars(self) -> list[Bar]:
        """None yet."""
        return []

    def markdown(self) -> str:
        """One table."""
        return clip_table(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """The same as data."""
        return {"rows": [asdict(row) for row in self.rows]}


def clip_table(rows: Sequence[ClipRow]) -> str:
    """Rows as a Markdown table."""
    heads = ["row", "glare region, dB", "rest, dB", "whole, dB", "flicker, codes"]
    lines = [
        [
            r.name,
            *numbers(".2f", r.glare, r.rest, r.whole, r.flicker),
            number(r.lamps, "+.1%"),
        ]
        for r in rows
    ]
    return table([*heads, "lamps and signals"], lines)


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
