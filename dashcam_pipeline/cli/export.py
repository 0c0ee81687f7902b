"""``dashcam export``: from a training run to weights that the stages can use (extra ``train``)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.cli.train_glare import own_scenes
from dashcam_pipeline.errors import UsageError


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--name", default="glare", show_default=True, help="What options will call it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help=("Folder of weights; its manifest.toml is made or brought up to date."),
)
@click.option("--licence", required=True, help="Of the weights.")
@click.option(
    "--trained-on",
    multiple=True,
    required=True,
    help=("A set of pictures with its terms. May be given often."),
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option(
    "--prune",
    is_flag=True,
    help="Of deep supervision, keep the answer of X0,4 alone: it is faster.",
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(["fp16", "int8"]),
    multiple=True,
    help="Write a twin NAME-PRECISION as well, and say what it loses. May be given often.",
)
@click.option(
    "--calibration",
    multiple=True,
    metavar="KIND:PATH[@LIST]",
    help=(
        "Pictures for the synthesised nights that twins are calibrated and measured on.  "
        "[default: the simulated scenes of a checkout]"
    ),
)
def export(  # noqa: PLR0917 - click passes them by name
    checkpoint: Path,
    name: str,
    out: Path,
    licence: str,
    trained_on: tuple[str, ...],
    prune: bool,
    precisions: tuple[Literal["fp16", "int8"], ...],
    calibration: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Write a run's averaged network as ONNX, its entry in the manifest, and its model card.

    A run of `train night-day` gives both directions, under the names of their stages.
    """
    need_training()
    from dashcam_pipeline.media.output_checks import need_new  # noqa: PLC0415 - with torch
    from dashcam_pipeline.training.glare.export import export_glare  # noqa: PLC0415 - torch
    from dashcam_pipeline.training.night_day.export import (  # noqa: PLC0415 - torch
        DIRECTIONS,
        export_night_day,
        is_night_day,
    )

    if is_night_day(checkpoint):
        need_new((out / f"{way}.onnx" for way in DIRECTIONS), overwrite=overwrite)
        written = export_night_day(checkpoint, out, licence=licence, trained_on=trained_on)
        for path, difference in written.items():
            click.echo(f"{path}: differs from torch by at most {difference:.1e}")
        return
    names = [name, *(f"{name}-{precision}" for precision in precisions)]
    need_new((out / f"{each}.onnx" for each in names), overwrite=overwrite)
    calibration = calibration or own_scenes()
    if precisions and not calibration:
        raise UsageError("Give --calibration KIND:PATH: no pictures to calibrate on.")
    done = export_glare(
        checkpoint,
        out,
        name,
        licence=licence,
        trained_on=trained_on,
        prune=prune,
        precisions=precisions,
        calibration=calibration,
    )
    click.echo(f"{done.path}: differs from torch by at most {done.difference:.1e}")
    for precision, loss in done.losses.items():
        click.echo(f"{name}-{precision}: loses {loss:.2f} dB on synthesised nights")
