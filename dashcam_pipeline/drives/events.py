"""What happened on a drive: files that the camera saved for it, and what sensors felt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.drives.model import CAMERAS, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashcam_pipeline.drives.model import Clip, EventKind

SAVED: Final[dict[str, EventKind]] = {"event": "event", "manual": "manual", "parking": "parking"}
"""Why a clip was saved, that makes it an event."""

TOGETHER: Final = 2.0
"""Seconds by which cameras may tell of the same moment at different times."""

_HALF: Final = 0.5
"""Share of a saved clip that another camera's must show to be of the same event."""


def events_of(clips: Iterable[Clip]) -> tuple[Event, ...]:
    """What happened, each thing once, in order of time.

    What sensors felt within a clip that the camera saved is part of that event.

    Args:
        clips: of one drive, of all cameras, copies too.
    """
    ordered = sorted(clips, key=lambda c: (CAMERAS.index(c.camera), c.instant, c.name))
    saved: list[Event] = []
    for clip in ordered:
        if clip.mode in SAVED:
            _add_saved(saved, clip)
    felt: list[Event] = []
    for clip in ordered:
        for event in _felt(clip):
            _add_felt(saved, felt, event)
    return tuple(sorted([*saved, *felt], key=lambda event: (event.instant, event.clip.name)))


def _add_saved(saved: list[Event], clip: Clip) -> None:
    """Add a saved clip, or its camera to the event that another one saved it of."""
    kind = SAVED[clip.mode]
    for place, event in enumerate(saved):
        other = event.clip
        shared = min(clip.end_instant, other.end_instant) - max(clip.instant, other.instant)
        shorter = min(clip.duration, other.duration)
        near = abs(clip.instant - other.instant) <= TOGETHER
        same = (shorter and shared > _HALF * shorter) or near
        if event.kind == kind and clip.camera not in event.cameras and same:
            saved[place] = replace(event, cameras=(*event.cameras, clip.camera))
            return
    first = clip.route.first if clip.route else None
    saved.append(
        Event(
            kind=kind,
            clip=clip,
            cameras=(clip.camera,),
            at=0.0,
            until=clip.duration,
            peak=0.0,
            latitude=first.latitude if first else None,
            longitude=first.longitude if first else None,
        )
    )


def _felt(clip: Clip) -> list[Event]:
    return [
        Event(
            kind=one.kind,
            clip=clip,
            cameras=(clip.camera,),
            at=max(0.0, one.at),
            until=min(one.until, clip.duration) if clip.duration else one.until,
            peak=one.peak,
            g=one.g,
            before=one.before,
            after=one.after,
            latitude=one.latitude,
            longitude=one.longitude,
        )
        for one in clip.happenings
        if not clip.duration or one.peak < clip.duration  # else it is the next clip's
    ]


def _add_felt(saved: list[Event], felt: list[Event], event: Event) -> None:
    """Add what was felt, unless it is known: of another camera, or of a clip that was saved."""
    instant = event.clip.instant + event.peak
    for place, known in enumerate(saved):
        if known.instant - TOGETHER <= instant <= known.end_instant + TOGETHER:
            if (event.g or 0.0) > (known.g or 0.0) or known.before is None:
                saved[place] = replace(
                    known,
                    peak=min(max(instant - known.clip.instant, 0.0), known.until),
                    g=event.g,
                    before=event.before,
                    after=event.after,
                    latitude=event.latitude,
                    longitude=event.longitude,
                )
            return
    for place, known in enumerate(felt):
        if abs(known.clip.instant + known.peak - instant) <= TOGETHER:
            if known.kind == "force" and event.kind != "force":
                felt[place] = event  # it knows more
            return
    felt.append(event)
