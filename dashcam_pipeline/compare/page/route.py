"""Where the car was: the positions of a recording, for the page's small plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.page.model import Row, TrackPoint
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.translation import _n

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.compare.page.model import State
    from dashcam_pipeline.dashcam.telemetry import Fix, Telemetry

POINTS: Final = 600
"""Of a plot, at most."""


def route(source: Path, cleaned: Path, lead: float) -> tuple[list[TrackPoint], list[Row]]:
    """Read both files' positions.

    Args:
        source: the recording.
        cleaned: what was made of it.
        lead: seconds of the recording before the result's beginning.

    Returns:
        the recording's positions by the result's clock, at most ``POINTS``; and the line of the
        table that says whether they were kept, none where there are none.
    """
    before, after = _read(source), _read(cleaned)
    fixes = before.fixes if before is not None else ()
    kept = after.fixes if after is not None else ()
    if not fixes and not kept:
        return [], []
    state: State = "kept" if len(kept) == len(fixes) else "noted" if lead and kept else "lost"
    counts = [_n("{n:,} position", "{n:,} positions", len(each)) for each in (fixes, kept)]
    row = Row("row.telemetry", counts[0], counts[1], state)
    every = -(-len(fixes) // POINTS) or 1
    return [_point(fix, lead) for fix in fixes[::every]], [row]


def _point(fix: Fix, lead: float) -> TrackPoint:
    seconds = None if fix.seconds is None else fix.seconds - lead
    return TrackPoint(fix.latitude, fix.longitude, seconds)


def _read(path: Path) -> Telemetry | None:
    """Positions, or None where the file can't be read for them; the page is about pictures."""
    try:
        return read_telemetry(path)
    except InputError:
        return None
