"""Looking at a run: after each epoch a grid of pictures and the curves.

A grid's columns, in this order: real day, day to night, real night, night to day.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.training.night_day.data import read_picture, to_tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.night_day.data import RGB, DomainSource

CELL = (256, 384)
"""Height and width of a picture in the grid."""

CURVES = "curves.csv"


def looks(sources: Sequence[DomainSource], count: int = 6) -> list[RGB]:
    """Pictures to look at, (*CELL, 3) uint8: held-out ones if any, evenly over the sources."""
    held = [(s, f) for s in sources for f in s.held()]
    files = held or [(s, f) for s in sources for f in s.files()]
    chosen = [files[(2 * i + 1) * len(files) // (2 * count)] for i in range(count)]
    return [_cell(read_picture(file, source.aspect)) for source, file in chosen]


def _cell(picture: RGB) -> RGB:
    """The middle of a picture at the grid's shape."""
    h, w = picture.shape[:2]
    scale = max(CELL[0] / h, CELL[1] / w)
    size = (max(round(w * scale), CELL[1]), max(round(h * scale), CELL[0]))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    y, x = (large.shape[0] - CELL[0]) // 2, (large.shape[1] - CELL[1]) // 2
    return np.asarray(large[y : y + CELL[0], x : x + CELL[1]], np.uint8)


def translate(net: torch.nn.Module, picture: RGB) -> RGB:
    """A network's answer to one picture, (H, W, 3) uint8; sides must be multiples of 32."""
    device = next(net.parameters()).device
    with torch.inference_mode():
        made = net(to_tensor([picture]).to(device))[0].float().clamp(0, 1).cpu()
    return np.asarray(np.round(made.permute(1, 2, 0).numpy() * 255), np.uint8)


def write_grid(
    path: Path,
    to_day: torch.nn.Module,
    to_night: torch.nn.Module,
    nights: Sequence[RGB],
    days: Sequence[RGB],
) -> None:
    """Write the sample grid, one row for each night and day, (*CELL, 3) uint8."""
    rows = []
    for night, day in zip(nights, days, strict=True):
        cells = [day, translate(to_night, day), night, translate(to_day, night)]
        rows.append(np.concatenate(cells, 1))
    grid: npt.NDArray[Any] = np.concatenate(rows)
    _, data = cv2.imencode(".jpg", grid[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    write_whole(path, data.tobytes(), overwrite=True)


def write_curves(folder: Path, row: Mapping[str, float]) -> None:
    """Add an epoch's means to ``curves.csv`` and draw all of them as ``curves.png``."""
    path = folder / CURVES
    rows: list[dict[str, str]] = []
    if path.is_file():
        with path.open(newline="") as file:
            rows = [r for r in csv.DictReader(file) if float(r["step"]) < row["step"]]
    rows.append({key: f"{value:.6g}" for key, value in row.items()})
    keys = list(dict.fromkeys(key for r in rows for key in r))
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, keys, restval="")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, table.getvalue(), overwrite=True)
    _draw(folder / "curves.png", rows, [k for k in keys if k not in {"epoch", "step", "hours"}])


def _draw(path: Path, rows: list[dict[str, str]], terms: list[str]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    figure = Figure(figsize=(12, 7), layout="constrained")
    FigureCanvasAgg(figure)
    columns = 4
    axes = figure.subplots(-(-len(terms) // columns), columns, squeeze=False).flat
    for axis, term in zip(axes, terms, strict=False):
        points = [(float(r["step"]), float(r[term])) for r in rows if r.get(term)]
        axis.plot(*zip(*points, strict=True), marker="." if len(points) == 1 else "")
        axis.set_title(term, fontsize=8)
        axis.tick_params(labelsize=6)
    figure.savefig(path, dpi=80)
