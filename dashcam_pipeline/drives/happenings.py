"""What the G-sensor and the speed say happened in a clip.

A camera's axes are its own, and how it is mounted isn't known; gravity tells which way is down, and
what is felt across it is the road's: braking, turning, a blow. Whether it was braking, the speed
tells, where there is one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from dashcam_pipeline.dashcam.telemetry.model import STANDARD_GRAVITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix, Telemetry

HappeningKind: TypeAlias = Literal["braking", "force", "speed"]
"""``braking``: felt while the speed fell; ``force``: felt alone; ``speed``: seen by satellites."""

HARD: Final = 0.4
"""g; what a family car rarely reaches in any direction (PosiTrace), and 9 mph lost in a second, a
severe hard braking to Verizon Connect; other fleets' thresholds lie from 0.35 to 0.45 g."""

HELD: Final = 0.3
"""Seconds; a pothole's blow is over in a tenth or two."""

JUMP: Final = HARD * STANDARD_GRAVITY * 2
"""Metres a second that the speed must change by (28 km/h) within ``JUMP_WITHIN``: the same force,
held for two seconds."""

JUMP_WITHIN: Final = 2.5
"""Seconds: two steps of a receiver that gives a position a second, and some lateness."""

SAME: Final = 10.0
"""Seconds by which two of a kind may lie apart and are one: who brakes often brakes again."""

_BIN: Final = 0.1
"""Seconds that are one reading: sensors of 200 readings a second feel the engine."""

_MOST: Final = 100
"""Readings of a tenth, and speeds of ``JUMP_WITHIN``, that are looked at; the fastest sensors that
are known give twenty and fifty."""

_HEAVY: Final = 0.5
"""g; with less than that on average a sensor leaves gravity out itself."""

_SLOWER: Final = 1.5
"""Metres a second that the speed falls by when the brakes are meant (0.4 g for 0.3 s take 1.2)."""

_NEAR: Final = 3.0
"""Seconds from a force to the positions that tell the speed before and after it."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened in a clip.

    Args:
        kind: what.
        at, until: seconds of the clip.
        peak: second of the strongest moment.
        g: the strongest force that was held, None where it wasn't felt.
        before, after: speed in metres a second, None where it isn't known.
        latitude, longitude: degrees (WGS 84), None where they aren't known.
    """

    kind: HappeningKind
    at: float
    until: float
    peak: float
    g: float | None = None
    before: float | None = None
    after: float | None = None
    latitude: float | None = None
    longitude: float | None = None


def happenings(telemetry: Telemetry) -> tuple[Happening, ...]:
    """What happened in a clip, in order of time.

    Args:
        telemetry: of the clip.
    """
    fixes = sorted(
        (fix for fix in telemetry.fixes if fix.seconds is not None), key=lambda f: f.seconds or 0.0
    )
    times = [fix.seconds or 0.0 for fix in fixes]
    felt = [_told(one, fixes, times) for one in _merged(forces(telemetry.accelerations))]
    begins = [one.at for one in felt]
    seen = [one for one in jumps(fixes) if not _is_felt(one, felt, begins)]
    found = _merged(sorted([*felt, *seen], key=lambda one: one.at))
    return tuple(_placed(one, fixes, times) for one in found)


def forces(accelerations: Iterable[Acceleration]) -> list[Happening]:
    """Where at least ``HARD`` was felt across gravity, in one direction, for ``HELD`` seconds.

    Args:
        accelerations: of one clip; those without a time are left out.
    """
    rows = sorted(
        (one.seconds, one.x, one.y, one.z) for one in accelerations if one.seconds is not None
    )
    if len(rows) < 2:  # noqa: PLR2004 - one reading is no rest to compare with
        return []
    times, felt = _steps(np.array(rows, np.float64))
    across = _across(felt)
    strong = np.linalg.norm(across, axis=1) >= HARD
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    found = []
    for run in _runs(strong, times, step):
        held = times[run[-1]] - times[run[0]] + step
        force = float(np.linalg.norm(across[run].mean(axis=0)))
        if len(run) > 1 and held >= HELD - 1e-6 and force >= HARD:
            peak = run[int(np.argmax(np.linalg.norm(across[run], axis=1)))]
            begin, end = float(times[run[0]]), float(times[run[-1]] + step)
            found.append(Happening("force", begin, end, float(times[peak]), force))
    return found


def _steps(
    rows: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Readings (N, 4: seconds, x, y, z), the middle ones of each tenth: (M,) seconds, (M, 3) g."""
    number = np.floor(rows[:, 0] / _BIN + 1e-6).astype(np.int64)
    begins = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    counts = np.minimum(np.diff(begins, append=len(rows)), _MOST)
    if counts.max() == 1:
        return rows[:, 0], rows[:, 1:]
    parts = np.full((len(begins), counts.max(), 3), np.nan)
    for place in range(counts.max()):
        there = counts > place
        parts[there, place] = rows[begins[there] + place, 1:]
    return rows[begins, 0], np.asarray(np.nanmedian(parts, axis=1), np.float64)


def _across(felt: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """What of readings (N, 3) lies across gravity, which is what they mostly say; (N, 3) g."""
    rest = np.median(felt, axis=0)
    moved = felt - rest
    weight = float(np.linalg.norm(rest))
    if weight < _HEAVY:
        return moved
    down = rest / weight
    return np.asarray(moved - np.outer(moved @ down, down), np.float64)


def _runs(
    strong: npt.NDArray[np.bool_], times: npt.NDArray[np.float64], step: float
) -> list[list[int]]:
    """Places of strong readings (N,) that follow one another without a gap."""
    runs: list[list[int]] = []
    for place in map(int, np.flatnonzero(strong)):
        follows = bool(runs) and runs[-1][-1] == place - 1
        if not follows or times[place] - times[place - 1] > 2 * step:
            runs.append([])
        runs[-1].append(place)
    return runs


def jumps(fixes: Sequence[Fix]) -> list[Happening]:
    """Where the speed changed by ``JUMP`` within ``JUMP_WITHIN`` seconds, and stayed changed.

    Args:
        fixes: of one clip, with their seconds, in order. A single wrong speed is no jump.
    """
    told = [(f.seconds or 0.0, f.speed) for f in fixes if f.speed is not None]
    found = []
    for first, (begin, before) in enumerate(told):
        for last in range(first + 1, min(len(told), first + _MOST)):
            end, after = told[last]
            if end - begin > JUMP_WITHIN:
                break
            if abs(after - before) >= JUMP and _stays(told, first, last):
                found.append(Happening("speed", begin, end, end, None, before, after))
                break
    return _merged(found)


def _stays(told: Sequence[tuple[float, float]], first: int, last: int) -> bool:
    """Whether the speeds beside both ends of a jump say the same as these."""
    before, after = told[first][1], told[last][1]
    sign = 1 if after > before else -1
    beyond = [told[k][1] for k in (last - 1, last + 1) if first < k < len(told)]
    ahead = [told[k][1] for k in (first - 1, first + 1) if 0 <= k < last]
    changed = any(sign * (speed - before) >= JUMP / 2 for speed in beyond)
    steady = first == 0 or any(abs(speed - before) <= JUMP / 2 for speed in ahead)
    return changed and steady


def _told(force: Happening, fixes: Sequence[Fix], times: Sequence[float]) -> Happening:
    """A force with the speeds before and after it; braking if they fell."""
    place = bisect_right(times, force.at + _BIN)
    first = bisect_left(times, force.at - _NEAR)
    last = bisect_right(times, force.until + _NEAR)
    earlier = [fix.speed for fix in fixes[first:place] if fix.speed is not None]
    later = [fix.speed for fix in fixes[place:last] if fix.speed is not None]
    if not (earlier and later):
        return force
    before, after = earlier[-1], min(later)
    if before - after >= _SLOWER:
        return replace(force, kind="braking", before=before, after=after)
    return replace(force, before=before, after=later[-1])


def _is_felt(one: Happening, felt: Sequence[Happening], begins: Sequence[float]) -> bool:
    """Whether a jump of speed is of a moment that was felt; those lie apart, in order."""
    place = bisect_right(begins, one.until + _NEAR)
    return place > 0 and one.at - _NEAR <= felt[place - 1].until


def _merged(found: Sequence[Happening]) -> list[Happening]:
    """Happenings in order, those of a kind that lie close together as one."""
    merged: list[Happening] = []
    for one in found:
        last = merged[-1] if merged else None
        if last is None or last.kind != one.kind or one.at - last.until > SAME:
            merged.append(one)
            continue
        stronger = one if (one.g or 0.0) > (last.g or 0.0) else last
        merged[-1] = replace(
            stronger,
            at=last.at,
            until=max(last.until, one.until),
            before=last.before,
            after=one.after,
        )
    return merged


def _placed(one: Happening, fixes: Sequence[Fix], times: Sequence[float]) -> Happening:
    """A happening with the place of the nearest position, if one is near."""
    place = bisect_left(times, one.peak)
    beside = [k for k in (place - 1, place) if 0 <= k < len(times)]
    near = min(beside, key=lambda k: abs(times[k] - one.peak), default=None)
    if near is None or abs(times[near] - one.peak) > SAME:
        return one
    return replace(one, latitude=fixes[near].latitude, longitude=fixes[near].longitude)
