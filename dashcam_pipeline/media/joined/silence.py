"""Packets of silence, for what a sound track lacks between two clips.

Made by an encoder of the same kind and settings as the camera's; None where there is no such one:
a hole then stays a hole in time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import av
import av.error
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOW_COMPLEXITY: Final = 2
"""Audio object type of plain AAC (ISO/IEC 14496-3, 1.5.1.1)."""

_ADTS_HEADER: Final = 7
_WARM_UP: Final = 6
"""Frames after which an encoder that is given silence writes nothing else."""

_ZERO: Final = {"pcm_u8": 0x80, "pcm_alaw": 0xD5, "pcm_mulaw": 0xFF}
"""What silence is as a byte; 0 for every other kind of plain samples."""

SAMPLES: Final = "pcm_"
"""What the codecs of plain samples are called."""


class Silence(Protocol):
    """Makes silent packets' payloads."""

    def __call__(self, like: bytes, samples: int) -> bytes:
        """A payload.

        Args:
            like: a packet of the track.
            samples: that it lasts; those of a whole packet where it can't be fewer.
        """


def silence_for(parameters: Mapping[str, Any]) -> Silence | None:
    """Silence for a track; None where none can be made.

    Args:
        parameters: of the track, as ``clip.parameters_of`` has them.
    """
    codec = str(parameters.get("codec") or "")
    if codec.startswith(SAMPLES):
        zero = bytes([_ZERO.get(codec, 0)])
        frame = frame_bytes(parameters)
        return lambda _like, samples: zero * (frame * samples)
    if codec != "aac":
        return None
    header = parameters["header"]
    if header and header[0] >> 3 != _LOW_COMPLEXITY:
        return None
    payload = _silent_aac(parameters["rate"], parameters["layout"])
    if payload is None:
        return None
    return lambda like, _samples: _as_adts(payload, like) if is_adts(like) else payload


def frame_bytes(parameters: Mapping[str, Any]) -> int:
    """Bytes of one sample of all channels of a track of plain samples."""
    digits = "".join(c for c in str(parameters["codec"]) if c.isdigit())  # pcm_s16le: 16 bits
    channels = av.AudioLayout(parameters["layout"]).nb_channels
    return channels * (int(digits) // 8 if digits else 1)


def is_adts(payload: bytes) -> bool:
    """True for an AAC packet with a header of its own, as transport streams have it."""
    return len(payload) > _ADTS_HEADER and payload[0] == 0xFF and payload[1] & 0xF6 == 0xF0  # noqa: PLR2004 - the syncword and layer 0


def _as_adts(payload: bytes, like: bytes) -> bytes:
    """A packet behind a header like another one's (ISO/IEC 14496-3, 1.A.2.2)."""
    head = bytearray(like[:_ADTS_HEADER])
    head[1] |= 1  # no checksum follows
    length = _ADTS_HEADER + len(payload)
    head[3] = head[3] & 0xFC | length >> 11
    head[4] = length >> 3 & 0xFF
    head[5] = (length & 7) << 5 | 0x1F  # the buffer's fullness: variable
    head[6] = 0xFC
    return bytes(head) + payload


def _silent_aac(rate: int, layout: str) -> bytes | None:
    try:
        context = av.CodecContext.create("aac", "w")
        context.rate, context.layout, context.format = rate, layout, "fltp"
        context.open()
        size = context.frame_size or 1024
        channels = av.AudioLayout(layout).nb_channels
        last = None
        for number in range(_WARM_UP):
            samples = np.zeros((channels, size), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, "fltp", layout)
            frame.sample_rate, frame.pts = rate, number * size
            for packet in context.encode(frame):
                last = bytes(packet)
    except (ValueError, av.error.FFmpegError):
        return None  # a rate or layout that this encoder doesn't know
    return last
