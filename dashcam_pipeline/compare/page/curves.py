"""What changed over time, and the moments that show it best."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dashcam_pipeline.compare.canvas import Canvas, Developer, shown_size
from dashcam_pipeline.compare.change import change_of
from dashcam_pipeline.compare.page.model import Curve
from dashcam_pipeline.compare.stills import encode
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashcam_pipeline.compare.pairs import Pair
    from dashcam_pipeline.compare.sources import Comparison

LOOK: Final = 480
"""Columns of the pictures that are measured and shown in the filmstrip."""

READ_ALL: Final = 120.0
"""Recordings up to so many seconds are read through; longer ones are looked at by seeking."""

SAMPLES: Final = 240
"""Points of a curve, at most: more than a small chart has room for."""


_PERCENT: Final = np.float32(100 / 255)
"""Of white, of a code value."""

_NEARLY_ALL: Final = 99.5
_LEAST: Final = 4.0
"""Percent of white at the change map's full colour, at least: what is below is noise."""

_CLOSE: Final = 0.7
"""Two moments nearer than this, in stretches, show the same."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A moment with its pictures.

    Args:
        seconds: from the first picture on.
        change: mean of what changed, percent of white.
        before, after: small.
    """

    seconds: float
    change: float
    before: Canvas
    after: Canvas


def measure(
    comparison: Comparison, *, samples: int = SAMPLES, strip: int = 8
) -> tuple[Curve, list[Shot]]:
    """Look at a comparison.

    Args:
        comparison: two recordings; what is asked for of them.
        samples: points of the curve, at most.
        strip: moments to pick: those that changed most, well apart.

    Returns:
        the curve, and the moments by time.

    Raises:
        UsageError: the two recordings' frames don't match.
    """
    size = shown_size(comparison.before.video).fit(LOOK, LOOK)
    color = comparison.before.video.color
    develop = [Developer(i.video, size, color) for i in (comparison.before, comparison.after)]
    start, end = comparison.span
    curve = Curve()
    limit = 0.0
    best = _Best(strip, (end - start) / max(1, strip) / 2)
    for when, pair in _pairs(comparison, samples):
        before, after = (make(frame) for make, frame in zip(develop, pair, strict=True))
        change = change_of(before, after) * _PERCENT
        removed, added = (float(np.maximum(part, 0).mean()) for part in (change, -change))
        limit = max(limit, float(np.percentile(np.abs(change), _NEARLY_ALL)))
        curve.seconds.append(when)
        curve.removed.append(removed)
        curve.added.append(added)
        curve.before.append(_brightness(before))
        curve.after.append(_brightness(after))
        best.offer(Shot(when, max(removed, added), before, after))
    curve.limit = min(max(limit, _LEAST), 100.0)
    return curve, best.by_time()


def _pairs(comparison: Comparison, samples: int) -> Iterator[tuple[float, Pair]]:
    start, end = comparison.span
    if end - start > READ_ALL or samples < SAMPLES:
        yield from comparison.pairs_at(comparison.moments(samples))
        return
    step, due = (end - start) / samples, start
    with ExitStack() as cleanup:
        matcher, _ = comparison.matcher()
        cleanup.callback(matcher.close)
        reader = cleanup.enter_context(comparison.reader())
        for item in reader:
            if not isinstance(item, Frame):
                continue
            for pair in matcher.feed(item):
                when = comparison.time_of(pair[0], start)
                if when >= due:
                    due = max(due + step, when)
                    yield when, pair


def _brightness(canvas: Canvas) -> float:
    low, span = (0, 255) if canvas.color.full_range else (16, 219)
    return float((canvas.planes[0].mean() - low) * (100 / span))


class _Best:
    """Picks the moments that changed most, no two of them close together.

    Only the strongest of each short stretch is kept on the way, so memory is bounded.
    """

    def __init__(self, count: int, apart: float) -> None:
        self._count, self._apart = count, apart
        self._stretches: dict[int, Shot] = {}

    def offer(self, shot: Shot) -> None:
        stretch = int(shot.seconds / self._apart) if self._apart > 0 else 0
        held = self._stretches.get(stretch)
        if held is None or held.change < shot.change:
            self._stretches[stretch] = shot

    def by_time(self) -> list[Shot]:
        chosen: list[Shot] = []
        for shot in sorted(self._stretches.values(), key=lambda s: -s.change):
            near = any(abs(s.seconds - shot.seconds) < self._apart * _CLOSE for s in chosen)
            if not near and len(chosen) < self._count:
                chosen.append(shot)
        return sorted(chosen, key=lambda s: s.seconds)


def save_shot(shot: Shot, folder: Path, name: str) -> tuple[str, str]:
    """Write a moment's two pictures.

    Args:
        shot: the moment.
        folder: where to; one of ours, whose files are replaced.
        name: of the files, without ending.

    Returns:
        their names.
    """
    names = f"{name}-before.jpg", f"{name}-after.jpg"
    for file, canvas in zip(names, (shot.before, shot.after), strict=True):
        write_whole(folder / file, encode(canvas.to_rgb(), ".jpg"), overwrite=True)
    return names
