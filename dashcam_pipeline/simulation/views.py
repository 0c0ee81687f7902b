"""Rendered views on disk: one compressed file each, so that a stopped rendering can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dashcam_pipeline.media.atomic import atomic
from dashcam_pipeline.simulation.pack import Image, from_code, to_code

if TYPE_CHECKING:
    from pathlib import Path

NIGHT_SCALE, DAY_SCALE = 0.25, 2.0**-13
"""Radiances (cd/m2) are stored times this, so that they sit well in the code's range."""


def save_view(file: Path, rgb: Image, mask: Image, *, night: bool = True) -> None:
    """Write a view; it appears only when it is whole.

    Args:
        file: target.
        rgb: (H, W, 3), linear, cd/m2.
        mask: (H, W, 3), 0 to 1.
        night: False for a view by day, tens of thousands of times brighter.
    """
    scale = NIGHT_SCALE if night else DAY_SCALE
    with atomic(file, overwrite=True) as part, part.path.open("wb") as stream:
        np.savez_compressed(
            stream,
            rgb=np.round(to_code(rgb * np.float32(scale)) * 65535).astype(np.uint16),
            mask=np.round(np.clip(mask, 0, 1) * 255).astype(np.uint8),
            scale=scale,
        )


def load_view(file: Path) -> tuple[Image, Image]:
    """Radiance (cd/m2) and mask of a stored view."""
    with np.load(file) as data:
        scale = float(data["scale"]) if "scale" in data else NIGHT_SCALE
        light = from_code(data["rgb"] / np.float32(65535)) / np.float32(scale)
        return light, data["mask"] / np.float32(255)
