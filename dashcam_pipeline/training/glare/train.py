"""Train the glare network: ``train_glare`` starts a run or goes on with one.

A run is one folder: ``config.json`` (with seeds and versions), ``last.ckpt``, logs for each part of
the run (``csv/``, ``tensorboard/``), ``pairs.csv``, and for each epoch a grid of pictures and a new
``curves.png``. Ctrl-C ends it after the step it is in; it is resumable then, and after any other
end from its last epoch on.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import lightning as L  # noqa: N812 - its own documentation's name
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from dashcam_pipeline.errors import DeviceError, InputMissingError, ModelError
from dashcam_pipeline.training.common.onnx_weights import load_onnx_weights
from dashcam_pipeline.training.common.processor import chosen_precision
from dashcam_pipeline.training.common.runs import (
    CHECKPOINT,
    WholeFiles,
    read_progress,
    resume_config,
    write_record,
)
from dashcam_pipeline.training.data.sources import load_data
from dashcam_pipeline.training.glare.module import GlareModule
from dashcam_pipeline.training.glare.watch import Watch, load_looks, load_pairs
from dashcam_pipeline.training.synthesis.glare import KernelBank
from dashcam_pipeline.training.synthesis.mixture import MixedSynthesizer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.training.glare.config import GlareTrainingConfig

__all__ = ["CHECKPOINT", "read_progress", "resume_config", "train_glare"]

START_PICTURES = 16
"""On so many the batch norms of a network that starts from exported weights are set."""


def train_glare(
    config: GlareTrainingConfig, folder: Path, *, pause_after: float | None = None
) -> Path:
    """Train until the budget is spent.

    Args:
        config: what the run depends on.
        folder: where it lives; a checkpoint found there is gone on with.
        pause_after: seconds of this call after which the run pauses, resumable; the schedule
            stays that of the whole budget.

    Returns:
        Path of the last checkpoint.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when the checkpoint is written.
    """
    begin = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    if config.threads:
        torch.set_num_threads(config.threads)
    if is_first_process():
        write_record(config, folder)
    L.seed_everything(config.seed, verbose=False)

    module = _make_module(config)
    checkpoint = folder / CHECKPOINT
    if config.start is not None and not checkpoint.is_file():
        load_start(module, config.start)
    if pause_after is not None:
        module.pause_at = begin + pause_after
    trainer = _make_trainer(config, folder)
    with _interruptible(module) as interrupted:
        trainer.fit(module, ckpt_path=str(checkpoint) if checkpoint.is_file() else None)
        trainer.save_checkpoint(checkpoint)
    if interrupted.is_set():
        raise KeyboardInterrupt(f"stopped after step {module.global_step}")
    return checkpoint


def is_first_process() -> bool:
    """False in the processes that a run on several devices starts beside the first one."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 == int(os.environ.get("NODE_RANK", "0"))


def _make_module(config: GlareTrainingConfig) -> GlareModule:
    """Network, lenses and pictures."""
    data = load_data(config.data)
    bank = KernelBank(seed=config.seed, count=config.kernels, varied=True)
    synthesizer = MixedSynthesizer(data, bank, glare_free=config.glare_free)
    return GlareModule(config, synthesizer).to(memory_format=torch.channels_last)


def load_start(module: GlareModule, path: Path) -> int:
    """Take over the weights of another network, tensor by tensor, where name and shape fit.

    Args:
        module: to be filled; for ONNX it must have a synthesizer.
        path: a run's checkpoint, of which the averaged weights are taken, or an exported ONNX file.

    Returns:
        how many tensors, of ONNX how many convolutions, were taken over.

    Raises:
        InputMissingError: no such file.
        ModelError: nothing of it fits.
    """
    if not path.is_file():
        raise InputMissingError(f"{path} is not a file")
    if path.suffix == ".onnx":
        count = load_onnx_weights(module.net, path, module.pictures(START_PICTURES))
        taken = module.net.state_dict()
    else:
        stored = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
        prefix = "average.module."
        taken = {
            name: stored[prefix + name]
            for name, tensor in module.net.state_dict().items()
            if prefix + name in stored and stored[prefix + name].shape == tensor.shape
        }
        module.net.load_state_dict(taken, strict=False)
        count = len(taken)
    if not count:
        raise ModelError(f"nothing in {path} fits the network that was asked for")
    module.average.module.load_state_dict(taken, strict=False)
    return count


def _make_trainer(config: GlareTrainingConfig, folder: Path) -> L.Trainer:
    """Lightning's trainer, with all that a run leaves in its folder.

    Raises:
        DeviceError: there are no such devices.
    """
    pairs = load_pairs(config.pairs, config.pairs_list) if config.pairs else []
    watch = Watch(folder, pairs, load_looks(config.look) if config.look else [])
    # The same file, after each epoch and every few minutes of a slow one.
    keep = [
        ModelCheckpoint(folder, filename="last", enable_version_counter=False, **when)
        for when in (
            {"every_n_epochs": 1},
            {"train_time_interval": timedelta(minutes=config.save_minutes)},
        )
    ]
    loggers = [CSVLogger(folder, name="csv"), TensorBoardLogger(folder, name="tensorboard")]
    try:
        return L.Trainer(
            accelerator="auto",
            devices=config.devices,
            precision=chosen_precision(config.precision),
            max_epochs=-1,
            logger=loggers,
            callbacks=[watch, *keep],
            plugins=[WholeFiles()],
            gradient_clip_val=1.0,
            log_every_n_steps=50,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty(),
        )
    except (MisconfigurationException, TypeError) as error:  # its words for devices it can't have
        raise DeviceError(
            f"training can't run on devices = {config.devices!r}: {error}",
            advice='`devices="auto"` takes what is there.',
        ) from error


@contextmanager
def _interruptible(module: GlareModule) -> Iterator[threading.Event]:
    """Let the first Ctrl-C end the training after its step; a second one ends it at once.

    Other ranks of a run on several devices get the same Ctrl-C; they leave it to the first.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def end(_number: int, _frame: object) -> None:
        if is_first_process():
            asked.set()
            module.interrupted = True
            signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
