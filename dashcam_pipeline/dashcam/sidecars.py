"""Files that a camera writes beside its recordings: positions, shocks, thumbnails, notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families import FAMILIES

if TYPE_CHECKING:
    from pathlib import PurePath

SIDECAR_SUFFIXES: Final = frozenset(
    (
        *(ending for family in FAMILIES for ending in family.endings),  # positions, shocks
        ".thm",  # thumbnail
        ".lrv",  # GoPro: a small copy
        ".gpx",
        ".kml",
        ".srt",
        ".vtt",
        ".ass",
        ".sub",
        ".log",
        ".map",
        ".git",  # Transcend and others: positions
        ".json",  # Tesla: event.json
        ".txt",  # 70mai: GPSData000001.txt
        ".csv",
        ".dat",
        ".jpg",
        ".jpeg",
        ".png",  # Tesla: thumb.png
    )
)
"""What comes along, in lower case."""

_SYSTEM: Final = re.compile(
    r"\..*|~.*|.*~|thumbs\.db|desktop\.ini|(System Volume Information|\$RECYCLE\.BIN|lost\+found"
    r"|__MACOSX)",
    re.IGNORECASE,
)


def is_hidden(name: str) -> bool:
    """True for what operating systems leave on a card: ``._clip.MP4``, ``.Trashes``, recyclers."""
    return _SYSTEM.fullmatch(name) is not None


def is_sidecar(path: PurePath) -> bool:
    """True for a file that belongs to recordings without being one."""
    return path.suffix.lower() in SIDECAR_SUFFIXES
