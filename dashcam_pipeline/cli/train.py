"""``dashcam train``: make weights (extra ``train``)."""

from __future__ import annotations

import click

from dashcam_pipeline.cli.train_glare import glare
from dashcam_pipeline.cli.train_night_day import night_day


@click.group()
def train() -> None:
    """Train the weights of a stage on your own pictures."""


train.add_command(glare)
train.add_command(night_day)
