"""``dashcam train``: make weights (extra ``train``)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click

from dashcam_pipeline.errors import UsageError


def need_training() -> None:
    """Say how to install the extra where it is missing.

    Raises:
        UsageError: torch is not installed.
    """
    if importlib.util.find_spec("lightning") is None:
        raise UsageError(
            "Training needs torch and its company, which are not installed.",
            advice="pip install 'dashcam-pipeline[train]'",
        )


@click.group()
def train() -> None:
    """Train the weights of a stage on your own pictures."""


@train.command("glare")
@click.option(
    "--data",
    multiple=True,
    metavar="KIND:PATH[@LIST]",
    help=(
        "Background pictures: night:, day:, hdr: or simulated: and a folder; a list names some "
        "of its files. May be given often."
    ),
)
@click.option("--model", type=click.Choice(["unetpp", "unet"]), help="Network.  [default: unetpp]")
@click.option(
    "--encoder",
    metavar="NAME",
    help=("Encoder of smp or, with tu-, of timm.  [default: tu-tf_efficientnet_lite0]"),
)
@click.option("--hours", type=float, help="Time budget over all parts of the run.  [default: 1]")
@click.option("--seed", type=int, help="Of synthesis and network.  [default: 0]")
@click.option("--threads", type=int, help="CPU threads; 0 leaves it to torch.  [default: 0]")
@click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    help=("Real pairs (flare/, clear/) to watch, never trained on."),
)
@click.option("--pairs-list", type=click.Path(path_type=Path), help="Names of the pairs to watch.")
@click.option(
    "--look", type=click.Path(path_type=Path), help=("Folder of real nights to show in the grid.")
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the new run.")
@click.option("--resume", type=click.Path(path_type=Path), help="Folder of a run to go on with.")
def glare(
    out: Path | None,
    resume: Path | None,
    hours: float | None,
    data: tuple[str, ...],
    **given: object,
) -> None:
    """Train the glare network on synthesised glare.

    \b
    A run is one folder: config, versions, logs, a checkpoint, a grid of pictures an epoch.
    Ctrl-C leaves it resumable:
      dashcam train glare --data night:NIGHTS --data day:DAYS --hours 2 --out runs/a
      dashcam train glare --resume runs/a --hours 4
    """  # noqa: D301 - click's own paragraph mark
    need_training()
    from dashcam_pipeline.training.glare_config import GlareTrainingConfig  # noqa: PLC0415 - torch
    from dashcam_pipeline.training.glare_train import resume_config, train_glare  # noqa: PLC0415

    explicit = {key: value for key, value in given.items() if value not in (None, ())}
    if (out is None) == (resume is None):
        raise UsageError("Give either --out for a new run or --resume for an old one.")
    if resume is not None:
        if explicit:
            raise UsageError("A resumed run keeps its settings but for --hours and --data.")
        folder, config = resume, resume_config(resume, hours=hours, data=data or None)
    else:
        if not data:
            raise UsageError("Give --data KIND:PATH at least once.")
        explicit["data"] = data
        if hours is not None:
            explicit["hours"] = hours
        folder, config = out, GlareTrainingConfig.model_validate(explicit)  # type: ignore[assignment] # one of both
    click.echo(f"{train_glare(config, folder)}")
