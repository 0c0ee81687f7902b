"""One recording in segments, so that hours of work survive anything.

Frames are told apart by their time: segment *n* holds those from *n* times ``--segment-seconds``
on. Where one ends, the chain pauses: it gives back all it holds and says what it remembers, which
is stored with the segment. A run that goes on decodes the source from its beginning (so that
nothing rests on seeking in files that may be damaged), drops what the whole segments hold already,
and gives the chain its memory back. Every segment has an encoder of its own, so it makes no
difference to the result how often, and where, a run was cut off.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import av

from dashcam_pipeline.engine.chain import ChainState
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.encoding import FrameEncoder
from dashcam_pipeline.media.part_file import PART
from dashcam_pipeline.media.segments import (
    BrokenSegmentError,
    EncodedPacket,
    SegmentFile,
    read_segment,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt
    from av.container import OutputContainer
    from av.packet import Packet

    from dashcam_pipeline.engine.report import StageFact
    from dashcam_pipeline.media.carried import CarriedPacket
    from dashcam_pipeline.media.encoders import Encoder
    from dashcam_pipeline.media.joined.reader import JoinedReader
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.segments import Segment
    from dashcam_pipeline.media.source import VideoTrack
    from dashcam_pipeline.media.write_report import WriteReport

SUFFIX: Final = ".seg"


@dataclass(frozen=True, slots=True)
class SegmentPlan:
    """Which frame belongs to which segment.

    Args:
        origin: pts at which segment 0 begins, in ticks.
        ticks: length of a segment.
    """

    origin: int
    ticks: int

    @classmethod
    def of(cls, video: VideoTrack, seconds: float) -> SegmentPlan:
        """Plan segments of about so many seconds for a track."""
        return cls(video.start_pts or 0, max(1, round(seconds / video.time_base)))

    def number(self, pts: int) -> int:
        """The segment of a frame; rises with its pts."""
        return (pts - self.origin) // self.ticks


class SegmentStore:
    """The segments of one recording, in a folder of their own.

    Args:
        folder: made if it isn't there.
        key: what the segments depend on; those of another key are removed.
    """

    def __init__(self, folder: Path, key: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, key
        self.whole: list[Segment] = []
        """In order; the last one alone still has its ``meta`` and ``arrays``."""
        for path in sorted(folder.iterdir()):
            if path.suffix not in {SUFFIX, PART}:
                continue
            segment = self._read(path)
            if segment is None:
                path.unlink()
            else:
                self._add(segment)

    def _add(self, segment: Segment) -> None:
        """Put a segment behind the others, whose memory is needed no more: megabytes of each."""
        if self.whole:
            self.whole[-1] = replace(self.whole[-1], meta={}, arrays={})
        self.whole.append(segment)

    def _read(self, path: Path) -> Segment | None:
        """A segment to go on from; None for one that is broken, foreign, or follows such a one."""
        if path.suffix != SUFFIX:
            return None
        try:
            segment = read_segment(path)
        except BrokenSegmentError:
            return None
        header = segment.header
        previous = self.whole[-1].header["number"] if self.whole else None
        fits = header.get("key") == self._key and header.get("previous") == previous
        return segment if fits else None

    @property
    def frames(self) -> int:
        """Frames in whole segments."""
        return sum(len(segment.pts) for segment in self.whole)

    @property
    def last(self) -> int | None:
        """Number of the last whole segment."""
        return self.whole[-1].header["number"] if self.whole else None

    @property
    def threads(self) -> int | None:
        """Encoder threads of the whole segments: encoders' results depend on their number."""
        return self.whole[0].header["threads"] if self.whole else None

    def begin(self, number: int, extradata: bytes, threads: int) -> SegmentFile:
        """A new segment after the whole ones."""
        header = {
            "key": self._key,
            "number": number,
            "previous": self.last,
            "extradata": extradata.hex(),
            "threads": threads,
        }
        return SegmentFile(self._folder / f"{number:08d}{SUFFIX}", header)

    def admit(self, number: int) -> None:
        """Count a segment that was just finished among the whole ones."""
        self._add(read_segment(self._folder / f"{number:08d}{SUFFIX}"))


class Rest:
    """The frames of a reader that no whole segment holds; what is carried is left to the join.

    Args:
        reader: of the source, from its beginning.
        plan: of the segments.
        after: number of the last whole segment, None if there is none.
    """

    def __init__(self, reader: Reader | JoinedReader, plan: SegmentPlan, after: int | None) -> None:
        self._reader, self._plan, self._after = reader, plan, after

    def __iter__(self) -> Iterator[Frame]:
        for item in self._reader:
            if isinstance(item, Frame) and (
                self._after is None or self._plan.number(item.pts) > self._after
            ):
                yield item

    def close(self) -> None:
        """Close the reader."""
        self._reader.close()


class Pausable(Protocol):
    """A chain, or what stands in its place."""

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get those that are done, in order."""

    def finish(self) -> list[Frame]:
        """All frames that are not out yet."""

    def pause(self) -> tuple[list[Frame], ChainState]:
        """The same, and what is remembered."""

    def stage_facts(self) -> list[StageFact]:
        """What every stage did."""

    def close(self) -> None:
        """Free everything."""


class PausingChain:
    """A chain that pauses where a segment ends.

    Args:
        chain: the chain; its memory is set already if it goes on.
        plan: of the segments.
        notes: asked for what else is to be found again after each segment, JSON-able.
    """

    def __init__(
        self, chain: Pausable, plan: SegmentPlan, notes: Callable[[], dict[str, Any]] = dict
    ) -> None:
        self._chain, self._plan, self._notes = chain, plan, notes
        self._number: int | None = None
        self.states: dict[int, tuple[ChainState, dict[str, Any]]] = {}
        """What the chain remembers at the end of each segment, and the notes; the sink takes them
        out."""

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get those that are done, in order."""
        number = self._plan.number(frame.pts)
        done: list[Frame] = []
        if self._number is not None and number != self._number:
            done = self._pause(self._number)
        self._number = number
        return done + self._chain.feed(frame)

    def finish(self) -> list[Frame]:
        """All frames that are not out yet."""
        done = [] if self._number is None else self._pause(self._number)
        return done + self._chain.finish()

    def _pause(self, number: int) -> list[Frame]:
        done, state = self._chain.pause()
        # There before the sink can ask: it sees the next segment's frames, or the end, only later.
        self.states[number] = state, self._notes()
        return done

    def stage_facts(self) -> list[StageFact]:
        """What every stage did."""
        return self._chain.stage_facts()

    def close(self) -> None:
        """Free what the stages hold."""
        self._chain.close()


class SegmentSink:
    """Encodes frames into segments, and joins them at the end.

    Args:
        store: where segments go; those that are whole already are kept.
        chain: for its states.
        plan: of the segments.
        video: the source's track.
        encoder: decided.
        muxer: of the output; it decides where an encoder puts its headers.
        check: called before the last segment is ended; raises if frames may be missing there.
        finish: joins the whole segments.
    """

    def __init__(
        self,
        store: SegmentStore,
        chain: PausingChain,
        plan: SegmentPlan,
        *,
        video: VideoTrack,
        encoder: Encoder,
        muxer: str,
        check: Callable[[], None],
        finish: Callable[[list[Segment]], WriteReport],
    ) -> None:
        self._store, self._chain, self._plan = store, chain, plan
        # How long the last picture of all is shown says nothing about the last one of a segment.
        self._video = replace(video, duration=None)
        self._encoder, self._muxer, self._check, self._join = encoder, muxer, check, finish
        self._number: int | None = None
        self._container: OutputContainer | None = None
        self._frames: FrameEncoder | None = None
        self._file: SegmentFile | None = None

    def write(self, item: Frame | CarriedPacket) -> None:
        """Take the next frame; packets of other tracks are the join's."""
        if not isinstance(item, Frame):
            return
        number = self._plan.number(item.pts)
        if number != self._number:
            self._end()
            self._begin(number)
        if self._frames is None:
            raise RuntimeError("no segment was begun")
        self._add(self._frames.encode(item))

    def finish(self) -> WriteReport:
        """End the last segment, and join all of them."""
        self._check()
        self._end()
        return self._join(self._store.whole)

    def abort(self) -> None:
        """Drop what is unfinished; whole segments stay, to go on from."""
        if self._file is not None:
            self._file.discard()
            self._file = None
        self._let_go()

    def _let_go(self) -> None:
        """Free the encoder: an output that is open holds it in a circle, with dozens of frames."""
        if self._container is not None:
            self._container.close()
        self._frames = self._container = None

    def _begin(self, number: int) -> None:
        self._container = av.open(io.BytesIO(), "w", format=self._muxer)
        self._frames = FrameEncoder(self._container, self._muxer, self._video, self._encoder)
        self._frames.open()
        self._file = self._store.begin(number, self._frames.extradata, self._encoder.threads)
        self._number = number

    def _end(self) -> None:
        if self._file is None or self._frames is None or self._number is None:
            return
        self._add(self._frames.drain())
        state, notes = self._chain.states.pop(self._number)
        meta, arrays = pack_state(state)
        meta["notes"] = notes
        self._file.finish(meta, arrays)
        self._file = None
        self._let_go()
        self._store.admit(self._number)

    def _add(self, packets: list[Packet[Any]]) -> None:
        if self._file is None:
            return
        base = self._video.time_base
        for packet in packets:
            scale = packet.time_base / base
            pts = round((packet.pts or 0) * scale)
            dts = pts if packet.dts is None else round(packet.dts * scale)
            self._file.add(
                EncodedPacket(
                    pts,
                    dts,
                    round((packet.duration or 0) * scale),
                    packet.is_keyframe,
                    bytes(packet),
                )
            )


def pack_state(state: ChainState) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """A chain's memory as JSON-able facts and named arrays."""
    meta = {"geometry": state.geometry, "cuts": state.cuts, "stages": len(state.stages)}
    arrays = {
        f"{index}.{name}": array
        for index, stage in enumerate(state.stages)
        for name, array in stage.items()
    }
    if state.thumbnail is not None:
        arrays["thumbnail"] = state.thumbnail
    return meta, arrays


def unpack_state(meta: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> ChainState:
    """What ``pack_state`` packed."""
    stages: list[dict[str, npt.NDArray[Any]]] = [{} for _ in range(meta["stages"])]
    for key, array in arrays.items():
        index, dot, name = key.partition(".")
        if dot:
            stages[int(index)][name] = array
    return ChainState(meta["geometry"], tuple(meta["cuts"]), arrays.get("thumbnail"), tuple(stages))
