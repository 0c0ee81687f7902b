"""Telemetry in subtitle tracks: Thinkware's lines and Garmin's records.

Layouts as published by ExifTool (QuickTimeStream), checked on a recording (Thinkware).

* Thinkware: ``gsensori,4,512,-123,028,-06;GPRMC,...;CAR,...``, once a second; the third number is
  the counts of one g.
* Garmin: ``PNDM``, and from there mph (u16) at byte 8, latitude and longitude (i32 of 180/2^31
  degrees) at bytes 12 and 16, big-endian.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from typing import Final

from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import (
    MILE_PER_HOUR,
    Acceleration,
    Fix,
    make_fix,
)

_SENSOR: Final = re.compile(rb"gsensori,\d+,(\d{1,6}),([+-]?\d{1,6}),([+-]?\d{1,6}),([+-]?\d{1,6})")
_GARMIN: Final = b"PNDM"
_GARMIN_RECORD: Final = struct.Struct(">8xH2xii")
_SEMICIRCLE: Final = 180 / 2**31
_LEAD: Final = 10
"""Bytes in front of Garmin's mark: a text's length, or the record's."""


def parse(data: bytes, seconds: float | None) -> tuple[str, list[Fix], list[Acceleration]] | None:
    """One packet of a subtitle track.

    Args:
        data: the packet.
        seconds: since the recording began.

    Returns:
        (family, fixes, accelerations), or None if it is ordinary text.
    """
    mark = data.find(_GARMIN, 0, _LEAD)
    if mark >= 0 and len(data) >= mark + _GARMIN_RECORD.size:
        mph, latitude, longitude = _GARMIN_RECORD.unpack_from(data, mark)
        fix = make_fix(
            latitude * _SEMICIRCLE,
            longitude * _SEMICIRCLE,
            seconds,
            None,
            speed=mph * MILE_PER_HOUR,
        )
        return "garmin", [fix] if fix else [], []
    sensor = _SENSOR.search(data)
    fixes = [
        fix if fix.seconds is not None else replace(fix, seconds=seconds)
        for fix in nmea.parse(data)
    ]
    if sensor is None:
        return ("nmea", fixes, []) if fixes else None
    counts = float(sensor[1])
    if not counts:
        return "thinkware", fixes, []
    x, y, z = (float(value) / counts for value in sensor.groups()[1:])
    return "thinkware", fixes, [Acceleration(x, y, z, seconds)]
