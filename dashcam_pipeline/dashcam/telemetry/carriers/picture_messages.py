"""Telemetry in messages of pictures (SEI), as AVCHD camcorders write it.

Nothing is put back here: the writer carries messages with their pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from av.stream import Discard

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.describe import choose_video
from dashcam_pipeline.media.messages import UNREGISTERED, MessageReader
from dashcam_pipeline.media.opening import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from dashcam_pipeline.dashcam.telemetry.findings import Findings

_BEGINNING: Final = 60
"""Packets in which a camera that writes such messages has written one."""

_EVERY: Final = 1.0
"""Seconds from one message that is read to the next: receivers give a position a second."""


def collect(path: Path, findings: Findings) -> None:
    """Read a message a second; a recording whose first pictures have none isn't read on.

    Args:
        path: the recording, of any container.
        findings: added to.

    Raises:
        FFmpegError, IndexError: reading failed on the way.
    """
    try:
        container = open_source(path)
    except InputError:
        return  # no recording at all
    with container:
        try:
            stream = choose_video(container, path)
        except InputError:
            return  # no pictures
        for other in container.streams:
            if other is not stream:
                other.discard = Discard.all
        _demux(container, stream, findings)


def _demux(container: InputContainer, stream: VideoStream, findings: Findings) -> None:
    context = stream.codec_context
    reader = MessageReader(context.codec.canonical_name, context.extradata or b"")
    if not reader:
        return
    begin, due, known = None, 0.0, False
    for number, packet in enumerate(container.demux(stream)):
        if number > _BEGINNING and not known:
            return
        if packet.pts is None or not packet.size:
            continue
        begin = packet.pts if begin is None else begin
        seconds = float((packet.pts - begin) * packet.time_base)
        if seconds < due:
            continue
        for message in reader.read(bytes(packet))[0]:
            if message.kind == UNREGISTERED and _recognise(message.payload, seconds, findings):
                known, due = True, float(int(seconds)) + _EVERY
                findings.keep("pictures", message.payload, "message", seconds)
                break


def _recognise(payload: bytes, seconds: float, findings: Findings) -> bool:
    return findings.recognise(lambda family: family.message(payload, seconds))
