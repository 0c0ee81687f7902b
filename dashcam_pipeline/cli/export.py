"""``dashcam export``: from a training run to weights that the stages can use (extra ``train``)."""

from __future__ import annotations

from pathlib import Path

import click

from dashcam_pipeline.cli.extras import need_training


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
@click.option(
    "--prune",
    is_flag=True,
    help="Of deep supervision, keep the answer of X0,4 alone: it is faster.",
)
def export(  # noqa: PLR0917 - click passes them by name
    checkpoint: Path, name: str, out: Path, licence: str, trained_on: tuple[str, ...], prune: bool
) -> None:
    """Write a run's averaged network as ONNX, with its entry in the manifest.

    A run of `train night-day` gives both directions, under the names of their stages, and a model
    card each.
    """
    need_training()
    from dashcam_pipeline.training.export import export_run  # noqa: PLC0415 - torch
    from dashcam_pipeline.training.night_day.export import (  # noqa: PLC0415 - torch
        export_night_day,
        is_night_day,
    )

    if is_night_day(checkpoint):
        written = export_night_day(checkpoint, out, licence=licence, trained_on=trained_on)
        for path, difference in written.items():
            click.echo(f"{path}: differs from torch by at most {difference:.1e}")
        return
    path, difference = export_run(
        checkpoint, out, name, licence=licence, trained_on=trained_on, prune=prune
    )
    click.echo(f"{path}: differs from torch by at most {difference:.1e}")
