"""``dashcam export``: from a training run to weights that the stages can use (extra ``train``)."""

from __future__ import annotations

from pathlib import Path

import click

from dashcam_pipeline.cli.train import need_training


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
def export(
    checkpoint: Path, name: str, out: Path, licence: str, trained_on: tuple[str, ...]
) -> None:
    """Write a run's averaged network as ONNX, with its entry in the manifest."""
    need_training()
    from dashcam_pipeline.training.export import export_run  # noqa: PLC0415 - torch

    path, difference = export_run(checkpoint, out, name, licence=licence, trained_on=trained_on)
    click.echo(f"{path}: differs from torch by at most {difference:.1e}")
