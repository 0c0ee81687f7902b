"""Tiny pictures to train on; everything here needs the extra ``train``."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from dark_pictures import night

pytest.importorskip("lightning", reason="needs the extra train")


@pytest.fixture
def folders(tmp_path):
    """Folders ``night``, ``day`` and ``hdr`` with two pictures each."""
    rng = np.random.default_rng(1)
    for kind in ("night", "day", "hdr"):
        (tmp_path / kind).mkdir()
    for i in range(2):
        cv2.imwrite(str(tmp_path / "night" / f"{i}.png"), night(seed=i)[..., ::-1])
        day = cv2.resize(rng.integers(40, 255, (6, 10, 3)).astype(np.uint8), (160, 96))
        cv2.imwrite(str(tmp_path / "day" / f"{i}.JPG"), day)
        panorama = rng.random((32, 64, 3)).astype(np.float32)
        panorama[10, 20] = 500
        cv2.imwrite(str(tmp_path / "hdr" / f"{i}.hdr"), panorama)
    return tmp_path
