"""How good a glare model is, through the very stage that users run, at full resolution.

On real pairs: PSNR by region beside doing nothing. On folders without truth: the ring measure,
what happens far from any lamp, and what happens to the lamps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.pipeline import Pipeline
from dashcam_pipeline.training.data.pictures import PictureSource, load_picture
from dashcam_pipeline.training.metrics import PairScore, Regions
from dashcam_pipeline.training.watch import load_pairs

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.stages.base import Quality

    RGB = npt.NDArray[np.uint8]

WORSE = 0.1
"""A picture counts as made worse from this loss in dB on."""

RING = (1.5, 4.0)
"""Where the haze of a lamp is measured, in radii of its saturated blob."""

FAR = 8.0
"""Farther than so many radii from every lamp, a picture should stay as it was."""

SATURATED = 0.95
"""Luma from which a pixel belongs to a lamp."""

SMALLEST_BLOB = 12
"""Pixels; smaller saturated spots are noise."""


def cleaner(model: str, options: dict[str, float], quality: Quality = "best") -> Pipeline:
    """The glare stage with one model, without temporal smoothing (pictures have no past)."""
    spec = StageSpec(name="glare", options={"model": model, "smoothing": 0.0, **options})
    return Pipeline(CleanConfig(stages=(spec,), quality=quality))


def clean_picture(pipeline: Pipeline, picture: RGB) -> RGB:
    """One (H, W, 3) uint8 picture through the stage."""
    return np.asarray(pipeline.process_rgb(picture[None])[0])


@dataclass(frozen=True, slots=True)
class PairRow:
    """Means over pairs, dB; ``worse`` is the share of pictures that lost as a whole."""

    name: str
    glare: float
    rest: float
    whole: float
    worse: float

    @classmethod
    def of(cls, name: str, scores: list[PairScore], nothing: list[PairScore]) -> PairRow:
        """Average scores; compare with doing nothing."""
        lost = [s.whole < n.whole - WORSE for s, n in zip(scores, nothing, strict=True)]
        glare, rest, whole = (
            float(np.nanmean([getattr(s, key) for s in scores]))
            for key in ("glare", "rest", "whole")
        )
        return cls(name, glare, rest, whole, float(np.mean(lost)))


def evaluate_pairs(
    folder: Path, names: Path | None, rows: dict[str, Pipeline], pictures: Path | None = None
) -> list[PairRow]:
    """Score pipelines on real pairs at full resolution.

    Args:
        folder: with ``flare/`` and ``clear/``.
        names: a list of pairs; all of them if None.
        rows: a name for each pipeline to compare.
        pictures: folder for flare | clear | result of every row and pair.

    Returns:
        doing nothing first, then a row for each pipeline.
    """
    scores: dict[str, list[PairScore]] = {"doing nothing": [], **{name: [] for name in rows}}
    for pair in load_pairs(folder, names, scale=1.0):
        regions = Regions.of(pair.flare, pair.clear)
        scores["doing nothing"].append(PairScore.of(pair.flare, pair.clear, regions))
        flare = np.round(pair.flare * 255).astype(np.uint8)
        results = []
        for name, pipeline in rows.items():
            result = clean_picture(pipeline, flare)
            results.append(result)
            scores[name].append(PairScore.of(result.astype(np.float32) / 255, pair.clear, regions))
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            clear = np.round(pair.clear * 255).astype(np.uint8)
            sheet = np.concatenate([flare, clear, *results], axis=1)[..., ::-1]
            cv2.imwrite(str(pictures / f"pair-{pair.name}"), sheet)
    nothing = scores["doing nothing"]
    return [PairRow.of(name, found, nothing) for name, found in scores.items()]


@dataclass(frozen=True, slots=True)
class NightScore:
    """What happened to one night without truth.

    Args:
        ring: change of the 10th percentile of luma in the rings round lamps, relative; NaN
            without lamps.
        far: change of the median luma far from lamps, relative.
        crushed: share of pixels newly black.
        lamps: area above ``SATURATED`` after, relative to before; NaN without lamps.
    """

    ring: float
    far: float
    crushed: float
    lamps: float

    @classmethod
    def of(cls, before: RGB, after: RGB) -> NightScore:
        """Compare a picture (H, W, 3) with its cleaned self."""
        old, new = (
            cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255 for p in (before, after)
        )
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            (old > SATURATED).astype(np.uint8), connectivity=8
        )
        rings, far = [], np.ones(old.shape, bool)
        for label in range(1, count):
            area = stats[label, cv2.CC_STAT_AREA]
            if area < SMALLEST_BLOB:
                continue
            radius = float(np.sqrt(area / np.pi))
            away = (
                cv2.distanceTransform((labels != label).astype(np.uint8), cv2.DIST_L2, 5) / radius
            )
            far &= away > FAR
            ring = (away > RING[0] - 1) & (away < RING[1] - 1)
            was = float(np.percentile(old[ring], 10)) if ring.any() else 0.0
            if was > 0:
                rings.append(float(np.percentile(new[ring], 10)) / was - 1)
        lit = (old > SATURATED).sum()
        median = float(np.median(old[far])) if far.any() else 0.0
        return cls(
            float(np.mean(rings)) if rings else float("nan"),
            float(np.median(new[far])) / median - 1 if median > 0 else float("nan"),
            float(np.mean((new < 1 / 255) & (old >= 1 / 255))),
            float((new > SATURATED).sum() / lit) if lit else float("nan"),
        )


def evaluate_nights(
    folder: Path, pipeline: Pipeline, pictures: Path | None = None
) -> dict[str, NightScore]:
    """Score one pipeline on every picture of a folder without truth.

    Args:
        folder: of night pictures.
        pipeline: the stage with a model.
        pictures: folder for before | after of every picture.
    """
    scores = {}
    for file in PictureSource("night", folder).files():
        before = np.asarray(load_picture(file, "night", 4096).pixels, np.uint8)
        after = clean_picture(pipeline, before)
        scores[file.name] = NightScore.of(before, after)
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(
                str(pictures / f"night-{file.stem}.jpg"),
                np.concatenate([before, after], axis=1)[..., ::-1],
            )
    return scores


def pairs_table(rows: list[PairRow]) -> str:
    """Rows as a Markdown table."""
    lines = [
        "| row | glare region, dB | rest, dB | whole, dB | made worse |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r.name} | {r.glare:.2f} | {r.rest:.2f} | {r.whole:.2f} | {r.worse:.0%} |" for r in rows
    ]
    return "\n".join(lines)


def nights_table(scores: dict[str, NightScore]) -> str:
    """Means over a folder as a Markdown table."""
    ring, far, crushed, lamps = (
        float(np.nanmean([getattr(s, key) for s in scores.values()]))
        for key in ("ring", "far", "crushed", "lamps")
    )
    return (
        "| pictures | haze in the ring | far from lamps | newly black | lamp area kept |\n"
        "|---:|---:|---:|---:|---:|\n"
        f"| {len(scores)} | {ring:+.1%} | {far:+.1%} | {crushed:.2%} | {lamps:.1%} |"
    )
