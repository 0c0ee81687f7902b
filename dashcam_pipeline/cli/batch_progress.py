"""How far a batch is: a line for all recordings, and on a terminal one for each worker."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import click
from tqdm import tqdm

from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipRetried,
    ClipStarted,
    Paused,
    Resumed,
    Waiting,
)
from dashcam_pipeline.cli.bars import Bar, Lines
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.json_lines import log_as_events, tell
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.meter import Meter, frames, frames_a_second, recordings
from dashcam_pipeline.cli.pausing import pausing
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.engine.readable import one_line
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from dashcam_pipeline.batch.events import Event
    from dashcam_pipeline.batch.result import Fate

MOST_BARS: Final = 16
"""Workers with a line of their own; more would fill the screen."""


@dataclass(slots=True)
class _Running:
    """A recording at work.

    Args:
        path: of it.
        worker: that does it.
        nbytes: of it.
        begin: when it began, by the run's clock.
        first: frames that were there already when it was first heard of.
        frames: that are done.
        expected: that there will be; None where nothing tells.
    """

    path: str
    worker: int
    nbytes: int
    begin: float
    first: int | None = None
    frames: int = 0
    expected: int | None = None

    @property
    def made(self) -> int:
        """Frames of this run."""
        return self.frames - (self.first or 0)

    @property
    def share(self) -> float:
        """That is done of it."""
        return min(1.0, self.frames / self.expected) if self.expected else 0.0

    def meter(self, now: float) -> Meter:
        """As a line."""
        elapsed = now - self.begin
        return Meter(
            title=one_line(self.path),
            done=self.frames,
            total=None if self.expected is None else max(self.expected, self.frames, 1),
            things=frames,
            elapsed=elapsed,
            rate=self.made / elapsed if elapsed > 0 and self.made else None,
        )


STATUSES: Final[dict[Fate, str]] = {
    "done": _("done"),
    "damaged": _("damaged"),
    "skipped": _("skipped"),
    "bright": _("bright"),
    "failed": _("failed"),
    "not reached": _("not reached"),
}
"""A recording's fate in a word."""

PAUSED: Final = _("paused")
HINT: Final = _("p pauses and goes on; after Ctrl-C, running it again goes on where it was.")
RESUMED: Final = _("resumed")


def _said(text: str) -> str:
    return as_flags(shown(text))


@contextmanager
def observed(
    progress: str, *, quiet: bool, verbose: bool, each: bool = False
) -> Iterator[tuple[Callable[[Event], None], Control]]:
    """Show a batch, or tell a program of it; keys and signals pause it meanwhile.

    Args:
        progress: ``text`` or ``json``.
        quiet, verbose, each: as of ``BatchBars``.

    Yields:
        the observer, and the control.
    """
    control = Control()
    with pausing(control):
        if progress == "json":
            with log_as_events():
                yield tell, control
        else:
            with BatchBars(control, quiet=quiet, verbose=verbose, each=each) as bars:
                yield bars, control


class BatchBars:
    """Shows a batch on stderr; a context manager, called with each ``Event``.

    Why a recording failed is said once: by the table at the end; here where there is none, at once
    (``quiet``) or when the batch itself is broken off.

    Args:
        control: of the batch; its clock leaves pauses out.
        quiet: True says nothing but failures.
        verbose: True says a line for every recording.
        each: True says a line for every recording that there was something to do with, and at
            once why one failed: of a run that has no end.
    """

    def __init__(
        self,
        control: Control,
        *,
        quiet: bool = False,
        verbose: bool = False,
        each: bool = False,
    ) -> None:
        self._control, self._quiet, self._verbose = control, quiet, verbose
        self._each = each and not quiet
        self._terminal = not quiet and sys.stderr.isatty()
        self._total: Bar | Lines | None = None
        self._bars: dict[int, Bar] = {}
        self._running: dict[str, _Running] = {}
        self._begin = 0.0
        self._clips = self._nbytes = self._workers = 0
        self._done = self._done_bytes = self._frames = self._failed = 0
        self._unsaid: list[str] = []

    def __call__(self, event: Event) -> None:
        """Show what happens."""
        match event:
            case ClipStarted():
                self._running[event.path] = _Running(
                    event.path, event.worker, event.bytes, self._control.clock()
                )
            case ClipProgressed():
                self._progress(event)
            case ClipRetried() | ClipLeft():
                self._drop(event.path)
                if self._verbose or self._each:
                    self._say(one_line(f"{event.path}: {_said(event.reason)}"))
            case ClipDone() | ClipFailed():
                self._settle(event)
            case _:
                self._note(event)
        if self._total is not None:
            self._total.show(self.meter())

    def _note(self, event: Event) -> None:
        """What the batch as a whole does."""
        match event:
            case BatchStarted():
                self._start(event)
            case Paused() | Resumed():
                self._stand(event)
            case Waiting():
                self._wait(event)
            case BatchFinished():
                self._close_total()

    def _start(self, event: BatchStarted) -> None:
        self._begin, self._workers = self._control.clock(), event.workers
        self._clips, self._nbytes = event.clips, event.bytes
        self._done = self._done_bytes = self._frames = self._failed = 0
        if event.clips and not self._quiet:
            self._total = Bar() if self._terminal else Lines()
            if self._terminal and sys.stdin is not None and sys.stdin.isatty():
                self._say(f"dashcam: {shown(HINT)}")

    def _progress(self, event: ClipProgressed) -> None:
        running = self._running.get(event.path)
        if running is None:
            return
        running.first = event.frames if running.first is None else running.first
        running.frames, running.expected = event.frames, event.expected
        if self._terminal and running.worker < MOST_BARS:
            if running.worker not in self._bars:
                self._bars[running.worker] = Bar(running.worker + 1)
            self._bars[running.worker].show(running.meter(self._control.clock()))

    def _settle(self, event: ClipDone | ClipFailed) -> None:
        """Count it, and say it where that was asked for."""
        running = self._drop(event.path)
        if running is not None:
            self._done += 1
            self._done_bytes += running.nbytes
        failed = isinstance(event, ClipFailed)
        self._failed += failed
        if self._verbose or (self._each and event.attempts and not failed):
            status: Fate = "failed" if isinstance(event, ClipFailed) else event.status
            reason = f" ({_said(event.reason)})" if event.reason and not failed else ""
            self._say(one_line(f"{event.path}: {shown(STATUSES[status])}{reason}"))
        if failed:
            why = one_line(f"dashcam: {event.path}: {_said(event.reason)}")
            if self._quiet or self._each:
                self._say(why)
            else:
                self._unsaid.append(why)

    def _wait(self, event: Waiting) -> None:
        """Say what is waited for."""
        if self._quiet:
            return
        growing = _n(
            "{n} recording is still being written",
            "{n} recordings are still being written",
            event.growing,
        )
        what = _("the card isn't there") if event.wanted == "card" else growing
        if event.wanted == "clips" and not event.growing:
            what = _("nothing new is there")
        sentence = _("waiting: {what}.", what=what)
        self._say(f"dashcam: {shown(sentence)}")

    def _close_total(self) -> None:
        if self._total is not None:
            self._total.close()
            self._total = None

    def _stand(self, event: Paused | Resumed) -> None:
        """Say that it stands still, where no line is there to show it."""
        if not self._quiet and not self._terminal:
            self._say(f"dashcam: {shown(PAUSED if isinstance(event, Paused) else RESUMED)}")

    def meter(self) -> Meter:
        """The whole batch as a line; recordings are taken to need time as they have bytes."""
        at_work = self._running.values()
        part = sum(running.nbytes * running.share for running in at_work)
        elapsed = self._control.clock() - self._begin
        made = self._frames + sum(running.made for running in at_work)
        paused = self._control.paused
        return Meter(
            title=PAUSED if paused else _("{n} at a time", n=self._workers),
            done=self._done,
            total=self._clips,
            things=recordings,
            elapsed=elapsed,
            share=(self._done_bytes + part) / self._nbytes if self._nbytes else None,
            rate=made / elapsed if elapsed > 0 else None,
            rated=frames_a_second,
            more=_("{n} failed", n=self._failed) if self._failed else "",
        )

    def _say(self, line: str) -> None:
        if self._terminal:
            tqdm.write(line, file=sys.stderr)
        else:
            click.echo(line, err=True)

    def _drop(self, path: str) -> _Running | None:
        """A recording is at work no more; what was known of it, if it was."""
        running = self._running.pop(path, None)
        if running is not None:
            self._frames += running.made
            bar = self._bars.pop(running.worker, None)
            if bar is not None:
                bar.close()
        return running

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take all lines away; the table follows, or where there is none, what it would say."""
        for path in list(self._running):
            self._drop(path)
        self._close_total()
        if error is not None:
            for line in self._unsaid:
                click.echo(line, err=True)
