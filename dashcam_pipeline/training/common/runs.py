"""The folder of a training run, written so that no moment to be killed in is a bad one.

``config.json`` holds the config and the versions of everything that had a part in it;
``last.ckpt`` is where to go on. Both appear under their names only when they are whole.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO

from dashcam_pipeline import __version__
from dashcam_pipeline.errors import InputMissingError
from dashcam_pipeline.media.atomic import atomic, write_whole
from dashcam_pipeline.training.glare.config import GlareTrainingConfig, make_training_config

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKPOINT = "last.ckpt"
CONFIG = "config.json"

PACKAGES = ("lightning", "segmentation-models-pytorch", "timm", "numpy")
"""Whose versions a run notes down, beside Python's, torch's and its own."""


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint as a part, and gives it its name when it is whole."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None
    ) -> None:
        """Lightning's own way passes through another file system, where moving is copying."""
        with atomic(Path(path), overwrite=True) as part:
            super().save_checkpoint(checkpoint, part.path, storage_options)


def write_record(config: GlareTrainingConfig, folder: Path) -> None:
    """Write ``config.json``: the config, its seeds among it, and versions."""
    versions = {
        "dashcam_pipeline": __version__,
        "python": platform.python_version(),
        "torch": str(torch.__version__),  # with the kind of build, which the package's lacks
        **{name: version(name) for name in PACKAGES},
    }
    record = {"config": config.model_dump(mode="json"), "versions": versions}
    write_whole(folder / CONFIG, json.dumps(record, indent=1) + "\n", overwrite=True)


def resume_config(
    folder: Path,
    *,
    hours: float | None = None,
    data: tuple[str, ...] | None = None,
    **changes: object,
) -> GlareTrainingConfig:
    """The config of an earlier run, some of it changed.

    Args:
        folder: of the run.
        hours: another time budget, counted over all parts of the run; epochs count no longer.
        data: other sources.
        changes: other fields; with ``epochs`` the hours count no longer.

    Raises:
        InputMissingError: the folder holds no run.
        UsageError: a change isn't possible.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise InputMissingError(f"{folder} holds no run to go on with (no {CONFIG})")
    stored: dict[str, Any] = json.loads(path.read_text())["config"]
    if hours is not None:
        stored |= {"hours": hours, "epochs": None}
    if data is not None:
        stored["data"] = data
    return make_training_config({**stored, **changes})


def read_progress(folder: Path) -> Mapping[str, Any]:
    """What a run's checkpoint says: ``steps`` (int) and ``seconds`` spent; zeros without one."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return {"steps": 0, "seconds": 0.0}
    stored = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return {"steps": stored["global_step"], "seconds": stored["spent"]}
