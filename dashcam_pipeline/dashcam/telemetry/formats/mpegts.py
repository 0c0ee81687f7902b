"""Telemetry packets of an MPEG transport stream (ISO/IEC 13818-1) that its tables don't announce.

Novatek cameras send a position a second as private_stream_2 on a PID that no program map lists, so
players skip it and every remux loses it. Packets are found by content, with whole chunks looked at
at once: a 4K recording has twenty million of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

PACKET: Final = 188
MAX_PIDS: Final = 16
"""PIDs of private packets that are followed at a time."""

_SYNC: Final = 0x47
_START: Final = 0x40
"""Bit of the second byte: a PES packet begins here."""

_CHUNK: Final = PACKET * 16384
_PRIVATE_2: Final = b"\x00\x00\x01\xbf"
_VIDEO_IDS: Final = range(0xE0, 0xF0)
_CLOCK: Final = 90_000
_CLOCK_WRAPS: Final = 2**33
_PES_HEADER: Final = 6
_PES_TIMED: Final = 14
"""Bytes of a PES header up to the end of its presentation time."""


@dataclass(slots=True)
class PrivatePacket:
    """One private_stream_2 packet.

    Args:
        pid: of the transport packets.
        length: of its payload, as its header says.
        payload: after the six bytes of the PES header; shorter than ``length`` if it was cut off.
        seconds: presentation time of the last picture that began before it, from the first one's.
    """

    pid: int
    length: int
    payload: bytes = b""
    seconds: float | None = None

    def add(self, data: bytes) -> None:
        """Go on with the payload."""
        self.payload += data[: self.length - len(self.payload)]


def is_transport(path: Path) -> bool:
    """True for a transport stream of 188-byte packets."""
    with path.open("rb") as file:
        head = file.read(PACKET * 4)
    return len(head) > PACKET and all(head[i] == _SYNC for i in range(0, len(head), PACKET))


def private_packets(path: Path, *, limits: Limits = LIMITS) -> Iterator[PrivatePacket]:
    """All private_stream_2 packets, in order.

    Args:
        path: a transport stream of 188-byte packets.
        limits: ``entries`` bounds their number; none can be longer than 64 KiB. ``ends`` leaves out
            what lies in the middle.
    """
    following: dict[int, PrivatePacket] = {}
    first: int | None = None
    now: float | None = None
    count = 0
    with path.open("rb") as file:
        for rows in chunks(file) if limits.ends is None else _ends(file, limits.ends):
            for row in _interesting(rows, set(following)):
                packet = rows[row].tobytes()
                pid = _pid_of(packet)
                begin = _payload(packet)
                if not packet[1] & _START:
                    if pid in following:
                        following[pid].add(packet[begin:])
                    continue
                if pid in following:
                    yield following.pop(pid)
                pts = _pts(packet[begin:])
                if pts is not None:
                    first = pts if first is None else first
                    now = seconds_between(first, pts)
                elif packet[begin : begin + 4] == _PRIVATE_2 and len(following) < MAX_PIDS:
                    count += 1
                    if count > limits.entries:
                        return
                    length = int.from_bytes(packet[begin + 4 : begin + _PES_HEADER], "big")
                    following[pid] = PrivatePacket(pid, length, seconds=now)
                    following[pid].add(packet[begin + _PES_HEADER :])
    yield from following.values()


def _ends(file: BinaryIO, most: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Packets of a stream's first and last bytes, as of ``chunks``."""
    size = file.seek(0, 2)
    file.seek(0)
    if size <= 2 * most:
        yield from chunks(file)
        return
    yield from chunks(file, most)
    file.seek((size - most) // PACKET * PACKET)
    yield from chunks(file)


def chunks(file: BinaryIO, most: int | None = None) -> Iterator[npt.NDArray[np.uint8]]:
    """Packets of a stream, many at a time.

    Args:
        file: read from where it is.
        most: bytes to read; None: all.

    Yields:
        shape (n, 188), uint8; rows that don't begin with a sync byte are left out.
    """
    rest = b""
    left = most
    while data := file.read(_CHUNK if left is None else min(left, _CHUNK)):
        left = None if left is None else left - len(data)
        data = rest + data
        whole = len(data) // PACKET * PACKET
        rest = data[whole:]
        rows = np.frombuffer(data[:whole], np.uint8).reshape(-1, PACKET)
        yield rows[rows[:, 0] == _SYNC]


def pids(rows: npt.NDArray[np.uint8]) -> set[int]:
    """PIDs that occur in packets (N, 188) uint8."""
    return {int(pid) for pid in np.unique(_pids(rows))}


def picture_times(rows: npt.NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """(row, presentation time in ticks of 90 kHz) of every picture that begins.

    Args:
        rows: packets, (N, 188).
    """
    for row in np.flatnonzero(rows[:, 1] & _START):
        packet = rows[row].tobytes()
        pts = _pts(packet[_payload(packet) :])
        if pts is not None:
            yield int(row), pts


def seconds_between(first: int, pts: int) -> float:
    """Seconds from one time to another, over the clock's wrap; negative if it lies before."""
    ticks = (pts - first) % _CLOCK_WRAPS
    return (ticks - _CLOCK_WRAPS if ticks > _CLOCK_WRAPS // 2 else ticks) / _CLOCK


def _pids(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """The PID of each packet (N, 188), (N,) uint16."""
    high = (rows[:, 1] & 0x1F).astype(np.uint16)
    return np.asarray((high << 8) | rows[:, 2], np.uint16)


def _pid_of(packet: bytes) -> int:
    return ((packet[1] & 0x1F) << 8) | packet[2]


def _interesting(rows: npt.NDArray[np.uint8], followed: set[int]) -> Iterator[int]:
    """Rows of packets (N, 188) that begin a PES packet, or go on with a private one."""
    starts = (rows[:, 1] & _START) != 0
    for row in np.flatnonzero(starts):
        packet = rows[row].tobytes()
        begin = _payload(packet)
        if packet[begin : begin + 4] == _PRIVATE_2:
            followed.add(_pid_of(packet))
    wanted = np.isin(_pids(rows), np.fromiter(followed, np.uint16, len(followed))) | starts
    yield from (int(row) for row in np.flatnonzero(wanted))


def _payload(packet: bytes) -> int:
    """Where a transport packet's payload begins (2.4.3.2); its end if it has none."""
    control = packet[3] >> 4 & 3
    if not control & 1:
        return PACKET
    return min(PACKET, 5 + packet[4]) if control & 2 else 4


def _pts(pes: bytes) -> int | None:
    """Presentation time in a video PES header (2.4.3.6), in ticks of 90 kHz."""
    if len(pes) < _PES_TIMED or pes[:3] != b"\0\0\1" or pes[3] not in _VIDEO_IDS:
        return None
    if not pes[7] & 0x80:
        return None
    a, b, c = pes[9], int.from_bytes(pes[10:12], "big"), int.from_bytes(pes[12:14], "big")
    return ((a >> 1 & 7) << 30) | (b >> 1 << 15) | c >> 1
