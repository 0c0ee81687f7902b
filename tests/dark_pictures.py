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


def write_folders(folder):
    """Folders ``night``, ``day`` and ``hdr`` with two pictures each; the folder they are in."""
    rng = np.random.default_rng(1)
    for kind in ("night", "day", "hdr"):
        (folder / kind).mkdir()
    for i in range(2):
        cv2.imwrite(str(folder / "night" / f"{i}.png"), night(seed=i)[..., ::-1])
        day = cv2.resize(rng.integers(40, 255, (6, 10, 3)).astype(np.uint8), (160, 96))
        cv2.imwrite(str(folder / "day" / f"{i}.JPG"), day)
        panorama = rng.random((32, 64, 3)).astype(np.float32)
        panorama[10, 20] = 500
        cv2.imwrite(str(folder / "hdr" / f"{i}.hdr"), panorama)
    return folder
