"""Warping error, divided by the gain in local contrast: flicker that a translation adds.

Each frame is compared with the frame before, brought to it along the *source's* optical flow (DIS,
Kroeger et al., ECCV 2016), where the flow there and back agrees (Sundaram et al., ECCV 2010);
so far it is the warping error of Lai et al. (ECCV 2018). A translation that raises contrast raises
noise and flow errors by the same factor, which is no flicker: so the difference at each pixel is
divided by the local contrast of the result relative to the source's. A still tone curve then scores
about what its source does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from dashcam_pipeline.training.night_day_evaluation.pictures import luma

if TYPE_CHECKING:
    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

WINDOW: Final = 90
"""Contrast is taken in a Gaussian window whose sigma is the picture's height by this."""

FLOOR: Final = 1.0
"""Codes of contrast that are added to both sides: below, 8 bits can't tell."""

AGREE: Final = (0.01, 0.5)
"""Where |there + back|^2 < a (|there|^2 + |back|^2) + b, the flow is believed."""


@dataclass(frozen=True, slots=True)
class Motion:
    """From a frame back to the one before.

    Args:
        map: (H, W, 2) float32, where each pixel was.
        seen: (H, W), True where that is sure.
    """

    map: Floats
    seen: Mask

    @classmethod
    def between(cls, before: Floats, after: Floats) -> Motion:
        """Measure it on two lumas, (H, W) float32, 0 to 255."""
        old, new = (np.rint(frame).astype(np.uint8) for frame in (before, after))
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        unknown = np.zeros((*new.shape, 2), np.float32)
        back = np.asarray(flow.calc(new, old, unknown.copy()), np.float32)
        there = np.asarray(flow.calc(old, new, unknown.copy()), np.float32)
        height, width = new.shape
        y, x = np.mgrid[:height, :width].astype(np.float32)
        place = np.stack([x, y], axis=-1) + back
        returned = cv2.remap(there, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
        gap = np.square(back + returned).sum(axis=-1)
        size = np.square(back).sum(axis=-1) + np.square(returned).sum(axis=-1)
        inside = (place >= 0).all(axis=-1) & (place <= (width - 1, height - 1)).all(axis=-1)
        return cls(place, (gap < AGREE[0] * size + AGREE[1]) & inside)

    def warp(self, frame: npt.NDArray[Any]) -> Floats:
        """The frame before, seen from this one."""
        return np.asarray(
            cv2.remap(
                frame.astype(np.float32), self.map[..., 0], self.map[..., 1], cv2.INTER_LINEAR
            ),
            np.float32,
        )


def local_contrast(frame: Floats) -> Floats:
    """Standard deviation of luma (H, W) in a Gaussian window, codes, at least ``FLOOR``."""
    sigma = max(2.0, frame.shape[0] / WINDOW)
    mean = cv2.GaussianBlur(frame, (0, 0), sigma)
    square = cv2.GaussianBlur(np.square(frame), (0, 0), sigma)
    return np.asarray(np.sqrt(np.maximum(square - np.square(mean), 0) + FLOOR**2), np.float32)


@dataclass(slots=True)
class Meter:
    """Sums the errors of one row of a clip, frame by frame."""

    errors: float = 0.0
    scaled: float = 0.0
    pixels: int = 0
    _before: RGB | None = field(default=None, repr=False)

    def add(self, frame: RGB, motion: Motion | None, contrast: Floats) -> None:
        """Take the next frame.

        Args:
            frame: (H, W, 3) uint8, the row's result.
            motion: of the source since the frame before; None at the first.
            contrast: ``local_contrast`` of the source's frame.
        """
        if motion is not None and self._before is not None:
            gain = local_contrast(luma(frame)) / contrast
            error = np.square(frame - motion.warp(self._before)).sum(axis=-1)[motion.seen]
            self.errors += float(error.sum())
            self.scaled += float((error / np.square(gain[motion.seen])).sum())
            self.pixels += 3 * int(motion.seen.sum())
        self._before = frame

    @property
    def warping(self) -> float:
        """Root mean square of the warping error, codes; NaN before two frames."""
        return float(np.sqrt(self.errors / self.pixels)) if self.pixels else float("nan")

    @property
    def normalised(self) -> float:
        """The same, each pixel divided by its gain in contrast."""
        return float(np.sqrt(self.scaled / self.pixels)) if self.pixels else float("nan")
