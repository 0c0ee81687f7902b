"""``dashcam evaluate``: measure weights (extra ``train``)."""

from __future__ import annotations

import click

from dashcam_pipeline.cli.evaluate_glare import glare
from dashcam_pipeline.cli.evaluate_night_day import night_day


@click.group()
def evaluate() -> None:
    """Measure the weights of a stage beside doing nothing."""


evaluate.add_command(glare)
evaluate.add_command(night_day)
