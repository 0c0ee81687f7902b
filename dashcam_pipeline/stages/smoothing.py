"""Motion-gated temporal smoothing of a network's maps, at the work size.

A network's answer trembles a little from frame to frame. Where the picture stands still, the
answer is averaged over time; where it moves, the new answer counts at once, so that nothing lags
behind a passing headlight. The gate is the local change of the small picture itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

STILL = 0.02
"""Change (code value in [0, 1], blurred) below which a place stands still: about sensor noise."""

MOVING = 0.10
"""Change from which the past counts nothing."""

BLUR = 3
"""Sigma of the blur that makes changes local, in samples of the work size."""


class MotionGate:
    """Averages maps over time where the picture stands still.

    Args:
        amount: weight of the past where nothing moves, 0 (off) to below 1.
    """

    def __init__(self, amount: float) -> None:
        self.amount = amount
        self._picture: npt.NDArray[np.floating[Any]] | None = None
        self._maps: npt.NDArray[np.floating[Any]] | None = None

    def reset(self) -> None:
        """Forget the past."""
        self._picture = self._maps = None

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The past, as arrays, as ``__call__`` last took and gave them; empty if there is none."""
        if self._picture is None or self._maps is None:
            return {}
        return {"picture": self._picture, "maps": self._maps}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over the past that ``state`` gave."""
        self._picture, self._maps = state.get("picture"), state.get("maps")

    def __call__(
        self,
        picture: npt.NDArray[np.floating[Any]],
        maps: npt.NDArray[np.floating[Any]],
        *,
        steps: int = 1,
    ) -> npt.NDArray[np.floating[Any]]:
        """Smooth one frame's answer.

        Args:
            picture: (3, H, W), what the network saw.
            maps: (C, H, W), its answer.
            steps: frames since the last one; over more of them the past fades more.

        Returns:
            (C, H, W), the smoothed answer.
        """
        if self._picture is None or self._maps is None or self._maps.shape != maps.shape:
            result = maps
        else:
            change = np.abs(picture - self._picture).max(axis=0)
            change = cv2.GaussianBlur(change, (0, 0), BLUR)
            past = self.amount**steps * np.clip((MOVING - change) / (MOVING - STILL), 0, 1)
            result = maps + past * (self._maps - maps)
        self._picture, self._maps = picture, result
        return result
