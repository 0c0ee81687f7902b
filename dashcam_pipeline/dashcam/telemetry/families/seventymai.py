"""70mai: a box in older cameras, blocks in the 4K models, and a card's log of all clips.

* ``GPS `` box: records of 36 bytes, little-endian: has a fix, ?, seconds, metres an hour, ``N`` or
  ``S``, latitude, ``E`` or ``W``, longitude (degrees * 100 + minutes, times 1000), ...
* ``freeGPS `` block: ``A`` at byte 30, then latitude and longitude as i32 of 1e-7 degrees and the
  heading in degrees. It has no clock, and its speed field no known unit.
* ``GPSData*.txt`` at the card's root: after ``$V02``, lines of Unix time, ``A`` or ``V``, latitude,
  longitude, course * 100, speed * 100 (m/s), three accelerations * 100 (g), and the clip's name.
  Its clock is eight hours behind UTC in every region: the firmware takes China's time for UTC.
"""

from __future__ import annotations

import os
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import Acceleration, make_acceleration, make_fix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.dashcam.telemetry.model import Fix

_STATUS: Final = 30
_BLOCK: Final = struct.Struct("<iiH")
_DEGREE: Final = 1e7

_RECORD: Final = struct.Struct("<4IcIcI10x")
_METRES_PER_HOUR: Final = 1 / 3600

_LOG_HEADER: Final = b"$V02"
_CLOCK_ERROR: Final = timedelta(hours=8)
_LOG_FIELDS: Final = 10


class SeventyMai(Family):
    """Three layouts of one maker."""

    name = "70mai"
    card_logs = ("GPSData*.txt",)

    def box(self, place: str, content: bytes) -> Reading | None:
        """The older cameras' box."""
        return Reading(_box(content)) if place == "GPS " else None

    def block(self, data: bytes, seconds: float | None) -> Reading | None:
        """The 4K models' block; other chips write theirs in the same place, with sentences."""
        if len(data) < _STATUS + 1 + _BLOCK.size or nmea.MARK in data:
            return None
        if data[_STATUS] not in b"AV":
            return None
        if data[_STATUS] == ord("V"):
            return Reading()
        latitude, longitude, heading = _BLOCK.unpack_from(data, _STATUS + 1)
        fix = make_fix(
            latitude / _DEGREE, longitude / _DEGREE, seconds, None, course=float(heading)
        )
        return Reading((fix,) if fix else ())

    def card_log(self, data: bytes, clip: str) -> tuple[Reading, bytes] | None:
        """The clip's lines of the card's log."""
        fixes, accelerations, lines = _log(data, clip)
        return (Reading(fixes, accelerations), lines) if lines else None

    def card_log_parts(self, data: bytes) -> Mapping[bytes, bytes] | None:
        """Its lines by the clip that they name."""
        if not data.startswith(_LOG_HEADER):
            return None
        header, *rows = data.splitlines()
        parts: dict[bytes, list[bytes]] = {}
        for line, fields in ((row, row.split(b",")) for row in rows):
            if len(fields) >= _LOG_FIELDS:
                parts.setdefault(fields[9].strip().upper(), [header]).append(line)
        return {clip: b"\n".join(lines) for clip, lines in parts.items()}


def _box(content: bytes) -> list[Fix]:
    """Positions of a ``GPS `` box's content; it ends at the first record of zeros."""
    found = []
    for offset in range(0, len(content) - _RECORD.size + 1, _RECORD.size):
        record = content[offset : offset + _RECORD.size]
        if not any(record):
            break
        has_fix, _, seconds, speed, ns, latitude, ew, longitude = _RECORD.unpack(record)
        if not has_fix or ns not in b"NS" or ew not in b"EW":
            continue
        fix = make_fix(
            nmea.degrees(latitude / 1e3) * (-1 if ns == b"S" else 1),
            nmea.degrees(longitude / 1e3) * (-1 if ew == b"W" else 1),
            float(seconds),
            None,
            speed=speed * _METRES_PER_HOUR,
        )
        if fix is not None:
            found.append(fix)
    return found


def _log(text: bytes, clip: str) -> tuple[list[Fix], list[Acceleration], bytes]:
    """One clip's part of a card's log.

    Args:
        text: the log.
        clip: the clip's file name, as the camera gave it.

    Returns:
        (fixes, accelerations, the log's own lines about this clip).
    """
    fixes: list[Fix] = []
    accelerations: list[Acceleration] = []
    lines: list[bytes] = []
    if not text.startswith(_LOG_HEADER):
        return fixes, accelerations, b""
    wanted = os.fsencode(clip).upper()
    first: int | None = None
    for line in text.splitlines()[1:]:
        fields = line.split(b",")
        if len(fields) < _LOG_FIELDS or fields[9].strip().upper() != wanted:
            continue
        lines.append(line + b"\n")
        try:
            stamp, course, speed = int(fields[0]), int(fields[4]) / 100, int(fields[5]) / 100
            latitude, longitude = float(fields[2]), float(fields[3])
            x, y, z = (int(field) / 100 for field in fields[6:9])
            time = datetime.fromtimestamp(stamp, UTC) + _CLOCK_ERROR
        except (ValueError, OverflowError, OSError):
            continue  # a line cut short by a power loss
        first = stamp if first is None else first
        seconds = float(stamp - first)
        felt = make_acceleration(x, y, z, seconds)
        accelerations += [felt] if felt else []
        if fields[1] == b"A":
            fix = make_fix(latitude, longitude, seconds, time, course=course, speed=speed)
            fixes += [fix] if fix else []
    return fixes, accelerations, b"".join(lines)
