"""Models on real nights without truth: what happens round lamps, far from them, and to them.

For every picture:

- *ring*: the 10th percentile of luma between 1.5 and 4 radii of each saturated blob, mean of its
  relative changes: the haze, which should fall,
- *far*: the median luma farther than 8 radii from every blob, which should stay,
- *newly black*: pixels below one code that were not,
- *lamps lit*: saturated blobs that still are somewhere: a lamp may shrink, as its glow clips as
  well, but no lamp may vanish,
- *lamp area*: pixels above 95% luma, after over before,
- *signals*: hue and luma of lit traffic signals and tail lamps (``signals``).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.training.data.pictures import load_picture
from dashcam_pipeline.training.evaluation.common.sheets import Tile, contact_sheet, save
from dashcam_pipeline.training.evaluation.common.tables import mean, number, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar
from dashcam_pipeline.training.evaluation.glare.signals import SignalChange, find_signals
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline
    from dashcam_pipeline.training.evaluation.common.signals import Signal

    RGB = npt.NDArray[np.uint8]
    Mask = npt.NDArray[np.bool_]
    Map = npt.NDArray[np.floating[Any]]

RING: Final = (1.5, 4.0)
"""Where the haze of a lamp is measured, in radii of its saturated blob."""

FAR: Final = 8.0
"""Farther than so many radii from every lamp, a picture should stay as it was."""

SATURATED: Final = 0.95
"""Luma from which a pixel belongs to a lamp."""

SMALLEST_BLOB: Final = 12
"""Pixels; smaller saturated spots are noise."""

LARGEST_PICTURE: Final = 4096
"""Longest side; larger pictures are shrunk."""

_SHEET_WIDTH: Final = 480
_SHEET_ROWS: Final = 14


@dataclass(frozen=True, slots=True)
class NightScore:
    """What happened to one night without truth.

    Args:
        ring: change of the 10th percentile of luma in the rings round lamps, relative; NaN
            without lamps.
        far: change of the median luma far from lamps, relative.
        crushed: share of pixels newly black.
        lit: share of the saturated blobs that still saturate somewhere; NaN without lamps.
        lamps: area above ``SATURATED`` after, relative to before; NaN without lamps.
        signals: what became of each lit signal.
    """

    ring: float
    far: float
    crushed: float
    lit: float
    lamps: float
    signals: tuple[SignalChange, ...] = ()

    @classmethod
    def of(cls, before: RGB, after: RGB) -> NightScore:
        """Compare a picture (H, W, 3) with its cleaned self."""
        return Night(before).score(after)


class Night:
    """One picture as it was recorded, to compare cleaned ones with.

    Args:
        picture: (H, W, 3) uint8 R'G'B'.
    """

    def __init__(self, picture: RGB) -> None:
        self.picture = picture
        self.signals: list[Signal] = find_signals(picture)
        self._luma = _luma(picture)
        self._rings: list[tuple[tuple[slice, slice], Mask]] = []
        self._blobs: list[tuple[tuple[slice, slice], Mask]] = []
        self._far = np.ones(self._luma.shape, bool)
        self._find_lamps()

    def _find_lamps(self) -> None:
        lit = (self._luma > SATURATED).astype(np.uint8)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(lit, connectivity=8)
        for label in range(1, count):
            x, y, w, h, area = (int(v) for v in stats[label])
            if area < SMALLEST_BLOB:
                continue
            box = slice(y, y + h), slice(x, x + w)
            self._blobs.append((box, labels[box] == label))
            radius = float(np.sqrt(area / np.pi))
            reach = math.ceil((FAR + 1) * radius) + 2
            window = (
                slice(max(y - reach, 0), y + h + reach),
                slice(max(x - reach, 0), x + w + reach),
            )
            outside = (labels[window] != label).astype(np.uint8)
            away = cv2.distanceTransform(outside, cv2.DIST_L2, 5) / radius
            self._far[window] &= away > FAR
            self._rings.append((window, (away > RING[0] - 1) & (away < RING[1] - 1)))

    def score(self, after: RGB) -> NightScore:
        """Compare with the cleaned picture, of the same shape."""
        old, new = self._luma, _luma(after)
        rings = []
        for window, ring in self._rings:
            was = float(np.percentile(old[window][ring], 10)) if ring.any() else 0.0
            if was > 0:
                rings.append(float(np.percentile(new[window][ring], 10)) / was - 1)
        median = float(np.median(old[self._far])) if self._far.any() else 0.0
        area = int((old > SATURATED).sum())
        return NightScore(
            ring=mean(rings),
            far=float(np.median(new[self._far])) / median - 1 if median > 0 else math.nan,
            crushed=float(np.mean((new < 1 / 255) & (old >= 1 / 255))),
            lit=mean(float(new[box][blob].max() > SATURATED) for box, blob in self._blobs),
            lamps=float((new > SATURATED).sum() / area) if area else math.nan,
            signals=tuple(SignalChange.of(s, self.picture, after) for s in self.signals),
        )


@dataclass(frozen=True, slots=True)
class NightsReport:
    """Scores by model and picture."""

    scores: dict[str, dict[str, NightScore]] = field(default_factory=dict)

    def means(self, name: str) -> dict[str, float]:
        """Means of one model over the folder; signals over all of its signals."""
        found = list(self.scores[name].values())
        signals = [s for score in found for s in score.signals]
        keys = ("ring", "far", "crushed", "lit", "lamps")
        means = {key: mean(getattr(s, key) for s in found) for key in keys}
        return means | {
            "pictures": len(found),
            "signals": len(signals),
            "hue_mean": mean(s.hue for s in signals),
            "hue_max": max((s.hue for s in signals), default=math.nan),
            "luma_mean": mean(s.luma for s in signals),
            "luma_min": min((s.luma for s in signals), default=math.nan),
        }

    def bars(self) -> list[Bar]:
        """How far haze should fall, and what should stay."""
        found = []
        for name in self.scores:
            m = self.means(name)
            found += [
                Bar(name, "haze in the ring", m["ring"], "most", -0.25, "+.1%"),
                Bar(name, "far from lamps, either way", abs(m["far"]), "most", 0.05, ".1%"),
                Bar(name, "newly black", m["crushed"], "most", 0.005, ".2%"),
                Bar(name, "lamps still lit", m["lit"], "least", 0.95, ".1%"),
            ]
        return found

    def markdown(self) -> str:
        """Two tables: haze and lamps; signals."""
        nights, signals = [], []
        for name in self.scores:
            m = self.means(name)
            nights.append(
                [
                    name,
                    str(m["pictures"]),
                    *numbers("+.1%", m["ring"], m["far"]),
                    number(m["crushed"], ".2%"),
                    *numbers(".1%", m["lit"], m["lamps"]),
                ]
            )
            signals.append(
                [
                    name,
                    str(m["signals"]),
                    *numbers(".1f", m["hue_mean"], m["hue_max"]),
                    *numbers("+.1%", m["luma_mean"], m["luma_min"]),
                ]
            )
        heads = ["row", "pictures", "haze in the ring", "far from lamps", "newly black"]
        haze = table([*heads, "lamps lit", "lamp area"], nights)
        heads = ["row", "lit signals", "hue, mean", "hue, most", "luma, mean", "luma, least"]
        return "\n\n".join([haze, "Hue in degrees:", table(heads, signals)])

    def to_dict(self) -> dict[str, Any]:
        """Means and every picture, by model."""
        return {
            name: {
                "means": self.means(name),
                "pictures": {picture: asdict(score) for picture, score in scores.items()},
            }
            for name, scores in self.scores.items()
        }


def measure_nights(
    files: Iterable[Path], pipelines: Mapping[str, Pipeline], *, pictures: Path | None = None
) -> NightsReport:
    """Score pipelines on pictures without truth.

    Args:
        files: of the pictures; gone through once.
        pipelines: a name for each row.
        pictures: folder for before | after at full size, and galleries of all pictures, the most
            changed first, with their signals framed.
    """
    report = NightsReport({name: {} for name in pipelines})
    tiles: dict[str, list[list[Tile]]] = {name: [] for name in pipelines}
    for file in files:
        before = np.asarray(load_picture(file, "night", LARGEST_PICTURE).pixels, np.uint8)
        night = Night(before)
        for name, pipeline in pipelines.items():
            after = clean_picture(pipeline, before)
            score = night.score(after)
            report.scores[name][file.name] = score
            if pictures is not None:
                base = "night" if len(pipelines) == 1 else f"night-{short_name(name)}"
                side = np.concatenate([before, after], axis=1)
                save(pictures / f"{base}-{file.stem}.jpg", side)
                tiles[name].append(_tiles(night, after, file.name, score))
    if pictures is not None:
        for name in pipelines:
            _galleries(report, tiles[name], name, pictures)
    return report


def _tiles(night: Night, after: RGB, name: str, score: NightScore) -> list[Tile]:
    framed = night.picture.copy()
    line = max(framed.shape[1] // 400, 1)
    for s in night.signals:
        color = {"red": (255, 60, 60), "amber": (255, 190, 0), "green": (0, 255, 120)}[s.colour]
        x, y, width, height = s.box
        corner = (x + width + 2 * line, y + height + 2 * line)
        cv2.rectangle(framed, (x - 2 * line, y - 2 * line), corner, color, line)
    hue = max((s.hue for s in score.signals), default=math.nan)
    words = (
        f"ring {number(score.ring, '+.0%')}, far {number(score.far, '+.1%')}, "
        f"lamps {number(score.lamps, '.0%')}, hue {number(hue, '.0f')}"
    )
    return [
        Tile.of(framed, f"{name}: {len(night.signals)} signals", _SHEET_WIDTH),
        Tile.of(after, words, _SHEET_WIDTH),
    ]


def _galleries(report: NightsReport, tiles: list[list[Tile]], name: str, folder: Path) -> None:
    rings = [score.ring for score in report.scores[name].values()]
    order = sorted(range(len(tiles)), key=lambda i: (math.isnan(rings[i]), rings[i]))
    pages = [order[i : i + 2 * _SHEET_ROWS] for i in range(0, len(order), 2 * _SHEET_ROWS)]
    for number_, page in enumerate(pages, 1):
        rows = [[t for i in page[j : j + 2] for t in tiles[i]] for j in range(0, len(page), 2)]
        title = f"{short_name(name)}, before and after, the largest fall of haze first"
        sheet = contact_sheet(f"{title}; {number_} of {len(pages)}", rows)
        save(folder / f"sheet-nights-{short_name(name)}-{number_}.jpg", sheet)


def _luma(picture: RGB) -> Map:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255)
