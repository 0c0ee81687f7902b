"""Models on synthetic pairs of kinds of glare that training never saw.

A score on kinds that a model was trained on flatters it. Each pair is a background with its lamps,
one lens of a single kind, and what a camera does to the picture (noise, compression, eight bits);
the target is the picture without glare, noise and compression. The last row takes the exact layer
away: no model that subtracts light can be better, since the noise stays.

Pairs are made at 288x512, the size that synthesis is made for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.inference.light import to_coded, to_linear
from dashcam_pipeline.training.data.pictures import PictureSource, load_pictures
from dashcam_pipeline.training.evaluation.common.sheets import Tile, contact_sheet, save
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, mean, numbers, table
from dashcam_pipeline.training.evaluation.glare.bars import Bar
from dashcam_pipeline.training.evaluation.glare.metrics import PairScore, Regions
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, short_name
from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, KernelBank
from dashcam_pipeline.training.synthesis.kinds import KERNEL, MEASURED, Chances

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.pipeline import Pipeline
    from dashcam_pipeline.training.synthesis.glare import Sample

    Picture = npt.NDArray[np.floating[Any]]

SIZE: Final = (288, 512)
"""Height and width of the pairs."""

EXACT: Final = "exact layer"
"""Name of the last row."""

LENSES: Final = 16
"""Most lenses of a kind: half a second each."""

_PURE: Final = Chances(ghosts=0, haze=0, film=0, motorway=0)
"""Nothing beside the kernel but lamps, off the frame too, and now and then the moon."""

_SHEET_WIDTH: Final = 320
_SHEET_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class HeldOutPair:
    """One synthetic pair, (H, W, 3).

    Args:
        kind: of the glare.
        picture: what the camera recorded, uint8.
        clear: without glare, noise and compression, float32 in [0, 1].
        exact: the recording less the exact layer, float32 in [0, 1].
    """

    kind: str
    picture: npt.NDArray[np.uint8]
    clear: Picture
    exact: Picture

    @classmethod
    def of(cls, kind: str, sample: Sample) -> HeldOutPair:
        """From a sample of the synthesis."""
        recorded, glare, structured, veil = (
            t.permute(1, 2, 0).numpy()
            for t in (sample.picture, sample.glare, sample.structured, sample.veil)
        )
        layer = structured + veil
        return cls(
            kind,
            np.round(recorded * 255).astype(np.uint8),
            np.asarray(to_coded(to_linear(glare) - layer), np.float32),
            np.asarray(to_coded(to_linear(recorded) - layer), np.float32),
        )


def check_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds to measure: those given, or all that no training may use.

    Raises:
        UsageError: a kind is unknown.
    """
    known = {**MEASURED, **KERNEL}
    for kind in kinds:
        if kind not in known:
            raise UsageError(
                f"{kind!r} is no kind of glare", advice=f"There are {', '.join(known)}."
            )
    return tuple(kinds) or tuple(MEASURED)


def draw_pairs(
    kinds: Sequence[str], data: Sequence[PictureSource], *, count: int, seed: int
) -> Iterator[HeldOutPair]:
    """Make ``count`` pairs of each kind.

    Args:
        kinds: of the kernel; each pair shows just one.
        data: backgrounds.
        count: of pairs.
        seed: makes them reproducible.
    """
    backgrounds = load_pictures(list(data))
    for number_, kind in enumerate(kinds):
        bank = KernelBank(seed=seed, count=min(count, LENSES), kinds=(kind,))
        synthesizer = GlareSynthesizer(backgrounds, bank, glare_free=0, chances=_PURE)
        made = tries = 0
        while made < count:
            sample = synthesizer.sample((seed, number_, tries), SIZE)
            tries += 1
            lit = bool((sample.structured + sample.veil).any())
            if not lit and tries > 100 * count:
                raise UsageError(
                    "these backgrounds have no lamps to make glare with",
                    advice="Give night:, hdr: or simulated: pictures.",
                )
            if lit:
                made += 1
                yield HeldOutPair.of(kind, sample)


@dataclass(frozen=True, slots=True)
class HeldOutReport:
    """Scores by kind, a dictionary by row for each pair."""

    scores: dict[str, list[dict[str, PairScore]]] = field(default_factory=dict)

    def rows(self, kind: str) -> dict[str, dict[str, float]]:
        """Means of a kind by row, dB, and the gain over doing nothing as a whole and in glare."""
        found = self.scores[kind]
        rows: dict[str, dict[str, float]] = {}
        for name in found[0]:
            means = {
                key: mean(getattr(s[name], key) for s in found)
                for key in ("glare", "rest", "whole")
            }
            for key in ("glare", "whole"):
                gains = (getattr(s[name], key) - getattr(s[NOTHING], key) for s in found)
                means[f"gain_{key}"] = mean(gains)
            rows[name] = means
        return rows

    def bars(self) -> list[Bar]:
        """What every model should win on kinds that it never saw."""
        return [
            Bar(name, f"{kind}, dB", means["gain_whole"], "least", 5.0, "+.2f")
            for kind in self.scores
            for name, means in self.rows(kind).items()
            if name not in {NOTHING, EXACT}
        ]

    def markdown(self) -> str:
        """One table, a line for each kind and row."""
        heads = ["kind", "row", "pairs", "glare region, dB", "rest, dB", "whole, dB"]
        lines = [
            [
                kind,
                name,
                str(len(found)),
                *numbers(".2f", m["glare"], m["rest"], m["whole"]),
                *numbers("+.2f", m["gain_glare"], m["gain_whole"]),
            ]
            for kind, found in self.scores.items()
            for name, m in self.rows(kind).items()
        ]
        return table([*heads, "gain in glare, dB", "gain, dB"], lines, words=2)

    def to_dict(self) -> dict[str, Any]:
        """Means by kind and row, and every pair."""
        return {
            kind: {
                "rows": self.rows(kind),
                "pairs": [{name: asdict(s) for name, s in pair.items()} for pair in found],
            }
            for kind, found in self.scores.items()
        }


def measure_held_out(
    pairs: Iterable[HeldOutPair],
    pipelines: Mapping[str, Pipeline],
    *,
    pictures: Path | None = None,
) -> HeldOutReport:
    """Score pipelines on synthetic pairs.

    Args:
        pairs: as ``draw_pairs`` makes them; gone through once.
        pipelines: a name for each row beside doing nothing and the exact layer.
        pictures: folder for a contact sheet of each kind: input | clear | result of every row.
    """
    report = HeldOutReport()
    tiles: dict[str, list[list[Tile]]] = {}
    for pair in pairs:
        regions = Regions.of(pair.picture.astype(np.float32) / 255, pair.clear)
        results = {name: clean_picture(p, pair.picture) for name, p in pipelines.items()}
        seen = {NOTHING: pair.picture, **results}
        scores = {
            name: PairScore.of(picture.astype(np.float32) / 255, pair.clear, regions)
            for name, picture in seen.items()
        }
        scores[EXACT] = PairScore.of(pair.exact, pair.clear, regions)
        report.scores.setdefault(pair.kind, []).append(scores)
        rows = tiles.setdefault(pair.kind, [])
        if pictures is not None and len(rows) < _SHEET_ROWS:
            clear = np.round(pair.clear * 255).astype(np.uint8)
            shown = {"input": pair.picture, "clear": clear, **results}
            words = {"input": scores[NOTHING].whole, **{n: scores[n].whole for n in results}}
            rows.append(
                [Tile.of(p, _caption(n, words.get(n)), _SHEET_WIDTH) for n, p in shown.items()]
            )
    if pictures is not None:
        for kind, rows in tiles.items():
            save(pictures / f"sheet-held-out-{kind}.jpg", contact_sheet(kind, rows))
    return report


def _caption(name: str, whole: float | None) -> str:
    return short_name(name) if whole is None else f"{short_name(name)} {whole:.1f} dB"
