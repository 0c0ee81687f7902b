"""Garmin: binary records in a subtitle track, or in a ``moov/uuid`` box.

Layouts as published by ExifTool (QuickTimeStream; QuickTime, ProcessGarminGPS); big-endian:

* subtitle: ``PNDM``, and from there mph (u16) at byte 8, latitude and longitude (i32 of 180/2^31
  degrees) at bytes 12 and 16;
* box: a UUID of 16 bytes and 17 bytes more, then records of 20 bytes: u32 seconds since 1904, u16
  mph, six bytes, and latitude and longitude as above.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.model import MILE_PER_HOUR, make_fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashcam_pipeline.dashcam.telemetry.model import Fix

_SEMICIRCLE: Final = 180 / 2**31

_MARK: Final = b"PNDM"
_SUBTITLE: Final = struct.Struct(">8xH2xii")
_LEAD: Final = 10
"""Bytes in front of the mark: a text's length, or the record's."""

_UUID: Final = bytes.fromhex("9b630f8d637440ec8204bc5ff5091728")
_RECORD: Final = struct.Struct(">IH6xii")
_BEGIN: Final = 33
_MAC_EPOCH: Final = 2_082_844_800
"""Seconds from 1904 to 1970."""


class Garmin(Family):
    """Records in semicircles and miles an hour."""

    name = "garmin"

    def box(self, place: str, content: bytes) -> Reading | None:
        """A ``uuid`` box, at either level."""
        if place.rpartition("/")[2] != "uuid" or content[:16] != _UUID:
            return None
        return Reading(tuple(_records(content)))

    def subtitle(self, data: bytes, seconds: float | None) -> Reading | None:
        """One record; it has no clock."""
        mark = data.find(_MARK, 0, _LEAD)
        if mark < 0 or len(data) < mark + _SUBTITLE.size:
            return None
        mph, latitude, longitude = _SUBTITLE.unpack_from(data, mark)
        fix = make_fix(
            latitude * _SEMICIRCLE,
            longitude * _SEMICIRCLE,
            seconds,
            None,
            speed=mph * MILE_PER_HOUR,
        )
        return Reading((fix,) if fix else ())


def _records(content: bytes) -> Iterator[Fix]:
    first: int | None = None
    for offset in range(_BEGIN, len(content) - _RECORD.size + 1, _RECORD.size):
        stamp, mph, latitude, longitude = _RECORD.unpack_from(content, offset)
        first = stamp if first is None else first
        fix = make_fix(
            latitude * _SEMICIRCLE,
            longitude * _SEMICIRCLE,
            float(stamp - first),
            datetime.fromtimestamp(stamp - _MAC_EPOCH, UTC),
            speed=mph * MILE_PER_HOUR,
        )
        if fix is not None:
            yield fix
