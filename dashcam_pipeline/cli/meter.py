"""One line that says how far the work is, in as many columns as there are.

::

    night.mp4: 45% |#########           | 27/60 frames, 10.7 a second, 12 s left     wide
    night.mp4: 45%, 27/60 frames, 12 s left
    45%, 12 s left                                                                   narrow

What is least missed goes first; the time that is left goes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tqdm.utils import disp_len, disp_trim

from dashcam_pipeline.engine.readable import duration, plural

_BAR: Final = (10, 30)
"""Fewest and most cells of the bar."""

_TITLE: Final = 12
"""Columns to which a title is shortened before it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """How far some work is.

    Args:
        title: what is at work.
        done: things that are done.
        total: how many there are; None where nothing tells.
        one, many: what one and several of them are called, with ``{n}`` for their number.
        elapsed: seconds since the work began.
        share: of the work that is done, 0 to 1, where that isn't ``done / total``.
        rate: things a second; None where it can't be told yet.
        rated: what the rate is called, with ``{rate}`` for it.
        more: another thing to say, such as how many failed.
    """

    title: str
    done: int
    total: int | None
    one: str
    many: str
    elapsed: float
    share: float | None = None
    rate: float | None = None
    rated: str = "{rate:.1f} a second"
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
        share, left = self._share, self.left
        percent = "" if share is None else f"{share:.0%}"
        if self.total is None:
            counts = plural(self.done, self.one, self.many)
        else:
            number = f"{self.done}/{self.total}"
            counts = (self.one if self.total == 1 else self.many).format(n=number)
        rate = self.rated.format(rate=self.rate) if self.rate else ""
        time = (
            f"{duration(round(self.elapsed))} so far"
            if left is None
            else f"{duration(round(left))} left"
        )
        tail = [counts, rate, self.more, time]
        if width is None:
            return _joined(self.title, [percent, *tail])
        drawn = self._with_bar(share, percent, tail, width)
        if drawn:
            return drawn
        short = disp_trim(self.title, _TITLE - 1) + "…" * (disp_len(self.title) >= _TITLE)
        for title, parts in (
            (self.title, [percent, *tail]),
            (self.title, [percent, counts, self.more, time]),
            (short, [percent, counts, self.more, time]),
            (short, [percent, counts, time]),
            ("", [percent, counts, time]),
            ("", [percent, time]),
        ):
            line = _joined(title, parts)
            if disp_len(line) <= width:
                return line
        return str(disp_trim(time, width))

    def _with_bar(self, share: float | None, percent: str, tail: list[str], width: int) -> str:
        """The line with a bar; empty where there is no room for one."""
        if share is None:
            return ""
        head, rest = _joined(self.title, [percent]), _joined("", tail)
        room = min(width - disp_len(head) - disp_len(rest) - len(" || "), _BAR[1])
        if room < _BAR[0]:
            return ""
        full = round(share * room)
        return f"{head} |{'#' * full}{' ' * (room - full)}| {rest}"


def _joined(title: str, parts: list[str]) -> str:
    said = ", ".join(part for part in parts if part)
    return f"{title}: {said}" if title else said
