"""AVCHD camcorders (Sony, Panasonic, Canon, JVC): ``MDPM`` packs in a message of each picture.

Behind a UUID and ``MDPM`` stands a count, then entries of a number and four bytes. Date and time
are binary-coded decimals behind a byte of the time zone; positions are as Exif has them, in
fractions of two 16-bit numbers. The layout is as published by ExifTool (H264).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.model import KNOT, MILE_PER_HOUR, Fix, make_fix

_UUID: Final = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66")
_MAGIC: Final = b"MDPM"
_ENTRY: Final = 5
_BEGIN: Final = len(_UUID) + len(_MAGIC) + 1

_SPEEDS: Final = {b"K": 1 / 3.6, b"M": MILE_PER_HOUR, b"N": KNOT}
"""Metres a second, by Exif's unit."""


class Avchd(Family):
    """Packs of date, time and position."""

    name = "avchd"

    def message(self, data: bytes, seconds: float | None) -> Reading | None:
        """One picture's packs."""
        if data[: len(_UUID)] != _UUID or data[len(_UUID) : _BEGIN - 1] != _MAGIC:
            return None
        packs: dict[int, bytes] = {}
        count = data[_BEGIN - 1] if len(data) >= _BEGIN else 0
        for place in range(_BEGIN, min(len(data) - _ENTRY + 1, _BEGIN + count * _ENTRY), _ENTRY):
            packs.setdefault(data[place], data[place + 1 : place + _ENTRY])
        fix = _fix(packs, seconds)
        return Reading((fix,) if fix else (), recorded=_recorded(packs))


def _recorded(packs: dict[int, bytes]) -> datetime | None:
    """The camera's clock; with its zone where it says one."""
    first, second = packs.get(0x18, b""), packs.get(0x19, b"")
    if not first or not second:
        return None
    zone, digits = first[0], (first[1:] + second).hex()
    try:
        when = datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone comes next
    except ValueError:
        return None  # a clock that was never set
    if zone & 0x80:
        return when
    offset = timedelta(hours=zone >> 1 & 0x0F, minutes=30 * (zone & 1))
    return when.replace(tzinfo=timezone(-offset if zone & 0x20 else offset))


def _fix(packs: dict[int, bytes], seconds: float | None) -> Fix | None:
    latitude = _degrees(packs, 0xB1, b"NS")
    longitude = _degrees(packs, 0xB5, b"EW")
    if latitude is None or longitude is None or packs.get(0xBE, b"A")[:1] == b"V":
        return None
    speed, unit = _ratio(packs.get(0xC2)), _SPEEDS.get(packs.get(0xC1, b"")[:1])
    altitude = _ratio(packs.get(0xBA))
    if altitude is not None and any(packs.get(0xB9, b"")):
        altitude = -altitude
    return make_fix(
        latitude,
        longitude,
        seconds,
        _time(packs),
        altitude=altitude,
        speed=None if speed is None or unit is None else speed * unit,
        course=_ratio(packs.get(0xC4)),
        hdop=_ratio(packs.get(0xC0)),
    )


def _degrees(packs: dict[int, bytes], place: int, signs: bytes) -> float | None:
    """An angle: its hemisphere at one number, degrees, minutes and seconds at the next three."""
    side = packs.get(place, b"")[:1]
    parts = [_ratio(packs.get(place + n)) for n in (1, 2, 3)]
    if not side or side not in signs or parts[0] is None:
        return None
    value = math.fsum((part or 0.0) / 60.0**n for n, part in enumerate(parts))
    return -value if side == signs[1:] else value


def _time(packs: dict[int, bytes]) -> datetime | None:
    date = b"".join(packs.get(n, b"") for n in (0xCA, 0xCB, 0xCC))[:10]
    clock = [_ratio(packs.get(n)) for n in (0xBB, 0xBC, 0xBD)]
    hours, minutes, rest = (part if part is not None else -1.0 for part in clock)
    try:
        day = datetime.strptime(date.decode("ascii"), "%Y:%m:%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    if min(hours, minutes, rest) < 0:
        return None
    return day + timedelta(hours=hours, minutes=minutes, seconds=rest)


def _ratio(data: bytes | None) -> float | None:
    if data is None:
        return None
    above, below = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big")
    return above / below if below else None
