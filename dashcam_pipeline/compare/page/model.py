"""What the page is made of: plain facts, free of open files and of HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline.engine.report import wrote
from dashcam_pipeline.media.containers import COARSEST_TICK
from dashcam_pipeline.translation import _n

if TYPE_CHECKING:
    from pathlib import Path

State: TypeAlias = Literal["kept", "changed", "lost", "noted"]
"""Of one fact about a recording: as it was; different; gone; neither good nor bad."""

Status: TypeAlias = Literal["done", "damaged", "failed", "skipped"]
"""Of one clip: whole; whole but for what its source had lost; no result; left out."""


SEEN: Final = 0.3
"""Percent of white on the mean of a picture: a change of less is hardly one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of what was kept.

    Args:
        key: of the text that names it (``texts.toml``).
        before, after: in the recording and in what was made of it.
        state: what that means.
        label: the name itself, where it is no fixed text (a track).
        note: why, where there is a reason.
    """

    key: str
    before: str
    after: str
    state: State
    label: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture of the filmstrip.

    Args:
        seconds: from the first picture on.
        change: mean of the light taken away there, as in ``Curve``, or of the brightness added
            where the clip became brighter.
        before, after: the pictures, relative to the page.
    """

    seconds: float
    change: float
    before: str
    after: str


@dataclass(slots=True)
class Curve:
    """What changed over time, in percent of white.

    Args:
        seconds: of each sample, rising.
        removed: mean of the luma that was taken away, where any was.
        added: mean of the luma that was added, where any was.
        before, after: mean luma.
        limit: change that nearly nothing exceeds; full colour of the change map.
    """

    seconds: list[float] = field(default_factory=list)
    removed: list[float] = field(default_factory=list)
    added: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)
    limit: float = 25.0

    @property
    def brighter(self) -> bool:
        """True if more was added than taken away, as of a night that became day."""
        return sum(self.added) > max(sum(self.removed), SEEN * len(self.added))

    @property
    def slight(self) -> bool:
        """True if hardly anything changed at any time."""
        return max(self.removed + self.added, default=0.0) < SEEN

    @property
    def change(self) -> list[float]:
        """Of the two, what there was more of."""
        return self.added if self.brighter else self.removed

    @property
    def mean_change(self) -> float | None:
        """Over all samples; below 0 for brightness that was added."""
        if not self.change:
            return None
        mean = sum(self.change) / len(self.change)
        return -mean if self.brighter else mean

    def for_script(self) -> dict[str, list[float]]:
        """As the charts take it."""
        names = ("removed", "added", "before", "after")
        return {
            "t": [round(v, 3) for v in self.seconds],
            **{name: [round(v, 2) for v in getattr(self, name)] for name in names},
        }


@dataclass(frozen=True, slots=True)
class Playable:
    """A video for the page's player.

    Args:
        src: relative to the page, percent-encoded; empty where there is none.
        base: what the browser's clock shows at the recording's first picture, in seconds.
        proxy: True if it was made for the browser.
    """

    src: str = ""
    base: float = 0.0
    proxy: bool = False

    def for_script(self) -> dict[str, Any]:
        """As the player takes it."""
        return {"src": self.src, "base": round(self.base, 6), "proxy": self.proxy}


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """A position: degrees, and seconds from the first picture on (None where unknown)."""

    latitude: float
    longitude: float
    seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class Clip:
    """One clip of the page.

    Args:
        title: its name.
        status: what became of it.
        reason: why it failed, was skipped or is damaged, and what to do about it.
        before, after: for the player.
        width, height: as it is shown.
        duration: seconds.
        frames: in the result.
        times: of the frames, seconds from the first picture on, for stepping.
        recorded: when, as text; empty if unknown.
        camera: front, rear, ...; empty if unknown.
        size_bytes: of the result.
        poster: its picture, relative to the page; empty if there is none.
        curve: what changed over time.
        pace: (seconds into the recording, frames a second) of the run.
        moments: with the most glare, by time.
        rows: what was kept, changed or lost.
        damage: what the run found damaged in its source.
        synthetic: True if a stage showed what the camera never saw.
        warnings: of the run, a sentence each.
        chain: (stage, its options and facts) of the run.
        made: (key of a text, value) about the run.
        fps: frames a second of the run, None if unknown.
        track: where it was.
        link: the result's file, relative to the page.
        original: the recording's file, relative to the page; empty where it isn't known.
        original_name: its name.
    """

    title: str
    status: Status = "done"
    reason: str = ""
    before: Playable = Playable()
    after: Playable = Playable()
    width: int = 0
    height: int = 0
    duration: float = 0.0
    frames: int | None = None
    times: list[float] = field(default_factory=list)
    recorded: str = ""
    camera: str = ""
    size_bytes: int = 0
    poster: str = ""
    curve: Curve = field(default_factory=Curve)
    pace: list[tuple[float, float]] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    damage: list[Row] = field(default_factory=list)
    synthetic: bool = False
    warnings: list[str] = field(default_factory=list)
    chain: list[tuple[str, str]] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    fps: float | None = None
    track: list[TrackPoint] = field(default_factory=list)
    link: str = ""
    original: str = ""
    original_name: str = ""

    @property
    def change(self) -> float | None:
        """Mean light taken away, percent of white; below 0 where the clip became brighter."""
        return self.curve.mean_change

    def for_script(self) -> dict[str, Any]:
        """What the page's script needs, JSON-able."""
        return {
            "title": self.title,
            "before": self.before.for_script(),
            "after": self.after.for_script(),
            "width": self.width,
            "height": self.height,
            "synthetic": self.synthetic,
            "duration": round(self.duration, 4),
            "times": packed_times(self.times),
            "poster": self.poster,
            "curve": self.curve.for_script(),
            "brighter": self.curve.brighter,
            "band": {
                "t": [round(v, 3) for v in self.curve.seconds],
                "v": [round(v, 2) for v in self.curve.change],
            },
            "change": {
                "limit": round(self.curve.limit * 2.55),
                "both": any(v > SEEN for v in self.curve.added),
            },
            "pace": [[round(t, 2), round(v, 2)] for t, v in self.pace],
            "track": [[round(p.latitude, 6), round(p.longitude, 6), p.seconds] for p in self.track],
        }


@dataclass(frozen=True, slots=True)
class PageResult:
    """What was written.

    Args:
        path: the page.
        clips: how many it shows.
        files: beside it, newly made.
        notes: what the user should know, a sentence each.
    """

    path: Path
    clips: int
    files: int
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """For people, without a newline at the end."""
        clips = _n("{n} clip", "{n} clips", self.clips)
        files = _n("{n} file beside it", "{n} files beside it", self.files)
        return wrote(self.path, (clips, files), synthetic=False)


_TICK: Final = float(COARSEST_TICK * Fraction(11, 10))
"""Seconds by which a time may be off its even place: a tick of the coarsest clock, and a bit."""


def packed_times(times: list[float]) -> dict[str, Any]:
    """Frame times, small: a start and a step where they are even, else all of them.

    Args:
        times: seconds, rising.

    Returns:
        ``{"start", "step", "count"}``, or ``{"list"}`` in units of 0.1 ms.
    """
    if len(times) > 1:
        step = (times[-1] - times[0]) / (len(times) - 1)
        even = all(abs(t - times[0] - i * step) < _TICK for i, t in enumerate(times))
        if even:
            return {"start": round(times[0], 6), "step": round(step, 9), "count": len(times)}
    return {"list": [round(t * 10_000) for t in times]}
