"""``dashcam evaluate``: measure weights (extra ``train``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashcam_pipeline.cli.evaluate_night_day import night_day
from dashcam_pipeline.cli.train import need_training
from dashcam_pipeline.errors import UsageError

if TYPE_CHECKING:
    from dashcam_pipeline.stages.base import Quality


@click.group()
def evaluate() -> None:
    """Measure the weights of a stage beside doing nothing."""


evaluate.add_command(night_day)


@evaluate.command("glare")
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("glare",),
    show_default=True,
    help=("Of `dashcam models`, or an ONNX file with its manifest. May be given often."),
)
@click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    help=("Real pairs: a folder with flare/ and clear/."),
)
@click.option(
    "--list", "names", type=click.Path(path_type=Path), help=("Names of the pairs to take.")
)
@click.option("--folder", type=click.Path(path_type=Path), help="Real nights without truth.")
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="A clip of `dashcam simulate`, with its truth (samples/city): scores in time too.",
)
@click.option(
    "--streaks", type=float, help=("Strength of structured glare; the stage's own if not given.")
)
@click.option("--veil", type=float, help="Strength of the veil; the stage's own if not given.")
@click.option(
    "--quality",
    type=click.Choice(["fast", "balanced", "best"]),
    default="balanced",
    show_default=True,
    help=("Level of the stage."),
)
@click.option("--pictures", type=click.Path(path_type=Path), help="Write before and after here.")
def glare(  # noqa: PLR0917 - click passes them by name
    models: tuple[str, ...],
    pairs: Path | None,
    names: Path | None,
    folder: Path | None,
    truth: Path | None,
    streaks: float | None,
    veil: float | None,
    quality: Quality,
    pictures: Path | None,
) -> None:
    """Measure glare models through the stage itself, at full resolution."""
    need_training()
    from dashcam_pipeline.training import evaluate as measure  # noqa: PLC0415 - torch

    if pairs is None and folder is None and truth is None:
        raise UsageError("Give --pairs, --truth or --folder.")
    strengths = {"streaks": streaks, "veil": veil}
    options = {key: value for key, value in strengths.items() if value is not None}
    rows = {name: measure.cleaner(name, options, quality) for name in models}
    if pairs is not None:
        click.echo(measure.pairs_table(measure.evaluate_pairs(pairs, names, rows, pictures)))
    if truth is not None:
        from dashcam_pipeline.training import evaluate_clip as clips  # noqa: PLC0415 - torch

        films = {name: clips.clip_cleaner(name, options, quality) for name in models}
        click.echo(clips.clip_table(clips.evaluate_clip(truth, films)))
    if folder is not None:
        for name, pipeline in rows.items():
            click.echo(f"{name}:\n")
            click.echo(measure.nights_table(measure.evaluate_nights(folder, pipeline, pictures)))
