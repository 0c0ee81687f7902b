"""Model cards: facts written by a command, judgement by a person.

A card's upper part is what a run knows of itself and is written anew by every export. What stands
below ``OWN_WORDS`` is left as it is: measured numbers, and what the model can't do.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from dashcam_pipeline.media.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dashcam_pipeline.inference.manifest import ModelEntry
    from dashcam_pipeline.training.glare.config import GlareTrainingConfig

OWN_WORDS = "<!-- Written by hand from here on; `dashcam export` leaves it alone. -->"

IN_FILES = {
    "augment",
    "batch",
    "crop",
    "fixed",
    "glare_free",
    "kernels",
    "picked",
    "pyramid",
    "rate",
    "ssim",
    "vain",
    "whole_frames",
}
"""Settings that only a TOML file can change, as far as weights depend on them."""

CURVE_ROWS = 8
"""Rows of the table of a training's scores."""


def write_card(path: Path, facts: str) -> None:
    """Write a card's upper part; keep what stands below ``OWN_WORDS``."""
    own = "\n## What it can't do\nNot looked at yet.\n"
    if path.is_file() and OWN_WORDS in (text := path.read_text("utf-8")):
        own = text.split(OWN_WORDS, 1)[1]
    write_whole(path, f"{facts}\n{OWN_WORDS}{own}", overwrite=True)


def source_name(source: str) -> str:
    """KIND:PATH@LIST without the folders of the machine it lies on."""
    kind, _, rest = source.partition(":")
    parts = ["/".join(part.rstrip("/").split("/")[-2:]) for part in rest.split("@")]
    return f"{kind}:{'@'.join(parts)}"


def glare_facts(
    entry: ModelEntry,
    config: GlareTrainingConfig,
    run: Mapping[str, Any],
    folder: Path,
    losses: Mapping[str, float],
) -> str:
    """What a glare run knows of itself.

    Args:
        entry: of the exported model.
        config: of the run.
        run: ``steps`` and ``hours``.
        folder: of the run, for its curves.
        losses: dB that each reduced precision loses.
    """
    terms = "\n".join(f"| {text} |" for text in entry.trained_on)
    size = f"{entry.size[0]}x{entry.size[1]}" if entry.size else "any, multiples of 32"
    # The autoencoder has no encoder of a library's.
    encoder = "" if entry.size else f" (segmentation-models-pytorch), encoder `{config.encoder}`"
    reduced = "".join(
        f"\n`{entry.name}-{precision}` is the same network in {precision}: it loses {loss:.2f} dB "
        f"on synthesised nights.\n"
        for precision, loss in losses.items()
    )
    command = " \\\n    ".join(
        [
            f"dashcam train glare --hours {config.hours:g} --seed {config.seed}",
            *_asked(config),
            *(f"--data {source_name(source)}" for source in config.data),
            *([f"--start {source_name(f':{config.start}')[1:]}"] if config.start else []),
        ]
    )
    return f"""# {entry.name} (weights of the `{entry.stage}` stage)

`{config.model}`{encoder}, head `{config.head}`,
{entry.parameters:,} parameters, ONNX in float32, dynamic batch; size: {size}. Input: R'G'B' code
values in [0, 1], at about {entry.work_area:,} pixels. What the maps mean:
`training/glare/nets.py`; how they are used: `stages/glare/stage.py`, both in `dashcam_pipeline`.
{reduced}
## Terms
{entry.licence}.

| trained on |
|---|
{terms}

## How it was made
```
{command}
```
{run["steps"]:,} steps in {run["hours"]:g} hours; {config.batch} crops of
{config.crop[0]}x{config.crop[1]} a step or {config.batch * 3 // 8} whole frames; learning rate
{config.rate:g}, falling in the last {config.cool_down:.0%}, where batch norm is frozen too;
precision {config.precision}; the exponential moving average of the weights is what is
exported.{_settings(config)}

{curve_table(folder / "pairs.csv")}"""


def _asked(config: GlareTrainingConfig) -> list[str]:
    """Options that name the network, where they aren't the defaults."""
    names = {"model", "encoder", "head", "supervision"}
    values = config.model_dump(mode="json", include=names, exclude_defaults=True)
    return [f"--{name} {value}" for name, value in values.items()]


def _settings(config: GlareTrainingConfig) -> str:
    """Settings of a file that aren't the defaults, a sentence; empty if there are none."""
    values = config.model_dump(mode="json", include=IN_FILES, exclude_defaults=True)
    if not values:
        return ""
    return f" Set in a file: {', '.join(f'`{key} = {value}`' for key, value in values.items())}."


def curve_table(path: Path) -> str:
    """A few lines of a run's ``pairs.csv`` as a Markdown table; empty if there is no such file."""
    if not path.is_file():
        return ""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    nothing = next(row for row in rows if row["row"] == "nothing")
    scores = [row for row in rows if row["row"] == "default"]
    count = min(CURVE_ROWS, len(scores))
    chosen = [scores[(i + 1) * len(scores) // count - 1] for i in range(count)]
    lines = [
        "PSNR in dB on real pairs at half size while training (never trained on):",
        "",
        "| step | glare region | rest | whole |",
        "|---:|---:|---:|---:|",
        _line("(doing nothing)", nothing),
        *(_line(f"{int(row['step']):,}", row) for row in chosen),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, row: Mapping[str, str]) -> str:
    values: Sequence[str] = [f"{float(row[key]):.2f}" for key in ("glare", "rest", "whole")]
    return f"| {name} | {' | '.join(values)} |"
