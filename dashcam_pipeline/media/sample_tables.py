"""How many samples an MP4 or MOV lists, found before FFmpeg makes room for all of them.

A sample table says a number, and FFmpeg believes it: eight kilobytes can list ten million pictures
that lie in the same few bytes, which costs 600 MB to open and minutes to read through. A recording
has two bytes at least for each sample (an empty subtitle; ISO/IEC 14496-12, 8.6 to 8.8).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BEGINNINGS: Final = frozenset(
    (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"styp")
)
"""Types of a first box."""

_PARENTS: Final = frozenset((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"))
_TABLES: Final = frozenset((b"hdlr", b"stsz", b"stz2", b"stts", b"stsc", b"stco", b"co64", b"trun"))

_MAX_BOXES: Final = 1_000_000
"""Looked at; a recording in fragments of a tenth of a second has half as many an hour."""

_FEW: Final = 100_000
"""Samples that any file may list: an hour of one that was cut short after its index."""

_BYTES: Final = 2
"""Of a file, for each sample."""

_MAX_RUNS: Final = 100_000
"""Runs of chunks that are added up."""

_HEAD: Final = 16
"""Bytes of any other table that say how much it lists."""

_AT_ONCE: Final = 1024
"""Samples of uncompressed sound that FFmpeg takes for one."""


def too_many(path: Path) -> int:
    """Samples that a file lists, if they are more than it has room for; 0 if they are not.

    Args:
        path: a file of any kind; one that isn't made of boxes lists none.

    Raises:
        OSError: it can't be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(8)[4:] not in _BEGINNINGS:
            return 0
        count = sum(track.samples() for track in _tracks(file, size))
    return count if count > max(_FEW, size // _BYTES) else 0


class _Track:
    """The tables of one track, or of one fragment."""

    def __init__(self) -> None:
        self._tables: dict[bytes, bytes] = {}
        self._listed = 0
        self._in_fragments = 0

    def take(self, kind: bytes, table: bytes) -> None:
        """Remember the beginning of a table."""
        if kind == b"trun":
            self._in_fragments += _word(table, 4)
        elif kind in {b"stsz", b"stz2"}:
            self._listed = max(self._listed, _word(table, 8))
        else:
            self._tables.setdefault(kind, table)  # QuickTime has a second hdlr, of the data

    def samples(self) -> int:
        """How many there are, uncompressed sound counted as FFmpeg does."""
        if self._is_uncompressed():
            return self._in_chunks() // _AT_ONCE
        return self._listed + self._in_fragments

    def _is_uncompressed(self) -> bool:
        times = self._tables.get(b"stts", b"")
        return (
            self._tables.get(b"hdlr", b"")[8:12] == b"soun"
            and _word(times, 4) == 1
            and _word(times, 12) == 1
        )

    def _in_chunks(self) -> int:
        places = self._tables.get(b"stco") or self._tables.get(b"co64") or b""
        runs = self._tables.get(b"stsc", b"")
        begins = list(struct.iter_unpack(">III", runs[8 : 8 + (len(runs) - 8) // 12 * 12]))
        ends = [first for first, _, _ in begins[1:]] + [_word(places, 4) + 1]
        return sum(
            max(0, end - first) * count for (first, count, _), end in zip(begins, ends, strict=True)
        )


def _tracks(file: BinaryIO, size: int) -> Iterator[_Track]:
    track = _Track()
    for kind, begin, end in _boxes(file, size):
        if kind in {b"trak", b"moof"}:
            yield track
            track = _Track()
        elif kind in _TABLES:
            file.seek(begin)
            needed = 8 + 12 * _MAX_RUNS if kind == b"stsc" else _HEAD
            track.take(kind, file.read(min(end - begin, needed)))
    yield track


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, begin and end of the payload) of boxes, and of those in them where they are known."""
    pending = [(0, size)]
    for _ in range(_MAX_BOXES):
        while pending and pending[-1][0] + 8 > pending[-1][1]:
            pending.pop()
        if not pending:
            return
        begin, end = pending.pop()
        file.seek(begin)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8])
        inner = begin + 8
        if length == 1 and len(header) == 16:  # noqa: PLR2004 - a 64-bit size follows
            length, inner = int.from_bytes(header[8:], "big"), begin + 16
        elif length == 0:  # reaches to the end of its parent
            length = end - begin
        stop = min(end, begin + length)  # FFmpeg, too, reads one that claims more up to the end
        if stop < inner:
            return
        yield kind, inner, stop
        pending.append((stop, end))
        if kind in _PARENTS:
            pending.append((inner, stop))


def _word(table: bytes, place: int) -> int:
    return int.from_bytes(table[place : place + 4], "big")
