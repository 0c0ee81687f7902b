"""``--progress json``: what happens, a line of JSON for each event, for another program to read."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipStarted,
    Paused,
    Resumed,
    Warned,
    line,
)
from dashcam_pipeline.errors import BatchError, CancelledError, DashcamError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dashcam_pipeline.batch.events import Event
    from dashcam_pipeline.batch.result import Fate
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.workers import Progress

EVERY_SECONDS: Final = 0.25
"""How often a recording says how far it is."""


def tell(event: Event) -> None:
    """Write an event to stderr."""
    click.echo(line(event), err=True)


@contextmanager
def log_as_events() -> Iterator[None]:
    """Let what is logged be an event as well."""
    handlers = logging.getLogger("dashcam_pipeline").handlers
    before = [handler.formatter for handler in handlers]
    for handler in handlers:
        handler.setFormatter(_Events())
    try:
        yield
    finally:
        for handler, formatter in zip(handlers, before, strict=True):
            handler.setFormatter(formatter)


class _Events(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return line(Warned(text=record.getMessage()))


class CleanLines:
    """Tells of recordings that are made one after the other, as a batch tells of its own.

    Args:
        paths: of the recordings; of one that is joined, its output's.
        made: True if they are outputs: how many bytes there is to do with isn't known.
    """

    def __init__(self, paths: Sequence[Path], *, made: bool = False) -> None:
        self._paths, self._made = paths, made
        self._counts: dict[Fate, int] = {"done": 0, "damaged": 0, "failed": 0}
        self._begin = time.monotonic()

    def clean_all(self, clean: Callable[[Path, Callable[[Progress], None]], RunReport]) -> int:
        """Clean them; the exit code.

        Args:
            clean: cleans one, and hands its progress on.

        Raises:
            KeyboardInterrupt: Ctrl-C; it is told.
        """
        sizes = [0 if self._made else _nbytes(path) for path in self._paths]
        tell(BatchStarted(clips=len(sizes), bytes=sum(sizes), workers=1))
        code = 0
        try:
            for path, nbytes in zip(self._paths, sizes, strict=True):
                tell(ClipStarted(path=str(path), bytes=nbytes))
                failed = self._clean(path, clean)
                if failed:
                    code = failed if len(sizes) == 1 else BatchError.exit_code
        except KeyboardInterrupt:
            self._finish(CancelledError.exit_code)
            raise
        self._finish(code)
        return code

    def _clean(
        self, path: Path, clean: Callable[[Path, Callable[[Progress], None]], RunReport]
    ) -> int:
        from dashcam_pipeline.engine.report import not_kept  # noqa: PLC0415 - `--help` needs none

        begin = time.monotonic()
        try:
            report = clean(path, _Teller(str(path)))
        except KeyboardInterrupt:
            tell(ClipLeft(path=str(path), reason=_("interrupted")))
            raise
        except DashcamError as error:
            self._counts["failed"] += 1
            tell(ClipFailed(path=str(path), reason=str(error), attempts=1))
            return error.exit_code
        status: Fate = "damaged" if report.frames.damaged or report.exit_code else "done"
        self._counts[status] += 1
        for warning in report.warnings:
            tell(Warned(text=warning))
        facts: dict[str, Any] = {
            "output": report.output.path,
            "frames": report.frames.written,
            "not_kept": not_kept((track.track, track.reason) for track in report.not_carried),
        }
        seconds = time.monotonic() - begin
        tell(ClipDone(path=str(path), status=status, seconds=seconds, attempts=1, **facts))
        return report.exit_code

    def _finish(self, code: int) -> None:
        interrupted = code == CancelledError.exit_code
        tell(
            BatchFinished(
                exit_code=code,
                counts=self._counts,
                seconds=time.monotonic() - self._begin,
                interrupted=interrupted,
            )
        )


def _nbytes(path: Path) -> int:
    return max(1, path.stat().st_size) if path.is_file() else 1


class _Teller:
    """Tells how far a recording is, not too often, and whether it stands still."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._paused = False
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.paused != self._paused:
            self._paused = progress.paused
            tell(Paused() if self._paused else Resumed())
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY_SECONDS
            tell(
                ClipProgressed(path=self._path, frames=progress.frames, expected=progress.expected)
            )
