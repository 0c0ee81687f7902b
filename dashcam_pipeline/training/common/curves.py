"""The curve picture of a run: loss terms, and the gain on real pairs, over steps.

It reads what the loggers and ``Watch`` left in the run's folder, all parts of a resumed run
together, so the picture is whole after every resume.
"""

from __future__ import annotations

import csv
from io import BytesIO
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dashcam_pipeline.media.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Curve = dict[int, float]

NAME = "curves.png"
PAIRS = "pairs.csv"
LOSS = "train/"
"""How the loss terms' names begin in the logs."""


def read_losses(folder: Path) -> dict[str, Curve]:
    """Loss terms by name, each a value by step; where parts overlap, the later part counts."""
    curves: dict[str, Curve] = {}
    parts = folder.glob("csv/version_*/metrics.csv")
    for path in sorted(parts, key=lambda p: int(p.parent.name.removeprefix("version_"))):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                for name, value in row.items():
                    if name.startswith(LOSS) and value:
                        term = name.removeprefix(LOSS)
                        curves.setdefault(term, {})[int(row["step"])] = float(value)
    return curves


def read_pairs(folder: Path, measure: str) -> dict[str, Curve]:
    """One column of ``pairs.csv`` by row of its table, each a value by step."""
    curves: dict[str, Curve] = {}
    path = folder / PAIRS
    if path.is_file():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                curves.setdefault(row["row"], {})[int(row["step"])] = float(row[measure])
    return curves


def draw_curves(folder: Path, step: int, current: Mapping[str, float]) -> Path:
    """Draw, or draw again, ``curves.png``.

    Args:
        folder: of the run.
        step: the last one that was trained, counted from 0 as the logs do.
        current: metrics of the epoch that just ended, which the logs don't hold yet.

    Returns:
        the picture's path.
    """
    losses = read_losses(folder)
    for name, value in current.items():
        if name.startswith(LOSS):
            losses.setdefault(name.removeprefix(LOSS), {})[step] = value
    panels = [(losses, "loss terms", "loss")]
    for measure, title in (("glare", "glare region"), ("whole", "whole picture")):
        if curves := read_pairs(folder, measure):
            panels.append((curves, f"real pairs, {title}", "PSNR, dB"))
    figure = Figure(figsize=(5 * len(panels), 4), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw(axes, *panel)
    figure.axes[0].set_yscale("log")
    picture = BytesIO()
    canvas = FigureCanvasAgg(figure)  # no pyplot: no window, no state shared with others
    canvas.print_png(picture)  # type: ignore[no-untyped-call] # no stubs
    write_whole(folder / NAME, picture.getvalue(), overwrite=True)
    return folder / NAME


def _draw(axes: object, curves: dict[str, Curve], title: str, unit: str) -> None:
    axes.set(title=title, xlabel="step", ylabel=unit)  # type: ignore[attr-defined] # no stubs
    for name, curve in curves.items():
        steps = sorted(curve)
        values = [curve[s] for s in steps]
        axes.plot(steps, values, ".-", label=name, linewidth=1)  # type: ignore[attr-defined]
    axes.legend(fontsize="small")  # type: ignore[attr-defined]
    axes.grid(alpha=0.3)  # type: ignore[attr-defined]
