"""GoPro: a data track of items, each key, length, value (the published GPMF specification).

Every item is a four-character key, a type letter, the size of one sample, the number of samples
(big-endian) and the values, padded to four bytes; type 0 nests. ``GPS5`` holds latitude, longitude,
altitude, 2-D and 3-D speed, ``GPS9`` also days and seconds since 2000, precision and fix; ``ACCL``
holds m/s2. ``SCAL`` before them divides their integers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.model import (
    STANDARD_GRAVITY,
    Acceleration,
    Fix,
    make_acceleration,
    make_fix,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGINNINGS: Final = frozenset((b"DEVC", b"STRM"))

MAX_DEPTH: Final = 6
"""Levels of nesting read; cameras write three."""

_HEADER: Final = struct.Struct(">4sBBH")
_NUMBERS: Final = {
    ord("b"): "b",
    ord("B"): "B",
    ord("s"): "h",
    ord("S"): "H",
    ord("l"): "i",
    ord("L"): "I",
    ord("f"): "f",
    ord("d"): "d",
}
_DAY: Final = 86_400.0
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_GPS5_VALUES: Final = 5
_GPS9: Final = struct.Struct(">7i2H")
_GPS9_VALUES: Final = 9
_AXES: Final = 3


class GoPro(Family):
    """Packets of the ``gpmd`` track."""

    name = "gopro"

    def data_packet(self, data: bytes, seconds: float | None, length: float) -> Reading | None:
        """A packet; its samples are spread over it evenly. No fix where the receiver has none."""
        if data[:4] not in _BEGINNINGS:
            return None
        packet = _Packet(seconds, length)
        packet.read(data, _Stream(), 0)
        return Reading(packet.fixes, packet.accelerations)


@dataclass(slots=True)
class _Stream:
    """What came before the samples in their own stream."""

    scale: list[float] = field(default_factory=list)
    has_fix: bool = True
    time: datetime | None = None
    hdop: float | None = None

    def take(self, key: bytes, kind: int, values: bytes) -> None:
        """Remember what an item says about the samples that follow."""
        if key == b"SCAL":
            self.scale = _numbers(kind, values)
        elif key == b"GPSF":
            # a float in its place may be NaN or infinite; either is no "0: no fix"
            self.has_fix = next(iter(_numbers(kind, values)), 0) != 0
        elif key == b"GPSP":
            self.hdop = next(iter(_numbers(kind, values)), 0.0) / 100
        elif key == b"GPSU":
            self.time = _time(values)


def _items(data: bytes) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Items one after the other: (key, type, size of a sample, values without padding)."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        key, kind, size, count = _HEADER.unpack_from(data, offset)
        begin = offset + _HEADER.size
        end = begin + size * count
        if end > len(data):
            return
        yield key, kind, size, data[begin:end]
        offset = begin + -(-(size * count) // 4) * 4


@dataclass(slots=True)
class _Packet:
    """One packet's time, and what has been read of it."""

    seconds: float | None
    length: float
    fixes: list[Fix] = field(default_factory=list)
    accelerations: list[Acceleration] = field(default_factory=list)

    def read(self, data: bytes, stream: _Stream, depth: int) -> None:
        if depth >= MAX_DEPTH:
            return
        for key, kind, size, values in _items(data):
            if kind == 0:
                self.read(values, _Stream(), depth + 1)
            elif key == b"GPS5":
                self.fixes += self._gps5(_rows(kind, values, size, stream.scale), stream)
            elif key == b"GPS9":
                self.fixes += self._gps9(values, stream.scale)
            elif key == b"ACCL":
                self.accelerations += self._accl(_rows(kind, values, size, stream.scale))
            else:
                stream.take(key, kind, values)

    def _at(self, index: int, count: int) -> float | None:
        return None if self.seconds is None else self.seconds + self.length * index / count

    def _accl(self, rows: list[list[float]]) -> list[Acceleration]:
        found = []
        for i, row in enumerate(rows):
            if len(row) == _AXES:
                x, y, z = (value / STANDARD_GRAVITY for value in row)
                made = make_acceleration(x, y, z, self._at(i, len(rows)))
                found += [made] if made else []
        return found

    def _gps5(self, rows: list[list[float]], stream: _Stream) -> list[Fix]:
        if not stream.has_fix:
            return []
        found = []
        for i, row in enumerate(rows):
            if len(row) != _GPS5_VALUES:
                continue
            time = _later(stream.time, self.length * i / len(rows))
            fix = make_fix(
                row[0],
                row[1],
                self._at(i, len(rows)),
                time,
                altitude=row[2],
                speed=row[3],
                hdop=stream.hdop,
            )
            found += [fix] if fix else []
        return found

    def _gps9(self, values: bytes, scale: list[float]) -> list[Fix]:
        if len(scale) != _GPS9_VALUES or not all(scale):
            return []
        count = len(values) // _GPS9.size
        found = []
        for i in range(count):
            raw = _GPS9.unpack_from(values, i * _GPS9.size)
            lat, lon, alt, speed, _, days, seconds, hdop, fix = (
                value / by for value, by in zip(raw, scale, strict=True)
            )
            if not fix:
                continue
            time = _later(_EPOCH, days * _DAY + seconds)
            made = make_fix(
                lat, lon, self._at(i, count), time, altitude=alt, speed=speed, hdop=hdop
            )
            found += [made] if made else []
        return found


def _numbers(kind: int, values: bytes) -> list[float]:
    code = _NUMBERS.get(kind)
    if code is None:
        return []
    count = len(values) // struct.calcsize(code)
    return list(struct.unpack_from(f">{count}{code}", values))


def _rows(kind: int, values: bytes, size: int, scale: list[float]) -> list[list[float]]:
    """Samples, scaled."""
    code = _NUMBERS.get(kind)
    if code is None or not size:
        return []
    columns = size // struct.calcsize(code)
    if not columns:
        return []
    flat = _numbers(kind, values)
    scales = scale if len(scale) == columns else (scale or [1.0])[:1] * columns
    if not all(scales):
        return []
    return [
        [value / by for value, by in zip(flat[i : i + columns], scales, strict=True)]
        for i in range(0, len(flat) - columns + 1, columns)
    ]


def _later(time: datetime | None, seconds: float) -> datetime | None:
    """A time so much later; None where no calendar has it."""
    try:
        return None if time is None else time + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def _time(text: bytes) -> datetime | None:
    """``yymmddhhmmss.sss``."""
    try:
        return datetime.strptime(text.decode("ascii"), "%y%m%d%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
