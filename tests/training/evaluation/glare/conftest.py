"""Pictures with lamps and glare, and stand-ins for a pipeline."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


class Fake:
    """Stands in for a pipeline: ``change`` makes a picture (H, W, 3) uint8 of another."""

    def __init__(self, change):
        self.change = change

    def process_rgb(self, pictures):
        return np.stack([self.change(p) for p in pictures])


def save(path, picture):
    """Write an RGB picture, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]))


def street(seed=0, height=96, width=128):
    """A dark textured picture with a white lamp, uint8 RGB."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(20, 90, (height // 4, width // 4, 3)).astype(np.uint8)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.circle(picture, (width // 3, height // 3), 5, (255, 255, 255), -1)
    return picture


def with_glare(clear, level=60):
    """A bright band over the middle third of a picture."""
    hazy = clear.astype(int)
    third = clear.shape[0] // 3
    hazy[third : 2 * third] += level
    return np.clip(hazy, 0, 255).astype(np.uint8)


@pytest.fixture
def pairs(tmp_path):
    """``flare/`` and ``clear/``: three pairs of two scenes, the last one darkest."""
    folder = tmp_path / "pairs"
    clears = [street(0), street(0), street(1) // 2]
    for name, clear in zip("abc", clears, strict=True):
        save(folder / "clear" / f"{name}.png", clear)
        save(folder / "flare" / f"{name}.png", with_glare(clear))
    return folder
