"""The soft threshold that stages decide by: a hard one would flicker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def ramp(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.float32]:
    """0 up to ``low``, 1 from ``high`` on, straight between; float32 of the same shape."""
    return np.asarray(np.clip((values - low) * (1 / (high - low)), 0, 1), np.float32)
