"""Lines that stay in their place on a terminal, and lines that follow one another elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import click
from tqdm import tqdm

if TYPE_CHECKING:
    from dashcam_pipeline.cli.meter import Meter

_COLUMNS: Final = 80
"""Of a terminal that doesn't say."""

EVERY: Final = 10.0
"""Seconds between two lines where there is no terminal."""


class Bar:
    """A line of a terminal that shows a ``Meter``; tqdm finds its place and its width.

    Args:
        position: which line, from the first one down.
    """

    def __init__(self, position: int = 0) -> None:
        self._line = tqdm(
            bar_format="{desc}", file=sys.stderr, leave=False, dynamic_ncols=True, position=position
        )

    def show(self, meter: Meter) -> None:
        """Show another state."""
        columns = self._line.format_dict["ncols"] or _COLUMNS
        # The last column would make some terminals go on below.
        self._line.set_description_str(meter.line(columns - 1))

    def close(self) -> None:
        """Take it away."""
        self._line.close()


class Lines:
    """Says how far the work is every ten seconds, a line each, where there is no terminal."""

    def __init__(self) -> None:
        self._next = time.monotonic() + EVERY

    @property
    def due(self) -> bool:
        """Whether ten seconds have passed since the last line, or the beginning."""
        return time.monotonic() >= self._next

    def show(self, meter: Meter) -> None:
        """Say it, if it is time to."""
        if self.due:
            self._next = time.monotonic() + EVERY
            click.echo(f"dashcam: {meter.line()}", err=True)

    def close(self) -> None:
        """Nothing to take away."""
