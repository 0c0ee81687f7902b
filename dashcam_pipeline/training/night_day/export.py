"""From a night-to-day run to weights that the stages use: ONNX, manifest entries, model cards.

Both directions come out of one checkpoint: ``night-to-day.onnx`` and ``day-to-night.onnx``, the
averaged generators with dynamic batch and size, their weights stored in half precision, and a
card each. What stands in a card
below its ``OWN_WORDS`` line is left as it is: measured numbers and judgement are a person's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from dashcam_pipeline.errors import InputMissingError, ModelError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.inference.manifest import ModelEntry
from dashcam_pipeline.training.common.card import CURVE_ROWS, write_card
from dashcam_pipeline.training.common.export import export_onnx, write_entry
from dashcam_pipeline.training.night_day.config import NightDayConfig
from dashcam_pipeline.training.night_day.generators import make_generator
from dashcam_pipeline.training.night_day.objectives import LIFT
from dashcam_pipeline.training.night_day.watch import CURVES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import nn

DIRECTIONS = {"night-to-day": ("average_g", LIFT), "day-to-night": ("average_f", 1.0)}
"""Stage and name of the weights -> the averaged generator in a checkpoint, and its lift."""

WORK_AREA = 192 * 320
"""Pixels the light generators are run at: their windows show a scene at about this size."""

CLASSIC_AREA = 256 * 448
MULTIPLE = 32


def is_night_day(checkpoint: Path) -> bool:
    """Whether a checkpoint is one of a night-to-day training.

    Raises:
        InputMissingError: no such file.
    """
    if not checkpoint.is_file():
        raise InputMissingError(f"{checkpoint} is not a file")
    stored = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    return "night_day_config" in stored


@dataclass(frozen=True, slots=True)
class Run:
    """What a checkpoint holds of a run."""

    config: NightDayConfig
    state: dict[str, Any]
    folder: Path

    @classmethod
    def load(cls, checkpoint: Path) -> Run:
        """Read a checkpoint.

        Raises:
            InputMissingError: no such file.
            ModelError: it is of another kind of run.
        """
        if not is_night_day(checkpoint):
            raise ModelError(f"{checkpoint} is not the checkpoint of a night-to-day training")
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        config = NightDayConfig.model_validate(state["night_day_config"])
        return cls(config, state, checkpoint.parent)

    def generator(self, direction: str) -> nn.Module:
        """The averaged generator of a direction, ready for inference."""
        key, lift = DIRECTIONS[direction]
        net = make_generator(self.config.generator, lift=lift, pretrained=False)
        averaged = self.state[key]
        net.load_state_dict(
            {k.removeprefix("module."): v for k, v in averaged.items() if k.startswith("module.")}
        )
        return net.eval()


def export_night_day(
    checkpoint: Path, folder: Path, *, licence: str, trained_on: Sequence[str]
) -> dict[Path, float]:
    """Export both directions of a run into a folder of weights.

    Args:
        checkpoint: ``last.ckpt`` of a run.
        folder: gets the weights, their cards and their entries in its manifest.
        licence: of the weights.
        trained_on: every set of pictures with its terms.

    Returns:
        for each ONNX file its largest difference from torch.

    Raises:
        InputMissingError: no such checkpoint.
        ModelError: it is of another kind, or an export differs from torch.
    """
    run = Run.load(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name in DIRECTIONS:
        net = run.generator(name)
        path = folder / f"{name}.onnx"
        written[path] = export_onnx(net, path, output="translated", half=True)
        entry = ModelEntry(
            name=name,
            stage=name,
            file=path.name,
            sha256=sha256_of(path),
            licence=licence,
            parameters=sum(p.numel() for p in net.parameters()),
            work_area=CLASSIC_AREA if run.config.is_classic else WORK_AREA,
            multiple=MULTIPLE,
            maps=3,
            head="image",
            trained_on=tuple(trained_on),
            card=f"{name}.md",
            folder=folder,
        )
        write_entry(folder, entry)
        write_card(folder / entry.card, card_facts(entry, run))
    return written


def card_facts(entry: ModelEntry, run: Run) -> str:
    """What a run knows of itself, for the upper part of a model's card."""
    c = run.config
    terms = "\n".join(f"- {text}" for text in entry.trained_on)
    hours, steps = run.state["spent"] / 3600, run.state["step"]
    return f"""# {entry.name} (weights of the `{entry.stage}` stage)

A CycleGAN generator, kind `{c.generator}`, {entry.parameters:,} parameters, ONNX, dynamic batch
and size; float32 arithmetic, weights stored in half precision. Input and output: R'G'B' code
values in [0, 1], (N, 3, h, w), sides multiples of {entry.multiple}, about {entry.work_area:,}
pixels. The stage renders its answer at full resolution.
**What it shows was never seen by a camera. It is no evidence.**

## Terms
{entry.licence}. Trained on:

{terms}

## How it was made
{steps:,} steps in {hours:.2f} hours; windows of {c.size[0]}x{c.size[1]}, {c.batch} of each domain
a step, seed {c.seed}, precision {c.precision}. {_beginning(c)}
The averaged weights are exported. Sources as given (a rule after @ holds the last pictures
out of the training, or stretches squashed ones):

- nights: {_sources(c.a)}
- days: {_sources(c.b)}
- aligned: {_sources((*c.pairs, *(("darkened days",) if c.darken and not c.is_classic else ())))}

{_curves(run.folder / CURVES)}
"""


def _beginning(c: NightDayConfig) -> str:
    if c.start is not None:
        return f"It began with the weights of an earlier training (`--start {c.start.name}`)."
    return f"{c.warm_up:.0%} of the training on aligned examples alone."


def _sources(sources: Sequence[str]) -> str:
    """Names without the folders of the machine they lie on."""
    short = ("/".join(s.removeprefix("simulated:").split("/")[-2:]) for s in sources)
    return ", ".join(f"`{s}`" for s in short) or "none"


def _curves(path: Path) -> str:
    """A few epochs of the curves as a table; empty if there are none."""
    if not path.is_file():
        return ""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    count = min(CURVE_ROWS, len(rows))
    chosen = [rows[(i + 1) * len(rows) // count - 1] for i in range(count)]
    keys = [k for k in rows[-1] if k not in {"epoch", "hours"}]
    lines = [
        f"| {' | '.join(keys)} |",
        f"|{'---:|' * len(keys)}",
        *(f"| {' | '.join(_short(row[k]) for k in keys)} |" for row in chosen),
    ]
    return "\n".join(lines)


def _short(value: str) -> str:
    """Three digits; steps are whole numbers."""
    if not value or float(value) >= 1e3:  # noqa: PLR2004 - losses stay far below
        return value.split(".", maxsplit=1)[0]
    return f"{float(value):.3g}"
