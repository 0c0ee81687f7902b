"""Telemetry as files: GPX 1.1, CSV, JSON, and the raw bytes in a ZIP archive."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Final

from dashcam_pipeline._version import __version__

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.model import Fix, Telemetry

_GPX: Final = "http://www.topografix.com/GPX/1/1"
_TRACK_POINT: Final = "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"
"""Where GPX readers look for speed (m/s) and course (degrees), which GPX 1.1 itself dropped."""

_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""A fixed one, so that the same telemetry gives the same bytes."""

COLUMNS: Final = (
    "kind",
    "seconds",
    "time",
    "latitude",
    "longitude",
    "altitude_m",
    "speed_mps",
    "course_deg",
    "satellites",
    "hdop",
    "x_g",
    "y_g",
    "z_g",
)


def to_gpx(telemetry: Telemetry, name: str = "") -> str:
    """GPX 1.1: one track, in the recording's order.

    A time without a zone (the camera's own clock) is written without one.

    Args:
        telemetry: what was found.
        name: of the track, such as the recording's.
    """
    points = "".join(_point(fix) for fix in telemetry.fixes)
    label = f"<name>{_text(name)}</name>" if name else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<gpx version="1.1" creator="dashcam_pipeline {__version__}" '
        f'xmlns="{_GPX}" xmlns:tpx="{_TRACK_POINT}">\n'
        f"<trk>{label}<trkseg>\n{points}</trkseg></trk>\n</gpx>\n"
    )


def _point(fix: Fix) -> str:
    parts = []
    if fix.altitude is not None:
        parts.append(f"<ele>{fix.altitude:.2f}</ele>")
    if fix.time is not None:
        parts.append(f"<time>{fix.time.isoformat().replace('+00:00', 'Z')}</time>")
    if fix.satellites is not None:
        parts.append(f"<sat>{fix.satellites}</sat>")
    if fix.hdop is not None:
        parts.append(f"<hdop>{fix.hdop:g}</hdop>")
    more = [
        f"<tpx:{tag}>{value:.2f}</tpx:{tag}>"
        for tag, value in (("speed", fix.speed), ("course", fix.course))
        if value is not None
    ]
    if more:
        extension = f"<tpx:TrackPointExtension>{''.join(more)}</tpx:TrackPointExtension>"
        parts.append(f"<extensions>{extension}</extensions>")
    return f'<trkpt lat="{fix.latitude:.7f}" lon="{fix.longitude:.7f}">{"".join(parts)}</trkpt>\n'


def _text(text: str) -> str:
    """Escaped, without what XML 1.0 can't hold."""
    return html.escape(
        re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text),
        quote=False,
    )


def to_csv(telemetry: Telemetry) -> str:
    """A table of ``COLUMNS``: a row for each fix, then one for each acceleration."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for fix in telemetry.fixes:
        table.writerow(
            (
                "fix",
                _cell(fix.seconds),
                fix.time.isoformat() if fix.time else "",
                f"{fix.latitude:.7f}",
                f"{fix.longitude:.7f}",
                *(_cell(v) for v in (fix.altitude, fix.speed, fix.course)),
                *(_cell(v) for v in (fix.satellites, fix.hdop)),
                *("", "", ""),
            )
        )
    for one in telemetry.accelerations:
        blank = [""] * 8
        table.writerow(
            ("acceleration", _cell(one.seconds), *blank, *map(_cell, (one.x, one.y, one.z)))
        )
    return out.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{round(value, 6):g}" if abs(value) < 1e5 else f"{value:.3f}"  # noqa: PLR2004 - beyond that %g turns to exponents


def to_json(telemetry: Telemetry) -> str:
    """All that was found as JSON; of raw bytes only name, size and sha256.

    Names that are no UTF-8 come out as JSON escapes.
    """
    text = json.dumps(telemetry.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", errors="backslashreplace").decode()


def to_zip(telemetry: Telemetry) -> bytes:
    """The raw bytes: one file in the archive for each place they come from.

    Blocks and packets of one place follow one another; each says its own length.
    """
    places: dict[str, list[bytes]] = {}
    for raw in telemetry.raws:
        places.setdefault(re.sub(r" \[\d+\]$", "", raw.name), []).append(raw.data)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, parts) in enumerate(places.items()):
            # camera's names may hold anything; an archive's must not lead out of its folder
            safe = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("._") or "raw"
            entry = zipfile.ZipInfo(f"{number:02}-{safe[:80]}.bin", _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, b"".join(parts))
    return out.getvalue()
