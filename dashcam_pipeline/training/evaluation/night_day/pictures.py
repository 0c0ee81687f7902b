"""The pictures that are kept for evaluation, and sizes to look at them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.data.pictures import SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    RGB = npt.NDArray[np.uint8]


def held_out(folder: Path, last: int | None = None) -> list[Path]:
    """The last pictures of a folder, in the order of their names.

    Args:
        folder: of pictures, searched through all its folders.
        last: how many; all if None.

    Raises:
        InputError: the folder holds fewer.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder", advice="Give a folder of pictures.")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES - {".hdr"})
    wanted = len(files) if last is None else last
    if not files or len(files) < wanted:
        raise InputError(
            f"{folder} holds {len(files)} pictures, {max(wanted, 1)} are wanted",
            advice="Give another folder, or a smaller `last=`.",
        )
    return files[len(files) - wanted :]


def read_rgb(path: Path) -> RGB:
    """One picture, (H, W, 3) uint8 R'G'B'.

    Raises:
        InputError: it can't be decoded.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise InputError(f"{path} can't be read as a picture")
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def luma(picture: RGB) -> npt.NDArray[np.float32]:
    """BT.601 luma of code values, (H, W) float32, 0 to 255."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def to_short_side(picture: RGB, side: int) -> RGB:
    """Resize (H, W, 3) uint8 so that the shorter side has so many pixels, without aliasing."""
    height, width = picture.shape[:2]
    scale = side / min(height, width)
    size = (max(side, round(width * scale)), max(side, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)


def crops(picture: RGB, side: int, grid: tuple[int, int]) -> list[RGB]:
    """Square crops, evenly spaced from edge to edge.

    Args:
        picture: (H, W, 3), no side shorter than ``side``.
        side: of a crop.
        grid: rows and columns of crops.
    """
    height, width = picture.shape[:2]
    tops, lefts = (
        np.linspace(0, room, count).round().astype(int)
        for room, count in zip((height - side, width - side), grid, strict=True)
    )
    return [picture[t : t + side, x : x + side] for t in tops for x in lefts]
