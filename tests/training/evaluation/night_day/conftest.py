"""Streets by day and by night, drawn, and weights whose answer is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from weights import write_brightener

pytest.importorskip("timm", reason="needs the extra train")

from dashcam_pipeline.training.evaluation.night_day import kernel_distance


def street(seed=0, height=180, width=320, level=90):
    """A bright road, houses with windows, and a sky, uint8 RGB."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), level, np.uint8)
    picture[: height // 3] = (level + 90, level + 100, level + 120)
    for x in range(0, width, 40):
        tall = int(rng.integers(20, 60))
        color = rng.integers(level - 50, level + 50, 3).tolist()
        cv2.rectangle(picture, (x, height // 3 + 20 - tall), (x + 34, height * 2 // 3), color, -1)
        cv2.rectangle(
            picture, (x + 8, height // 2), (x + 18, height // 2 + 10), (240, 240, 230), -1
        )
    cv2.line(picture, (width // 2, height * 2 // 3), (width // 3, height), (250, 250, 250), 4)
    noise = rng.normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def darkened(picture, by=0.25):
    return np.rint(picture * by).astype(np.uint8)


@pytest.fixture
def few_crops(monkeypatch):
    """Two crops a picture, which is enough here and four times as fast."""
    monkeypatch.setattr(kernel_distance, "GRID", (1, 2))


@pytest.fixture
def weights(tmp_path):
    """Weights of the stage night-to-day that answer with the root of the picture."""
    return write_brightener(tmp_path / "weights", "root")
