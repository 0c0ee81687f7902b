"""Whole evaluations by path, for benchmarks; the measures are in ``evaluation``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashcam_pipeline.training.data.pictures import PictureSource
from dashcam_pipeline.training.evaluation.nights import NightScore, NightsReport, measure_nights
from dashcam_pipeline.training.evaluation.pair_folder import PairFolder
from dashcam_pipeline.training.evaluation.pairs import PairRow, measure_pairs, pairs_table
from dashcam_pipeline.training.evaluation.stage import clean_picture, cleaner, clip_cleaner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashcam_pipeline.pipeline import Pipeline

__all__ = [
    "NightScore",
    "clean_picture",
    "cleaner",
    "clip_cleaner",
    "evaluate_nights",
    "evaluate_pairs",
    "nights_table",
    "pairs_table",
]


def evaluate_pairs(
    folder: Path, names: Path | None, rows: Mapping[str, Pipeline], pictures: Path | None = None
) -> list[PairRow]:
    """Score pipelines on real pairs at full resolution, without the perceptual distance.

    Args:
        folder: of pairs.
        names: a list of pairs; all of them if None.
        rows: a name for each pipeline to compare.
        pictures: folder for flare | clear | result of every row and pair.

    Returns:
        doing nothing first, then a row for each pipeline.
    """
    pairs = PairFolder.open(folder, () if names is None else (names,))
    return measure_pairs(pairs, rows, pictures=pictures).rows()


def evaluate_nights(
    folder: Path, pipeline: Pipeline, pictures: Path | None = None
) -> dict[str, NightScore]:
    """Score one pipeline on every picture of a folder without truth.

    Args:
        folder: of night pictures.
        pipeline: the stage with a model.
        pictures: folder for before | after of every picture.
    """
    files = PictureSource("night", folder).files()
    return measure_nights(files, {"glare": pipeline}, pictures=pictures).scores["glare"]


def nights_table(scores: Mapping[str, NightScore]) -> str:
    """Means over a folder as a Markdown table."""
    return NightsReport({"glare": dict(scores)}).markdown()
