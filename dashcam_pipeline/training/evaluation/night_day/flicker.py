"""Warping error, divided by the gain in local contrast: flicker that a translation adds.

Each frame is compared with the frame before, brought to it along the *source's* optical flow where
that is sure (``evaluation.motion``); so far it is the warping error of Lai et al. (ECCV 2018). A
translation that raises contrast raises noise and flow errors by the same factor, which is no
flicker: so the difference at each pixel is divided by the local contrast of the result relative to
the source's, in each channel. The window is wide, for in the dark eight bits know contrast only
over many pixels; so a still tone curve, however steep, scores about what its source does (1.16 of
it on a dark motorway, 3.6 if it pulses by 3%).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.training.evaluation.common.motion import Motion

    RGB = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

WINDOW: Final = 0.2
"""Side of the square in which contrast is taken, as a share of the picture's height."""

FLOOR: Final = 0.5
"""Codes of contrast that are added to both sides: below, 8 bits can't tell."""


def local_contrast(frame: RGB) -> Floats:
    """Standard deviation of each channel (H, W, 3) in a window, codes, with ``FLOOR`` under it."""
    side = max(3, round(frame.shape[0] * WINDOW) | 1)
    values = frame.astype(np.float32)
    mean = cv2.boxFilter(values, cv2.CV_32F, (side, side))
    square = cv2.sqrBoxFilter(values, cv2.CV_32F, (side, side))
    return np.asarray(np.sqrt(np.maximum(square - np.square(mean), 0) + FLOOR**2), np.float32)


@dataclass(slots=True)
class Meter:
    """Sums the errors of one row of a clip, frame by frame."""

    errors: float = 0.0
    scaled: float = 0.0
    samples: int = 0
    _before: RGB | None = field(default=None, repr=False)

    def add(self, frame: RGB, motion: Motion | None, contrast: Floats) -> None:
        """Take the next frame.

        Args:
            frame: (H, W, 3) uint8, the row's result.
            motion: of the source since the frame before; None at the first.
            contrast: ``local_contrast`` of the source's frame.
        """
        if motion is not None and self._before is not None:
            gain = local_contrast(frame) / contrast
            error = (frame - motion.carry(self._before))[motion.seen]
            self.errors += float(np.square(error).sum())
            self.scaled += float(np.square(error / gain[motion.seen]).sum())
            self.samples += error.size
        self._before = frame

    @property
    def warping(self) -> float:
        """Root mean square of the warping error, codes; NaN before two frames."""
        return float(np.sqrt(self.errors / self.samples)) if self.samples else float("nan")

    @property
    def normalised(self) -> float:
        """The same, each pixel divided by its gain in contrast."""
        return float(np.sqrt(self.scaled / self.samples)) if self.samples else float("nan")
