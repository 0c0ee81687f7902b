"""Contact sheets: many pictures side by side, small, each with its name and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from dashcam_pipeline.compare.labels import shorten, write
from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]

TEXT: Final = 15
"""Pixels of the captions' text."""

_GAP: Final = 4
_BACKGROUND: Final = 32


@dataclass(frozen=True, slots=True)
class Tile:
    """A small picture and the line below it."""

    picture: RGB
    caption: str

    @classmethod
    def of(cls, picture: RGB, caption: str, width: int) -> Tile:
        """Shrink a picture (H, W, 3) uint8 to a width; small ones stay as they are."""
        h, w = picture.shape[:2]
        if w > width:
            size = (width, max(round(h * width / w), 1))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        return cls(picture, caption)

    def drawn(self, width: int, height: int) -> RGB:
        """The picture in the middle of (width, height), its caption below."""
        canvas = np.full((height + TEXT + 2 * _GAP, width, 3), _BACKGROUND, np.uint8)
        h, w = self.picture.shape[:2]
        canvas[height - h : height, (width - w) // 2 : (width - w) // 2 + w] = self.picture
        strip = np.zeros((TEXT + 2 * _GAP, width, 3), np.uint8)
        line = shorten(self.caption, TEXT, width - 2 * _GAP)
        write(strip, line, (_GAP, TEXT + _GAP // 2), TEXT)
        canvas[height:] = np.maximum(canvas[height:], strip)
        return canvas


def contact_sheet(title: str, rows: Sequence[Sequence[Tile]]) -> RGB:
    """Rows of tiles under a title, (H, W, 3) uint8."""
    width = max(tile.picture.shape[1] for row in rows for tile in row)
    gap = np.full((1, _GAP, 3), _BACKGROUND, np.uint8)
    lines = []
    for row in rows:
        height = max(tile.picture.shape[0] for tile in row)
        cells = [tile.drawn(width, height) for tile in row]
        between = gap.repeat(cells[0].shape[0], 0)
        line = np.concatenate([part for cell in cells for part in (cell, between)][:-1], axis=1)
        lines.append(line)
    across = max(line.shape[1] for line in lines)
    head = np.full((2 * TEXT + _GAP, across, 3), _BACKGROUND, np.uint8)
    text = np.zeros_like(head)
    write(text, shorten(title, TEXT + 3, across - 2 * _GAP), (_GAP, 2 * TEXT - _GAP), TEXT + 3)
    padded = [
        np.pad(x, ((0, 0), (0, across - x.shape[1]), (0, 0)), constant_values=_BACKGROUND)
        for x in lines
    ]
    return np.concatenate([np.maximum(head, text), *padded])


def save(path: Path, picture: RGB) -> None:
    """Write a picture (H, W, 3) uint8; folders are made, and are ours.

    Raises:
        OutputError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        made, data = cv2.imencode(path.suffix, np.ascontiguousarray(picture[..., ::-1]))
    except cv2.error as error:
        raise OutputError(f"{path} has the ending of no picture.") from error
    if not made:
        raise OutputError(f"{path} can't be made of a picture of {picture.shape}.")
    write_whole(path, data.tobytes(), overwrite=True)
