"""How far the cleaning of a recording is: frames, frames a second, remaining time."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from dashcam_pipeline.engine.readable import one_line
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from dashcam_pipeline.cli.bars import Bar, Lines
    from dashcam_pipeline.engine.workers import Progress


class ProgressBar:
    """A line on stderr; a context manager, called with each ``Progress``.

    On a terminal it stays in its place. Elsewhere there is one every ten seconds.

    Args:
        title: what is at work.
        enabled: False shows nothing.
    """

    def __init__(self, title: str, *, enabled: bool = True) -> None:
        self._title = title
        self._enabled = enabled
        self._shown: Bar | Lines | None = None
        self._begin, self._first = 0.0, 0

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        if not self._enabled:
            return
        if self._shown is None:
            self._shown = _display()
            # the rate of what is there already can't be told
            self._begin, self._first = progress.elapsed_s, progress.frames
        from dashcam_pipeline.cli.meter import Meter, frames  # noqa: PLC0415 - `--help` needs no bar

        elapsed, expected = progress.elapsed_s - self._begin, progress.expected
        self._shown.show(
            Meter(
                title=one_line(self._title),
                done=progress.frames,
                # the index may have promised too few
                total=None if expected is None else max(expected, progress.frames),
                things=frames,
                elapsed=elapsed,
                rate=(progress.frames - self._first) / elapsed if elapsed > 0 else None,
                more=_("paused") if progress.paused else "",
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the line away; the summary follows."""
        if self._shown is not None:
            self._shown.close()


def _display() -> Bar | Lines:
    from dashcam_pipeline.cli.bars import Bar, Lines  # noqa: PLC0415 - `--help` needs no bar

    return Bar() if sys.stderr.isatty() else Lines()


@contextmanager
def steps(title: str, *, enabled: bool = True) -> Iterator[Callable[[str, int, int], None]]:
    """A line on stderr for a few large steps, as of ``ProgressBar``.

    Args:
        title: what is at work.
        enabled: False shows nothing.

    Yields:
        what to call with a step's name, its number and the number of steps.
    """
    from dashcam_pipeline.cli.meter import Meter, clips  # noqa: PLC0415 - `--help` needs no bar

    shown = _display() if enabled else None
    begin = time.monotonic()

    def show(name: str, done: int, total: int) -> None:
        if shown is not None:
            shown.show(
                Meter(
                    title=one_line(name or title),
                    done=done,
                    total=total,
                    things=clips,
                    elapsed=time.monotonic() - begin,
                )
            )

    try:
        yield show
    finally:
        if shown is not None:
            shown.close()
