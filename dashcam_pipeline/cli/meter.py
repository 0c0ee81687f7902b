"""One line that says how far the work is, in as many columns as there are.

::

    night.mp4: 45% |#########           | 27/60 frames, 10.7 a second, 12 s left     wide
    night.mp4: 45%, 27/60 frames, 12 s left
    45%, 12 s left                                                                   narrow

What is least missed goes first; the time that is left goes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tqdm.utils import disp_len, disp_trim

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.translation import Message

_BAR: Final = (10, 30)
"""Fewest and most cells of the bar."""

_TITLE: Final = 12
"""Columns to which a title is shortened before it goes."""


def frames(count: int, number: str) -> Message:
    """So many frames, of which ``number`` says more (``27/60``)."""
    return _n("{n} frame", "{n} frames", count, n=number)


def clips(count: int, number: str) -> Message:
    """So many clips."""
    return _n("{n} clip", "{n} clips", count, n=number)


def recordings(count: int, number: str) -> Message:
    """So many recordings."""
    return _n("{n} recording", "{n} recordings", count, n=number)


def a_second(rate: float) -> Message:
    """A rate of what is counted."""
    return _("{rate:.1f} a second", rate=rate)


def frames_a_second(rate: float) -> Message:
    """A rate of frames where something else is counted."""
    return _("{rate:.1f} frames a second", rate=rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How far some work is.

    Args:
        title: what is at work.
        done: things that are done.
        total: how many there are; None where nothing tells.
        things: what they are called: given how many there are, and their number as it is shown.
        elapsed: seconds since the work began.
        share: of the work that is done, 0 to 1, where that isn't ``done / total``.
        rate: things a second; None where it can't be told yet.
        rated: what the rate is called.
        more: another thing to say, such as how many failed.
    """

    title: str
    done: int
    total: int | None
    things: Callable[[int, str], str]
    elapsed: float
    share: float | None = None
    rate: float | None = None
    rated: Callable[[float], str] = a_second
    more: str = ""

    @property
    def _share(self) -> float | None:
        if self.share is not None:
            return min(1.0, self.share)
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def left(self) -> float | None:
        """Seconds that are left; None where that can't be told."""
        share = self._share
        if not share or self.elapsed <= 0:
            return None
        if self.rate and self.total and self.share is None:
            return max(0.0, (self.total - self.done) / self.rate)
        return self.elapsed * (1 - share) / share

    def line(self, width: int | None = None) -> str:
        """All of it in one line.

        Args:
            width: columns at most; None is as many as it takes, and no bar.
        """
        share, left, title = self._share, self.left, shown(self.title)
        percent = "" if share is None else f"{share:.0%}"
        if self.total is None:
            counts = shown(self.things(self.done, str(self.done)))
        else:
            counts = shown(self.things(self.total, f"{self.done}/{self.total}"))
        rate = shown(self.rated(self.rate)) if self.rate else ""
        time = shown(
            _("{time} so far", time=duration(round(self.elapsed)))
            if left is None
            else _("{time} left", time=duration(round(left)))
        )
        more = shown(self.more)
        tail = [counts, rate, more, time]
        if width is None:
            return _joined(title, [percent, *tail])
        drawn = self._with_bar(share, percent, tail, width)
        if drawn:
            return drawn
        short = disp_trim(title, _TITLE - 1) + "…" * (disp_len(title) >= _TITLE)
        for name, parts in (
            (title, [percent, *tail]),
            (title, [percent, counts, more, time]),
            (short, [percent, counts, more, time]),
            (short, [percent, counts, time]),
            ("", [percent, counts, time]),
            ("", [percent, time]),
        ):
            line = _joined(name, parts)
            if disp_len(line) <= width:
                return line
        return str(disp_trim(time, width))

    def _with_bar(self, share: float | None, percent: str, tail: list[str], width: int) -> str:
        """The line with a bar; empty where there is no room for one."""
        if share is None:
            return ""
        head, rest = _joined(shown(self.title), [percent]), _joined("", tail)
        room = min(width - disp_len(head) - disp_len(rest) - len(" || "), _BAR[1])
        if room < _BAR[0]:
            return ""
        full = round(share * room)
        return f"{head} |{'#' * full}{' ' * (room - full)}| {rest}"


def _joined(title: str, parts: list[str]) -> str:
    said = ", ".join(part for part in parts if part)
    return f"{title}: {said}" if title else said
