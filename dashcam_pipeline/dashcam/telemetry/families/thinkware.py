"""Thinkware: lines of a subtitle track, once a second.

``gsensori,4,512,-123,028,-06;GPRMC,...;CAR,...``; the third number is the counts of one g. The
layout is as published by ExifTool (QuickTimeStream).
"""

from __future__ import annotations

import re
from typing import Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.formats import nmea
from dashcam_pipeline.dashcam.telemetry.model import make_acceleration

_SENSOR: Final = re.compile(rb"gsensori,\d+,(\d{1,6}),([+-]?\d{1,6}),([+-]?\d{1,6}),([+-]?\d{1,6})")


class Thinkware(Family):
    """A line of G-sensor, NMEA sentence and car."""

    name = "thinkware"

    def subtitle(self, data: bytes, seconds: float | None) -> Reading | None:
        """One line; it is known by its G-sensor."""
        sensor = _SENSOR.search(data)
        if sensor is None:
            return None
        fixes = nmea.parse_packet(data, seconds)
        counts = float(sensor[1])
        if not counts:
            return Reading(fixes)
        x, y, z = (float(value) / counts for value in sensor.groups()[1:])
        felt = make_acceleration(x, y, z, seconds)
        return Reading(fixes, (felt,) if felt else ())
