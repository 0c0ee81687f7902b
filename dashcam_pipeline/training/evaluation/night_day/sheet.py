"""Before and after, to look at: every picture at full size, and all of them on one sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from dashcam_pipeline.compare import labels
from dashcam_pipeline.training.evaluation.common.sheets import save

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]

TILE: Final = (384, 216)
"""Width and height of a picture on the sheet."""

GAP: Final = 6
CAPTION: Final = 22
PAPER: Final = 24
SIZE: Final = 14
"""Pixels of the captions."""


class Gallery:
    """Writes pictures into a folder: ``NAME.jpg`` for each, ``sheet.jpg`` of all.

    Args:
        folder: made if it isn't there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._strips: list[RGB] = []
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, results: Mapping[str, RGB]) -> None:
        """Write one picture's rows side by side at full size, and keep them for the sheet.

        Args:
            name: of the picture.
            results: by row, (H, W, 3) uint8, all of one size; the source first.
        """
        save(self.folder / f"{name}.jpg", np.concatenate(list(results.values()), axis=1))
        tiles = [_tile(picture) for picture in results.values()]
        strip = np.full((TILE[1] + CAPTION, tiles[0].shape[1] * len(tiles), 3), PAPER, np.uint8)
        strip[CAPTION:] = np.concatenate(tiles, axis=1)
        for number, row in enumerate(results):
            text = name if number == 0 else row
            labels.write(strip, text, (number * tiles[0].shape[1] + GAP, CAPTION - 6), SIZE)
        self._strips.append(strip)

    def close(self) -> None:
        """Write the sheet."""
        if not self._strips:
            return
        height, width = self._strips[0].shape[:2]
        columns = max(1, round(math.sqrt(len(self._strips) * height / width)))
        blank = np.full_like(self._strips[0], PAPER)
        strips = self._strips + [blank] * (-len(self._strips) % columns)
        rows = [
            np.concatenate(strips[start : start + columns], axis=1)
            for start in range(0, len(strips), columns)
        ]
        save(self.folder / "sheet.jpg", np.concatenate(rows))


def _tile(picture: RGB) -> RGB:
    """A picture in its own shape, in the middle of a tile."""
    height, width = picture.shape[:2]
    scale = min(TILE[0] / width, TILE[1] / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    tile = np.full((TILE[1] + GAP, TILE[0] + GAP, 3), PAPER, np.uint8)
    y, x = (TILE[1] - size[1]) // 2, (TILE[0] - size[0]) // 2
    tile[y : y + size[1], x : x + size[0]] = small
    return tile[: TILE[1]]
