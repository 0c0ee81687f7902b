"""How long a recording takes here: a second of it, cleaned as a run would, and thrown away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.looking.moments import frame_seconds
from dashcam_pipeline.compare.sources import known_duration
from dashcam_pipeline.config import make_config
from dashcam_pipeline.media.destination import choose_output_path
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.pipeline import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from dashcam_pipeline.engine.workers import Progress

SECONDS: Final = 1.5
"""Of the recording."""


def measure_pace(
    path: Path, settings: Mapping[str, Any], folder: Path, check: Callable[[], None]
) -> float:
    """Try the middle of a recording.

    What comes before the first frame and after the last one is counted once, what a frame takes as
    often as there are frames.

    Args:
        path: of the recording; only read.
        settings: of a run, as ``make_config`` takes them.
        folder: an empty one, that the trial goes into.
        check: called on the way; what it raises ends the work.

    Returns:
        seconds for each byte of the recording.

    Raises:
        DashcamError: as ``clean``.
    """
    info = probe(path)
    whole = known_duration(info)
    start = max(0.0, (whole - SECONDS) / 2)
    config = make_config({**settings, "start": start, "end": start + SECONDS})
    begin = time.perf_counter()
    marks = [(0, begin)]

    def step(progress: Progress) -> None:
        check()
        if progress.frames > marks[-1][0]:
            marks.append((progress.frames, time.perf_counter()))

    report = clean(path, folder / choose_output_path(info, None).name, config=config, progress=step)
    end = time.perf_counter()
    (some, first), (most, last) = marks[1] if marks[1:] else marks[0], marks[-1]
    if most == some:  # it was over at a blow
        some, first, most, last = 0, begin, max(1, report.frames.written), end
    frames = whole / frame_seconds(info)
    total = (first - begin) + (last - first) / (most - some) * frames + (end - last)
    return total / max(1, info.size_bytes)
