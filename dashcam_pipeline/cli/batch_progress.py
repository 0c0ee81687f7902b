"""How far a batch is: a line for all recordings, and on a terminal one for each worker."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import click
from tqdm import tqdm

from dashcam_pipeline.batch.runner import Finished, Progressed, Started
from dashcam_pipeline.cli.bars import Bar, Lines
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.meter import Meter, frames, frames_a_second, recordings
from dashcam_pipeline.engine.readable import one_line
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.result import ClipResult, Fate
    from dashcam_pipeline.batch.runner import Event

MOST_BARS: Final = 16
"""Workers with a line of their own; more would fill the screen."""


@dataclass(slots=True)
class _Running:
    """A recording at work.

    Args:
        path: of it.
        begin: when it began, as of ``time.monotonic``.
        first: frames that were there already when it was first heard of.
        frames: that are done.
        expected: that there will be; None where nothing tells.
    """

    path: str
    begin: float
    first: int | None = None
    frames: int = 0
    expected: int | None = None

    @property
    def share(self) -> float:
        """That is done of it."""
        return min(1.0, self.frames / self.expected) if self.expected else 0.0

    def meter(self) -> Meter:
        """As a line."""
        elapsed = time.monotonic() - self.begin
        made = self.frames - (self.first or 0)
        return Meter(
            title=one_line(self.path),
            done=self.frames,
            total=None if self.expected is None else max(self.expected, self.frames, 1),
            things=frames,
            elapsed=elapsed,
            rate=made / elapsed if elapsed > 0 and made else None,
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


def _said(text: str) -> str:
    return as_flags(shown(text))


class BatchBars:
    """Shows a batch on stderr; a context manager, and an ``Observer``.

    Why a recording failed is said once: by the table at the end; here where there is none, at once
    (``quiet``) or when the batch itself is broken off.

    Args:
        quiet: True says nothing but failures.
        verbose: True says a line for every recording.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet, self._verbose = quiet, verbose
        self._terminal = not quiet and sys.stderr.isatty()
        self._total: Bar | Lines | None = None
        self._bars: dict[int, Bar] = {}
        self._running: dict[int, _Running] = {}
        self._sizes: dict[str, int] = {}
        self._begin = 0.0
        self._workers = 0
        self._done = self._done_bytes = self._frames = 0
        self._unsaid: list[str] = []
        self._failed = 0

    def begin(self, steps: Sequence[Step], workers: int) -> None:
        """Show the total."""
        self._sizes = {step.clip.path: max(1, step.clip.size) for step in steps if step.is_work}
        self._begin, self._workers = time.monotonic(), workers
        if self._sizes and not self._quiet:
            self._total = Bar() if self._terminal else Lines()
            self._show()

    def event(self, event: Event) -> None:
        """Show what a worker does."""
        if isinstance(event, Started):
            self._drop(event.slot)
            self._running[event.slot] = _Running(event.path, time.monotonic())
        elif isinstance(event, Progressed) and event.slot in self._running:
            running = self._running[event.slot]
            running.first = event.frames if running.first is None else running.first
            running.frames, running.expected = event.frames, event.expected
            if self._terminal and event.slot < MOST_BARS:
                if event.slot not in self._bars:
                    self._bars[event.slot] = Bar(event.slot + 1)
                self._bars[event.slot].show(running.meter())
        elif isinstance(event, Finished):
            running = self._running.get(event.slot, _Running(event.path, self._begin))
            self._frames += running.frames - (running.first or 0)
            self._drop(event.slot)
        self._show()

    def settled(self, result: ClipResult) -> None:
        """Count it, and say it where that was asked for."""
        if result.attempts and result.path in self._sizes:
            self._done += 1
            self._done_bytes += self._sizes[result.path]
        failed = result.status == "failed"
        self._failed += failed
        if self._verbose:
            reason = f" ({_said(result.reason)})" if result.reason and not failed else ""
            status = shown(STATUSES[result.status])
            self._say(one_line(f"{result.path}: {status}{reason}"))
        if failed:
            why = one_line(f"dashcam: {result.path}: {_said(result.reason)}")
            if self._quiet:
                self._say(why)
            else:
                self._unsaid.append(why)
        self._show()

    def meter(self) -> Meter:
        """The whole batch as a line; recordings are taken to need time as they have bytes."""
        part = sum(self._sizes.get(r.path, 0) * r.share for r in self._running.values())
        elapsed = time.monotonic() - self._begin
        made = self._frames + sum(r.frames - (r.first or 0) for r in self._running.values())
        return Meter(
            title=_("{n} at a time", n=self._workers),
            done=self._done,
            total=len(self._sizes),
            things=recordings,
            elapsed=elapsed,
            share=(self._done_bytes + part) / sum(self._sizes.values()),
            rate=made / elapsed if elapsed > 0 else None,
            rated=frames_a_second,
            more=_("{n} failed", n=self._failed) if self._failed else "",
        )

    def _show(self) -> None:
        if self._total is not None:
            self._total.show(self.meter())

    def _say(self, line: str) -> None:
        if self._terminal:
            tqdm.write(line, file=sys.stderr)
        else:
            click.echo(line, err=True)

    def _drop(self, slot: int) -> None:
        self._running.pop(slot, None)
        bar = self._bars.pop(slot, None)
        if bar is not None:
            bar.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take all lines away; the table follows, or where there is none, what it would say."""
        for slot in list(self._bars):
            self._drop(slot)
        if self._total is not None:
            self._total.close()
        if error is not None:
            for line in self._unsaid:
                click.echo(line, err=True)
