"""Makes the clips of the windscreen judge again: ``python samples/make_windscreens.py [NAME ...]``.

With ``--others`` eight other clips, of five frames each, in ``runs/other-windscreens``: whoever
chooses by the judge finds there what that is worth elsewhere.

Needs bpy (docs/simulation.md). Rendering takes about 15 seconds of a CPU core a frame, half an hour
in all; stopped, the same command goes on where it was (frames wait in ``runs/windscreen-NAME``).
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

from dashcam_pipeline.simulation.clip import Job, render_frames
from dashcam_pipeline.simulation.windscreen import (
    CLEAN_SCENES,
    OTHER_SCENES,
    SCENES,
    draw_windscreen,
    film_windscreen,
)

HERE = Path(__file__).parent
RUNS = HERE.parent / "runs"


def main(names: list[str]) -> int:
    """Make some clips, or all; the exit code."""
    others = "--others" in names
    names = [name for name in names if name != "--others"]
    scenes, seconds = (OTHER_SCENES, 5 / 12) if others else (SCENES, 1.25)
    jobs = {
        f"{kind}-{seed}": Job(kind, seed, seconds, 960, 540, Fraction(12), samples=4)
        for kind, seed in scenes
    }
    unknown = set(names) - set(jobs)
    if unknown:
        sys.stderr.write(f"no such clip: {', '.join(sorted(unknown))}; there are {[*jobs]}\n")
        return 2
    clean = {f"{kind}-{seed}" for kind, seed in CLEAN_SCENES}
    for name in names or jobs:
        job, work = jobs[name], RUNS / f"windscreen-{name}"
        for done in render_frames(job, work):
            sys.stderr.write(f"\r{name}: {done} of {job.count} frames")
        sys.stderr.write("\n")
        target = RUNS / "other-windscreens" if others else HERE / "windscreens"
        film_windscreen(job, work, target / name, draw_windscreen(job.seed))
        if name in clean:
            glass = draw_windscreen(job.seed, clean=True)
            film_windscreen(job, work, target / f"{name}-clean", glass)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
