"""Small pictures of a night."""

from __future__ import annotations

import cv2
import numpy as np


def night(height=96, width=160, seed=0):
    """Dark noise with two lamps, uint8 RGB."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 40, (height, width, 3)).astype(np.uint8)
    cv2.circle(picture, (width // 3, height // 3), 5, (255, 255, 240), -1)
    cv2.circle(picture, (width // 2, height // 2), 3, (255, 250, 255), -1)
    return picture
