"""Which network, which head, which data: the study of the glare remover, as one command.

    python benchmarks/glare_study.py --out runs/study --minutes 20 --data night:NIGHTS \
        --data day:DAYS --data simulated:samples/pack --pairs PAIRS --nights REAL_NIGHTS

Every row trains for the same time, from the same seed, on the same pictures (but where the pictures
are what is compared), and is measured by the functions of ``dashcam evaluate`` through the stage
itself: on real pairs, on simulated clips with exact truth, and on real nights without truth. The
same command goes on where it was stopped, by Ctrl-C, by ``--for`` or by a power cut.
``study.json`` and ``study.md`` in the folder hold what is known so far.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from study_tables import COLUMNS, NOTHING, plain, tables

from dashcam_pipeline.errors import DashcamError, UsageError
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.training.common.card import source_name
from dashcam_pipeline.training.common.export import export_run
from dashcam_pipeline.training.data.pictures import PictureSource
from dashcam_pipeline.training.evaluation.glare.nights import measure_nights
from dashcam_pipeline.training.evaluation.glare.pair_folder import PairFolder
from dashcam_pipeline.training.evaluation.glare.pairs import measure_pairs
from dashcam_pipeline.training.evaluation.glare.stage import cleaner, clip_cleaner
from dashcam_pipeline.training.evaluation.glare.truth import evaluate_clip
from dashcam_pipeline.training.glare.config import (
    GlareTrainingConfig,
    make_training_config,
    read_settings,
)
from dashcam_pipeline.training.glare.train import CHECKPOINT, read_progress, train_glare

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
CLIPS = ("city", "rainy-city", "country-moon")
FEW = 24
"""Pairs of the rows that have few."""

QUALITY = "balanced"
SIMULATED = "simulated:"


@dataclass(frozen=True)
class Row:
    """One line of the tables.

    Args:
        name: in the tables.
        settings: what it has of its own.
        scenes: False to leave the simulated scenes out.
        of: name of the row whose training it shares.
        prune: answer of X0,4 alone, though all heads were trained.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    scenes: bool = True
    of: str = ""
    prune: bool = False


UNETPP = {"model": "unetpp", "head": "layers", "supervision": "last"}
MODELS = (
    Row("autoencoder", {"model": "autoencoder", "head": "image", "supervision": "last"}),
    Row("U-Net", {"model": "unet", "head": "layers", "supervision": "last"}),
    Row("UNet++, X0,4", UNETPP),
    Row("UNet++, mean of X0,1 to X0,4", UNETPP | {"supervision": "mean"}),
    Row("UNet++, trained as that, X0,4", of="UNet++, mean of X0,1 to X0,4", prune=True),
)
DATA = (
    Row("few pairs", UNETPP | {"fixed": FEW, "augment": False}, scenes=False),
    Row("+ augmentation", UNETPP | {"fixed": FEW}, scenes=False),
    Row("+ synthesis", UNETPP, scenes=False),
    Row("+ simulated pack", of="UNet++, X0,4"),
)

NIGHT_FIELDS = ("ring", "far", "crushed", "lamps")
"""Of a night's score, in the order of the columns."""


@dataclass(frozen=True)
class Study:
    """What the command line asks for."""

    out: Path
    minutes: float
    data: tuple[str, ...]
    base: dict[str, Any]
    pairs: Path | None
    names: Path | None
    nights: Path | None
    clips: tuple[Path, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows that the data allow."""
        return MODELS + (DATA if self.backgrounds and self.backgrounds != self.data else ())

    @property
    def backgrounds(self) -> tuple[str, ...]:
        """Sources that are not simulated."""
        return tuple(source for source in self.data if not source.startswith(SIMULATED))

    def folder(self, row: Row) -> Path:
        """Where a row's training lives."""
        name = row.of or row.name
        return self.out / "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")

    def config(self, row: Row) -> GlareTrainingConfig:
        """What a row's training depends on."""
        own = next(r for r in self.rows if r.name == (row.of or row.name))
        data = self.data if own.scenes else self.backgrounds
        always = {"data": data, "hours": self.minutes / 60}
        return make_training_config({**self.base, **own.settings, **always})


def is_trained(study: Study, row: Row) -> bool:
    """True if a row's time is spent."""
    return read_progress(study.folder(row))["seconds"] >= study.minutes * 60


def check(study: Study, row: Row) -> None:
    """Refuse to go on with a row that was begun with other settings."""
    folder = study.folder(row)
    record = folder / "config.json"
    if record.is_file():
        begun = GlareTrainingConfig.model_validate(json.loads(record.read_text())["config"])
        if begun != study.config(row):
            raise UsageError(
                f"{folder} was begun with other settings.",
                advice="Give the settings it was begun with, or another --out.",
            )


def train(study: Study, row: Row, until: float) -> None:
    """Train one row until its time is spent, or until a moment of ``time.monotonic``."""
    train_glare(study.config(row), study.folder(row), pause_after=until - time.monotonic())


def measure(study: Study, row: Row) -> dict[str, Any]:
    """All measures of one trained row; those of an earlier call where the training is the same."""
    folder = study.folder(row)
    progress = read_progress(folder)
    kept = folder / ("pruned.json" if row.prune else "result.json")
    asked = {
        "steps": progress["steps"],
        "sets": [str(p) for p in (study.pairs, study.names, study.nights, *study.clips)],
    }
    if kept.is_file() and (found := json.loads(kept.read_text()))["asked"] == asked:
        return dict(found)
    model, _ = export_run(
        folder / CHECKPOINT,
        folder / "weights",
        kept.stem,
        licence="for the study alone",
        trained_on=study.config(row).data,
        prune=row.prune,
    )
    entry = find_model(str(model))
    # A clean picture isn't parted into kinds of glare: all that it lacks is taken.
    options = {"streaks": 1.0} if entry.head == "image" else {}
    sets: dict[str, dict[str, Any]] = {}
    with cleaner(str(model), options, QUALITY) as pipeline:
        if study.pairs is not None:
            names = () if study.names is None else (study.names,)
            pairs = measure_pairs(PairFolder.open(study.pairs, names), {row.name: pipeline})
            sets["pairs"] = {"kind": "pairs", **both(pairs.rows())}
        if study.nights is not None:
            files = PictureSource("night", study.nights).files()
            scores = measure_nights(files, {row.name: pipeline}).scores[row.name]
            nights = list(scores.values())
            means = {
                key: float(np.nanmean([getattr(score, name) for score in nights]))
                for key, name in zip(COLUMNS["nights"], NIGHT_FIELDS, strict=True)
            }
            nothing = dict.fromkeys(COLUMNS["nights"], 0.0) | {"kept": 1.0}  # by definition
            sets["nights"] = {"kind": "nights", NOTHING: nothing, "row": means}
    for clip in study.clips:
        with clip_cleaner(str(model), options, QUALITY) as pipeline:
            sets[clip.name] = {"kind": "clip", **both(evaluate_clip(clip, {row.name: pipeline}))}
    result = {
        "asked": asked,
        "parameters": entry.parameters,
        "minutes": progress["seconds"] / 60,
        "sets": sets,
    }
    kept.write_text(json.dumps(plain(result), indent=1) + "\n")
    return result


def both(rows: list[Any]) -> dict[str, Any]:
    """Rows of an evaluation as data: doing nothing, then the one model."""
    nothing, row = rows
    return {NOTHING: asdict(nothing), "row": asdict(row)}


def caption(study: Study) -> str:
    """What a reader must know about the tables."""
    sources = ", ".join(source_name(source) for source in study.data)
    text = (
        f"Every row: {study.minutes:g} minutes of training, seed "
        f"{study.base.get('seed', 0)}, batches and schedule alike, pictures from {sources}. "
        f"Measured through the stage at its level {QUALITY}, with its own strengths; of rows with "
        "a picture head all that their picture lacks is taken. "
    )
    if DATA[0] in study.rows:
        text += (
            f"*Few pairs* are {FEW} pictures with synthesised glare, always the same and cut the "
            "same way; *augmentation* cuts them elsewhere each time and mirrors them; *synthesis* "
            "makes new glare at every step; the *simulated pack* adds scenes whose lamps have "
            "their true radiance. No real pair is ever trained on."
        )
    else:
        text += (
            "Data aren't compared: that takes simulated scenes and other backgrounds beside them."
        )
    return text


def run(study: Study, seconds: float) -> bool:
    """Train and measure what is left, as far as the time goes; True when all is done."""
    until = time.monotonic() + seconds
    study.out.mkdir(parents=True, exist_ok=True)
    for row in study.rows:
        check(study, row)
    results: dict[str, dict[str, Any]] = {}
    for row in study.rows:
        if not is_trained(study, row) and time.monotonic() < until:
            print(f"training: {row.of or row.name}", flush=True)
            train(study, row, until)
        if is_trained(study, row):
            print(f"measuring: {row.name}", flush=True)
            results[row.name] = measure(study, row)
        data = {"caption": caption(study), "rows": plain(results)}
        (study.out / "study.json").write_text(json.dumps(data, indent=1) + "\n")
        names = [r.name for r in study.rows]
        (study.out / "study.md").write_text(tables(caption(study), names, results))
    return len(results) == len(study.rows)


def parse(args: list[str] | None) -> tuple[Study, float]:
    """The study, and the seconds that this call may take."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder of the study")
    add("--minutes", type=float, default=20.0, help="of training, for each row")
    add("--for", type=float, default=math.inf, dest="session", help="minutes of this call")
    add("--data", action="append", help="as of `dashcam train glare`; the simulated scenes if none")
    add("--config", type=Path, help="settings for all rows, as of `dashcam train glare`")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=0)
    add("--pairs", type=Path, help="real pairs to measure on")
    add("--list", type=Path, dest="names", help="names of the pairs to take")
    add("--nights", type=Path, help="real nights without truth to measure on")
    add("--clip", type=Path, action="append", dest="clips", help="simulated; the samples if none")
    options = parser.parse_args(args)
    base = read_settings(options.config) if options.config else {}
    clips = options.clips or [SAMPLES / name for name in CLIPS if (SAMPLES / name).is_dir()]
    study = Study(
        out=options.out,
        minutes=options.minutes,
        data=tuple(options.data or [f"{SIMULATED}{SAMPLES / 'pack'}"]),
        base={**base, "seed": options.seed, "threads": options.threads},
        pairs=options.pairs,
        names=options.names,
        nights=options.nights,
        clips=tuple(clips),
    )
    return study, options.session * 60


def main(args: list[str] | None = None) -> int:
    study, seconds = parse(args)
    try:
        done = run(study, seconds)
    except DashcamError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130
    print((study.out / "study.md").read_text())
    if not done:
        print("not all rows are done; the same command goes on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
