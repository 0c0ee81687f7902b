r"""Closed segments of an encoded video track, as files that survive a power cut.

A segment holds packets alone: it opens with a key frame, needs nothing before it, and ends with
what is needed to go on after it. Times stay exact in the track's own ticks, which no container
promises for every clock. Layout, little endian::

    b"DCSEG\x01\n"
    then records: one letter, uint32 length, payload
      H  JSON: codec, extradata, time base, and what the caller adds
      P  int64 pts, int64 dts, int64 duration, uint8 key frame; the packet's bytes
      M  JSON: whatever the caller wants to find again
      S  NumPy's npz: arrays, likewise
      E  uint32 CRC-32 of everything before it

A file that was not finished is never seen: it grows as a part and is renamed when it is on the
disk. ``read_segment`` checks all of it.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.output_checks import output_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    import numpy.typing as npt

_MAGIC: Final = b"DCSEG\x01\n"
_RECORD: Final = struct.Struct("<cI")
_PACKET: Final = struct.Struct("<qqqB")
_CRC: Final = struct.Struct("<I")


class BrokenSegmentError(Exception):
    """A segment that isn't whole; internal: the segment is made again."""


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """A packet of the encoded track; times in ticks of the segment's time base."""

    pts: int
    dts: int
    duration: int
    is_keyframe: bool
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A whole segment, its packets left on the disk.

    Args:
        path: the file.
        header: what it was begun with.
        pts: of all packets, in decoding order.
        meta: what it was finished with.
        arrays: likewise.
    """

    path: Path
    header: Mapping[str, Any]
    pts: tuple[int, ...]
    meta: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]

    def packets(self) -> Iterator[EncodedPacket]:
        """All packets, read one at a time."""
        with self.path.open("rb") as file:
            for kind, payload in _records(file):
                if kind == b"P":
                    yield _packet(payload)


class SegmentFile:
    """A segment on its way to the disk.

    Args:
        path: the name it gets when whole.
        header: JSON-able.

    Raises:
        OutputError: it can't be created.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self._path = path
        self._file = atomic_file(path, overwrite=True)
        self._crc = 0
        self._write(_MAGIC)
        self._record(b"H", _json(header))

    def add(self, packet: EncodedPacket) -> None:
        """Append a packet.

        Raises:
            OutputError: writing failed (DiskFullError if there is no space).
        """
        times = _PACKET.pack(packet.pts, packet.dts, packet.duration, packet.is_keyframe)
        self._record(b"P", times + packet.payload)

    def finish(self, meta: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> int:
        """Make it whole.

        Args:
            meta: JSON-able.
            arrays: by name, of any shape and any dtype but object.

        Returns:
            its size in bytes.

        Raises:
            OutputError: writing failed.
        """
        self._record(b"M", _json(meta))
        if arrays:
            packed = io.BytesIO()
            np.savez(packed, allow_pickle=False, **arrays)
            self._record(b"S", packed.getvalue())
        self._record(b"E", _CRC.pack(self._crc))
        try:
            return self._file.commit()
        except OSError as error:
            self.discard()
            raise output_error(error, self._path) from error

    def discard(self) -> None:
        """Give up; harmless when repeated or after ``finish``."""
        self._file.discard()

    def _record(self, kind: bytes, payload: bytes) -> None:
        self._write(_RECORD.pack(kind, len(payload)) + payload)

    def _write(self, data: bytes) -> None:
        self._crc = zlib.crc32(data, self._crc)
        try:
            self._file.write(data)
        except OSError as error:
            self.discard()
            raise output_error(error, self._path) from error


def read_segment(path: Path) -> Segment:
    """Open a segment and check every byte of it.

    Raises:
        BrokenSegmentError: it isn't whole.
        OSError: it can't be read.
    """
    found = {b"H": b"{}", b"M": b"{}", b"S": b""}
    pts: list[int] = []
    crc = zlib.crc32(_MAGIC)
    with path.open("rb") as file:
        for kind, payload in _records(file):
            if kind == b"E":
                if payload != _CRC.pack(crc) or file.read(1):
                    raise BrokenSegmentError(f"{path}: its checksum is another")
                # Parsed only now that every byte is known to be right.
                header, meta = (
                    json.loads(found[k].decode(errors="surrogatepass")) for k in (b"H", b"M")
                )
                return Segment(path, header, tuple(pts), meta, _unpacked(found[b"S"]))
            crc = zlib.crc32(payload, zlib.crc32(_RECORD.pack(kind, len(payload)), crc))
            if kind == b"P":
                pts.append(_packet(payload).pts)
            else:
                found[kind] = payload
    raise BrokenSegmentError(f"{path}: it has no end")


def decode_times(pts: Sequence[int]) -> list[int]:
    """Decoding times for packets whose presentation times are known.

    Segments that were encoded apart bring decoding times that run backwards where they meet, as
    soon as frame distances vary. What holds for every stream: with the packets in decoding order
    and a reorder delay of D, the i-th decoding time is the (i - D)-th presentation time in order.

    Args:
        pts: in decoding order, no two alike.

    Returns:
        rising strictly, none later than its packet's pts. The first D lie before the first picture,
        at the distance of the first two.
    """
    shown = sorted(pts)
    rank = {time: i for i, time in enumerate(shown)}
    delay = max((i - rank[time] for i, time in enumerate(pts)), default=0)
    step = shown[1] - shown[0] if len(shown) > 1 else 1
    early = [shown[0] - (delay - i) * step for i in range(delay)] if shown else []
    return (early + shown)[: len(shown)]


def _records(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise BrokenSegmentError(f"{file.name}: no segment")
    while head := file.read(_RECORD.size):
        if len(head) < _RECORD.size:
            raise BrokenSegmentError(f"{file.name}: cut short")
        kind, length = _RECORD.unpack(head)
        payload = file.read(length)
        if len(payload) < length:
            raise BrokenSegmentError(f"{file.name}: cut short")
        yield kind, payload


def _packet(payload: bytes) -> EncodedPacket:
    if len(payload) < _PACKET.size:
        raise BrokenSegmentError("a packet without its times")
    pts, dts, duration, key = _PACKET.unpack_from(payload)
    return EncodedPacket(pts, dts, duration, bool(key), payload[_PACKET.size :])


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="surrogatepass")


def _unpacked(payload: bytes) -> Mapping[str, npt.NDArray[Any]]:
    """Arrays by name of an NPZ file's bytes, as they were put in."""
    if not payload:
        return {}
    with np.load(io.BytesIO(payload), allow_pickle=False) as packed:
        return dict(packed)
