"""What a written file holds, read from the file itself: what got lost, and the picture's essence.

One pass over the whole file, once it is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av.error
from av.stream import Disposition

from dashcam_pipeline.errors import InputError, NotVideoError
from dashcam_pipeline.inference.digest import sha256_of_pieces
from dashcam_pipeline.media.demuxing import demux
from dashcam_pipeline.media.describe import moving
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.side_data import Listener, Said, of_frame, of_header
from dashcam_pipeline.media.write_report import Loss
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from dashcam_pipeline.media.source import SourceInfo
    from dashcam_pipeline.media.write_report import WriteReport


def look_at(path: Path, video: int) -> tuple[Said, str]:
    """All that a written file says, and the essence of its picture.

    Args:
        path: the file.
        video: which of its moving video tracks was written anew, from 0.

    Returns:
        what it says, and the SHA-256 of that track's packets, one after the other, in hex.

    Raises:
        InputError: it can't be read.
    """
    with open_source(path) as container:
        found = of_header(container, path)
        streams = moving(container)
        if video >= len(streams):
            raise NotVideoError(
                _("{path} holds {streams} video tracks", path=path, streams=len(streams))
            )
        main = streams[video].index
        for frame in _first_pictures(container, streams[video]):
            found.say(main, *of_frame(frame))
    with open_source(path) as container:
        return found, sha256_of_pieces(_listened(container, found, main))


def _listened(container: InputContainer, found: Said, main: int) -> Iterator[bytes]:
    """Note what packets say; gives those of one track."""
    listener = Listener(container, found)
    for packet in demux(container):
        listener.packet(packet)
        if packet.stream_index == main:
            yield bytes(packet)


def _first_pictures(container: InputContainer, stream: VideoStream) -> list[VideoFrame]:
    stream.codec_context.thread_count = 1
    for tried, packet in enumerate(demux(container, stream)):
        frames = stream.decode(packet)
        if frames or tried > _FIRST_PICTURE_PACKETS:
            return frames
    return []


_FIRST_PICTURE_PACKETS: Final = 60
"""In which the first picture is looked for."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """What a written file is found to hold.

    Args:
        lost: what the source says and it doesn't; also that nothing can be said of it.
        essence: SHA-256 of the cleaned track's packets alone, in hex. The same run gives the same,
            also where the file around it holds a time of writing. None where FFmpeg doesn't know
            again what it has written: it takes some transport streams of ten packets, a small
            picture or two, for something else.
    """

    lost: tuple[Loss, ...]
    essence: str | None


def look_back(before: Said, info: SourceInfo, written: WriteReport, file: Path) -> LookBack:
    """Read a written file once more, and compare it with what it was made of.

    Args:
        before: of the source.
        info: its facts.
        written: what was written.
        file: where that lies, which may not have its name yet.
    """
    try:
        return _compared(before, info, written, file)
    except (InputError, OSError, av.error.FFmpegError) as error:
        said = str(error).partition("\n")[0]
        unknown = Loss("", _("not known, for the output can't be read back ({said})", said=said))
        return LookBack((*written.lost, unknown), None)


def _compared(before: Said, info: SourceInfo, written: WriteReport, file: Path) -> LookBack:
    labels = {track.index: track.label for track in info.tracks}
    with open_source(file) as container:
        pictures = [s for s in container.streams if s.disposition & Disposition.attached_pic]
        places = [
            s.index
            for s in container.streams
            if s.type != "attachment" and not s.disposition & Disposition.attached_pic
        ]
        attached = sum(1 for s in container.streams if s.type == "attachment")
    beside = {track.index for track in info.tracks if track.cover or track.kind == "attachment"}
    covers = [track.index for track in written.carried if track.cover]
    files = [t.index for t in written.carried if t.kind == "attachment" and not t.cover]
    copied = [index for index in written.copied if index not in beside]
    pairs = dict(zip(copied, places, strict=False))
    absent = (*copied[len(places) :], *covers[len(pictures) :], *files[attached:])
    gone = [Loss(labels[index], _("the whole track")) for index in absent]
    after, essence = look_at(file, written.video)
    return LookBack((*written.lost, *gone, *missing(before, after, pairs, labels)), essence)


def missing(
    before: Said, after: Said, pairs: Mapping[int, int], labels: Mapping[int, str]
) -> tuple[Loss, ...]:
    """What a written file doesn't say.

    Args:
        before: of the source.
        after: of the output.
        pairs: the output's index of every track that is in it, by the source's.
        labels: of the source's tracks, by index.
    """
    lost = [Loss("", what) for what in sorted(before.file - after.file)]
    for index, other in sorted(pairs.items()):
        gone = before.tracks.get(index, set()) - after.tracks.get(other, set()) - after.file
        lost += [Loss(labels[index], what) for what in sorted(gone)]
    return tuple(lost)
