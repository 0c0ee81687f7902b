"""Clocks that were set again: who fell with one, and by how much all of them are moved on."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media.timing import jumps, wild_run
from dashcam_pipeline.media.track_clock import LAG_SECONDS, LEAD

if TYPE_CHECKING:
    from dashcam_pipeline.media.track_clock import TrackClock, WaitingPacket

REORDERED: Final = 16
"""Pictures that one may be shown after at most, of those decoded behind it (H.264, H.265)."""


class ClockResets:
    """One clock for all tracks of a recording, however often it was set again.

    Args:
        tracks: by index.
        main: index of the video track.
    """

    def __init__(self, tracks: dict[int, TrackClock], main: int) -> None:
        self._tracks, self._main = tracks, main
        self._epoch = 0
        self._offset = Fraction(0)
        self._before = Fraction(0)  # where the clock stood when it was set
        self._leader: TrackClock | None = None
        self.times: list[Fraction] = []
        """When a clock was set again, in seconds of the times given out."""
        self.longest_gap: Fraction | None = None
        """Seconds that a gap may last at most; a longer one is closed. None: any."""
        self.closed: list[tuple[Fraction, Fraction]] = []
        """Those of ``times`` where a gap was closed, and how many seconds it lasted."""

    def others(self, track: TrackClock) -> list[TrackClock]:
        """The other tracks of picture and sound."""
        return [t for t in self._tracks.values() if t is not track and t.dense]

    def look_for_fall(self, track: TrackClock) -> None:
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
            self.set_again(waiting[number], main, last)

    def too_long(self, track: TrackClock, last: int) -> bool:
        """True if the output can't hold the gap before a track's next time."""
        gap = track.seconds(track.times[0] - last)
        return self.longest_gap is not None and gap > self.longest_gap

    def set_again(self, entry: WaitingPacket, track: TrackClock, last: int) -> None:
        """A clock that went elsewhere and stays: find who went with it, and move all of them.

        Args:
            entry: the first one on that clock.
            track: of which it is.
            last: the time before it, in ticks.
        """
        if entry.time is None or self.join(track, entry.time):
            return
        before, after = track.seconds(last), track.seconds(entry.time)
        entering = {id(track): (track, entry, self._end(track, last, track.offset))}
        for other in self.others(track):
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
            track.repaired += track.main
        self.times.append(after + offset)
        if after > before:
            self.closed.append((after + offset, after - before))

    @staticmethod
    def _end(track: TrackClock, last: int, offset: int, duration: int = 0) -> Fraction:
        """When a track's last packet has been shown, in seconds of the times given out."""
        return track.seconds(last + offset + (duration or track.step))

    def _entrance(
        self, track: TrackClock, before: Fraction, after: Fraction
    ) -> tuple[WaitingPacket, Fraction] | None:
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

    def _next_key(self, main: TrackClock, after: Fraction) -> tuple[WaitingPacket, Fraction] | None:
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

    def _apart(self, track: TrackClock, first: WaitingPacket, decoded: Fraction) -> Fraction:
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

    def join(self, track: TrackClock, time: int) -> bool:
        """Let a track follow to the clock that others are on, if its time fits better there."""
        leader = self._leader
        if track.epoch == self._epoch or leader is None or leader.last is None:
            return False
        seconds = track.seconds(time)
        if abs(seconds - leader.seconds(leader.last)) > abs(seconds - self._before):
            return False
        track.offset, track.epoch = round(self._offset / track.base), self._epoch
        return True
