"""Whether pictures that are copied are whole.

Every packet is decoded once, as quickly as that goes, and its picture is thrown away: damage within
one shows to a decoder alone. Decoders go on over some damage without a word, of which the packets'
outer form shows a part; that is looked at in any case, for it costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av.error

from dashcam_pipeline.media import nal
from dashcam_pipeline.media.decoder import MAX_FAILURES, KeyGate, prepare
from dashcam_pipeline.media.timing import Clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from dashcam_pipeline.media.frame_counts import ReadCounts
    from dashcam_pipeline.media.source import VideoTrack
    from dashcam_pipeline.media.timing import HoleFinder

_HASTY: Final = {"skip_loop_filter": "all"}
"""Of the decoder: nobody looks at the pictures, and errors show before they are smoothed."""


class PictureCheck:
    """Decodes one track for nothing but its damage.

    Args:
        stream: of an open source; nothing else decodes it.
        video: its facts.
        threads: 0 lets FFmpeg decide.
        counts: of what is found.
        holes: told where pictures are missing or damaged.
        held_open: as of ``Decoder``.
        decode: False looks at the outer form alone.
    """

    def __init__(
        self,
        stream: VideoStream,
        video: VideoTrack,
        threads: int,
        *,
        counts: ReadCounts,
        holes: HoleFinder,
        held_open: Callable[[], AbstractContextManager[bool]],
        decode: bool = True,
    ) -> None:
        self._context = stream.codec_context
        prepare(self._context, threads)
        self._context.options = {**self._context.options, **_HASTY}
        self._counts, self._holes, self._held_open = counts, holes, held_open
        self._clock = Clock.of(video)
        self._decodes = decode
        self._gate = KeyGate()
        self._failures = 0
        self._codec = self._context.name if self._context.name in nal.SYNTAXES else ""
        self._length = nal.length_size(self._codec, bytes(self._context.extradata or b""))
        self._torn: set[int] = set()

    def see(self, packet: Packet[Stream]) -> None:
        """Decode the next packet; afterwards its times may be changed."""
        if self._codec and nal.is_torn(bytes(packet), self._codec, self._length):
            self._torn.add(packet.pts or 0)
        if not self._decodes:
            return
        for admitted in self._gate.admit(packet):
            self._decode(admitted)

    def finish(self) -> None:
        """Decode what the decoder still holds."""
        for admitted in self._gate.drain():
            self._decode(admitted)
        if self._decodes:
            self._decode(None)
        self._counts.frames.concealed += len(self._torn)  # of which no picture came

    def _decode(self, packet: Packet[Stream] | None) -> None:
        pictures: list[VideoFrame] = []
        with self._held_open() as is_open:
            if not is_open or self._failures >= MAX_FAILURES:
                return
            try:
                pictures = self._context.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                self._fail(str(error.strerror))
                return
        if pictures:
            self._failures = 0
        for picture in pictures:
            self._look_at(picture)

    def _look_at(self, picture: VideoFrame) -> None:
        torn = picture.pts in self._torn
        self._torn.discard(picture.pts or 0)
        damaged = torn or picture.is_corrupt
        self._counts.frames.concealed += damaged
        last = self._clock.last
        pts = self._clock.next(picture.pts, picture.dts)
        if last is not None:
            self._holes.look(last, pts, self._clock.mean, damaged=damaged)

    def _fail(self, why: str) -> None:
        self._failures += 1
        self._counts.frames.damaged_packets += 1
        self._counts.note(f"decoding: {why}")
        now = self._clock.last or 0
        self._holes.damaged(now, now)
