"""Models on real pairs, at full resolution, beside doing nothing.

For every picture and row, against the clear twin:

- PSNR and SSIM in the glare region, in the rest, and as a whole (``metrics`` has the regions),
- ``lpips-lite0`` as a whole (``perceptual``),
- G-PSNR and S-PSNR where a mask exists: PSNR within the glare region and the streaks that
  Flare7K's masks paint, over the pictures that have any,
- highlights kept: of the pixels above 95% luma in input and clear twin alike, the share that
  still is.

Means over pictures; *worse* is the share that lost more than 0.1 dB as a whole; *dark* is the third
of the pictures whose inputs have the lowest mean luma.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.training.evaluation.common.sheets import Tile, contact_sheet, save
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, mean, number, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar
from dashcam_pipeline.training.evaluation.glare.metrics import (
    LUMA,
    Regions,
    mean_within,
    psnr,
    ssim_map,
    weighted_psnr,
)
from dashcam_pipeline.training.evaluation.glare.perceptual import NAME as PERCEPTUAL
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline
    from dashcam_pipeline.training.evaluation.glare.pair_folder import Pair
    from dashcam_pipeline.training.evaluation.glare.perceptual import PerceptualDistance

    Picture = npt.NDArray[np.floating[Any]]

WORSE: Final = 0.1
"""A picture counts as made worse from this loss in dB on."""

HIGHLIGHT: Final = 0.95
"""Luma from which a pixel is a highlight."""

_SHEET_WIDTH: Final = 360
_SHEET_ROWS: Final = 6
"""Of the worst and of the best pictures each."""


@dataclass(frozen=True, slots=True)
class PictureScore:
    """One picture against its clear twin; dB and shares, NaN where there is nothing to measure."""

    glare: float
    rest: float
    whole: float
    ssim_glare: float
    ssim_rest: float
    ssim_whole: float
    lpips_lite0: float
    g_psnr: float
    s_psnr: float
    highlights: float


@dataclass(frozen=True, slots=True)
class PairResult:
    """All rows of one pair.

    Args:
        name, scene: of the pair.
        luma: mean of the input, 0 to 1.
        scores: by row.
    """

    name: str
    scene: str
    luma: float
    scores: dict[str, PictureScore]

    def gain(self, row: str) -> float:
        """What a row wins as a whole over doing nothing, dB."""
        return self.scores[row].whole - self.scores[NOTHING].whole


@dataclass(frozen=True, slots=True)
class PairRow:
    """Means of one row over pairs; names as in ``PictureScore``.

    Args:
        name: of the row.
        count: pairs.
        worse: share of pictures that lost as a whole.
    """

    name: str
    count: int
    glare: float
    rest: float
    whole: float
    worse: float
    ssim_glare: float
    ssim_rest: float
    ssim_whole: float
    lpips_lite0: float
    g_psnr: float
    s_psnr: float
    highlights: float

    @classmethod
    def of(cls, name: str, results: Sequence[PairResult]) -> PairRow:
        """Average a row over some pairs."""
        means = {
            f.name: mean(getattr(r.scores[name], f.name) for r in results)
            for f in fields(PictureScore)
        }
        worse = float(np.mean([r.gain(name) < -WORSE for r in results]))
        return cls(name=name, count=len(results), worse=worse, **means)


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What was measured on pairs."""

    names: tuple[str, ...]
    results: list[PairResult] = field(default_factory=list)

    def rows(self) -> list[PairRow]:
        """A row for doing nothing and for each model, over all pairs."""
        return [PairRow.of(name, self.results) for name in self.names]

    def dark(self) -> list[PairResult]:
        """The darkest third of the pairs."""
        count = math.ceil(len(self.results) / 3)
        return sorted(self.results, key=lambda r: r.luma)[:count]

    def scenes(self) -> dict[str, list[PairResult]]:
        """Pairs by scene, in order."""
        found: dict[str, list[PairResult]] = {}
        for result in self.results:
            found.setdefault(result.scene, []).append(result)
        return found

    def bars(self) -> list[Bar]:
        """What every model should win over doing nothing, and what it may lose."""
        nothing, *rows = self.rows()
        found = []
        for r in rows:
            found += [
                Bar(r.name, "glare region, dB", r.glare - nothing.glare, "least", 2.0, "+.2f"),
                Bar(r.name, "whole, dB", r.whole - nothing.whole, "least", 0.3, "+.2f"),
                Bar(r.name, "rest, dB", r.rest - nothing.rest, "least", -0.5, "+.2f"),
                Bar(r.name, "made worse", r.worse, "most", 0.15, ".0%"),
            ]
        return found

    def markdown(self) -> str:
        """All rows by region, the perceptual measures, the dark third, and means by scene."""
        rows = self.rows()
        parts = [f"{len(self.results)} pairs of {len(self.scenes())} scenes:", pairs_table(rows)]
        parts.append(self._perceived(rows))
        dark = self.dark()
        parts += [
            f"Darkest third ({len(dark)} pairs, mean luma up to {dark[-1].luma:.3f}):",
            pairs_table([PairRow.of(name, dark) for name in self.names]),
            "By scene, glare region / whole, dB:",
            self._by_scene(),
        ]
        return "\n\n".join(parts)

    @staticmethod
    def _perceived(rows: Sequence[PairRow]) -> str:
        heads = ["row", "SSIM glare", "SSIM rest", "SSIM whole", PERCEPTUAL, "highlights kept"]
        lines = [
            [
                r.name,
                *numbers(".4f", r.ssim_glare, r.ssim_rest, r.ssim_whole, r.lpips_lite0),
                number(r.highlights, ".1%"),
            ]
            for r in rows
        ]
        if not all(math.isnan(v) for r in rows for v in (r.g_psnr, r.s_psnr)):
            heads += ["G-PSNR, dB", "S-PSNR, dB"]
            lines = [
                [*line, *numbers(".2f", r.g_psnr, r.s_psnr)]
                for line, r in zip(lines, rows, strict=True)
            ]
        return table(heads, lines)

    def _by_scene(self) -> str:
        lines = []
        for scene, results in self.scenes().items():
            rows = [PairRow.of(name, results) for name in self.names]
            cells = [f"{number(r.glare, '.2f')} / {number(r.whole, '.2f')}" for r in rows]
            lines.append([scene, str(len(results)), *cells])
        return table(["scene", "pairs", *self.names], lines)

    def to_dict(self) -> dict[str, Any]:
        """Rows, the dark third, scenes, and every picture."""
        return {
            "count": len(self.results),
            "rows": [asdict(r) for r in self.rows()],
            "dark": [asdict(PairRow.of(name, self.dark())) for name in self.names],
            "scenes": {
                scene: [asdict(PairRow.of(name, found)) for name in self.names]
                for scene, found in self.scenes().items()
            },
            "pictures": [asdict(r) for r in self.results],
        }


def pairs_table(rows: Sequence[PairRow]) -> str:
    """PSNR by region as a Markdown table."""
    heads = ["row", "glare region, dB", "rest, dB", "whole, dB", "made worse"]
    lines = [[r.name, *numbers(".2f", r.glare, r.rest, r.whole), f"{r.worse:.0%}"] for r in rows]
    return table(heads, lines)


class _Twin:
    """What all rows of a pair are measured against."""

    def __init__(self, pair: Pair, distance: PerceptualDistance | None) -> None:
        self.clear = pair.clear.astype(np.float32) / 255
        flare = pair.flare.astype(np.float32) / 255
        self.regions = Regions.of(flare, self.clear)
        self.luma = flare @ LUMA
        self.bright = (self.luma > HIGHLIGHT) & (self.clear @ LUMA > HIGHLIGHT)
        self.distance = distance
        self.features = distance.features(self.clear) if distance else []
        self.masks = None if pair.mask is None else pair.mask.astype(np.float32) / 255

    def score(self, picture: npt.NDArray[np.uint8]) -> PictureScore:
        """Measure a picture of the pair, (H, W, 3) uint8."""
        seen = picture.astype(np.float32) / 255
        similarity = ssim_map(seen, self.clear)
        g_psnr = s_psnr = lpips = math.nan
        if self.masks is not None:
            red, green = self.masks[..., 0], self.masks[..., 1]
            g_psnr = weighted_psnr(seen, self.clear, green)
            s_psnr = weighted_psnr(seen, self.clear, np.maximum(red - green, 0))
        if self.distance is not None:
            lpips = self.distance.between(self.distance.features(seen), self.features)
        return PictureScore(
            glare=psnr(seen, self.clear, self.regions.glare),
            rest=psnr(seen, self.clear, self.regions.rest),
            whole=psnr(seen, self.clear),
            ssim_glare=mean_within(similarity, self.regions.glare),
            ssim_rest=mean_within(similarity, self.regions.rest),
            ssim_whole=float(similarity.mean(dtype=np.float64)),
            lpips_lite0=lpips,
            g_psnr=g_psnr,
            s_psnr=s_psnr,
            highlights=mean_within((seen @ LUMA > HIGHLIGHT).astype(np.float32), self.bright),
        )


def measure_pairs(
    pairs: Iterable[Pair],
    pipelines: Mapping[str, Pipeline],
    *,
    distance: PerceptualDistance | None = None,
    pictures: Path | None = None,
) -> PairsReport:
    """Score pipelines on pairs.

    Args:
        pairs: such as a ``PairFolder``; gone through once.
        pipelines: a name for each row beside doing nothing.
        distance: the perceptual distance; left out if None, as it costs about a second a picture.
        pictures: folder for input | clear | result of every pair at full size, and a contact sheet
            with the worst and the best pictures of every row.
    """
    report = PairsReport((NOTHING, *pipelines))
    tiles: list[list[Tile]] = []
    for pair in pairs:
        twin = _Twin(pair, distance)
        results = {name: clean_picture(p, pair.flare) for name, p in pipelines.items()}
        seen = {NOTHING: pair.flare, **results}
        scores = {name: twin.score(picture) for name, picture in seen.items()}
        result = PairResult(pair.name, pair.scene, float(twin.luma.mean()), scores)
        report.results.append(result)
        if pictures is not None:
            side = np.concatenate([pair.flare, pair.clear, *results.values()], axis=1)
            save(pictures / f"pair-{pair.name}", side)
            tiles.append(_tiles(pair, results, result))
    if pictures is not None:
        for name in pipelines:
            save(pictures / f"sheet-pairs-{short_name(name)}.jpg", _sheet(report, tiles, name))
    return report


def _tiles(
    pair: Pair, results: Mapping[str, npt.NDArray[np.uint8]], result: PairResult
) -> list[Tile]:
    nothing = result.scores[NOTHING]
    tiles = [
        Tile.of(
            pair.flare,
            f"{pair.name} input: {nothing.glare:.1f} / {nothing.whole:.1f} dB",
            _SHEET_WIDTH,
        ),
        Tile.of(pair.clear, f"clear ({pair.scene})", _SHEET_WIDTH),
    ]
    for name, picture in results.items():
        score = result.scores[name]
        words = f"{score.glare - nothing.glare:+.1f} / {score.whole - nothing.whole:+.1f} dB"
        tiles.append(Tile.of(picture, f"{short_name(name)}: {words}", _SHEET_WIDTH))
    return tiles


def _sheet(
    report: PairsReport, tiles: Sequence[Sequence[Tile]], name: str
) -> npt.NDArray[np.uint8]:
    """The worst pictures of a row, then its best; all of them where there are few."""
    order = sorted(range(len(tiles)), key=lambda i: report.results[i].gain(name))
    if len(order) > 2 * _SHEET_ROWS:
        order = order[:_SHEET_ROWS] + order[-_SHEET_ROWS:]
    title = f"{short_name(name)}, worst first; glare region / whole, gain over the input"
    return contact_sheet(title, [tiles[i] for i in order])
