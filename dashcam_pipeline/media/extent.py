"""How far a file's own structure reaches, found without a decoder.

MP4/MOV atoms (boxes in ISO/IEC 14496-12, 4.2), EBML elements (RFC 8794) and RIFF chunks all say
their size in advance; a recording that was cut short is shorter than it says.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOP_LEVEL: Final = frozenset(
    (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"moof", b"styp")
)
MAX_ATOMS: Final = 100_000
"""Top-level atoms looked at; a long fragmented recording has two for each second."""

_EBML: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = 0x18538067
_RIFF_HEADER: Final = 8


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom of the top level: its type, where it begins, and how long it says it is."""

    kind: bytes
    offset: int
    size: int


def top_level(path: Path) -> list[Atom]:
    """The top-level atoms of an MP4 or MOV; empty if it doesn't begin with one.

    The last one may reach beyond the end of the file, or be nonsense after damage: reading stops
    at the first that isn't of a known kind.
    """
    total = path.stat().st_size
    with path.open("rb") as file:
        return list(_atoms(file, total))


def _atoms(file: BinaryIO, total: int) -> Iterator[Atom]:
    offset = 0
    for _ in range(MAX_ATOMS):
        if offset + 8 > total:
            return
        file.seek(offset)
        header = file.read(16)
        size, kind = struct.unpack(">I4s", header[:8])
        if kind not in _TOP_LEVEL:
            return
        if size == 1 and len(header) == 16:  # noqa: PLR2004 - the 64-bit size follows
            (size,) = struct.unpack(">Q", header[8:])
        elif size == 0:  # reaches to the end of the file
            size = total - offset
        if size < 8:  # noqa: PLR2004 - smaller than its own header
            return
        yield Atom(kind, offset, size)
        offset += size


def lacks_index(path: Path) -> bool:
    """True for an MP4 or MOV with neither ``moov`` nor fragments."""
    kinds = {atom.kind for atom in top_level(path)}
    return bool(kinds) and kinds.isdisjoint((b"moov", b"moof"))


def declared_size(path: Path) -> int | None:
    """How long a file says it is, in bytes; None where its kind doesn't say.

    Longer than the file is means that the file was cut short.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if atoms := top_level(path):
        return max(atom.offset + atom.size for atom in atoms)
    if head[:4] == _EBML:
        return _matroska_size(path)
    if head[:4] == b"RIFF":
        size = int(struct.unpack("<I", head[4:8])[0])
        return size + _RIFF_HEADER if size else None
    return None


def _matroska_size(path: Path) -> int | None:
    with path.open("rb") as file:
        file.seek(len(_EBML))
        header = _vint(file)
        if header is None:
            return None
        file.seek(header, 1)
        if _element_id(file) != _SEGMENT:
            return None
        size = _vint(file)
        return None if size is None else file.tell() + size


def _element_id(file: BinaryIO) -> int:
    return int.from_bytes(file.read(4), "big")


def _vint(file: BinaryIO) -> int | None:
    """A variable-size integer (RFC 8794, 4); None if it means "unknown"."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value = first[0] & ((1 << (8 - length)) - 1)
    rest = file.read(length - 1)
    value = int.from_bytes(bytes([value]) + rest, "big")
    return None if value == (1 << (7 * length)) - 1 else value
