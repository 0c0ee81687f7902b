"""What a dashcam makes of light: exposure, glare, noise, tone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

GAMMA = 2.2


def expose(radiance: npt.NDArray[np.float32], brightness: float) -> float:
    """The gain that gives a picture's mean code a value, as an automatic exposure does.

    Args:
        radiance: (H, W, 3), linear, any scale.
        brightness: wanted mean of ``clip(gain * radiance, 0, 1) ** (1 / 2.2)``, 0 to 1.

    Returns:
        the gain; picture times gain has its white at 1.
    """
    low, high = 1e-8, 1e6
    for _ in range(60):
        gain = float(np.sqrt(low * high))
        mean = float(np.mean(np.clip(radiance * gain, 0.0, 1.0) ** (1.0 / GAMMA)))
        low, high = (low, gain) if mean > brightness else (gain, high)
    return float(np.sqrt(low * high))
