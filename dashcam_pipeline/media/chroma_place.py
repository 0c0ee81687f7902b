"""Where chroma samples lie between those of luma, as a track says it.

PyAV doesn't tell, but FFmpeg's Matroska muxer writes it into a header, which may be written to
memory (RFC 9559, 5.1.4.1.28.24 and .25).
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

import av
import av.error

from dashcam_pipeline.media import containers

if TYPE_CHECKING:
    from av.video.stream import VideoStream

USUAL: Final = "left"
"""What H.264 and HEVC mean where they say nothing (ITU-T H.264, E.2.1)."""

_SITING: Final = re.compile(rb"\x55\xb7\x81([\1\2])\x55\xb8\x81([\1\2])")
_NAMES: Final = {
    (b"\1", b"\2"): "left",
    (b"\2", b"\2"): "center",
    (b"\1", b"\1"): "topleft",
    (b"\2", b"\1"): "top",
}
"""FFmpeg's names, by the elements' values: 1 is collocated, 2 is half a sample further."""


def chroma_place(stream: VideoStream) -> str | None:
    """FFmpeg's name of the place.

    Args:
        stream: of an open source.

    Returns:
        None where nothing is known of it.
    """
    header = io.BytesIO()
    try:
        with av.open(header, "w", format=containers.FALLBACK.name) as trial:
            trial.add_stream_from_template(stream, opaque=True)
            trial.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return None  # a codec that has no place there
    found = _SITING.search(header.getvalue())
    return _NAMES.get((found[1], found[2])) if found else None
