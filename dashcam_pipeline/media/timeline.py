"""One clock for all tracks: times that jump alone are put back, a clock set again goes on.

Packets are looked at some seconds ahead, which tells three things apart:

- a time that jumps and returns (a flipped bit, one packet of a transport stream with all the sound
  in it) is wild: it goes evenly between its neighbours;
- times that fall and stay low belong to a clock that was set again (two recordings in one file).
  All tracks that fall with it are moved on by one and the same time, the smallest by which none of
  them overlaps with what it held before: sound stays with its picture;
- times that rise are kept bit-exactly, whatever gap lies between them; but for one that the output
  can't hold, behind which all tracks go on at once, as if their clock had been set again.
"""

from __future__ import annotations

import itertools
from collections import deque
from statistics import median
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.clock_resets import ClockResets
from dashcam_pipeline.media.timing import FEW, between, jumps, wild_run
from dashcam_pipeline.media.track_clock import (
    LAG_SECONDS,
    LEAD,
    REMEMBERED,
    TrackClock,
    WaitingPacket,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from av.packet import Packet
    from av.stream import Stream

AHEAD: Final = 192
"""Packets of the video track that are looked at in advance: six seconds at 30 a second.

A cluster of Matroska, whose packets share the bits of one time, lasts five seconds as a rule."""

AHEAD_BYTES: Final = 48 << 20
"""At most so much is held for that."""

AHEAD_PACKETS: Final = 4096
"""At most so many packets of all tracks are held."""

LAST_ONES: Final = 16
"""Packets at a track's end that may have one time between them, in a transport stream."""

WRAP_MARGIN: Final = 600
"""Seconds before a clock's end from which on running over it is that clock's own doing."""


class Timeline:
    """Mends the times of a recording's packets, in the file's order.

    Args:
        bases: seconds a tick by track.
        main: index of the video track.
        videos, sounds: indices of tracks; in all others packets may share a time.
        wrap: seconds after which the container's clock begins again at 0, as the demuxer mends
            it; None where it doesn't.
    """

    def __init__(
        self,
        bases: dict[int, Fraction],
        main: int,
        *,
        videos: frozenset[int],
        sounds: frozenset[int] = frozenset(),
        wrap: Fraction | None = None,
    ) -> None:
        dense = videos | sounds
        self._tracks = {
            index: TrackClock(
                base, index == main, index in dense, index in videos, 1 if index in dense else 0
            )
            for index, base in bases.items()
        }
        self._main = main
        self._wrap = wrap
        self._held: deque[tuple[WaitingPacket, TrackClock | None]] = deque()
        self._nbytes = 0
        self._drained = False
        self._clock = ClockResets(self._tracks, main)

    @property
    def resets(self) -> list[Fraction]:
        """When a clock was set again, in seconds of the times given out."""
        return self._clock.times

    @property
    def closed(self) -> list[tuple[Fraction, Fraction]]:
        """Those of ``resets`` where a gap was closed, and how many seconds it lasted."""
        return self._clock.closed

    def close_gaps(self, longest: Fraction | None) -> None:
        """Close gaps that last longer than so many seconds; None: keep all."""
        self._clock.longest_gap = longest

    @property
    def pictures_repaired(self) -> int:
        """Packets of the video track with a wild time, or with the first one of another clock."""
        return sum(track.repaired for track in self._tracks.values() if track.main)

    @property
    def others_repaired(self) -> int:
        """Packets of other tracks whose time was wild, or didn't rise."""
        others = (track for track in self._tracks.values() if not track.main)
        return sum(track.repaired + track.rising.repaired for track in others)

    def mend(self, packets: Iterable[Packet[Stream]]) -> Iterator[Packet[Stream]]:
        """The same packets in the same order, their times changed in place where they must be.

        Args:
            packets: in the file's order.
        """
        for packet in packets:
            self._hold(packet)
            while self._full:
                yield self._give()
        self._drained = True
        while self._held:
            yield self._give()

    @property
    def _full(self) -> bool:
        main = self._tracks.get(self._main)
        return (
            len(self._held) > AHEAD_PACKETS
            or self._nbytes > AHEAD_BYTES
            or (main is not None and len(main.ahead) > AHEAD)
        )

    def _hold(self, packet: Packet[Stream]) -> None:
        track = self._track(packet)
        entry = WaitingPacket(packet, None)
        self._held.append((entry, track))
        self._nbytes += packet.size
        if track is None:
            return
        # Without decoding times pictures lie in decoding order: their pts tell nothing yet.
        time = packet.dts if packet.dts is not None or track.video else packet.pts
        if time is not None and self._wrap is not None and not self._near_wrap():
            wrap = round(self._wrap / track.base)
            if time >= wrap:
                entry.unwrapped = wrap
                time -= wrap
        entry.time = time
        track.ahead.append(entry)

    def _near_wrap(self) -> bool:
        """True if the picture's clock itself is about to run over, or has."""
        main = self._tracks[self._main]
        now = main.last if main.last is not None else next(iter(main.times), None)
        return now is not None and (main.seconds(now) >= (self._wrap or 0) - WRAP_MARGIN)

    def _track(self, packet: Packet[Stream]) -> TrackClock | None:
        """None for a track that appeared on the way, which nobody carries."""
        return self._tracks.get(packet.stream_index)

    def _give(self) -> Packet[Stream]:
        entry, track = self._held.popleft()
        self._nbytes -= entry.packet.size
        if track is not None:
            if entry.time is not None:
                self._judge(entry, track)
            track.ahead.popleft()
            self._write(entry, track)
            track.given += 1
        return entry.packet

    def _judge(self, entry: WaitingPacket, track: TrackClock) -> None:
        """Decide on a packet's time, with all that is held in sight; it is the first of its track.

        Afterwards ``entry.mended`` is its time on the track's own clock.
        """
        if entry.time is None:
            return
        if entry.offset is not None:
            track.offset, track.epoch = entry.offset, entry.epoch
            track.repaired += track.main
        elif entry.mended is None:
            self._decide(entry, track)
        time = entry.mended = entry.time if entry.mended is None else entry.mended
        if track.last is not None and time > track.last:
            track.distances.append(time - track.last)
        track.last, track.duration = time, entry.packet.duration or 0

    def _decide(self, entry: WaitingPacket, track: TrackClock) -> None:
        """Find out whether a time is wild, or the first one of another clock."""
        time, last = entry.time or 0, track.last
        far = last is not None and jumps(last, track.step, time)
        if last is None:
            self._judge_first(track)
        elif far or (track.dense and time <= last):
            self._judge_jump(track, last)
        if entry.mended is not None:
            return
        if (
            last is not None
            and far
            and track.dense
            and (time < last or self._clock.too_long(track, last))
        ):
            self._clock.set_again(entry, track, last)
        elif last is not None and far and track.dense and not track.main:
            self._clock.look_for_fall(track)
            if entry.offset is not None:
                track.offset, track.epoch = entry.offset, entry.epoch
            else:
                self._clock.join(track, time)
        elif last is None or far or not track.dense:
            self._clock.join(track, time)

    def _judge_jump(self, track: TrackClock, last: int) -> None:
        """Times that come back are wild; so are a track's very last ones, far from all others."""
        step, times = track.step, track.times
        count = wild_run(last, step, times)
        if count > FEW and self._others_there(track, last, times[0]):
            return  # a recording of its own
        if count:
            self._spread(track, between(last, times[count], count))
            return
        if not self._drained or len(times) > LAST_ONES or not track.dense:
            return
        away = track.seconds(times[0] - last - step)
        if self._wrap is None and away > 0:
            return  # an index says so
        others = [other for other in self._clock.others(track) if other.last is not None]
        ends = [other.seconds([other.last or 0, *other.times][-1]) for other in others]
        here, there = track.seconds(last), track.seconds(times[0])
        nearer = [abs(end - there) - abs(end - here) for end in ends]
        lead = 1 if ends else LEAD
        if (away > lead and all(n > 0 for n in nearer)) or (away < 0 and len(times) == 1):
            self._spread(track, [time - times[0] + last + step for time in times])

    def _others_there(self, track: TrackClock, last: int, time: int) -> bool:
        """True if another track jumps to the same place, which no damage to one time explains.

        In Matroska it may: both lie in one cluster.
        """
        here, there = track.seconds(last), track.seconds(time)
        return self._wrap is not None and any(
            abs(other.seconds(t) - there) < abs(other.seconds(t) - here)
            for other in self._clock.others(track)
            for t in other.times
        )

    def _spread(self, track: TrackClock, times: list[int]) -> None:
        """Give the next packets these times."""
        waiting = (entry for entry in track.ahead if entry.time is not None)
        for entry, time in zip(waiting, times, strict=False):
            entry.mended = time
        track.repaired += len(times)

    def _judge_first(self, track: TrackClock) -> None:
        """A track's first times are wild if they lie away from the other tracks', unlike the next.

        Without another track it is the first one alone that may be so, if the next one falls.
        """
        times = track.times
        step = track.step if track.duration else self._usual(times)
        cut = next((i for i in range(1, len(times)) if jumps(times[i - 1], step, times[i])), None)
        if cut is None or not track.dense or jumps(times[cut], step, (*times, 0)[cut + 1]):
            return  # no two that follow agree
        others = [
            other.seconds(other.last if other.last is not None else other.times[0])
            for other in self._clock.others(track)
            if other.last is not None or other.times
        ]
        first, then = track.seconds(times[0]), track.seconds(times[cut])
        if others:
            nearer = min(abs(first - o) for o in others) - min(abs(then - o) for o in others)
            wild = nearer > 1 if then < first else self._wrap is not None and nearer > LEAD
        else:
            wild = False
        wild = wild or (cut == 1 and then < first)
        if wild:
            self._spread(track, [times[cut] - step * (cut - i) for i in range(cut)])

    @staticmethod
    def _usual(times: list[int]) -> int:
        """The usual distance before anything was given out."""
        steps = [b - a for a, b in itertools.pairwise(times[: 2 * REMEMBERED]) if b > a]
        return max(1, round(median(steps))) if steps else 1

    def _write(self, entry: WaitingPacket, track: TrackClock) -> None:
        """Put the decided time into the packet."""
        packet = entry.packet
        if packet.pts is not None:
            packet.pts -= entry.unwrapped
        if packet.dts is not None:
            packet.dts -= entry.unwrapped
        if entry.mended is None or entry.time is None:
            self._write_undecided(packet, track)
            return
        moved = entry.mended - entry.time
        dts = entry.mended + track.offset
        packet.pts = self._shown(packet, entry.mended, moved, track)
        if track.video and packet.pts is not None:
            track.shown = max(packet.pts + track.step, track.shown or packet.pts)
        if not track.main:
            raised = track.rising.admit(dts, track.step, apart=track.apart)
            if packet.pts is not None:
                packet.pts = max(raised, packet.pts + raised - dts)
            dts = raised
        if packet.dts is not None:
            packet.dts = dts

    def _write_undecided(self, packet: Packet[Stream], track: TrackClock) -> None:
        if packet.pts is not None:
            packet.pts += track.offset

    def _most_lag(self, track: TrackClock) -> int | None:
        """Ticks that a packet may be shown after it is decoded; None: any number.

        A reordered picture waits for as long as the gap before it lasts.
        """
        if not track.video:
            return round(LAG_SECONDS / track.base)
        return None if self._wrap is None else round(LEAD / track.base)

    def _shown(
        self, packet: Packet[Stream], decoded: int, moved: int, track: TrackClock
    ) -> int | None:
        """When a packet is shown, with the track's offset.

        Args:
            packet: with its own times.
            decoded: its decoding time as decided, without the offset.
            moved: ticks between that and the one in the file.
            track: its track.
        """
        pts = packet.pts
        if pts is None:
            return None
        most = self._most_lag(track)
        # Both times were wild, or the decoding time alone.
        lag = min((pts + moved - decoded, pts - decoded), key=lambda lag: abs(lag - track.lag))
        if lag >= 0 and (most is None or lag <= most):
            track.lag = lag
            return decoded + lag + track.offset
        track.repaired += 1
        if track.main and track.given:
            return None  # its neighbours tell, once it is decoded
        if track.main:
            after = sorted(e.packet.pts for e in track.ahead if e.packet.pts is not None)
            lag = after[0] - self._usual(after) - decoded if after else 0
        else:
            lag = track.lag
        return decoded + lag + track.offset
