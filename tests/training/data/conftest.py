"""Tiny copies of the sets' true layouts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


def save(path, picture):
    """Write an RGB picture, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1]))
    return path


def street(seed=0, height=48, width=64):
    """A dark picture full of edges, uint8 RGB, with a lamp."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 60, (height // 4, width // 4, 3)).astype(np.uint8)
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_NEAREST)
    cv2.circle(picture, (width // 3, height // 3), 3, (255, 255, 255), -1)
    return picture


def hazy(picture, level=0.2):
    """The picture with even glare over it, in linear light."""
    light = np.square(picture / 255) + level
    return np.round(np.sqrt(np.minimum(light, 1)) * 255).astype(np.uint8)


def flare(side=96, *, lamp_only=False):
    """A layer of light on black: a lamp, and round it a glow."""
    y, x = np.mgrid[0:side, 0:side] - side / 2
    radius = np.hypot(x, y)
    light = np.clip(4 - radius, 0, 1) if lamp_only else 1 / (1 + (radius / 4) ** 2)
    return np.repeat(np.round(np.sqrt(light) * 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def pairs_folder(tmp_path):
    """``input/`` and ``target/``, of different picture types."""
    for i, suffix in enumerate((".png", ".JPG", ".webp")):
        clean = street(i)
        save(tmp_path / "pairs" / "input" / f"{i}.png", hazy(clean))
        save(tmp_path / "pairs" / "target" / f"{i}{suffix}", clean)
    return tmp_path / "pairs"


@pytest.fixture
def dacon_folder(tmp_path):
    """Two pairs and a test picture with their lists."""
    root = tmp_path / "dacon"
    for i in (10000, 10001):
        clean = street(i, 122, 163)
        save(root / "train_input_img" / f"train_input_{i}.png", hazy(clean))
        save(root / "train_label_img" / f"train_label_{i}.png", clean)
    save(root / "test_input_img" / "test_input_20000.png", street(3))
    (root / "train.csv").write_text(
        "img_id,input_img,label_img\n"
        "10001,train_input_10001.png,train_label_10001.png\n"
        "10000,train_input_10000.png,train_label_10000.png\n"
    )
    (root / "test.csv").write_text(
        "img_id,input_img,submission_name\n20000,test_input_20000.png,test_20000.png\n"
    )
    return root


@pytest.fixture
def flare7k_folder(tmp_path):
    """Flare7K++: drawn and taken flares, ghosts, and the real test set."""
    root = tmp_path / "Flare7Kpp"
    for i in range(2):
        for folder in ("Flare7K/Scattering_Flare", "Flare-R"):
            save(root / folder / "Compound_Flare" / f"{i:06}.png", flare())
            save(root / folder / "Light_Source" / f"{i:06}.png", flare(lamp_only=True))
        ghost = np.zeros((96, 96, 3), np.uint8)
        cv2.circle(ghost, (70, 70), 6, (0, 90, 0), -1)
        save(root / "Flare7K" / "Reflective_Flare" / f"{i:06}.png", ghost)
        clean = street(i)
        mask = np.zeros((48, 64, 3), np.uint8)
        mask[:20] = (255, 255, 0)
        mask[20:30] = (255, 0, 0)
        mask[:5, :5] = (0, 0, 255)
        for side, picture in (("input", hazy(clean)), ("gt", clean), ("mask", mask)):
            save(root / "test_data" / "real" / side / f"{side}_{i:06}.png", picture)
    return root
