"""Writing a recording: new pictures, and everything else as it was.

::

    with Writer(target, reader.info, EncoderSettings()) as writer:
        for item in reader:
            writer.write(item)
        report = writer.finish()

The file grows under a part's name beside the target and gets its own when it is whole (``atomic``),
so that what has the target's name is never half a recording.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

import av
import av.error

from dashcam_pipeline.errors import DashcamError, EncoderError, OutputError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import containers, destination, encoders, metadata, mp4_index
from dashcam_pipeline.media.atomic import atomic_file
from dashcam_pipeline.media.carried import PicturePacket
from dashcam_pipeline.media.carried_track import CarriedTrack
from dashcam_pipeline.media.copied_video import CopiedVideo
from dashcam_pipeline.media.encoding import FrameEncoder
from dashcam_pipeline.media.inventory import Holding, common_shift, inventory
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.media.output_checks import check_output, output_error
from dashcam_pipeline.media.rate import RateMeter
from dashcam_pipeline.media.track_ids import track_ids
from dashcam_pipeline.media.write_report import AS_ASKED, COPIED, Loss, WriteReport
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from av.container import InputContainer
    from av.container.core import Chapter as AvChapter
    from av.packet import Packet
    from av.stream import Stream

    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.encoders import EncoderSettings
    from dashcam_pipeline.media.part_file import PartFile
    from dashcam_pipeline.media.segments import EncodedPacket
    from dashcam_pipeline.media.source import Chapter, SourceInfo, Track

__all__ = ["WriteReport", "Writer", "check_output"]

_NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})


class Writer:
    """Writes one recording.

    Args:
        path: the target; its extension decides the container. ``check_output`` has been asked.
        info: the source, as the reader has it.
        encoder: what to encode with; None copies the pictures' packets as they are, and takes
            ``PicturePacket`` instead of frames.
        audio: False leaves the sound out.
        tags: metadata to add to the source's own, such as a mark that it was processed.
        part: the unfinished file, whose owner gives it its name; None makes one, and ``finish``
            names it.
        chapters: asked at the end, where only that tells what they are called; None: the source's.

    Raises:
        OutputError: the target can't be written.
        EncoderError: the encoder can't be opened so.
    """

    def __init__(
        self,
        path: Path,
        info: SourceInfo,
        encoder: EncoderSettings | None,
        *,
        audio: bool = True,
        tags: Mapping[str, str] = _NO_TAGS,
        part: PartFile | None = None,
        chapters: Callable[[], Iterable[Chapter]] | None = None,
    ) -> None:
        self._path, self._info = path, info
        self._late_chapters = chapters
        self._muxer = destination.muxer_of(path)
        self._encoder = None if encoder is None else encoders.resolve(encoder, info.video)
        self._refused = 0
        rate = None if encoder is None else encoder.rate
        self._meter = None if rate is None else RateMeter(rate)
        self._moved = _to_zero(info, self._muxer)
        self._given: dict[int, Holding] = {}
        self._covers: set[int] = set()
        """Of tracks that the file holds elsewhere than among its tracks."""
        self._place = 0
        self._copies: dict[int, CarriedTrack] = {}
        self._carried: list[Track] = []
        self._not_carried: list[tuple[Track, str]] = []
        self._metadata, settings = metadata.for_container(info.metadata, tags, self._muxer)
        self._ids = track_ids(info, self._muxer, path.suffix)
        # sound first: nobody hears a subtitle that comes a tick early
        tracks = sorted(info.tracks, key=lambda track: track.kind != "audio")
        clocks = [track.time_base for track in tracks if track.time_base is not None]
        options = containers.named(self._muxer).muxer_options(
            path.suffix, info.video.time_base, clocks
        )
        self._names_itself = part is None
        self._file = part or atomic_file(path, overwrite=True)
        self._done = False
        try:
            self._container = av.open(
                self._file,
                "w",
                format=self._muxer,
                container_options={**options, **self._ids.options, **settings},
                buffer_size=1 << 20,
            )
            self._container.metadata.update(self._metadata)
            self._video = self._add_tracks(audio=audio)
            if isinstance(self._video, FrameEncoder):
                self._video.open()
            if chapters is None:
                self._set_chapters(info.chapters)
            self._container.start_encoding()
        except DashcamError:
            self.abort()
            raise
        except (OSError, ValueError, av.error.FFmpegError) as error:
            self.abort()
            raise output_error(error, path) from error

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Abort, unless ``finish`` was called."""
        self.abort()

    def write(self, item: Frame | CarriedPacket) -> None:
        """Encode a frame, or copy a packet; frames in order.

        Raises:
            DiskFullError: no space left.
            OutputError: writing failed.
            EncoderError: encoding failed.
        """
        if isinstance(item, Frame):
            self._mux(self._encoding.encode(item))
        elif isinstance(item, PicturePacket) and isinstance(self._video, CopiedVideo):
            self._mux(self._video.admit(self._shifted(item.packet)))
        else:
            self._write_packet(item)

    def write_encoded(self, packet: EncodedPacket) -> None:
        """Take a picture encoded before, by an encoder of the same settings; never mix with frames.

        Args:
            packet: in decoding order; times in ticks of the source's track.

        Raises:
            DiskFullError: no space left.
            OutputError: writing failed.
        """
        self._mux([self._encoding.adopt(packet)])

    @property
    def extradata(self) -> bytes:
        """Of the encoder; packets for ``write_encoded`` must have been made with the same."""
        return self._encoding.extradata

    @property
    def _encoding(self) -> FrameEncoder:
        if not isinstance(self._video, FrameEncoder):
            raise TypeError("this output's pictures are copied, and none can be encoded")
        return self._video

    def finish(self, seal: Callable[[Path], object] | None = None) -> WriteReport:
        """Write what the encoder still holds and the index; the file is whole, and on the disk.

        Args:
            seal: called with the unfinished file's path once the muxer is done with it; may change
                or replace the file.

        Raises:
            DiskFullError: no space left.
            OutputError: writing failed.
            EncoderError: encoding failed, or there was no picture at all.
        """
        if not self._video.frames:
            self.abort()
            raise EncoderError(
                _("there is no picture to write."),
                advice=_(
                    "Nothing in the source (or in the part of it asked for) could be decoded."
                ),
            )
        try:
            self._mux(self._video.drain())
            for copy in self._copies.values():
                self._copy(copy.drain())
            found = self._close()
            self._copy_boxes()
            shift = common_shift(self._given_tracks, found)
            if seal is not None:
                self._file.close()
                seal(self._file.path)
            size = self._file.commit() if self._names_itself else self._file.complete()
        except (OSError, av.error.FFmpegError) as error:
            self.abort()
            raise output_error(error, self._path) from error
        except DashcamError:
            self.abort()
            raise
        self._done = True
        return WriteReport(
            path=self._path,
            frames=found[self._video.index].packets,
            nbytes=size,
            container=self._muxer,
            encoder=COPIED if self._encoder is None else self._encoder.label,
            options={} if self._encoder is None else dict(self._encoder.options),
            carried=tuple(self._carried),
            not_carried=tuple(self._not_carried),
            video=self._place,
            copied=tuple(sorted((*self._copies, self._info.video.index))),
            lost=self._renumbered(),
            packets_repaired=sum(
                copy.repaired
                for copy in self._copies.values()
                if copy.stream.index not in self._covers  # they have no time anywhere
            )
            + (self._video.repaired if isinstance(self._video, CopiedVideo) else 0),
            packets_refused=self._refused,
            moved_s=float(self._moved + shift),
            differences=tuple(self._differences(found, shift)),
            held=0.0 if self._meter is None else self._meter.held,
        )

    def abort(self) -> None:
        """Give up: remove the unfinished file. Harmless after ``finish`` and when repeated."""
        if self._done:
            return
        self._done = True
        if self._names_itself:
            self._file.discard()
        else:
            self._file.remove()

    def _renumbered(self) -> tuple[Loss, ...]:
        """Tracks that others know by a number which they could not keep."""
        kept = {*self._copies, self._info.video.index}
        return tuple(
            Loss(t.label, f"PID {t.id:#x} (it is {self._ids.ids[t.index]:#x} now)")
            for t in self._info.tracks
            if t.index in self._ids.moved and t.index in kept
        )

    def _copy_boxes(self) -> None:
        own = containers.named(self._info.container)
        if not (own.track_boxes and containers.named(self._muxer).track_boxes):
            return
        video = self._info.video.index
        before = sum(1 for track in self._info.tracks[:video] if not track.cover)
        # tracks that the muxer makes itself, and covers, come behind all others
        covers = {track.index for track in self._info.tracks if track.cover}
        place = sum(1 for index in self._copies if index < video and index not in covers)
        mp4_index.copy_boxes(self._info.path, before, self._file.path, place)

    def _set_chapters(self, chapters: Iterable[Chapter]) -> None:
        made = [_chapter(chapter, self._moved) for chapter in chapters]
        if made:
            self._container.set_chapters(made)

    def _close(self) -> dict[int, Holding]:
        """Write the index, and look what the file holds.

        Packets refused on the way may have taken pictures with them: then there is no output.
        """
        if self._late_chapters is not None:  # muxers that know none so far write them at the end
            self._set_chapters(self._late_chapters())
        try:
            self._container.close()
        except av.error.InvalidDataError:
            self._refused += 1
        found = inventory(self._file.path, self._muxer)
        pictures = found[self._video.index].packets
        if self._refused and pictures != self._video.frames:
            raise OutputError(
                _(
                    "{path} would hold {pictures} of {frames} pictures: {muxer} refused "
                    "{refused} packets of the source's other tracks.",
                    path=self._path,
                    pictures=pictures,
                    frames=self._video.frames,
                    muxer=self._muxer,
                    refused=self._refused,
                ),
                advice=_(
                    "{advice}, or leave the sound out.",
                    advice=containers.TAKE_FALLBACK,
                ),
            )
        return found

    @property
    def _given_tracks(self) -> dict[int, Holding]:
        return {index: h for index, h in self._given.items() if index not in self._covers}

    def _differences(self, found: dict[int, Holding], shift: Fraction) -> Iterator[str]:
        """What the file holds otherwise than was given, a sentence each.

        Args:
            found: in the file.
            shift: seconds that its muxer moved all tracks by.
        """
        names = {copy.stream.index: self._label(index) for index, copy in self._copies.items()}
        for index, given in self._given_tracks.items():
            difference = given.moved(shift).differs(found.get(index, Holding(given.kind)))
            if difference:
                yield _(
                    "{track} {difference}.",
                    track=names.get(index, self._info.video.label),
                    difference=difference,
                )

    def _label(self, index: int) -> str:
        return next(track.label for track in self._info.tracks if track.index == index)

    def _add_tracks(self, *, audio: bool) -> FrameEncoder | CopiedVideo:
        """Add all tracks in the source's order."""
        main: FrameEncoder | CopiedVideo | None = None
        with open_source(self._info.path) as source:
            verdicts = destination.judge(source, self._info, self._muxer)
            # covers come last, as demuxers give them
            for verdict in sorted(verdicts, key=lambda v: (v.track.cover, v.track.index)):
                later = verdict.track.cover or verdict.track.index > self._info.video.index
                if main is None and later:
                    main = self._add_main(source)
                    self._place = sum(1 for track in self._carried if track.moving)
                if verdict.track.kind == "audio" and not audio:
                    self._not_carried.append((verdict.track, AS_ASKED))
                elif verdict.copied or verdict.recreated:
                    self._carried.append(verdict.track)
                    if verdict.copied:
                        self._add_copy(source, verdict.track)
                else:
                    self._not_carried.append((verdict.track, verdict.reason))
            if main is None:
                main = self._add_main(source)
                self._place = sum(1 for track in self._carried if track.moving)
        return main

    def _add_main(self, source: InputContainer) -> FrameEncoder | CopiedVideo:
        video = self._info.video
        main: FrameEncoder | CopiedVideo
        if self._encoder is None:
            main = CopiedVideo(self._container, source, video)
        else:
            moved = round(self._moved / video.time_base)
            main = FrameEncoder(self._container, self._muxer, video, self._encoder, moved=moved)
        main.number(self._ids.ids.get(video.index, 0))
        self._given[main.index] = Holding("video")
        return main

    def _add_copy(self, source: InputContainer, track: Track) -> None:
        if track.cover and containers.named(self._muxer).covers == "attachment":
            destination.attach_cover(self._container, source, track)
            return
        copy = destination.add_copy(self._container, source.streams[track.index])
        copy.id = self._ids.ids.get(track.index, copy.id)
        self._given[copy.index] = Holding(track.kind, track.codec or "")
        if track.cover:
            self._covers.add(copy.index)
        self._copies[track.index] = CarriedTrack(copy, fills_gaps=track.codec == "mov_text")

    def _mux(self, packets: Iterable[Packet[Any]]) -> None:
        try:
            for packet in packets:
                self._mux_one(packet)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise output_error(error, self._path) from error

    def _mux_one(self, packet: Packet[Any]) -> None:
        """Hand a packet to the muxer, which may only now write an earlier one of any track."""
        index = packet.stream_index
        given = replace(self._given[index])
        given.add(packet)  # first: the muxer takes the packet's times away
        if self._meter is not None and index == self._video.index:
            self._meter.add(float((packet.dts or 0) * packet.time_base), packet.size)
        try:
            self._container.mux_one(packet)
        except av.error.InvalidDataError:  # of that earlier one, which is lost: a carried one
            self._refused += 1
        self._given[index] = given

    def _write_packet(self, item: CarriedPacket) -> None:
        copy = self._copies.get(item.stream_index)
        if copy is not None:
            self._copy(copy.admit(self._shifted(item.packet)))

    def _shifted(self, packet: Packet[Stream]) -> Packet[Stream]:
        """A packet moved with all others; changed in place."""
        if self._moved:
            ticks = round(self._moved / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        return packet

    def _copy(self, packets: list[Packet[Stream]]) -> None:
        for packet in packets:
            try:
                self._mux_one(packet)
            except OSError as error:
                raise output_error(error, self._path) from error
            except (ValueError, av.error.FFmpegError):
                self._refused += 1


def _to_zero(info: SourceInfo, muxer: str) -> Fraction:
    """Seconds by which all times are moved, so that nothing of the source lies before zero.

    That is nothing in a container that shows it there, or of one that means it to be hidden (the
    priming of sound, pictures before an edit list's first).
    """
    target = containers.named(muxer)
    if target.shows_negative and target.negative_times:
        return Fraction(0)
    if not containers.named(info.container).shows_negative:
        return Fraction(0)
    starts = [
        track.start_pts * track.time_base
        for track in info.tracks
        if track.start_pts is not None and track.time_base is not None and not track.cover
    ]
    base = info.video.time_base
    return math.ceil(max(Fraction(0), -min(starts, default=Fraction(0))) / base) * base


def _chapter(chapter: Chapter, moved: Fraction) -> AvChapter:
    ticks = round(moved / chapter.time_base)
    return {
        "id": chapter.id,
        "start": chapter.start + ticks,
        "end": chapter.end + ticks,
        "time_base": chapter.time_base,
        "metadata": dict(chapter.metadata),
    }
