"""What structure-lite0 says of a real day: the daylight picture of the very same scene.

    python benchmarks/true_day.py [--every 6] [--model night-to-day]

The measure asks whether the same things stand in the same places. ``samples/city`` was filmed by
night and by day along the same way, so its day is a perfect translation; what it measures is what
an honest translator has to be compared with. Rows as in ``dashcam evaluate night-day``, means over
the frames, and the ratio to the tone curve.

A second table asks the same of the other stages of the network, with the cosines as they are and
with each map's mean taken off first: whether another choice of features would see a day and its
night as alike. ``another day`` is the day of a place some seconds away: what is as far has no
structure left.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from dashcam_pipeline.training.evaluation.night_day.features import MIDDLE, Lite0
from dashcam_pipeline.training.evaluation.night_day.pictures import to_short_side
from dashcam_pipeline.training.evaluation.night_day.structure import (
    SHORT_SIDE,
    self_similarity,
    structure_distance,
)
from dashcam_pipeline.training.evaluation.night_day.tone_curve import Look
from dashcam_pipeline.training.evaluation.night_day.translators import Curve, StageModel

if TYPE_CHECKING:
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

CITY = Path(__file__).resolve().parent.parent / "samples" / "city"
NIGHTS = ("night-truth.mp4", "night-glare.mp4")
STAGES = range(1, 6)
CHOICES = [(stage, centred) for stage in STAGES for centred in (False, True)]
MEASURED = (MIDDLE, False)
"""The choice of ``structure-lite0``."""
LARGEST = 20
"""Rows that a stage's map is shrunk to: what is compared are all pairs of places."""


def frames(name: str, every: int) -> list[RGB]:
    """One frame in so many, (H, W, 3)."""
    with av.open(str(CITY / name)) as clip:
        pictures = islice(clip.decode(video=0), None, None, every)
        return [frame.to_ndarray(format="rgb24") for frame in pictures]


def maps(net: Lite0, picture: RGB) -> list[Floats]:
    """Every stage's map, small ones as they are."""
    return [_bounded(m) for m in net.stages(to_short_side(picture, SHORT_SIDE), STAGES[-1])]


def _bounded(values: Floats) -> Floats:
    _, h, w = values.shape
    if h <= LARGEST:
        return values
    size = (round(w * LARGEST / h), LARGEST)
    return np.stack([cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in values])


def mean_distance(
    before: list[list[Floats]], after: list[list[Floats]], stage: int, *, centred: bool
) -> float:
    """``structure-lite0`` over all pictures, by one choice of features."""
    found = []
    for pair in zip(before, after, strict=True):
        chosen = [picture[stage] for picture in pair]
        if centred:
            chosen = [m - m.mean((1, 2), keepdims=True) for m in chosen]
        found.append(structure_distance(*map(self_similarity, chosen)))
    return float(np.mean(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=6, help="one frame in so many")
    parser.add_argument("--model", default="night-to-day", help="a model, or an ONNX file")
    given = parser.parse_args()
    net, days = Lite0(), frames("day.mp4", given.every)
    curve, model = Curve(Look.of(days)), StageModel.of(given.model)
    true, half = [maps(net, day) for day in days], len(days) // 2
    results = {}
    for night in NIGHTS:
        pictures = frames(night, given.every)
        rows = {
            "tone curve": [maps(net, curve.picture(picture)) for picture in pictures],
            "night-to-day": [maps(net, model.picture(picture)) for picture in pictures],
            "the true day": true,
            "another day": [*true[half:], *true[:half]],
        }
        before = [maps(net, picture) for picture in pictures]
        results[night] = {
            row: {key: mean_distance(before, after, key[0], centred=key[1]) for key in CHOICES}
            for row, after in rows.items()
        }
    print("| night | row | structure-lite0 | x tone curve |\n|---|---|---:|---:|")
    for night, found in results.items():
        least = found["tone curve"][MEASURED]
        for row, values in found.items():
            value = values[MEASURED]
            print(f"| {night} | {row} | {value:.2f} | {value / least:.1f} |")
    print("\n| night | stage | cosines | the true day, x tone curve | another day |")
    print("|---|---:|---|---:|---:|")
    for night, found in results.items():
        for stage, centred in CHOICES:
            least, near, far = (
                found[row][stage, centred] for row in ("tone curve", "the true day", "another day")
            )
            kind = "centred" if centred else "plain"
            print(f"| {night} | {stage + 1} | {kind} | {near / least:.1f} | {far / least:.1f} |")


if __name__ == "__main__":
    main()
