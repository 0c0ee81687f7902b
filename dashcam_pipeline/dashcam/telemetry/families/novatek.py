"""Positions in the binary blocks that camera chips write, one for each block.

Layouts as published by ExifTool (QuickTimeStream) and by nvtk_mp42gpx, checked on recordings:

* Novatek: six u32 (hour, minute, second, year, month, day), ``A`` for a valid fix, ``N``/``S``,
  ``E``/``W``, then latitude and longitude (degrees * 100 + minutes), knots and course as f32; all
  little-endian. It begins at byte 48 of a ``freeGPS `` block, at byte 16 in newer firmware, and at
  byte 0 or 164 of a transport stream's packet.
* 70mai (4K models): ``A`` at byte 30, then latitude and longitude as i32 of 1e-7 degrees and the
  heading in degrees. It has no clock, and its speed field no known unit.
* NextBase and others: NMEA sentences as text.
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import KNOT, Acceleration, Fix, make_fix

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC: Final = b"freeGPS "
"""At byte 4 of every block; the first four bytes are its size (big-endian)."""

_RECORD: Final = struct.Struct("<6I3sx4f")
_NOVATEK_BASES: Final = (48, 16)
_TRANSPORT_BASES: Final = (0, 164)
_MAI_STATUS: Final = 30
_MAI: Final = struct.Struct("<iiH")
_MAI_SCALE: Final = 1e7
_GRAVITY_COUNTS: Final = 256.0
_SENSOR: Final = struct.Struct("<3i")
_PLACEHOLDER: Final = b"\x01\0\x02\0\x03\0\x04\0\x05\0\x06\0"
"""What newer Novatek firmware writes where it has no G-sensor reading."""


def is_block(data: bytes) -> bool:
    """True for a ``freeGPS `` block."""
    return data[4:12] == MAGIC


def novatek(
    data: bytes, base: int, *, seconds: float | None = None, utc: bool = True
) -> Fix | None:
    """A Novatek record, or None if there is none at ``base`` or its fix is void.

    Args:
        data: a block or a packet.
        base: where the hour stands.
        seconds: since the recording began.
        utc: False where the clock is known to be the camera's local one.
    """
    if len(data) < base + _RECORD.size:
        return None
    hour, minute, second, year, month, day, flags, *rest = _RECORD.unpack_from(data, base)
    if flags[:1] != b"A" or flags[1:2] not in b"NS" or flags[2:] not in b"EW":
        return None
    latitude, longitude, knots, course = rest
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    time = clock(year, month, day, hour, minute, second, utc=utc)
    return make_fix(
        nmea.degrees(latitude) * (-1 if flags[1:2] == b"S" else 1),
        nmea.degrees(longitude) * (-1 if flags[2:] == b"W" else 1),
        seconds,
        time,
        speed=knots * KNOT,
        course=course,
    )


def is_novatek(data: bytes, bases: Sequence[int]) -> bool:
    """True if there is a record, valid or void, at one of the bases."""
    return any(
        len(data) >= base + _RECORD.size
        and data[base + 24] in b"AV"
        and (data[base + 24] == ord("V") or (data[base + 25] in b"NS" and data[base + 26] in b"EW"))
        and _is_clock(struct.unpack_from("<6I", data, base))
        for base in bases
    )


def is_transport(data: bytes) -> bool:
    """True for the packet in which Novatek cameras put a record into a transport stream."""
    return is_novatek(data, _TRANSPORT_BASES)


def transport(data: bytes, seconds: float | None) -> Fix | None:
    """The fix in such a packet; its clock is the camera's local one."""
    for base in _TRANSPORT_BASES:
        if fix := novatek(data, base, seconds=seconds, utc=False):
            return fix
    return None


def is_70mai(data: bytes) -> bool:
    """True for 70mai's dialect of the block: no clock, decimal degrees."""
    return (
        is_block(data)
        and len(data) >= _MAI_STATUS + 1 + _MAI.size
        and data[_MAI_STATUS] in b"AV"
        and not is_novatek(data, _NOVATEK_BASES)
        and b"RMC," not in data
    )


def block(data: bytes, seconds: float | None) -> tuple[str, Fix | None, Acceleration | None] | None:
    """Read a ``freeGPS `` block.

    Args:
        data: the whole block.
        seconds: since the recording began.

    Returns:
        (family, fix or None where it is void, G-sensor reading or None), or None for a layout that
        is not known here.
    """
    if not is_block(data):
        return None
    if is_novatek(data, _NOVATEK_BASES):
        for base in _NOVATEK_BASES:
            if fix := novatek(data, base, seconds=seconds):
                # only newer firmware has a G-sensor behind its record
                newer = base == _NOVATEK_BASES[1]
                return "novatek", fix, _sensor(data, base + 44, seconds) if newer else None
        return "novatek", None, None
    if b"RMC," in data:
        return "nmea", next(nmea.parse(data), None), None
    return ("70mai", _mai(data, seconds), None) if is_70mai(data) else None


def _mai(data: bytes, seconds: float | None) -> Fix | None:
    if data[_MAI_STATUS] != ord("A"):
        return None
    latitude, longitude, heading = _MAI.unpack_from(data, _MAI_STATUS + 1)
    return make_fix(
        latitude / _MAI_SCALE, longitude / _MAI_SCALE, seconds, None, course=float(heading)
    )


def clock(  # noqa: PLR0917 - a date's own order
    year: int, month: int, day: int, hour: int, minute: int, second: int, *, utc: bool = True
) -> datetime | None:
    """A time of a camera's numbers, or None where they are none; two-digit years are of 2000 on."""
    try:
        return datetime(
            year + 2000 if year < 2000 else year,  # noqa: PLR2004
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
    return clock(year, month, day, hour, minute, second) is not None


def _sensor(data: bytes, offset: int, seconds: float | None) -> Acceleration | None:
    counts = data[offset : offset + _SENSOR.size]
    if len(counts) < _SENSOR.size or not any(counts) or counts == _PLACEHOLDER:
        return None
    x, y, z = (count / _GRAVITY_COUNTS for count in _SENSOR.unpack(counts))
    return Acceleration(x, y, z, seconds)
