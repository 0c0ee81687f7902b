"""Where a clip went: from its positions, how far, and what time it was by satellites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashcam_pipeline.dashcam.telemetry.model import Fix

EARTH: Final = 6_371_008.8
"""Metres; mean radius (IUGG 1980). The Earth's flattening makes less than 0.6% of a distance."""

STEP: Final = 10.0
"""Metres; nearer positions are one place: a receiver that stands still wanders by a few metres,
which would add up to kilometres in a night."""

FASTEST: Final = 100.0
"""Metres a second (360 km/h); who seems to be faster than that was put in a wrong place."""

_TIMED: Final = 30
"""Positions whose times are compared with the clip's own; one alone may be late."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a clip went.

    Args:
        metres: along its positions.
        first, last: where it began and ended.
        fixes: positions that were looked at.
        utc: when the clip began by satellites; None where no position has a time with a zone.
        local: the same by the camera's clock, where positions have times without a zone.
        whole: False where only the recording's ends were looked at; ``metres`` is then at least so
            many.
    """

    metres: float
    first: Fix
    last: Fix
    fixes: int
    utc: datetime | None = None
    local: datetime | None = None
    whole: bool = True


def route_of(fixes: Sequence[Fix], *, whole: bool = True) -> Route | None:
    """The route along positions.

    Args:
        fixes: of one clip, in its order.
        whole: as of ``Route``.

    Returns:
        None without any position.
    """
    kept = plausible(fixes)
    if not kept:
        return None
    metres, place = 0.0, kept[0]
    for fix in kept[1:]:
        step = apart(place, fix)
        if step >= STEP:
            metres += step
            place = fix
    utc, local = _began(fixes, zoned=True), _began(fixes, zoned=False)
    return Route(metres, kept[0], kept[-1], len(fixes), utc, local, whole)


def plausible(fixes: Sequence[Fix]) -> list[Fix]:
    """Positions without those to which nobody can have driven in that time.

    A jump that the next position confirms is believed: the receiver was wrong before.
    """
    kept: list[Fix] = []
    doubtful: Fix | None = None
    for fix in fixes:
        if kept and not _reachable(kept[-1], fix):
            if doubtful is None or not _reachable(doubtful, fix):
                doubtful = fix
                continue
            if len(kept) == 1:
                kept.clear()  # it was the first one that was wrong
        kept.append(fix)
        doubtful = None
    return kept


def apart(one: Fix, other: Fix) -> float:
    """Metres between two positions, along a great circle (haversine)."""
    south, north = radians(one.latitude), radians(other.latitude)
    half = sin((north - south) / 2) ** 2
    turn = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half + cos(south) * cos(north) * turn)))


def _reachable(one: Fix, other: Fix) -> bool:
    if one.seconds is not None and other.seconds is not None:
        passed = abs(other.seconds - one.seconds)
    elif one.time is not None and other.time is not None:
        passed = abs((other.time - one.time).total_seconds())
    else:
        passed = 1.0
    return apart(one, other) <= FASTEST * max(passed, 1.0)


def _began(fixes: Sequence[Fix], *, zoned: bool) -> datetime | None:
    """When second 0 was, as the middle one of positions says; of those with a zone, or without."""
    said = [
        fix.time - timedelta(seconds=fix.seconds or 0.0)
        for fix in fixes
        if fix.time is not None and (fix.time.tzinfo is not None) == zoned
    ][:_TIMED]
    if not said:
        return None
    return said[0] + timedelta(seconds=median((one - said[0]).total_seconds() for one in said))
