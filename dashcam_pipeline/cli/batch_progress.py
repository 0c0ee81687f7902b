"""The bars of a batch: one for all recordings, one for each worker."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Self

from tqdm import tqdm

from dashcam_pipeline.batch.runner import Finished, Progressed, Started
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.engine.readable import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from dashcam_pipeline.batch.plan import Step
    from dashcam_pipeline.batch.result import ClipResult
    from dashcam_pipeline.batch.runner import Event

MOST_BARS: Final = 16
"""Workers with a bar of their own; more would fill the screen."""

_TOTAL: Final = (
    "{desc}: {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} recordings, {remaining} left"
)
_WORKER: Final = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} frames, {rate_fmt}"


class BatchBars:
    """Shows a batch on stderr; a context manager and an ``Observer``.

    Args:
        enabled: False shows nothing; neither does a stderr that is no terminal.
        verbose: True says a line for every recording, also without a terminal.
    """

    def __init__(self, *, enabled: bool = True, verbose: bool = False) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._verbose = verbose
        self._total: tqdm[Any] | None = None
        self._bars: dict[int, tqdm[Any]] = {}

    def begin(self, steps: Sequence[Step], workers: int) -> None:
        """Show the total."""
        todo = sum(1 for step in steps if step.action != "skip")
        if self._enabled and todo:
            self._total = tqdm(
                desc=f"{workers} at a time",
                total=todo,
                bar_format=_TOTAL,
                leave=False,
                dynamic_ncols=True,
                position=0,
            )

    def event(self, event: Event) -> None:
        """Move a worker's bar."""
        if self._total is None:
            return
        if isinstance(event, Started) and event.slot < MOST_BARS:
            self._drop(event.slot)
            self._bars[event.slot] = tqdm(
                desc=one_line(event.path)[-40:],
                total=1,
                bar_format=_WORKER,
                unit=" frames",
                leave=False,
                dynamic_ncols=True,
                position=event.slot + 1,
            )
        elif isinstance(event, Progressed) and event.slot in self._bars:
            bar = self._bars[event.slot]
            bar.total = max(event.expected or 0, event.frames, 1)
            bar.update(event.frames - bar.n)
        elif isinstance(event, Finished):
            self._drop(event.slot)

    def settled(self, result: ClipResult) -> None:
        """Move the total."""
        if self._total is not None and result.attempts:
            self._total.update()
        if self._verbose:
            reason = f" ({as_flags(result.reason)})" if result.reason else ""
            tqdm.write(one_line(f"{result.path}: {result.status}{reason}"), file=sys.stderr)
        elif result.status == "failed":
            tqdm.write(
                one_line(f"dashcam: {result.path}: {as_flags(result.reason)}"), file=sys.stderr
            )

    def _drop(self, slot: int) -> None:
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
        """Take all bars away; the table follows."""
        for slot in list(self._bars):
            self._drop(slot)
        if self._total is not None:
            self._total.close()
