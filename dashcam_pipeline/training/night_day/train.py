"""Train night to day: ``train_night_day`` starts a run or goes on with one.

A run is one folder: ``config.json`` (with versions and families), ``last.ckpt`` (replaced whole,
so that a kill at any time leaves a good one), ``curves.csv`` and ``curves.png``, and a grid of
pictures for each epoch.
"""

from __future__ import annotations

import json
import platform
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dashcam_pipeline import __version__
from dashcam_pipeline.engine.readable import clock
from dashcam_pipeline.errors import InputMissingError, ModelError, UsageError
from dashcam_pipeline.media.atomic import atomic, write_whole
from dashcam_pipeline.training.night_day.bdd100k import Bdd100k
from dashcam_pipeline.training.night_day.config import NightDayConfig
from dashcam_pipeline.training.night_day.data import (
    DAYLIGHT,
    DomainSource,
    family_names,
    load_domain,
)
from dashcam_pipeline.training.night_day.pairs import PairMaker, simulated_pairs
from dashcam_pipeline.training.night_day.trainer import NightDayTrainer
from dashcam_pipeline.training.night_day.watch import looks, write_curves, write_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.training.night_day.data import RGB

CHECKPOINT = "last.ckpt"

CHECKPOINT_SECONDS = 150.0
"""A kill costs no more work than this."""


def resume_config(
    folder: Path, *, hours: float | None = None, epochs: int | None = None
) -> NightDayConfig:
    """The config of an earlier run, with another budget if given.

    Raises:
        InputMissingError: the folder holds no run.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise InputMissingError(f"{folder} holds no run to go on with (no config.json)")
    stored = json.loads(path.read_text())["config"]
    changes = {"hours": hours, "epochs": epochs}
    stored.update({key: value for key, value in changes.items() if value is not None})
    return NightDayConfig.model_validate(stored)


@dataclass(slots=True)
class Data:
    """Everything a run reads: a trainer on it, and pictures to look at."""

    trainer: NightDayTrainer
    nights: list[RGB]
    days: list[RGB]
    families: list[str]

    @classmethod
    def load(cls, config: NightDayConfig) -> Data:
        """Read the folders.

        Raises:
            UsageError: aligned examples of an unknown kind.
        """
        a, b = ([DomainSource.parse(text) for text in side] for side in (config.a, config.b))
        copy = Bdd100k.open(config.bdd100k) if config.bdd100k else None
        families = family_names(a, b)
        more_nights = copy.pictures("night", rain=config.rain) if copy else []
        more_days = copy.pictures("daytime", rain=config.rain) if copy else []
        night = load_domain(a, families, more_nights)
        day = load_domain(b, families, more_days, least=DAYLIGHT)
        scenes = []
        for text in config.pairs:
            kind, _, path = text.partition(":")
            if kind != "simulated" or not path:
                raise UsageError(f"{text!r} are no aligned scenes", advice="Write simulated:PATH.")
            scenes += simulated_pairs(Path(path), config.seed)
        pairs = None
        if not config.is_classic and (scenes or config.darken):
            pairs = PairMaker(scenes, day.pictures if config.darken else [], seed=config.seed)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        trainer = NightDayTrainer(config, night, day, pairs, families=len(families), device=device)
        shown = [looks(side) if side else d.pictures[:1] for side, d in ((a, night), (b, day))]
        count = min(len(side) for side in shown)
        return cls(trainer, shown[0][:count], shown[1][:count], families)


def train_night_day(
    config: NightDayConfig, folder: Path, *, tell: Callable[[str], None] = lambda _: None
) -> Path:
    """Train until the epochs or the hours are over.

    Args:
        config: what the run depends on.
        folder: where it lives; a checkpoint found there is gone on with.
        tell: gets a line an epoch.

    Returns:
        path of the last checkpoint.

    Raises:
        InputMissingError: the folder to start from lacks weights.
        ModelError: the checkpoint found is not one of this kind of run, or the weights to start
            from don't fit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if config.threads:
        torch.set_num_threads(config.threads)
    data = Data.load(config)
    trainer = data.trainer
    spent, path = 0.0, folder / CHECKPOINT
    if path.is_file():
        stored = torch.load(path, map_location="cpu", weights_only=True)
        if "night_day_config" not in stored:
            raise ModelError(f"{path} is not the checkpoint of a night-to-day training")
        trainer.restore(stored)
        spent = float(stored["spent"])
    elif config.start is not None:
        trainer.start_from(config.start)
    _write_record(config, folder, data.families)

    steps = config.epoch_steps or -(-max(len(trainer.a), len(trainer.b)) // config.batch)
    sums: dict[str, list[float]] = defaultdict(list)
    last = saved = time.monotonic()
    while (done := _progress(config, trainer.step, steps, spent)) < 1:
        for name, value in trainer.advance(done).items():
            sums[name].append(value)
        now = time.monotonic()
        spent, last = spent + min(now - last, 60.0), now
        if trainer.step % steps == 0:
            epoch = trainer.step // steps
            means = {name: float(np.mean(values)) for name, values in sums.items()}
            sums.clear()
            _save(trainer, config, path, spent)
            saved = time.monotonic()
            _look(data, folder, epoch)
            row = {"epoch": epoch, "step": trainer.step, "hours": spent / 3600, **means}
            write_curves(folder, row)
            tell(f"epoch {epoch}, {clock(spent, hours=True)}, step {trainer.step}")
        elif now - saved > CHECKPOINT_SECONDS:
            _save(trainer, config, path, spent)
            saved = time.monotonic()
    _save(trainer, config, path, spent)
    _look(data, folder, -(-trainer.step // steps))
    return path


def _progress(config: NightDayConfig, step: int, steps: int, spent: float) -> float:
    """Share of the training that is done: of the epochs or of the hours, whichever ends first."""
    by_hours = spent / (config.hours * 3600) if config.hours else 0.0
    return max(step / (steps * config.epochs), by_hours)


def _look(data: Data, folder: Path, epoch: int) -> None:
    """The grid of an epoch, made by the averaged networks."""
    g, f = data.trainer.average_g.module.eval(), data.trainer.average_f.module.eval()
    write_grid(folder / f"grid-{epoch:04d}.jpg", g, f, data.nights, data.days)


def _save(trainer: NightDayTrainer, config: NightDayConfig, path: Path, spent: float) -> None:
    """Write a checkpoint; the old one stays until the new one is whole."""
    state: dict[str, Any] = trainer.state()
    state |= {"spent": spent, "night_day_config": config.model_dump(mode="json")}
    with atomic(path, overwrite=True) as part:
        torch.save(state, part.path)


def _write_record(config: NightDayConfig, folder: Path, families: list[str]) -> None:
    versions = {
        "dashcam_pipeline": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    record = {"config": config.model_dump(mode="json"), "versions": versions, "families": families}
    write_whole(folder / "config.json", json.dumps(record, indent=1) + "\n", overwrite=True)
