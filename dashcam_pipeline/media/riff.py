"""An AVI's chunks beside its media data: which nobody reads, and which claim more than there is.

FFmpeg makes room for a text of an ``INFO`` list as large as it says it is, before it reads it: 34
kilobytes of AVI cost two gigabytes. A recording that was cut short lacks the end of its media data;
its texts lie in front of that, whole.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_HEADER: Final = struct.Struct("<4sI4s")
_MAX_CHUNKS: Final = 10_000
"""Looked at; a header has some ten."""


_READ: Final = frozenset(
    (b"avih", b"strh", b"strf", b"strn", b"indx", b"idx1", b"vprp", b"dmlh", b"IDIT")
)
"""Chunks that FFmpeg reads, or that only say where the media data are."""

_PADDING: Final = b"JUNK"
_LOOKED_AT: Final = 64 << 10
"""Bytes of padding in which words are looked for."""

_WORDS: Final = re.compile(rb"[ -~]{9}")
"""What tells a camera's data in padding from room for an index: numbers, and ``odmldmlh``."""


def texts_beyond_end(path: Path) -> bool:
    """True for an AVI whose list of texts reaches beyond its end.

    Args:
        path: a file of any kind.

    Raises:
        OSError: it can't be read.
    """
    end = path.stat().st_size
    with path.open("rb") as file:
        for kind, size, what, place in _chunks(file):
            if kind == b"LIST" and what == b"movi":
                return False
            if kind == b"LIST" and what == b"INFO" and place + 8 + size > end:
                return True
    return False


def unread(path: Path) -> set[str]:
    """Names of an AVI's chunks that FFmpeg doesn't read, such as cameras' own.

    Padding counts where there are words in it: cameras hide data there. The media data themselves
    aren't looked into.

    Args:
        path: a file of any kind; of another kind than AVI nothing is found.

    Raises:
        OSError: it can't be read.
    """
    found: set[bytes] = set()
    texts = 0  # where the last list of them ends: every key of it is metadata
    with path.open("rb") as file:
        for kind, size, what, place in _chunks(file):
            if kind == b"LIST":
                texts = place + 8 + size if what == b"INFO" else texts
            elif kind == _PADDING:
                file.seek(place + 8)
                found |= {kind} if _WORDS.search(file.read(min(size, _LOOKED_AT))) else set()
            elif kind not in _READ and place >= texts:
                found.add(kind)
    return {kind.decode("ascii", "backslashreplace") for kind in found if kind.strip(b"\0")}


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, bytes, int]]:
    """Chunks of an AVI and of its lists: kind, size, the first four bytes, and the place."""
    if file.read(4) != b"RIFF":
        return
    place = _HEADER.size
    for _ in range(_MAX_CHUNKS):
        file.seek(place)
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return
        kind, size, what = _HEADER.unpack(header)
        yield kind, size, what, place
        if kind == b"LIST" and what != b"movi":
            place += _HEADER.size  # what is in it comes next
        else:
            place += 8 + size + size % 2
