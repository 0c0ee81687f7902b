"""Measures rows on pictures and clips, and puts what was found together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.evaluation.night_day.clips import measure_clip, read_rgb_clip
from dashcam_pipeline.training.evaluation.night_day.edges import EdgeShift, edge_shift
from dashcam_pipeline.training.evaluation.night_day.features import Lite0
from dashcam_pipeline.training.evaluation.night_day.kernel_distance import (
    Distance,
    crop_features,
    interval,
    replicates,
    split_halves,
)
from dashcam_pipeline.training.evaluation.night_day.pictures import read_rgb
from dashcam_pipeline.training.evaluation.night_day.signals import (
    SignalChange,
    find_signals,
    signal_changes,
)
from dashcam_pipeline.training.evaluation.night_day.structure import (
    picture_structure,
    structure_distance,
)
from dashcam_pipeline.training.evaluation.night_day.translators import NOTHING, TONE_CURVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from dashcam_pipeline.training.evaluation.night_day.sheet import Gallery
    from dashcam_pipeline.training.evaluation.night_day.translators import Translator

    Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class PictureScore:
    """One picture of one row."""

    picture: str
    structure: float
    edges: EdgeShift
    signals: tuple[SignalChange, ...]


@dataclass(frozen=True, slots=True)
class Flicker:
    """One clip of one row.

    Args:
        warping: root mean square of the warping error, codes.
        normalised: the same, divided by the gain in local contrast.
        ratio: ``normalised`` by the source's own.
    """

    warping: float
    normalised: float
    ratio: float


@dataclass(slots=True)
class Row:
    """One way to translate, measured."""

    name: str
    distance: Distance
    to_tone_curve: Distance
    """``distance`` by the tone curve's, with the interval of common draws."""
    pictures: list[PictureScore]
    clips: dict[str, Flicker] = field(default_factory=dict)

    def mean(self, key: str) -> float:
        """Mean over pictures: ``structure``, ``moved`` or ``lost``; NaN if none has a number."""
        values = [
            p.structure if key == "structure" else getattr(p.edges, key) for p in self.pictures
        ]
        known = [v for v in values if not np.isnan(v)]
        return float(np.mean(known)) if known else float("nan")

    def signals(self, *colours: str) -> list[SignalChange]:
        """All signals of some colours."""
        return [s for p in self.pictures for s in p.signals if s.colour in colours]


@dataclass(slots=True)
class Evaluation:
    """All rows, doing nothing first, and the day set against itself."""

    rows: list[Row]
    itself: Distance


def evaluate_pictures(
    nights: Iterable[Path],
    days: Iterable[Path],
    translators: Sequence[Translator],
    gallery: Gallery | None = None,
) -> Evaluation:
    """Translate every picture by every row, and compare.

    Args:
        nights: the pictures to translate.
        days: those that they should look like.
        translators: the rows; doing nothing and the tone curve must be among them.
        gallery: where before and after are written.

    Raises:
        InputError: two rows have one name, or there are too few pictures.
    """
    names = [t.name for t in translators]
    if len({*names}) < len(names):
        raise InputError(
            f"two rows have one name: {', '.join(names)}", advice="Give each model once."
        )
    net = Lite0()
    reference = crop_features(net, map(read_rgb, days))
    features: dict[str, list[Floats]] = {name: [] for name in names}
    scores: dict[str, list[PictureScore]] = {name: [] for name in names}
    for file in nights:
        before = read_rgb(file)
        signals, structure = find_signals(before), picture_structure(net, before)
        results = {t.name: t.picture(before) for t in translators}
        for name, after in results.items():
            features[name].append(crop_features(net, [after])[0])
            scores[name].append(
                PictureScore(
                    file.name,
                    structure_distance(structure, picture_structure(net, after)),
                    edge_shift(before, after),
                    tuple(signal_changes(signals, before, after)),
                )
            )
        if gallery is not None:
            gallery.add(file.stem, results)
    if gallery is not None:
        gallery.close()
    found = {name: replicates(np.stack(x), reference) for name, x in features.items()}
    rows = [
        Row(name, interval(found[name]), interval(found[name] / found[TONE_CURVE]), scores[name])
        for name in names
    ]
    return Evaluation(rows, split_halves(reference))


def add_clip(
    evaluation: Evaluation, path: Path, frames: int, translators: Sequence[Translator]
) -> None:
    """Measure a clip too.

    Args:
        evaluation: of the same rows; changed in place.
        path: a recording, or a folder of consecutive pictures.
        frames: how many at most.
        translators: the rows.
    """
    meters = measure_clip(read_rgb_clip(path, frames), translators)
    source = meters[NOTHING].normalised
    for row in evaluation.rows:
        meter = meters[row.name]
        row.clips[path.name] = Flicker(
            meter.warping, meter.normalised, meter.normalised / source if source else float("nan")
        )
