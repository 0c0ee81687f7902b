"""Pictures of a street that moves by, with lines of text burned in."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


def street(
    index: int,
    size: tuple[int, int],
    *,
    text: bool = True,
    moves: bool = True,
    bright: int = 120,
    seed: int = 0,
) -> np.ndarray:
    """Luma, shape (height, width): texture from a world that passes, and two lines of text."""
    width, height = size
    rng = np.random.default_rng(seed)
    rough = rng.integers(0, bright, (height // 4, width)).astype(np.uint8)
    world = cv2.resize(rough, (width * 4, height), interpolation=cv2.INTER_CUBIC)
    world = cv2.GaussianBlur(world, (0, 0), height / 150)
    begin = (index * 37) % (width * 2) if moves else 0
    luma = world[:, begin : begin + width].copy()
    for line, place in lines(index, size) if text else ():
        thin = max(1, round(height / 500))
        for code, thick in ((0, thin + 2), (255, thin)):
            cv2.putText(
                luma, line, place, cv2.FONT_HERSHEY_SIMPLEX, height / 700, code, thick, cv2.LINE_AA
            )
    return luma


def lines(index: int, size: tuple[int, int]) -> list[tuple[str, tuple[int, int]]]:
    """Text and where it begins; date and speed change with every picture."""
    width, height = size
    return [
        (f"2024/01/31 22:15:{index % 60:02} CAM1", (width // 40, height - height // 40)),
        (f"{40 + index} KM/H AB-123", (width // 2, height // 18)),
    ]


def covered(box, size: tuple[int, int], place: tuple[int, int], text: str) -> bool:
    """True if a box holds all of a line."""
    height = size[1]
    thick = max(1, round(height / 500)) + 2
    (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, height / 700, thick)
    return (
        box.x <= place[0]
        and box.y <= place[1] - h
        and box.x + box.width >= place[0] + w - thick
        and box.y + box.height >= place[1]
    )


def write_street(path: Path, size: tuple[int, int], frames: int = 24) -> Path:
    """A clip of it, without loss."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(30))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"qp": "0", "preset": "ultrafast", "g": "4"}
        for index in range(frames):
            luma = street(index, size)
            chroma = np.full((size[1] // 2, size[0]), 128, np.uint8)
            picture = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), "yuv420p")
            picture.pts = index
            picture.time_base = Fraction(1, 30)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path
