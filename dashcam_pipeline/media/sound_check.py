"""Whether sound that is carried as it is can be decoded.

Each packet is decoded once, beside the copy, and what is heard is thrown away. Where a codec has
checksums they are compared; what decodes to other sound without an error isn't noticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import av
import av.error

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.frame_counts import ReadCounts

_STRICT: Final = {"err_detect": "crccheck+bitstream+buffer+explode"}
"""Of the decoder: compare checksums, and refuse what doesn't fit instead of patching it up."""


class SoundCheck:
    """Decodes one sound track for nothing but its damage.

    Args:
        stream: of an open source; nothing else decodes it.
        counts: of what is found.
        held_open: keeps the source open while the decoder is at work; says whether it still is.
    """

    def __init__(
        self,
        stream: AudioStream,
        *,
        counts: ReadCounts,
        held_open: Callable[[], AbstractContextManager[bool]],
    ) -> None:
        self._context = stream.codec_context
        self._context.options = {**self._context.options, **_STRICT}
        self._counts, self._held_open = counts, held_open
        self._heard = False
        self._decodes = True

    def see(self, packet: Packet[Stream]) -> None:
        """Decode the next packet; afterwards its times may be changed."""
        self._counts.frames.damaged_sound += packet.is_corrupt or self._is_refused(packet)

    def _is_refused(self, packet: Packet[Stream]) -> bool:
        """Whether the decoder finds fault with it."""
        with self._held_open() as is_open:
            if not is_open or not self._decodes:
                return False
            try:
                heard = self._context.decode(packet)
            except av.error.FFmpegError as error:
                if not (self._heard or isinstance(error, av.error.InvalidDataError)):
                    self._decodes = False  # a kind of sound that it doesn't know: no damage
                    return False
                self._counts.note(f"decoding sound: {error.strerror}")
                return True
        self._heard = self._heard or bool(heard)
        return any(one.is_corrupt for one in heard)


def listen_to(
    container: InputContainer,
    *,
    counts: ReadCounts,
    held_open: Callable[[], AbstractContextManager[bool]],
) -> dict[int, SoundCheck]:
    """What looks at each sound track that there is a decoder for, by track.

    Args:
        container: an open source.
        counts, held_open: as of ``SoundCheck``.
    """
    return {
        stream.index: SoundCheck(stream, counts=counts, held_open=held_open)
        for stream in container.streams.audio
        if stream.codec_context is not None
    }
