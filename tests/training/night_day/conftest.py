"""Tiny nights and days; everything here needs the extra ``train``."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

pytest.importorskip("lightning", reason="needs the extra train")


def day_picture(height=96, width=160, seed=0):
    """White sky over a green and a grey half, uint8 RGB."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 3] = (225, 230, 240)
    picture[height // 3 :] = (60, 110, 50)
    picture[2 * height // 3 :] = (105, 105, 110)
    picture[height // 3 - 12 :, 20:34] = (70, 50, 40)  # a trunk before the sky
    grain = rng.integers(-6, 7, (height, width, 1))
    return np.clip(picture.astype(int) + grain, 0, 255).astype(np.uint8)


def night_picture(height=96, width=160, seed=0):
    """The same, dark, with a white lamp and a red signal."""
    picture = (day_picture(height, width, seed) // 6).astype(np.uint8)
    picture[: height // 3] = (18, 14, 10)
    cv2.circle(picture, (110, 40), 4, (255, 250, 240), -1)
    cv2.circle(picture, (60, 30), 3, (250, 30, 20), -1)
    return picture


def write(folder, pictures):
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / name), picture[..., ::-1])
    return folder


def make_town(folder):
    """``town/night`` and ``town/day``, three pictures each."""
    write(folder / "town" / "night", {f"{i}.png": night_picture(seed=i) for i in range(3)})
    write(folder / "town" / "day", {f"{i}.png": day_picture(seed=i + 9) for i in range(3)})
    return folder / "town"


@pytest.fixture
def town(tmp_path):
    """``town/night`` and ``town/day``, three pictures each."""
    return make_town(tmp_path)


BDD_LABELS = [
    ("a.jpg", "night", "clear"),
    ("b.jpg", "night", "rainy"),
    ("c.jpg", "daytime", "clear"),
    ("d.jpg", "daytime", "foggy"),
    ("e.jpg", "dawn/dusk", "clear"),
    ("f.jpg", "daytime", "rainy"),
    ("gone.jpg", "night", "clear"),  # labelled, but not on the disk
]


def make_bdd100k(images, labels):
    """A copy of BDD100K with one split, as small as it gets."""
    made = {name: day_picture() for name, _, _ in BDD_LABELS if name != "gone.jpg"}
    write(images / "train", made)
    labels.parent.mkdir(parents=True, exist_ok=True)
    entries = [
        {
            "name": name,
            "attributes": {"weather": weather, "scene": "city street", "timeofday": time},
            "timestamp": 10000,
            "labels": [{"category": "car", "box2d": {"x1": 0, "y1": 0, "x2": 9, "y2": 9}}],
        }
        for name, time, weather in BDD_LABELS
    ]
    labels.write_text(json.dumps(entries))
