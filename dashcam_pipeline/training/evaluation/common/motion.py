"""Where each pixel of a frame was in the frame before: what flicker is measured along.

The flow is OpenCV's DIS (Kroeger, Timofte, Dai, Van Gool: Fast optical flow using dense inverse
search, 2016). It is believed where there and back agree, |w + w'|^2 <= 0.01 (|w|^2 + |w'|^2) + 0.5
(Sundaram, Brox, Keutzer: Dense point trajectories by GPU-accelerated large displacement optical
flow, 2010, equation 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Map = npt.NDArray[np.floating[Any]]

AGREE: Final = (0.01, 0.5)
"""The two numbers of the formula."""


@dataclass(frozen=True, slots=True)
class Motion:
    """From a frame back to the one before.

    Args:
        places: (H, W, 2) float32, x and y where each pixel was.
        seen: (H, W), True where that is sure.
    """

    places: Map
    seen: npt.NDArray[np.bool_]

    @classmethod
    def between(cls, before: npt.NDArray[np.uint8], now: npt.NDArray[np.uint8]) -> Motion:
        """Measure it on two lumas, (H, W) uint8."""
        dis = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
        dis.setFinestScale(0)  # half the preset's error on small bright lamps
        h, w = now.shape
        back, forth = (
            np.asarray(dis.calc(a, b, np.zeros((h, w, 2), np.float32)), np.float32)
            for a, b in ((now, before), (before, now))
        )
        places = np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1).astype(np.float32) + back
        returned = _read(forth, places)
        length = np.square(returned).sum(-1) + np.square(back).sum(-1)
        seen = np.square(returned + back).sum(-1) <= AGREE[0] * length + AGREE[1]
        x, y = places[..., 0], places[..., 1]
        seen &= (x >= 0) & (y >= 0) & (x <= w - 1) & (y <= h - 1)
        return cls(places, seen)

    def carry(self, before: npt.NDArray[Any]) -> Map:
        """The frame before, (H, W) or (H, W, C), seen from this one; float32."""
        return _read(before.astype(np.float32), self.places)


def _read(picture: Map, places: Map) -> Map:
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
