"""Telemetry in files beside a recording, or at the root of its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families import blackvue, seventymai
from dashcam_pipeline.dashcam.telemetry.formats import nmea

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.findings import Findings

_CARD_LEVELS: Final = 4
"""Folders up from a clip in which a card's own log is looked for."""


def collect(path: Path, found: Findings) -> None:
    """Read ``NAME.gps``, ``NAME.3gf``, ``NAME.nmea`` and the logs of 70mai's cards.

    Args:
        path: the recording.
        found: added to.

    Raises:
        OSError: a file can't be read.
    """
    beside = {p.name.lower(): p for p in _folder(path.parent)}
    stem = path.stem.lower()
    for suffix in (".gps", ".3gf", ".nmea"):
        file = beside.get(stem + suffix)
        if file is None or not _is_small(file, found):
            continue
        data = file.read_bytes()
        if suffix == ".3gf":
            found.family(blackvue.FAMILY)
            found.add([], blackvue.sensor(data))
        else:
            found.family(blackvue.FAMILY if suffix == ".gps" else "nmea")
            found.add(blackvue.gps(data) if suffix == ".gps" else list(nmea.parse(data)))
        found.keep(file.name, data, "sidecar")
    for folder in list(path.absolute().parents)[:_CARD_LEVELS]:
        for file in sorted(_matching(folder, seventymai.LOG_NAME)):
            if not _is_small(file, found):
                continue
            fixes, accelerations, lines = seventymai.log(file.read_bytes(), path.name)
            if lines:
                found.family(seventymai.FAMILY)
                found.add(fixes, accelerations)
                found.keep(file.name, lines, "sidecar")


def _is_small(path: Path, found: Findings) -> bool:
    """True for an ordinary file within the limits; reading a pipe would wait for ever."""
    return path.is_file() and path.stat().st_size <= found.limits.payload


def _folder(folder: Path) -> Iterable[Path]:
    try:
        return [p for p in folder.iterdir() if p.suffix.lower() in {".gps", ".3gf", ".nmea"}]
    except PermissionError:
        return []  # a recording may be readable in a folder that isn't


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except PermissionError:
        return []
