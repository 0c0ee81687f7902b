"""Positions in NMEA 0183 sentences (RMC and GGA), as cameras write them.

Checksums are not asked for: several cameras write wrong ones, or none. No package is used for it:
the maintained one (pynmeagps 1.1.8) reads a coordinate of 0 degrees as missing, which loses every
fix on the meridian of Greenwich.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.model import KNOT, Fix, completed, make_fix

if TYPE_CHECKING:
    from collections.abc import Iterator

SENTENCE: Final = re.compile(
    rb"(?:\[(?P<ms>\d{1,15})\])?\$?[A-Z]{2}(?P<kind>RMC|GGA),(?P<body>[ -#%-)+-~]{10,120})"
)
"""A sentence with BlackVue's leading clock (milliseconds); Thinkware leaves the dollar sign out."""

MARK: Final = b"RMC,"
"""What every text with a position has in it."""

_ALTITUDE: Final = 8
"""Place of the altitude in a GGA sentence."""

_CENTURY: Final = 70
"""Two-digit years from here on are of the 20th century."""


def parse(text: bytes, *, begin_ms: int | None = None) -> Iterator[Fix]:
    """All valid fixes in a text, one for each RMC, with what the GGA of the same second adds.

    Args:
        text: any bytes; all but RMC and GGA sentences is skipped.
        begin_ms: the leading clock's value when the recording began; the first one's if None.

    Yields:
        fixes in order; ``seconds`` only where sentences have a leading clock.
    """
    sentences = list(SENTENCE.finditer(text))
    # a second's GGA may stand before its RMC or after it
    heights = {
        fields[0]: fields
        for match in sentences
        if match["kind"] == b"GGA" and len(fields := match["body"].split(b",")) > _ALTITUDE
    }
    for match in sentences:
        milliseconds = int(match["ms"]) if match["ms"] else None
        if begin_ms is None:
            begin_ms = milliseconds
        if match["kind"] == b"GGA":
            continue
        fields = match["body"].split(b",")
        seconds = None
        if milliseconds is not None and begin_ms is not None:
            seconds = (milliseconds - begin_ms) / 1000
        fix = rmc(fields, seconds)
        if fix is not None:
            yield _with_gga(fix, heights[fields[0]]) if fields[0] in heights else fix


def parse_packet(data: bytes, seconds: float | None) -> list[Fix]:
    """The same of one packet of a track: a fix without a time of its own has the packet's.

    Args:
        data: the packet.
        seconds: since the recording began.
    """
    return [
        fix if fix.seconds is not None else replace(fix, seconds=seconds) for fix in parse(data)
    ]


def rmc(fields: list[bytes], seconds: float | None = None) -> Fix | None:
    """A fix of an RMC sentence's fields (after its name), or None if it is void or malformed.

    Args:
        fields: time, status, latitude, N/S, longitude, E/W, knots, course, date, ...
        seconds: since the recording began.
    """
    if len(fields) < 9 or fields[1] not in {b"A", b""}:  # noqa: PLR2004 - up to the date
        return None
    position = _position(fields[2:6])
    if position is None:
        return None
    knots = _number(fields[6])
    return make_fix(
        *position,
        seconds,
        _time(fields[0], fields[8]),
        speed=None if knots is None else knots * KNOT,
        course=_number(fields[7]),
    )


def _with_gga(fix: Fix, fields: list[bytes]) -> Fix:
    """Altitude and quality of the GGA sentence of the same time."""
    satellites, hdop, altitude = (_number(field) for field in fields[6 : _ALTITUDE + 1])
    return completed(fix, altitude=altitude, satellites=satellites, hdop=hdop)


def _position(fields: list[bytes]) -> tuple[float, float] | None:
    latitude, longitude = _number(fields[0]), _number(fields[2])
    if latitude is None or longitude is None:
        return None
    if fields[1] not in {b"N", b"S"} or fields[3] not in {b"E", b"W"}:
        return None
    return (
        degrees(latitude) * (-1 if fields[1] == b"S" else 1),
        degrees(longitude) * (-1 if fields[3] == b"W" else 1),
    )


def degrees(packed: float) -> float:
    """Degrees from degrees * 100 + minutes, the sign kept."""
    whole = int(packed / 100)
    return whole + (packed - whole * 100) / 60


def _number(field: bytes) -> float | None:
    # float() also reads "nan", "1_0" and " 1"; a sentence has plain decimals only
    return float(field) if re.fullmatch(rb"[+-]?\d{1,12}(\.\d{0,12})?|\.\d{1,12}", field) else None


def _time(clock: bytes, date: bytes) -> datetime | None:
    if not (re.fullmatch(rb"\d{6}(\.\d{0,9})?", clock) and re.fullmatch(rb"\d{6}", date)):
        return None
    year = int(date[4:6])
    try:
        return datetime(
            year + (1900 if year >= _CENTURY else 2000),
            int(date[2:4]),
            int(date[:2]),
            int(clock[:2]),
            int(clock[2:4]),
            int(clock[4:6]),
            int(float(b"0" + clock[6:]) * 1e6),
            UTC,
        )
    except ValueError:
        return None  # a receiver without a date writes 000000
