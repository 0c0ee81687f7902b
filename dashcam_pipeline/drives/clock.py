"""One clock for all clips of a card: local times as names tell them, put on UTC by satellites.

A name tells the camera's clock, a position tells UTC. Their difference is the time zone, and what
is left over the camera's error. Where the difference changes, summer time began or ended, or the
camera's clock was set. Clips without a position share it with those that they follow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashcam_pipeline.drives.model import Clip

QUARTER: Final = 900.0
"""Seconds; every time zone is a multiple of it (tz database)."""

ZONES: Final = (-12 * 3600.0, 14 * 3600.0)
"""Seconds from UTC; the outermost zones there are."""

TOLERATED: Final = 120.0
"""Seconds by which a camera's clock may be wrong and is still believed: it drifts by a minute in
months without satellites, and a zone is known all the same."""

STEADY: Final = 30.0
"""Seconds by which the difference may change from clip to clip and is still the same one."""

CHAIN: Final = 600.0
"""Seconds by which clips may lie apart and still be of one clock, when one has no position."""


@dataclass(frozen=True, slots=True)
class _Offset:
    """What a camera's clock showed more than UTC.

    Args:
        seconds: measured.
        zone: the part of it that is a time zone.
    """

    seconds: float
    zone: float

    @property
    def error(self) -> float:
        """The rest."""
        return self.seconds - self.zone


def put_right(clips: Sequence[Clip], begins: Mapping[str, datetime]) -> list[Clip]:
    """Put the clips of one card on UTC.

    Args:
        clips: with the times of the camera's clock, in any order.
        begins: when clips began by satellites, by name; those without are missing.

    Returns:
        the same clips, in order of their names; all as they were if there is no time at all.
    """
    named = [clip for clip in clips if clip.start_from != "file"]
    offsets = _offsets(named, begins)
    usual = Counter(offset.zone for offset in offsets.values()).most_common(1)
    right = [_by_offset(clip, offsets.get(clip.name)) for clip in named]
    for clip in clips:
        if clip.start_from == "file":
            zone = timedelta(seconds=usual[0][0]) if usual else None
            right.append(_by_satellites(clip, begins.get(clip.name), zone))
    return sorted(right, key=lambda clip: clip.name)


def _by_offset(clip: Clip, offset: _Offset | None) -> Clip:
    if offset is None:
        return clip
    instant = clip.instant - offset.seconds
    utc = datetime.fromtimestamp(instant, UTC)
    wrong = abs(offset.error) > TOLERATED
    local = (utc + timedelta(seconds=offset.zone)).replace(tzinfo=None)
    return replace(
        clip,
        instant=instant,
        utc=utc,
        start=local if wrong else clip.start,
        start_from="telemetry" if wrong else clip.start_from,
        clock_error=timedelta(seconds=round(offset.error)),
    )


def _by_satellites(clip: Clip, begin: datetime | None, zone: timedelta | None) -> Clip:
    """A clip that only the file's time was known of; without a zone, this computer's is taken."""
    if begin is None:
        return clip
    local = begin.astimezone() if zone is None else begin + zone
    return replace(
        clip,
        instant=begin.timestamp(),
        utc=begin,
        start=local.replace(tzinfo=None),
        start_from="telemetry",
    )


def _offsets(clips: Sequence[Clip], begins: Mapping[str, datetime]) -> dict[str, _Offset]:
    """What each clip's clock showed more than UTC, by name."""
    measured = _steady(clips, begins)
    if not measured:
        return {}
    zones = _zones(list(measured.values()))
    known = {name: _Offset(seconds, zones[seconds]) for name, seconds in measured.items()}
    found: dict[str, _Offset] = {}
    chains = _chains(clips)
    with_some = [chain for chain in chains if any(clip.name in known for clip in chain)]
    for chain in chains:
        told = [clip for clip in chain if clip.name in known]
        if not told:
            near = min(with_some, key=lambda other: abs(other[0].instant - chain[0].instant))
            told = [next(clip for clip in near if clip.name in known)]
        for clip in chain:
            nearest = min(told, key=lambda other: abs(other.instant - clip.instant))
            found[clip.name] = known.get(clip.name, known[nearest.name])
    return found


def _steady(clips: Sequence[Clip], begins: Mapping[str, datetime]) -> dict[str, float]:
    """Measured differences, by name; the middle one of those that follow one another unchanged.

    A position's time may be a second late, and a name has whole seconds.
    """
    told = sorted(
        (begins[c.name].timestamp(), c.instant, c.name) for c in clips if c.name in begins
    )
    runs: list[list[tuple[str, float]]] = []
    for utc, local, name in told:
        offset = local - utc
        if not runs or abs(offset - runs[-1][-1][1]) > STEADY:
            runs.append([])
        runs[-1].append((name, offset))
    return {
        name: middle
        for run in runs
        for middle in [median(offset for _name, offset in run)]
        for name, _offset in run
    }


def _zones(offsets: Sequence[float]) -> dict[float, float]:
    """The zone in each difference; where none fits, the one that fits most of the others."""
    nearest = {offset: round(offset / QUARTER) * QUARTER for offset in offsets}
    fits = [
        nearest[offset]
        for offset in offsets
        if abs(offset - nearest[offset]) <= TOLERATED and ZONES[0] <= nearest[offset] <= ZONES[1]
    ]
    usual = Counter(fits).most_common(1)
    zones = {}
    for offset, zone in nearest.items():
        fitting = abs(offset - zone) <= TOLERATED and ZONES[0] <= zone <= ZONES[1]
        if fitting:
            zones[offset] = zone
        elif usual:
            zones[offset] = usual[0][0]
        else:
            zones[offset] = zone if ZONES[0] <= zone <= ZONES[1] else 0.0
    return zones


def _chains(clips: Sequence[Clip]) -> list[list[Clip]]:
    """Clips parted where the camera's clock leaves a gap."""
    ordered = sorted(clips, key=lambda clip: (clip.instant, clip.name))
    chains = [ordered[:1]]
    for before, clip in pairwise(ordered):
        if clip.instant - before.end_instant > CHAIN:
            chains.append([])
        chains[-1].append(clip)
    return [chain for chain in chains if chain]
