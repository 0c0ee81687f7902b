"""Blocks in the media data of an MP4 that ``moov/gps `` lists, as Novatek's chips began to.

After a version and a count follow offset and size of each block, all of them u32, big-endian. A
block begins with its size and ``freeGPS ``; what comes then is a family's own.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, Final

from dashcam_pipeline.dashcam.telemetry.formats import isobmff
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.dashcam.telemetry.findings import Findings
    from dashcam_pipeline.dashcam.telemetry.model import Raw

KIND: Final = b"gps "
"""Type of the index, a box in ``moov``."""

REFUSED: Final = "the file is too long for the index's 32-bit places"

_MAGIC: Final = b"freeGPS "
_VERSION: Final = 0x101
"""First word of the index as cameras write it."""

_ENTRY: Final = struct.Struct(">II")
_MAX_OFFSET: Final = 2**32


def collect(
    file: BinaryIO, size: int, table: bytes, length: float | None, findings: Findings
) -> None:
    """Read the blocks of an index.

    Args:
        file: the recording.
        size: of the file, in bytes.
        table: the index, without its box's header.
        length: of the recording, in seconds: blocks are spread over it evenly; None if not known.
        findings: added to.

    Raises:
        OSError: it can't be read.
    """
    limits = findings.limits
    if len(table) < _ENTRY.size:
        return
    count = min(int.from_bytes(table[4:8], "big"), len(table) // _ENTRY.size - 1, limits.entries)
    strange = 0
    for index in range(count):
        offset, block_size = _ENTRY.unpack_from(table, _ENTRY.size * (1 + index))
        if not block_size or offset + block_size > size or block_size > limits.payload:
            strange += 1
            continue
        if not findings.look(block_size):
            break
        file.seek(offset)
        data = file.read(block_size)
        seconds = None if length is None else index * length / count
        known = _recognise(data, seconds, findings)
        findings.keep(f"moov/gps [{index}]", data, "block", seconds, understood=known)
        if not known:
            findings.note(
                _("the camera's freeGPS blocks have a layout that isn't known; kept as bytes.")
            )
    if strange:
        findings.note(
            _(
                "{strange} of {count} blocks listed in moov/gps lie outside the file.",
                strange=strange,
                count=count,
            )
        )


def _recognise(data: bytes, seconds: float | None, findings: Findings) -> bool:
    if data[4:12] != _MAGIC:
        return False
    return findings.recognise(lambda family: family.block(data, seconds))


def written(raws: Sequence[Raw], offset: int) -> tuple[Sequence[Raw], bytes, bytes]:
    """Blocks as an output holds them.

    Args:
        raws: the blocks.
        offset: in the output, of the media box that holds them.

    Returns:
        (the blocks, none if the index can't reach that far; their media box; the index, a box of
        ``moov``); the boxes are empty without blocks.
    """
    begin = offset + isobmff.HEADER
    if not raws or begin + sum(len(raw.data) for raw in raws) >= _MAX_OFFSET:
        return (), b"", b""
    table = [_ENTRY.pack(_VERSION, len(raws))]
    places: dict[int, int] = {}
    parts: list[bytes] = []
    for raw in raws:
        if id(raw.data) not in places:  # a block that is listed again lies there once
            places[id(raw.data)] = begin
            parts.append(raw.data)
            begin += len(raw.data)
        table.append(_ENTRY.pack(places[id(raw.data)], len(raw.data)))
    return raws, isobmff.box(b"mdat", b"".join(parts)), isobmff.box(KIND, b"".join(table))
