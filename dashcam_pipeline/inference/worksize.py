"""The size a network sees a frame in: one area for all, the frame's own aspect."""

from __future__ import annotations

import math

AREA = 288 * 512
"""Pixels of the default work size; glare is smooth and needs no more."""


def work_size(height: int, width: int, *, area: int = AREA, multiple: int = 32) -> tuple[int, int]:
    """Choose a work size.

    Args:
        height, width: of the frame.
        area: pixels wanted, about.
        multiple: both sides are multiples of it.

    Returns:
        (height, width), each at least ``multiple``, as near as the multiples allow to the frame's
        aspect and to the area; never larger than the frame rounded up.
    """
    scale = min(math.sqrt(area / (height * width)), 1.0)

    def snap(side: float) -> int:
        return max(round(side / multiple), 1) * multiple

    return snap(height * scale), snap(width * scale)
