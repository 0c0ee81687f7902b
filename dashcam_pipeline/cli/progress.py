"""The progress bar: frames, frames a second, remaining time."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from tqdm import tqdm

    from dashcam_pipeline.engine.workers import Progress

_FORMAT: Final = (
    "{desc}: {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} frames, {rate_fmt}, {remaining} left"
)
_FORMAT_OPEN: Final = "{desc}: {n_fmt} frames, {rate_fmt}, {elapsed}"


class ProgressBar:
    """A bar on stderr; a context manager, called with each ``Progress``.

    Args:
        title: what is at work.
        enabled: False shows nothing; neither does a stderr that is no terminal.
    """

    def __init__(self, title: str, *, enabled: bool = True) -> None:
        self._title = title
        self._enabled = enabled and sys.stderr.isatty()
        self._bar: tqdm[None] | None = None

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        if not self._enabled:
            return
        if self._bar is None:
            from tqdm import tqdm  # noqa: PLC0415 - `--help` needs no bar

            self._bar = tqdm(
                desc=self._title,
                total=progress.expected,
                initial=progress.frames,  # their rate can't be told: the bar begins now
                unit=" frames",
                bar_format=_FORMAT if progress.expected else _FORMAT_OPEN,
                leave=False,
                dynamic_ncols=True,
                mininterval=0,
            )
        if progress.expected is not None and progress.frames > progress.expected:
            self._bar.total = progress.frames  # the index promised too few
        self._bar.update(progress.frames - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away; the summary follows."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def steps(title: str, *, enabled: bool = True) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr for a few large steps.

    Args:
        title: what is at work.
        enabled: False shows nothing; neither does a stderr that is no terminal.

    Yields:
        what to call with a step's name, its number and the number of steps.
    """
    from tqdm import tqdm  # noqa: PLC0415 - `--help` needs no bar

    with tqdm(
        desc=title, unit="clip", disable=not (enabled and sys.stderr.isatty()), leave=False
    ) as bar:

        def show(name: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_postfix_str(name)
            bar.update(done - bar.n)

        yield show
