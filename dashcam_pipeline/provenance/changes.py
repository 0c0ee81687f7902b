"""How much the picture was changed, second by second."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.frames import Frame

GRID: Final = 4
"""Every fourth luma sample of every fourth row is looked at: 0.1 ms a frame of 1080p."""


@dataclass(slots=True)
class SecondOfChange:
    """One second of presentation time.

    Args:
        second: from the first picture on.
        frames: shown in it.
        changed: frames that any stage changed at all.
        mean: mean absolute difference of luma over its frames, in 8-bit codes.
        share: largest share of a frame's luma samples that changed, 0 to 1.
    """

    second: int
    frames: int = 0
    changed: int = 0
    mean: float = 0.0
    share: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "second": self.second,
            "frames": self.frames,
            "frames_changed": self.changed,
            "mean_abs_luma": round(self.mean, 4),
            "max_share": round(self.share, 6),
        }


class ChangeLog:
    """Watches frames come out of the chain; one thread's own."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._seconds: dict[int, SecondOfChange] = {}
        self.concealed: list[float] = []
        """Times of the frames that the decoder patched up, seconds from the first picture on."""

    def __call__(self, original: Frame, result: Frame) -> None:
        """Look at one frame.

        Args:
            original: before the stages.
            result: after them; the same object, or one with the same planes, where nothing changed.
        """
        if self._first is None:
            self._first = original.pts
        time = float((original.pts - self._first) * original.time_base)
        if original.concealed:
            self.concealed.append(round(time, 6))
        number = int(time)
        second = self._seconds.setdefault(number, SecondOfChange(number))
        difference, share = 0.0, 0.0
        if any(a is not b for a, b in zip(original.planes, result.planes, strict=True)):
            difference, share = _difference(original, result)
            second.changed += 1
        second.frames += 1
        second.mean += (difference - second.mean) / second.frames
        second.share = max(second.share, share)

    def state(self) -> dict[str, Any]:
        """All it saw, JSON-able, for a run that goes on in another process."""
        return {
            "first": self._first,
            "seconds": [asdict(second) for second in self.seconds],
            "concealed": list(self.concealed),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what another one saw, as ``state`` gave it."""
        self._first = state["first"]
        self._seconds = {s["second"]: SecondOfChange(**s) for s in state["seconds"]}
        self.concealed = list(state["concealed"])

    @property
    def seconds(self) -> tuple[SecondOfChange, ...]:
        """In order; seconds without a frame are left out."""
        return tuple(self._seconds[number] for number in sorted(self._seconds))


def _difference(original: Frame, result: Frame) -> tuple[float, float]:
    """Mean absolute luma difference in 8-bit codes, and the share of samples that differ."""
    before = original.planes[0][::GRID, ::GRID].astype(np.int32)
    after = result.planes[0][::GRID, ::GRID].astype(np.int32)
    difference = np.abs(after - before)
    scale = 1 << (original.layout.bits - 8)
    return float(difference.mean()) / scale, float(np.count_nonzero(difference) / difference.size)
