"""Novatek's chips (Viofo, NextBase and many more): ``freeGPS `` blocks, and transport packets.

The layout is as published by ExifTool (QuickTimeStream) and by nvtk_mp42gpx: six u32 (hour, minute,
second, year, month, day), ``A`` for a valid fix, ``N``/``S``, ``E``/``W``, then latitude and
longitude (degrees * 100 + minutes), knots and course as f32; all little-endian. It begins at byte
48 of a block, at byte 16 in newer firmware, and at byte 0 or 164 of a transport stream's packet.
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import (
    KNOT,
    Acceleration,
    Fix,
    make_acceleration,
    make_fix,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_RECORD: Final = struct.Struct("<6I3sx4f")
_BLOCK_BASES: Final = (48, 16)
_TRANSPORT_BASES: Final = (0, 164)
_GRAVITY_COUNTS: Final = 256.0
_SENSOR: Final = struct.Struct("<3i")
_PLACEHOLDER: Final = b"\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0"
"""What newer firmware writes where it has no G-sensor reading."""


class Novatek(Family):
    """A record with the camera's clock, a block or a packet each."""

    name = "novatek"

    def block(self, data: bytes, seconds: float | None) -> Reading | None:
        """A block; its clock is UTC by convention."""
        if not _is_record(data, _BLOCK_BASES):
            return None
        for base in _BLOCK_BASES:
            if fix := _fix(data, base, seconds, utc=True):
                # only newer firmware has a G-sensor behind its record
                newer = base == _BLOCK_BASES[1]
                sensor = _sensor(data, base + _RECORD.size, seconds) if newer else None
                return Reading((fix,), (sensor,) if sensor else ())
        return Reading()

    def transport_packet(self, payload: bytes, seconds: float | None) -> Reading | None:
        """A packet; its clock is the camera's local one."""
        if not _is_record(payload, _TRANSPORT_BASES):
            return None
        for base in _TRANSPORT_BASES:
            if fix := _fix(payload, base, seconds, utc=False):
                return Reading((fix,))
        return Reading()


def _is_record(data: bytes, bases: Sequence[int]) -> bool:
    """True if there is a record, valid or void, at one of the bases."""
    return any(
        len(data) >= base + _RECORD.size
        and data[base + 24] in b"AV"
        and (data[base + 24] == ord("V") or (data[base + 25] in b"NS" and data[base + 26] in b"EW"))
        and _is_clock(struct.unpack_from("<6I", data, base))
        for base in bases
    )


def _fix(data: bytes, base: int, seconds: float | None, *, utc: bool) -> Fix | None:
    """The fix of a record at ``base``; None if there is none, or a void one."""
    if len(data) < base + _RECORD.size:
        return None
    hour, minute, second, year, month, day, flags, *rest = _RECORD.unpack_from(data, base)
    if flags[:1] != b"A" or flags[1:2] not in b"NS" or flags[2:] not in b"EW":
        return None
    latitude, longitude, knots, course = rest
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return make_fix(
        nmea.degrees(latitude) * (-1 if flags[1:2] == b"S" else 1),
        nmea.degrees(longitude) * (-1 if flags[2:] == b"W" else 1),
        seconds,
        _clock(year, month, day, hour, minute, second, utc=utc),
        speed=knots * KNOT,
        course=course,
    )


def _clock(  # noqa: PLR0917 - a date's own order
    year: int, month: int, day: int, hour: int, minute: int, second: int, *, utc: bool = True
) -> datetime | None:
    """A time of a camera's numbers, or None where they are none; two-digit years are of 2000 on."""
    try:
        return datetime(
            year + 2000 if year < 100 else year,  # noqa: PLR2004 - two digits
            month,
            day,
            hour,
            minute,
            second,
            tzinfo=UTC if utc else None,
        )
    except (ValueError, OverflowError):
        return None


def _is_clock(values: Sequence[int]) -> bool:
    hour, minute, second, year, month, day = values
    if not any(values):
        return True  # before the first fix
    return _clock(year, month, day, hour, minute, second) is not None


def _sensor(data: bytes, offset: int, seconds: float | None) -> Acceleration | None:
    counts = data[offset : offset + _SENSOR.size]
    if len(counts) < _SENSOR.size or not any(counts) or counts == _PLACEHOLDER:
        return None
    x, y, z = (count / _GRAVITY_COUNTS for count in _SENSOR.unpack(counts))
    return make_acceleration(x, y, z, seconds)
