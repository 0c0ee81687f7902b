"""Train the glare network: ``train_glare`` starts a run or goes on with one.

A run is one folder: ``config.json`` (with versions), ``last.ckpt``, logs for each part of the run
(``csv/``, ``tensorboard/``), ``pairs.csv`` and a grid of pictures for each epoch. Ctrl-C leaves it
resumable.
"""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING

import lightning as L  # noqa: N812 - its own documentation's name
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from dashcam_pipeline import __version__
from dashcam_pipeline.errors import InputMissingError
from dashcam_pipeline.training.data.pictures import PictureSource, load_pictures
from dashcam_pipeline.training.glare_config import GlareTrainingConfig
from dashcam_pipeline.training.glare_module import GlareModule
from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, KernelBank
from dashcam_pipeline.training.watch import Watch, load_looks, load_pairs

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT = "last.ckpt"


def resume_config(
    folder: Path, *, hours: float | None = None, data: tuple[str, ...] | None = None
) -> GlareTrainingConfig:
    """The config of an earlier run, with another time budget or other data if given.

    Raises:
        InputMissingError: the folder holds no run.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise InputMissingError(f"{folder} holds no run to go on with (no config.json)")
    stored = json.loads(path.read_text())["config"]
    if hours is not None:
        stored["hours"] = hours
    if data is not None:
        stored["data"] = data
    return GlareTrainingConfig.model_validate(stored)


def train_glare(config: GlareTrainingConfig, folder: Path) -> Path:
    """Train until the time budget is spent.

    Args:
        config: what the run depends on.
        folder: where it lives; a checkpoint found there is gone on with.

    Returns:
        Path of the last checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if config.threads:
        torch.set_num_threads(config.threads)
    versions = {
        "dashcam_pipeline": __version__,
        "torch": torch.__version__,
        "lightning": L.__version__,
        "python": platform.python_version(),
    }
    record = {"config": config.model_dump(mode="json"), "versions": versions}
    (folder / "config.json").write_text(json.dumps(record, indent=1) + "\n")
    L.seed_everything(config.seed, verbose=False)

    pictures = load_pictures([PictureSource.parse(text) for text in config.data])
    bank = KernelBank(seed=config.seed, count=config.kernels)
    synthesizer = GlareSynthesizer(pictures, bank, glare_free=config.glare_free)
    pairs = load_pairs(config.pairs, config.pairs_list) if config.pairs else []
    module = GlareModule(config, synthesizer).to(memory_format=torch.channels_last)

    checkpoint = folder / CHECKPOINT
    trainer = L.Trainer(
        accelerator="auto",
        devices=1,
        precision=config.precision,  # type: ignore[arg-type] # Lightning checks the name
        max_epochs=-1,
        logger=[
            CSVLogger(folder, name="csv"),
            TensorBoardLogger(folder, name="tensorboard"),
        ],
        callbacks=[
            Watch(folder, pairs, load_looks(config.look) if config.look else []),
            ModelCheckpoint(
                folder, filename="last", every_n_epochs=1, enable_version_counter=False
            ),
        ],
        gradient_clip_val=1.0,
        log_every_n_steps=50,
        enable_model_summary=False,
        enable_progress_bar=sys.stderr.isatty(),
    )
    trainer.fit(module, ckpt_path=str(checkpoint) if checkpoint.is_file() else None)
    trainer.save_checkpoint(checkpoint)
    return checkpoint
