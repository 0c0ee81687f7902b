"""Telemetry packets of an MPEG transport stream (ISO/IEC 13818-1) that its tables don't announce.

Novatek cameras send a position a second as private_stream_2 on a PID that no program map lists, so
players skip it and every remux loses it. Packets are found by content, with whole chunks looked at
at once: a 4K recording has twenty million of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from dashcam_pipeline.dashcam.telemetry.isobmff import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

PACKET: Final = 188
_SYNC: Final = 0x47
_CHUNK: Final = 188 * 16384
_PRIVATE_2: Final = b"\x00\x00\x01\xbf"
_VIDEO_IDS: Final = range(0xE0, 0xF0)
_NULL_PID: Final = 0x1FFF
_CLOCK: Final = 90_000
_PES_HEADER: Final = 6
MAX_PIDS: Final = 16
"""PIDs of private packets that are followed."""


@dataclass(slots=True)
class PrivatePacket:
    """One private_stream_2 packet.

    Args:
        pid: of the transport packets.
        payload: after the six bytes of the PES header.
        packets: the transport packets as they are, 188 bytes each.
        seconds: presentation time of the last picture that began before it, from the first one's.
    """

    pid: int
    payload: bytes = b""
    packets: bytes = b""
    seconds: float | None = None
    _wanted: int = field(default=0, repr=False)


def is_transport(path: Path) -> bool:
    """True for a transport stream of 188-byte packets."""
    with path.open("rb") as file:
        head = file.read(PACKET * 4)
    return len(head) > PACKET and all(head[i] == _SYNC for i in range(0, len(head), PACKET))


def private_packets(path: Path, *, limits: Limits = LIMITS) -> Iterator[PrivatePacket]:
    """All private_stream_2 packets, in order.

    Args:
        path: a transport stream of 188-byte packets.
        limits: ``payload`` bounds one of them, ``entries`` their number.
    """
    open_ones: dict[int, PrivatePacket] = {}
    first: int | None = None
    now: float | None = None
    count = 0
    with path.open("rb") as file:
        for rows in _chunks(file):
            for row in _interesting(rows, set(open_ones)):
                packet = rows[row].tobytes()
                pid = ((packet[1] & 0x1F) << 8) | packet[2]
                begin = _payload(packet)
                if packet[1] & 0x40 and pid in open_ones:
                    yield open_ones.pop(pid)
                if packet[1] & 0x40 and (pts := _pts(packet, begin)) is not None:
                    first = pts if first is None else first
                    now = ((pts - first) % 2**33) / _CLOCK
                elif packet[1] & 0x40 and packet[begin : begin + 4] == _PRIVATE_2:
                    count += 1
                    if count > limits.entries or len(open_ones) >= MAX_PIDS:
                        continue
                    one = PrivatePacket(pid, seconds=now)
                    one._wanted = int.from_bytes(packet[begin + 4 : begin + 6], "big")  # noqa: SLF001 - its own module
                    _add(one, packet, begin + _PES_HEADER, limits)
                    open_ones[pid] = one
                elif pid in open_ones:
                    _add(open_ones[pid], packet, begin, limits)
    yield from open_ones.values()


def _add(one: PrivatePacket, packet: bytes, begin: int, limits: Limits) -> None:
    if len(one.packets) > limits.payload:
        return
    one.packets += packet
    one.payload = (one.payload + packet[begin:])[: one._wanted]  # noqa: SLF001 - its own module


def _chunks(file: BinaryIO) -> Iterator[npt.NDArray[np.uint8]]:
    """Whole packets, shape (n, 188); ends where the packets lose their rhythm for good."""
    rest = b""
    while data := file.read(_CHUNK):
        data = rest + data
        whole = len(data) // PACKET * PACKET
        rest = data[whole:]
        rows = np.frombuffer(data[:whole], np.uint8).reshape(-1, PACKET)
        yield rows[rows[:, 0] == _SYNC]


def _interesting(rows: npt.NDArray[np.uint8], followed: set[int]) -> Iterator[int]:
    """Rows that begin a PES packet of a video or private stream, or go on with a private one."""
    starts = (rows[:, 1] & 0x40) != 0
    pids = ((rows[:, 1].astype(np.uint16) & 0x1F) << 8) | rows[:, 2]
    followed = set(followed)
    for row in np.flatnonzero(starts):
        packet = rows[row].tobytes()
        begin = _payload(packet)
        if packet[begin : begin + 4] == _PRIVATE_2 and pids[row] != _NULL_PID:
            followed.add(int(pids[row]))
    wanted = np.isin(pids, np.fromiter(followed, np.uint16, len(followed))) | starts
    yield from (int(row) for row in np.flatnonzero(wanted))


def _payload(packet: bytes) -> int:
    """Where a transport packet's payload begins (2.4.3.2); its end if it has none."""
    control = packet[3] >> 4 & 3
    if not control & 1:
        return PACKET
    return min(PACKET, 5 + packet[4]) if control & 2 else 4


def _pts(packet: bytes, begin: int) -> int | None:
    """Presentation time in a video PES header (2.4.3.6), in ticks of 90 kHz."""
    head = packet[begin : begin + 14]
    if len(head) < 14 or head[:3] != b"\0\0\1" or head[3] not in _VIDEO_IDS or not head[7] & 0x80:  # noqa: PLR2004 - up to the PTS
        return None
    a, b, c = head[9], int.from_bytes(head[10:12], "big"), int.from_bytes(head[12:14], "big")
    return ((a >> 1 & 7) << 30) | (b >> 1 << 15) | c >> 1
