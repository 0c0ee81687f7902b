"""What structure-lite0 says of a real day: the daylight picture of the very same scene.

    python benchmarks/true_day.py [--every 6]

The measure asks whether the same things stand in the same places. ``samples/city`` was filmed by
night and by day along the same way, so its day is a perfect translation; what it measures is what
an honest translator has to be compared with. Rows as in ``dashcam evaluate night-day``, means over
the frames, and the ratio to the tone curve.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from dashcam_pipeline.training.night_day_evaluation.features import Lite0
from dashcam_pipeline.training.night_day_evaluation.structure import (
    picture_structure,
    structure_distance,
)
from dashcam_pipeline.training.night_day_evaluation.tone_curve import Look
from dashcam_pipeline.training.night_day_evaluation.translators import Curve, StageModel

if TYPE_CHECKING:
    import numpy.typing as npt

CITY = Path(__file__).resolve().parent.parent / "samples" / "city"


def frames(name: str, every: int) -> list[npt.NDArray[np.uint8]]:
    """One frame in so many, (H, W, 3)."""
    with av.open(str(CITY / name)) as clip:
        pictures = islice(clip.decode(video=0), None, None, every)
        return [frame.to_ndarray(format="rgb24") for frame in pictures]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=6, help="one frame in so many")
    every = parser.parse_args().every
    net, days = Lite0(), frames("day.mp4", every)
    curve, model = Curve(Look.of(days)), StageModel.of("night-to-day")
    print("| night | row | structure-lite0 | x tone curve |")
    print("|---|---|---:|---:|")
    for night in ("night-truth.mp4", "night-glare.mp4"):
        found: dict[str, list[float]] = {"tone curve": [], "night-to-day": [], "the true day": []}
        for picture, day in zip(frames(night, every), days, strict=True):
            before = picture_structure(net, picture)
            for row, after in zip(
                found, (curve.picture(picture), model.picture(picture), day), strict=True
            ):
                found[row].append(structure_distance(before, picture_structure(net, after)))
        least = np.mean(found["tone curve"])
        for row, values in found.items():
            print(f"| {night} | {row} | {np.mean(values):.2f} | {np.mean(values) / least:.2f} |")


if __name__ == "__main__":
    main()
