"""Chunks in front of an AVI's media data that claim more than there is of the file.

FFmpeg makes room for a text of an ``INFO`` list as large as it says it is, before it reads it: 34
kilobytes of AVI cost two gigabytes. A recording that was cut short lacks the end of its media data;
its texts lie in front of that, whole.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_HEADER: Final = struct.Struct("<4sI4s")
_MAX_CHUNKS: Final = 10_000
"""Looked at; a header has some ten."""


def texts_beyond_end(path: Path) -> bool:
    """True for an AVI whose list of texts reaches beyond its end.

    Args:
        path: a file of any kind.

    Raises:
        OSError: it can't be read.
    """
    end = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":
            return False
        place = _HEADER.size
        for _ in range(_MAX_CHUNKS):
            file.seek(place)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                return False
            kind, size, what = _HEADER.unpack(header)
            if kind != b"LIST":
                place += 8 + size + size % 2
            elif what == b"movi":
                return False
            elif what == b"INFO" and place + 8 + size > end:
                return True
            else:
                place += _HEADER.size  # what is in it comes next
    return False
