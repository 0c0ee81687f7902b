"""``dashcam train``: make weights (extra ``train``)."""

from __future__ import annotations

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.cli.train_glare import glare
from dashcam_pipeline.cli.train_night_day import night_day

__all__ = ["need_training", "train"]


@click.group()
def train() -> None:
    """Train the weights of a stage on your own pictures."""


train.add_command(glare)
train.add_command(night_day)
