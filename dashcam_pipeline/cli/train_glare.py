"""``dashcam train glare``: make weights for the stage ``glare`` (extra ``train``)."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.extras import need_training
from dashcam_pipeline.errors import UsageError

if TYPE_CHECKING:
    from dashcam_pipeline.training.glare.config import GlareTrainingConfig

CHANGEABLE: Final = {"hours", "epochs", "data", "devices", "precision", "threads"}
"""What may be another in a later part of a run: how long, with which pictures, on what."""


def own_scenes() -> tuple[str, ...]:
    """The project's own simulated scenes as a source, in a checkout; a package hasn't them."""
    pack = Path(__file__).resolve().parents[2] / "samples" / "pack"
    return (f"simulated:{pack}",) if pack.is_dir() else ()


@click.command("glare")
@click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="Settings as TOML; what is said here wins over it.",
)
@click.option(
    "--data",
    multiple=True,
    metavar="KIND:PATH[@LIST]",
    help=(
        "Pictures: a kind (night:, day:, hdr:, simulated:, ...) and a folder; a list names some of "
        "its files. May be given often.  [default: the simulated scenes of a checkout]"
    ),
)
@click.option(
    "--model",
    type=click.Choice(["unetpp", "unet", "autoencoder"]),
    help="Network.  [default: unetpp]",
)
@click.option(
    "--encoder",
    metavar="NAME",
    help=("Encoder of smp or, with tu-, of timm.  [default: tu-tf_efficientnet_lite0]"),
)
@click.option(
    "--head",
    type=click.Choice(["layers", "image"]),
    help="Answer with layers of light, or with a clean picture.  [default: layers]",
)
@click.option(
    "--supervision",
    type=click.Choice(["last", "mean"]),
    help="UNet++: answer of X0,4, or the mean of X0,1 to X0,4.  [default: last]",
)
@click.option("--hours", type=float, help="Time budget over all parts of the run.  [default: 1]")
@click.option("--epochs", type=int, help="Length in epochs instead of hours.")
@click.option("--seed", type=int, help="Of synthesis and network.  [default: 0]")
@click.option("--threads", type=int, help="CPU threads; 0 leaves it to torch.  [default: 0]")
@click.option("--precision", metavar="NAME", help="As Lightning names it.  [default: auto]")
@click.option(
    "--devices", metavar="N", help="As Lightning names them: 2, 0,1 or auto.  [default: 1]"
)
@click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    help=("Real pairs (flare/, clear/) to watch, never trained on."),
)
@click.option("--pairs-list", type=click.Path(path_type=Path), help="Names of the pairs to watch.")
@click.option(
    "--look", type=click.Path(path_type=Path), help=("Folder of real nights to show in the grid.")
)
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    help="Another run's checkpoint, or exported weights (.onnx): the start, where they fit.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the new run.")
@click.option("--resume", type=click.Path(path_type=Path), help="Folder of a run to go on with.")
def glare(out: Path | None, resume: Path | None, file: Path | None, **given: object) -> int:
    """Train the glare network on synthesised glare.

    \b
    A run is one folder: config, versions, logs, a checkpoint, a grid of pictures and a picture of
    the curves, new each epoch. Ctrl-C leaves it resumable:
      dashcam train glare --data night:NIGHTS --data day:DAYS --hours 2 --out runs/a
      dashcam train glare --resume runs/a --hours 4
    """  # noqa: D301 - click's own paragraph mark
    need_training()
    from dashcam_pipeline.training.glare.train import is_first_process, train_glare  # noqa: PLC0415 - torch

    explicit = {key: value for key, value in given.items() if value not in (None, ())}
    if {"hours", "epochs"} <= set(explicit):
        raise UsageError("Give either --hours or --epochs.")
    if resume is not None and out is None:
        folder, config = resume, _resumed(resume, file, explicit)
    elif out is not None and resume is None:
        folder, config = out, _begun(out, file, explicit)
    else:
        raise UsageError("Give either --out for a new run or --resume for an old one.")
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")  # advice to its programmers
            checkpoint = train_glare(config, folder)
    except KeyboardInterrupt:
        click.echo(f"stopped; go on with: dashcam train glare --resume {folder}", err=True)
        return INTERRUPTED
    if is_first_process():
        click.echo(f"{checkpoint}")
    return 0


def _begun(out: Path, file: Path | None, explicit: dict[str, Any]) -> GlareTrainingConfig:
    """The config of a new run."""
    from dashcam_pipeline.training.glare.config import make_training_config, read_settings  # noqa: PLC0415 - train extra
    from dashcam_pipeline.training.glare.train import CHECKPOINT, is_first_process  # noqa: PLC0415 - torch

    if (out / CHECKPOINT).exists() and is_first_process():
        raise UsageError(f"{out} holds a run already.", advice=f"Go on with it: --resume {out}")
    stored = read_settings(file) if file is not None else {}
    if "data" not in explicit and "data" not in stored:
        explicit["data"] = own_scenes()
        if not explicit["data"]:
            raise UsageError("Give --data KIND:PATH at least once.")
    names = {key: f"--{key.replace('_', '-')}" for key in explicit}
    return make_training_config(explicit, stored, source=str(file or ""), names=names)


def _resumed(folder: Path, file: Path | None, explicit: dict[str, Any]) -> GlareTrainingConfig:
    """The config of a run to go on with."""
    from dashcam_pipeline.training.glare.train import resume_config  # noqa: PLC0415 - torch

    kept = set(explicit) - CHANGEABLE
    if kept or file is not None:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(kept)) or "--config"
        raise UsageError(
            f"A resumed run keeps its settings: {named} can't be given.",
            advice=f"It can change {', '.join(f'--{name}' for name in sorted(CHANGEABLE))}.",
        )
    return resume_config(folder, **explicit)
