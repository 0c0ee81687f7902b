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
import math
from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.timing import FEW, Monotone, between, jumps, wild_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from av.packet import Packet
    from av.stream import Stream

AHEAD: Final = 192
"""Packets of the video track that are looked at in advance: six seconds at 30 a second.

A cluster of Matroska, whose packets share the bits of one time, lasts five seconds as a rule."""

AHEAD_BYTES: Final = 48 << 20
"""At most so much is held for that."""

AHEAD_PACKETS: Final = 4096
"""At most so many packets of all tracks are held."""

REMEMBERED: Final = 15
"""Distances between packets that a track's usual one is taken from."""

LAG_SECONDS: Final = 2
"""What isn't a picture may be shown so long after it is decoded, at most."""

LEAD: Final = 10
"""Seconds: no track of a transport stream begins or ends with one packet so far from all others."""

REORDERED: Final = 16
"""Pictures that one may be shown after at most, of those decoded behind it (H.264, H.265)."""

LAST_ONES: Final = 16
"""Packets at a track's end that may have one time between them, in a transport stream."""

WRAP_MARGIN: Final = 600
"""Seconds before a clock's end from which on running over it is that clock's own doing."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A packet that waits; ``time`` is its decoding time (or what there is), in ticks."""

    packet: Packet[Stream]
    time: int | None
    unwrapped: int = 0
    """Ticks taken from all of its times: the demuxer had added them."""
    mended: int | None = None
    """The time it gets instead, where it was wild."""
    offset: int | None = None
    """Here its track enters another clock; ticks that are added from now on."""
    epoch: int = 0
    """Number of that clock."""


@dataclass(slots=True, eq=False)
class _TrackClock:
    """What is known of one track's times."""

    base: Fraction
    main: bool
    dense: bool
    """True for picture and sound, whose packets come at regular times."""
    video: bool
    apart: int
    """Ticks that a time must be later than the one before."""
    ahead: deque[_Entry] = field(default_factory=deque)
    distances: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    last: int | None = None
    duration: int = 0
    offset: int = 0
    epoch: int = 0
    lag: int = 0
    given: int = 0
    """Packets that were given out."""
    shown: int | None = None
    """When the last of their pictures has been shown, in ticks of the times given out."""
    rising: Monotone = field(default_factory=Monotone)

    @property
    def step(self) -> int:
        """The usual distance in ticks."""
        if self.duration and not self.main:
            return self.duration
        return max(1, round(median(self.distances))) if self.distances else max(1, self.duration)

    @property
    def times(self) -> list[int]:
        """Of the packets that wait."""
        return [entry.time for entry in self.ahead if entry.time is not None]

    def seconds(self, ticks: int) -> Fraction:
        """Ticks as seconds."""
        return ticks * self.base


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
            index: _TrackClock(
                base, index == main, index in dense, index in videos, 1 if index in dense else 0
            )
            for index, base in bases.items()
        }
        self._main = main
        self._wrap = wrap
        self._held: deque[tuple[_Entry, _TrackClock | None]] = deque()
        self._nbytes = 0
        self._drained = False
        self._epoch = 0
        self._offset = Fraction(0)
        self._before = Fraction(0)  # where the clock stood when it was set
        self._leader: _TrackClock | None = None
        self.pictures_repaired = 0
        """Packets of the video track with a wild time, or with the first one of another clock."""
        self._others_repaired = 0
        self.resets: list[Fraction] = []
        """When a clock was set again, in seconds of the times given out."""
        self.longest_gap: Fraction | None = None
        """Seconds that a gap may last at most; a longer one is closed. None: any."""
        self.closed: list[tuple[Fraction, Fraction]] = []
        """Those of ``resets`` where a gap was closed, and how many seconds it lasted."""

    @property
    def others_repaired(self) -> int:
        """Packets of other tracks whose time was wild, or didn't rise."""
        rising = (track.rising.repaired for track in self._tracks.values())
        return self._others_repaired + sum(rising)

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
        entry = _Entry(packet, None)
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

    def _track(self, packet: Packet[Stream]) -> _TrackClock | None:
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

    def _judge(self, entry: _Entry, track: _TrackClock) -> None:
        """Decide on a packet's time, with all that is held in sight; it is the first of its track.

        Afterwards ``entry.mended`` is its time on the track's own clock.
        """
        if entry.time is None:
            return
        if entry.offset is not None:
            track.offset, track.epoch = entry.offset, entry.epoch
            self._count(track, 1 if track.main else 0)
        elif entry.mended is None:
            self._decide(entry, track)
        time = entry.mended = entry.time if entry.mended is None else entry.mended
        if track.last is not None and time > track.last:
            track.distances.append(time - track.last)
        track.last, track.duration = time, entry.packet.duration or 0

    def _decide(self, entry: _Entry, track: _TrackClock) -> None:
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
            and (time < last or self._too_long(track, last))
        ):
            self._set_again(entry, track, last)
        elif last is not None and far and track.dense and not track.main:
            self._look_for_fall(track)
            if entry.offset is not None:
                track.offset, track.epoch = entry.offset, entry.epoch
            else:
                self._join(track, time)
        elif last is None or far or not track.dense:
            self._join(track, time)

    def _judge_jump(self, track: _TrackClock, last: int) -> None:
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
        others = [other for other in self._others(track) if other.last is not None]
        ends = [other.seconds([other.last or 0, *other.times][-1]) for other in others]
        here, there = track.seconds(last), track.seconds(times[0])
        nearer = [abs(end - there) - abs(end - here) for end in ends]
        lead = 1 if ends else LEAD
        if (away > lead and all(n > 0 for n in nearer)) or (away < 0 and len(times) == 1):
            self._spread(track, [time - times[0] + last + step for time in times])

    def _others_there(self, track: _TrackClock, last: int, time: int) -> bool:
        """True if another track jumps to the same place, which no damage to one time explains.

        In Matroska it may: both lie in one cluster.
        """
        here, there = track.seconds(last), track.seconds(time)
        return self._wrap is not None and any(
            abs(other.seconds(t) - there) < abs(other.seconds(t) - here)
            for other in self._others(track)
            for t in other.times
        )

    def _spread(self, track: _TrackClock, times: list[int]) -> None:
        """Give the next packets these times."""
        waiting = (entry for entry in track.ahead if entry.time is not None)
        for entry, time in zip(waiting, times, strict=False):
            entry.mended = time
        self._count(track, len(times))

    def _others(self, track: _TrackClock) -> list[_TrackClock]:
        """The other tracks of picture and sound."""
        return [t for t in self._tracks.values() if t is not track and t.dense]

    def _count(self, track: _TrackClock, repaired: int) -> None:
        if track.main:
            self.pictures_repaired += repaired
        else:
            self._others_repaired += repaired

    def _judge_first(self, track: _TrackClock) -> None:
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
            for other in self._others(track)
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

    def _look_for_fall(self, track: _TrackClock) -> None:
        """A track that rises to another clock, as the picture's falls to it some packets later.

        Args:
            track: whose next time lies behind a gap.
        """
        main = self._tracks[self._main]
        times, last = track.times, main.last
        if last is None or any(entry.offset is not None for entry in main.ahead):
            return
        if any(jumps(a, track.step, b) and b < a for a, b in itertools.pairwise(times)):
            return  # it falls itself
        waiting = [entry for entry in main.ahead if entry.time is not None]
        pictures, number = main.times, 0
        while number < len(pictures):
            ahead = pictures[number:]
            wild = 0
            if jumps(last, main.step, ahead[0]) and not (wild := wild_run(last, main.step, ahead)):
                break
            last = last + wild * main.step if wild else ahead[0]
            number += wild or 1
        else:
            return
        here, before, after = track.seconds(times[0]), main.seconds(last), main.seconds(ahead[0])
        if after < before and abs(here - after) < abs(here - before):
            self._set_again(waiting[number], main, last)

    def _too_long(self, track: _TrackClock, last: int) -> bool:
        """True if the output can't hold the gap before a track's next time."""
        gap = track.seconds(track.times[0] - last)
        return self.longest_gap is not None and gap > self.longest_gap

    def _set_again(self, entry: _Entry, track: _TrackClock, last: int) -> None:
        """A clock that went elsewhere and stays: find who went with it, and move all of them.

        Args:
            entry: the first one on that clock.
            track: of which it is.
            last: the time before it, in ticks.
        """
        if entry.time is None or self._join(track, entry.time):
            return
        before, after = track.seconds(last), track.seconds(entry.time)
        entering = {id(track): (track, entry, self._end(track, last, track.offset))}
        for other in self._others(track):
            found = self._entrance(other, before, after)
            if found is not None:
                entering[id(other)] = (other, *found)
        main = self._tracks[self._main]
        if len(entering) == 1 and not track.main:
            found = self._next_key(main, after) if before - after <= LEAD else None
            if found is None:
                return  # this track alone; it is moved on by itself
            entering[id(main)] = (main, *found)
        offset = max(
            self._apart(member, first, end - member.seconds(first.time or 0))
            for member, first, end in entering.values()
        )
        offset = math.ceil(offset / main.base) * main.base
        self._epoch += 1
        self._offset, self._before = offset, before
        self._leader = main if id(main) in entering else track
        for member, first, _ in entering.values():
            first.offset, first.epoch = round(offset / member.base), self._epoch
        if entry is track.ahead[0]:
            track.offset, track.epoch = round(offset / track.base), self._epoch
            self._count(track, 1 if track.main else 0)
        self.resets.append(after + offset)
        if after > before:
            self.closed.append((after + offset, after - before))

    @staticmethod
    def _end(track: _TrackClock, last: int, offset: int, duration: int = 0) -> Fraction:
        """When a track's last packet has been shown, in seconds of the times given out."""
        return track.seconds(last + offset + (duration or track.step))

    def _entrance(
        self, track: _TrackClock, before: Fraction, after: Fraction
    ) -> tuple[_Entry, Fraction] | None:
        """Where a track enters another clock, and when it ended on the old one.

        Args:
            track: of which packets wait.
            before, after: where the clock stood, and where it was set, in seconds.
        """
        last, duration, offset = track.last, track.duration, track.offset
        for entry in track.ahead:
            time = entry.mended if entry.mended is not None else entry.time
            if time is None:
                continue
            seconds = track.seconds(time)
            if entry.offset is not None:  # it enters an earlier one first
                offset = entry.offset
            elif abs(seconds - after) < abs(seconds - before) or (
                last is not None and time < last and abs(seconds - after) < LAG_SECONDS
            ):
                if last is None:
                    return entry, seconds
                if jumps(last, duration or track.step, time) or time <= last:
                    return entry, self._end(track, last, offset, duration)
            last, duration = time, entry.packet.duration or 0
        return None

    def _next_key(self, main: _TrackClock, after: Fraction) -> tuple[_Entry, Fraction] | None:
        """Where pictures that don't fall themselves can follow another track: at a key frame.

        Args:
            main: the video track.
            after: where that track's clock was set, in seconds.

        Returns:
            as of ``_entrance``; None if no key frame waits, or pictures are on another clock.
        """
        last = main.last
        for entry in main.ahead:
            time = entry.mended if entry.mended is not None else entry.time
            if time is None or last is None:
                continue
            if entry.packet.is_keyframe:
                near = entry.offset is None and abs(main.seconds(time) - after) <= LEAD
                return (entry, self._end(main, last, main.offset)) if near else None
            last = time
        return None

    def _apart(self, track: _TrackClock, first: _Entry, decoded: Fraction) -> Fraction:
        """Seconds by which a track must move so that no packet lies, or is shown, before another.

        Args:
            track: any.
            first: its first packet on another clock.
            decoded: what decoding times ask for.
        """
        ends, begins = [] if track.shown is None else [track.shown], []
        entered = False
        for entry in track.ahead:
            entered = entered or entry is first
            if entry.time is None or entry.packet.pts is None:
                continue
            lag = entry.packet.pts - entry.unwrapped - entry.time
            if not (track.video and 0 <= lag <= REORDERED * track.step):
                continue
            if entered:
                begins.append(entry.time + lag)
                if len(begins) > REORDERED:
                    break
            else:
                time = entry.mended if entry.mended is not None else entry.time
                ends.append(time + lag + track.step + track.offset)
        shown = track.seconds(max(ends) - min(begins)) if ends and begins else decoded
        return max(decoded, shown)

    def _join(self, track: _TrackClock, time: int) -> bool:
        """Let a track follow to the clock that others are on, if its time fits better there."""
        leader = self._leader
        if track.epoch == self._epoch or leader is None or leader.last is None:
            return False
        seconds = track.seconds(time)
        if abs(seconds - leader.seconds(leader.last)) > abs(seconds - self._before):
            return False
        track.offset, track.epoch = round(self._offset / track.base), self._epoch
        return True

    def _write(self, entry: _Entry, track: _TrackClock) -> None:
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

    def _write_undecided(self, packet: Packet[Stream], track: _TrackClock) -> None:
        if packet.pts is not None:
            packet.pts += track.offset

    def _most_lag(self, track: _TrackClock) -> int | None:
        """Ticks that a packet may be shown after it is decoded; None: any number.

        A reordered picture waits for as long as the gap before it lasts.
        """
        if not track.video:
            return round(LAG_SECONDS / track.base)
        return None if self._wrap is None else round(LEAD / track.base)

    def _shown(
        self, packet: Packet[Stream], decoded: int, moved: int, track: _TrackClock
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
        elif track.main and track.given:
            self.pictures_repaired += 1
            return None  # its neighbours tell, once it is decoded
        elif track.main:
            after = sorted(e.packet.pts for e in track.ahead if e.packet.pts is not None)
            lag = after[0] - self._usual(after) - decoded if after else 0
            self.pictures_repaired += 1
        else:
            lag = track.lag
            self._others_repaired += 1
        return decoded + lag + track.offset
