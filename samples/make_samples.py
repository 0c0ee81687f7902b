"""Makes the sample clips again: ``python samples/make_samples.py [NAME ...]``.

Needs bpy (docs/simulation.md). Rendering takes about 16 seconds of a CPU core a frame; stopped, the
same command goes on where it was (frames wait in ``runs/sample-NAME``).
"""

from __future__ import annotations

import shutil
import sys
from fractions import Fraction
from pathlib import Path

from dashcam_pipeline.simulation.clip import Job, film, render_frames

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs"
KEPT = ("night-glare.mp4", "night-truth.mp4", "day.mp4", "masks.mkv", "truth.json")
SAMPLES = {
    "city": Job("city", 26, 4.0, 960, 540, Fraction(15), samples=4, day=True),
    "rainy-city": Job("rainy-city", 6, 4.0, 960, 540, Fraction(15), samples=4),
    "country-moon": Job("country-moon", 66, 4.0, 960, 540, Fraction(15), samples=2, heavy=False),
}


def main(names: list[str]) -> int:
    """Make some samples, or all; the exit code."""
    unknown = set(names) - set(SAMPLES)
    if unknown:
        sys.stderr.write(f"no such sample: {', '.join(sorted(unknown))}; there are {[*SAMPLES]}\n")
        return 2
    for name in names or SAMPLES:
        job, work = SAMPLES[name], RUNS / f"sample-{name}"
        for done in render_frames(job, work):
            sys.stderr.write(f"\r{name}: {done} of {job.count} frames")
        sys.stderr.write("\n")
        film(job, work)
        target = HERE / name
        target.mkdir(exist_ok=True)
        for file in KEPT:
            if (work / file).exists():
                shutil.copyfile(work / file, target / file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
