"""Packets to pictures: the decoder, asked so that damage costs as little as possible.

Decoding runs on threads that each hold a picture back. Damage in a file's last packets shows only
when they are drained, and draining ends at the first failure: what the other threads still held
would be lost. So the last packets are kept, and decoded again by a single thread where pictures
of theirs didn't come.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import av
import av.error
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

TAIL_PACKETS: Final = 64
"""At least so many packets are kept: more than threads and reordering hold back together."""

TAIL_BYTES: Final = 64 << 20
"""At most so much is kept; a longer group of pictures is not decoded again."""

MAX_FAILURES: Final = 3000
"""Packets in a row that the decoder may refuse before it is no longer asked (100 s at 30 fps)."""

MAX_HELD: Final = 300
"""Packets to wait for the first key frame (10 s at 30 fps)."""


class KeyGate:
    """Keeps back what comes before the first key frame: without one there is only grey.

    Loops that cameras cut in the middle of a group of pictures begin so. A track that never has a
    key frame (intra refresh) is let through whole.
    """

    def __init__(self) -> None:
        self._waiting = True
        self._held: list[Packet[Stream]] = []
        self.dropped = 0

    def admit(self, packet: Packet[Stream]) -> list[Packet[Stream]]:
        """The packets to decode now: this one, none, or this one and those held before it."""
        if not self._waiting:
            return [packet]
        if packet.is_keyframe:
            self._waiting = False
            self.dropped, self._held = len(self._held), []
            return [packet]
        self._held.append(packet)
        return self.drain() if len(self._held) >= MAX_HELD else []

    def drain(self) -> list[Packet[Stream]]:
        """All that is held; at the end, when no key frame can come any more."""
        self._waiting = False
        held, self._held = self._held, []
        return held


class Decoder:
    """Decodes one track.

    Args:
        stream: of an open source.
        threads: 0 lets FFmpeg decide.
        failed: called with what was wrong for every packet that can't be decoded.
        held_open: keeps the source open while the decoder is at work; says whether it still is.
    """

    def __init__(
        self,
        stream: VideoStream,
        threads: int,
        *,
        failed: Callable[[str], None],
        held_open: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        self._stream, self._report, self._held_open = stream, failed, held_open
        self._context = stream.codec_context
        prepare(self._context, threads)
        self._gate = KeyGate()
        self._failures = 0
        self._tail: deque[Packet[Stream]] = deque()
        self._tail_bytes = 0
        self._seen: deque[int | None] = deque(maxlen=2 * TAIL_PACKETS)

    @property
    def dropped(self) -> int:
        """Packets before the first key frame, which were not decoded."""
        return self._gate.dropped

    def feed(self, packet: Packet[Stream]) -> Iterator[av.VideoFrame]:
        """The pictures that a packet sets free, of whatever packets they are."""
        for admitted in self._gate.admit(packet):
            yield from self._guarded(admitted)

    def finish(self) -> Iterator[av.VideoFrame]:
        """The pictures that are left at the end."""
        for admitted in self._gate.drain():
            yield from self._guarded(admitted)
        with self._held_open() as is_open:
            pictures = self._drain() if is_open else []
        yield from pictures

    def _guarded(self, packet: Packet[Stream]) -> list[av.VideoFrame]:
        with self._held_open() as is_open:
            if not is_open:
                return []
            if self._failures >= MAX_FAILURES:
                self._failed("too many failures in a row: not asked any more")
                return []
            pictures = self._decode(packet)
        if pictures:
            self._failures = 0
        return pictures

    def _failed(self, what: str) -> None:
        self._failures += 1
        self._report(what)

    def _decode(self, packet: Packet[Stream]) -> list[av.VideoFrame]:
        self._keep(packet)
        try:
            frames = self._context.decode(packet)
        except av.error.FFmpegError as error:
            self._failed(str(error.strerror))
            return []
        self._seen.extend(frame.pts for frame in frames)
        return frames

    def _drain(self) -> list[av.VideoFrame]:
        try:
            frames = self._context.decode(None)
        except av.error.EOFError:
            frames = []
        except av.error.FFmpegError as error:
            self._failed(str(error.strerror))
            frames = []
        self._seen.extend(frame.pts for frame in frames)
        return frames + self._again()

    def _keep(self, packet: Packet[Stream]) -> None:
        self._tail.append(packet)
        self._tail_bytes += packet.size
        if packet.is_keyframe and len(self._tail) > 2 * TAIL_PACKETS:
            self._shorten()
        if self._tail_bytes > TAIL_BYTES:
            self._tail.clear()
            self._tail_bytes = 0

    def _shorten(self) -> None:
        """Drop whole groups of pictures from the front as long as enough is left."""
        starts = [i for i, p in enumerate(self._tail) if p.is_keyframe]
        cut = max((i for i in starts if len(self._tail) - i >= TAIL_PACKETS), default=0)
        for _ in range(cut):
            self._tail_bytes -= self._tail.popleft().size

    def _again(self) -> list[av.VideoFrame]:
        """Decode the last packets by one thread; the pictures that didn't come the first time."""
        tail, self._tail = list(self._tail)[-TAIL_PACKETS:], self._tail
        missing = {p.pts for p in tail if p.pts is not None and not p.is_discard}
        missing -= set(self._seen)
        if not missing:
            return []
        context = av.CodecContext.create(self._context.codec, "r")
        if not isinstance(context, VideoCodecContext):
            raise TypeError(f"{self._context.codec.name} is no video decoder")
        context.extradata = self._context.extradata
        context.width, context.height = self._stream.width, self._stream.height
        prepare(context, 1)
        found: list[av.VideoFrame] = []
        for packet in [*self._tail, None]:
            try:
                found += context.decode(packet)
            except av.error.FFmpegError:
                continue  # counted the first time
        return [frame for frame in found if frame.pts in missing]


def prepare(context: VideoCodecContext, threads: int) -> None:
    """Have a decoder use threads, and give pictures that it patched up.

    Args:
        context: not opened yet.
        threads: 0 lets FFmpeg decide.
    """
    context.thread_count = threads
    context.thread_type = "AUTO"
    # pictures whose references were lost are better than holes; they are counted
    context.flags |= Flags.output_corrupt
