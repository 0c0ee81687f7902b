"""``dashcam train night-day``: make weights of the stages night-to-day and day-to-night."""

from __future__ import annotations

from pathlib import Path

import click

from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.errors import UsageError


class _Size(click.ParamType[tuple[int, int]]):
    """HEIGHTxWIDTH."""

    name = "HxW"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Two numbers."""
        height, _, width = str(value).partition("x")
        if not (height.isdecimal() and width.isdecimal()):
            self.fail(f"{value!r} is not HEIGHTxWIDTH, as 192x288", param, ctx)
        return int(height), int(width)


@click.command("night-day")
@click.option("--a", multiple=True, metavar="DIR[@RULE]", help="Nights. May be given often.")
@click.option(
    "--b",
    multiple=True,
    metavar="DIR[@RULE]",
    help=(
        "Days. A rule is -N (hold out the last N by name), a list of names, or W:H (stretch "
        "squashed pictures to that aspect)."
    ),
)
@click.option(
    "--bdd100k", type=click.Path(path_type=Path), help="A BDD100K copy: adds to both domains."
)
@click.option(
    "--rain",
    type=click.Choice(["without", "with", "only"]),
    help="Rain among BDD100K's pictures.  [default: without]",
)
@click.option(
    "--pairs",
    multiple=True,
    metavar="simulated:DIR",
    help="Aligned scenes to begin with. May be given often.",
)
@click.option(
    "--darken/--no-darken",
    default=None,
    help="Make aligned examples of the days by darkening them, too.  [default: darken]",
)
@click.option(
    "--generator",
    type=click.Choice(["grid", "unet", "resnet9"]),
    help="resnet9 is the paper's, for GPUs.  [default: grid]",
)
@click.option(
    "--size", type=_Size(), help="Of training windows, multiples of 32.  [default: 160x256]"
)
@click.option("--batch", type=int, help="Pictures of each domain a step.  [default: 2]")
@click.option("--epochs", type=int, help="The rate falls over the second half.  [default: 300]")
@click.option("--hours", type=float, help="Time budget over all parts of the run.  [default: none]")
@click.option("--seed", type=int, help="Of data and networks.  [default: 0]")
@click.option("--threads", type=int, help="CPU threads; 0 leaves it to torch.  [default: 0]")
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    help="Folder with night-to-day.onnx and day-to-night.onnx to start from, as `export` writes.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the new run.")
@click.option("--resume", type=click.Path(path_type=Path), help="Folder of a run to go on with.")
def night_day(
    out: Path | None,
    resume: Path | None,
    hours: float | None,
    epochs: int | None,
    **given: object,
) -> None:
    """Train both directions of night to day on two folders of pictures.

    \b
    A run is one folder: config, versions, curves, a checkpoint, a grid of pictures an epoch
    (real day, day to night, real night, night to day). It can be killed at any time:
      dashcam train night-day --a NIGHTS --b DAYS --hours 2 --out runs/a
      dashcam train night-day --resume runs/a --hours 4
    """  # noqa: D301 - click's own paragraph mark
    need_training()
    from dashcam_pipeline.training.night_day.config import NightDayConfig  # noqa: PLC0415 - torch
    from dashcam_pipeline.training.night_day.train import (  # noqa: PLC0415 - torch
        resume_config,
        train_night_day,
    )

    explicit = {key: value for key, value in given.items() if value not in (None, ())}
    if (out is None) == (resume is None):
        raise UsageError("Give either --out for a new run or --resume for an old one.")
    if resume is not None:
        if explicit:
            raise UsageError("A resumed run keeps its settings but for --hours and --epochs.")
        config = resume_config(resume, hours=hours, epochs=epochs)
    else:
        explicit |= {k: v for k, v in (("hours", hours), ("epochs", epochs)) if v is not None}
        try:
            config = NightDayConfig.model_validate(explicit)
        except ValueError as error:
            raise UsageError(f"These settings don't go together: {error}") from error
    folder = out or resume
    assert folder is not None  # noqa: S101 - one of both, checked above
    click.echo(f"{train_night_day(config, folder, tell=lambda t: click.echo(t, err=True))}")
