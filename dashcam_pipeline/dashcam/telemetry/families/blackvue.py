"""BlackVue (Pittasoft): a ``free`` box of boxes in newer cameras, files beside the clip in older.

* ``gps ``, and ``NAME.gps``: NMEA sentences, each behind the camera's clock in milliseconds.
* ``3gf ``, and ``NAME.3gf``: records of u32 milliseconds and three i16, big-endian; 128 counts are
  one g (a recording's mean over a drive is 126).
* ``sttm``: when the recording began, milliseconds of the camera's clock.

Layouts as published by ExifTool (``QuickTime``, ``free``), checked on files of a camera.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.formats import isobmff, nmea
from dashcam_pipeline.dashcam.telemetry.model import Acceleration

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.model import Fix

_PARTS: Final = frozenset((b"cprt", b"sttm", b"ptnm", b"ptrh", b"thum", b"gps ", b"3gf "))
_RECORD: Final = struct.Struct(">I3h")
_COUNTS: Final = 128.0
_END: Final = 0xFFFFFFFF
"""Milliseconds of unused records."""


class BlackVue(Family):
    """Sentences with a clock in front, and a G-sensor's counts."""

    name = "blackvue"
    endings = (".gps", ".3gf")

    def box(self, place: str, content: bytes) -> Reading | None:
        """A ``free`` box that is a box of boxes."""
        if place != "free" or content[:2] != b"\0\0" or content[4:8] not in _PARTS:
            return None
        return _free(content)

    def sidecar(self, ending: str, data: bytes) -> Reading | None:
        """The two files of older cameras."""
        if ending == ".gps":
            return Reading(_gps(data))
        return Reading((), _sensor(data)) if ending == ".3gf" else None


def _free(content: bytes) -> Reading:
    file = io.BytesIO(content)
    parts = {
        node.kind: isobmff.payload(file, node) or b""
        for node in isobmff.children(file, 0, len(content))
    }
    start = parts.get(b"sttm", b"")
    begin = int.from_bytes(start[-8:], "big") if len(start) >= 8 else None  # noqa: PLR2004 - u64
    return Reading(_gps(parts.get(b"gps ", b""), begin), _sensor(parts.get(b"3gf ", b"")))


def _gps(text: bytes, begin_ms: int | None = None) -> list[Fix]:
    """Positions of a ``gps `` box or a ``.gps`` file.

    Args:
        text: its content.
        begin_ms: the camera's clock when the recording began; the first sentence's if None.
    """
    return list(nmea.parse(text, begin_ms=begin_ms))


def _sensor(data: bytes) -> list[Acceleration]:
    """Accelerations of a ``3gf `` box or a ``.3gf`` file."""
    found = []
    for offset in range(0, len(data) - _RECORD.size + 1, _RECORD.size):
        milliseconds, *counts = _RECORD.unpack_from(data, offset)
        if milliseconds == _END:
            break
        x, y, z = (count / _COUNTS for count in counts)
        found.append(Acceleration(x, y, z, milliseconds / 1000))
    return found
