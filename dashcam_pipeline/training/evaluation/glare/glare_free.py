"""Pictures without glare must come out as they went in: PSNR of the output against the input.

Each picture is cleaned twice: as it is, and darkened by a gain of 0.15 to 0.3 in linear light, as
a night without lamps might be. An unchanged picture counts as 100 dB in the mean; *pooled* is the
PSNR of the mean squared error of all pictures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.inference.light import to_coded, to_linear
from dashcam_pipeline.training.data.pictures import load_picture
from dashcam_pipeline.training.evaluation.common.sheets import Tile, contact_sheet, save
from dashcam_pipeline.training.evaluation.common.tables import mean, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar
from dashcam_pipeline.training.evaluation.glare.metrics import decibels
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline

    RGB = npt.NDArray[np.uint8]

BAR: Final = 45.0
"""dB that a picture without glare should reach: an error that can't be seen."""

GAIN: Final = (0.15, 0.3)
"""Of the darkened pictures, in linear light."""

KINDS: Final = ("as it is", "darkened")

_LARGEST_PICTURE: Final = 4096
_SHEET_WIDTH: Final = 320
_SHEET_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class GlareFreeScore:
    """One picture through one model: file name, kind of ``KINDS``, mean squared error."""

    name: str
    kind: str
    square_error: float

    @property
    def psnr(self) -> float:
        """Output against input, dB."""
        return decibels(self.square_error)


@dataclass(frozen=True, slots=True)
class GlareFreeReport:
    """Scores by model."""

    scores: dict[str, list[GlareFreeScore]]

    def means(self, model: str, kind: str) -> dict[str, float]:
        """Mean, pooled and worst PSNR in dB, and the share of pictures below the bar."""
        found = [s for s in self.scores[model] if s.kind == kind]
        values = [s.psnr for s in found]
        return {
            "pictures": len(found),
            "mean": mean(values),
            "pooled": decibels(mean(s.square_error for s in found)),
            "worst": min(values),
            "below": float(np.mean([v < BAR for v in values])),
        }

    def bars(self) -> list[Bar]:
        """Nothing should be seen to change."""
        return [
            Bar(
                model, f"{kind}, pooled, dB", self.means(model, kind)["pooled"], "least", BAR, ".2f"
            )
            for model in self.scores
            for kind in KINDS
        ]

    def markdown(self) -> str:
        """One table, a line for each model and kind."""
        heads = ["row", "pictures", "count", "mean, dB", "pooled, dB", "worst, dB"]
        lines = []
        for model in self.scores:
            for kind in KINDS:
                m = self.means(model, kind)
                psnr = numbers(".2f", m["mean"], m["pooled"], m["worst"])
                lines.append([model, kind, str(m["pictures"]), *psnr, f"{m['below']:.0%}"])
        return table([*heads, f"below {BAR:.0f} dB"], lines, words=2)

    def to_dict(self) -> dict[str, Any]:
        """Means by model and kind, and every picture."""
        return {
            model: {
                "means": {kind: self.means(model, kind) for kind in KINDS},
                "pictures": [asdict(s) | {"psnr": s.psnr} for s in scores],
            }
            for model, scores in self.scores.items()
        }


def darkened(picture: RGB, gain: float) -> RGB:
    """A picture (H, W, 3) uint8 with its linear light times a gain."""
    light = to_linear(np.arange(256, dtype=np.float32) / 255) * gain
    codes = np.round(to_coded(light) * 255).astype(np.uint8)
    return np.asarray(codes[picture])


def measure_glare_free(
    files: Iterable[Path],
    pipelines: Mapping[str, Pipeline],
    *,
    seed: int = 0,
    pictures: Path | None = None,
) -> GlareFreeReport:
    """Score pipelines on pictures without glare.

    Args:
        files: of the pictures; gone through once.
        pipelines: a name for each row.
        seed: of the gains.
        pictures: folder for a contact sheet of the pictures that changed most: input, output, and
            eight times their difference.
    """
    report = GlareFreeReport({name: [] for name in pipelines})
    worst: dict[str, list[tuple[float, list[Tile]]]] = {name: [] for name in pipelines}
    for index, file in enumerate(files):
        day = np.asarray(load_picture(file, "day", _LARGEST_PICTURE).pixels, np.uint8)
        gain = float(np.random.default_rng((seed, index)).uniform(*GAIN))
        for kind, before in zip(KINDS, (day, darkened(day, gain)), strict=True):
            for name, pipeline in pipelines.items():
                after = clean_picture(pipeline, before)
                difference = after.astype(np.float32) - before
                square = float(np.square(difference / 255).mean(dtype=np.float64))
                score = GlareFreeScore(file.name, kind, square)
                report.scores[name].append(score)
                if pictures is not None:
                    worst[name].append((score.psnr, _tiles(before, after, score)))
                    worst[name] = sorted(worst[name], key=lambda row: row[0])[:_SHEET_ROWS]
    if pictures is not None:
        for name, rows in worst.items():
            title = f"{short_name(name)}, pictures without glare that changed most"
            sheet = contact_sheet(title, [tiles for _, tiles in rows])
            save(pictures / f"sheet-glare-free-{short_name(name)}.jpg", sheet)
    return report


def _tiles(before: RGB, after: RGB, score: GlareFreeScore) -> list[Tile]:
    change = np.abs(after.astype(np.int16) - before)
    return [
        Tile.of(before, f"{score.name}, {score.kind}", _SHEET_WIDTH),
        Tile.of(after, f"output: {score.psnr:.1f} dB", _SHEET_WIDTH),
        Tile.of(np.minimum(change * 8, 255).astype(np.uint8), "difference x 8", _SHEET_WIDTH),
    ]
