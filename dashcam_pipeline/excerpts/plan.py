"""Which pieces of which recordings show an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashcam_pipeline.drives.model import CameraRun

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from dashcam_pipeline.dashcam.names import Camera
    from dashcam_pipeline.drives.model import Clip, Drive, Event


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a camera's recording that shows an event.

    Args:
        event: that it shows.
        camera: whose.
        clips: that it is cut from, in order; they follow one another without a gap.
        start, end: seconds from the first clip's beginning.
        still: the clip that shows the strongest moment, and its second in that clip.
        name: of the output, without its ending; no two excerpts of a plan have the same.
    """

    event: Event
    camera: Camera
    clips: tuple[Clip, ...]
    start: float
    end: float
    still: tuple[Clip, float]
    name: str


def plan(
    drives: Iterable[Drive],
    *,
    before: float,
    after: float,
    kinds: Collection[str] = (),
    cameras: Collection[Camera] = (),
) -> list[Excerpt]:
    """Excerpts of every event, of every camera that shows it.

    What was recorded is all that there can be: at a gap an excerpt ends.

    Args:
        drives: with their events.
        before, after: seconds that it begins earlier and ends later than the event.
        kinds: of events; empty for all.
        cameras: empty for all.
    """
    found: list[Excerpt] = []
    taken: dict[str, int] = {}
    for drive in drives:
        for event in drive.events:
            if kinds and event.kind not in kinds:
                continue
            found += [
                _excerpt(run, event, before, after, taken)
                for run in _showing(drive, event)
                if not cameras or run.camera in cameras
            ]
    return found


def _showing(drive: Drive, event: Event) -> Iterator[CameraRun]:
    """The runs that show an event; its own clip alone where no run of its camera does."""
    peak = event.clip.instant + event.peak
    runs = {run.camera: run for run in drive.cameras if run.at(peak) is not None}
    if event.clip.camera not in runs:
        runs[event.clip.camera] = CameraRun(event.clip.camera, (event.clip,), ())
    yield from runs.values()


def _excerpt(
    run: CameraRun, event: Event, before: float, after: float, taken: dict[str, int]
) -> Excerpt:
    peak = event.clip.instant + event.peak
    main = run.at(peak) or run.clips[0]
    begin, end = event.instant - before, event.end_instant + after
    clips = _together(run, main, begin, end)
    first = clips[0].instant
    name = f"{event.start:%Y%m%d-%H%M%S}_{event.kind}_{run.camera}"
    taken[name] = taken.get(name, 0) + 1
    if taken[name] > 1:  # another card's, of the same second
        name = f"{name}-{taken[name]}"
    return Excerpt(
        event,
        run.camera,
        clips,
        max(0.0, begin - first),
        max(end - first, begin - first + 1.0),
        (main, max(0.0, peak - main.instant)),
        name,
    )


def _together(run: CameraRun, main: Clip, begin: float, end: float) -> tuple[Clip, ...]:
    """The clips from one instant to another that join a clip without a gap."""
    first = last = run.clips.index(main)
    follows = [seam.kind != "gap" for seam in run.seams]
    while first and follows[first - 1] and run.clips[first].instant > begin:
        first -= 1
    while last < len(follows) and follows[last] and run.clips[last].end_instant < end:
        last += 1
    return run.clips[first : last + 1]
