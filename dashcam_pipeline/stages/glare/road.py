"""Where the road begins, as far as the rows of a picture tell."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from dashcam_pipeline.stages.ramp import ramp

if TYPE_CHECKING:
    import numpy.typing as npt

ROAD: Final = (0.5, 0.6)
"""Rows, in frame heights, between which the road begins: lane marks lie there, and no sky does."""


@cache
def above_road(height: int) -> npt.NDArray[np.float32]:
    """How far each row is above the road: (height, 1) float32 from 0 to 1."""
    rows = (np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)) / height
    return np.asarray(1 - ramp(rows, *ROAD), np.float32)
