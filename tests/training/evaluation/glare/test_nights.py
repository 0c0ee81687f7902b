from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from dashcam_pipeline.training.evaluation.common.tables import plain
from dashcam_pipeline.training.evaluation.glare.nights import Night, NightScore, measure_nights

from .conftest import Fake, save, street
from .test_signals import RED, night


def test_windows_round_lamps_give_what_the_whole_picture_would():
    rng = np.random.default_rng(4)
    before = rng.integers(10, 120, (120, 160, 3)).astype(np.uint8)
    for x, y, r in ((20, 30, 4), (120, 60, 6), (70, 100, 3)):
        cv2.circle(before, (x, y), r, (255, 255, 255), -1)
    after = (before * rng.uniform(0.5, 1, before.shape[:2])[..., None]).astype(np.uint8)
    score = NightScore.of(before, after)

    old, new = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) / 255 for p in (before, after))
    count, labels = cv2.connectedComponents((old > 0.95).astype(np.uint8), connectivity=8)
    rings, far = [], np.ones(old.shape, bool)
    for label in range(1, count):
        radius = np.sqrt((labels == label).sum() / np.pi)
        away = cv2.distanceTransform((labels != label).astype(np.uint8), cv2.DIST_L2, 5) / radius
        ring = (away > 0.5) & (away < 3)
        rings.append(np.percentile(new[ring], 10) / np.percentile(old[ring], 10) - 1)
        far &= away > 8
    assert count == 4
    assert score.ring == pytest.approx(np.mean(rings), abs=1e-6)
    assert score.far == pytest.approx(np.median(new[far]) / np.median(old[far]) - 1, abs=1e-6)
    assert score.lamps == pytest.approx((new > 0.95).sum() / (old > 0.95).sum())


def test_a_lamp_may_shrink_and_not_vanish():
    before = np.full((120, 160, 3), 30, np.uint8)
    lamps = ((40, 40), (120, 60), (80, 90))
    after = before.copy()
    for x, y in lamps:
        cv2.circle(before, (x, y), 8, (255, 255, 255), -1)
    for x, y in lamps[1:]:
        cv2.circle(after, (x, y), 3, (255, 255, 255), -1)
    score = NightScore.of(before, after)
    assert score.lit == pytest.approx(2 / 3)
    assert score.lamps < 0.2


def test_a_picture_without_lamps_has_no_ring():
    dark = np.full((60, 80, 3), 30, np.uint8)
    black = dark.copy()
    black[:15] = 0
    score = Night(dark).score(black)
    assert np.isnan(score.ring)
    assert np.isnan(score.lit)
    assert np.isnan(score.lamps)
    assert score.crushed == 0.25
    assert score.far == 0
    assert score.signals == ()


def test_the_folder_as_table_data_and_gallery(tmp_path):
    save(tmp_path / "nights" / "a.png", night((100, 80, 8, RED)))
    save(tmp_path / "nights" / "b.png", street())
    files = sorted((tmp_path / "nights").iterdir())
    dims = Fake(lambda p: (p * 0.9).astype(np.uint8))
    report = measure_nights(
        files, {"same": Fake(lambda p: p), "x/dims.onnx": dims}, pictures=tmp_path / "seen"
    )
    same, dim = report.means("same"), report.means("x/dims.onnx")
    assert same["pictures"] == 2
    assert same["signals"] == 1
    assert (same["hue_max"], same["luma_min"], same["ring"], same["lamps"]) == (0, 0, 0, 1)
    assert dim["luma_min"] == pytest.approx(-0.1, abs=0.01)
    assert dim["lamps"] == 0
    text = report.markdown()
    assert "| same | 2 | +0.0% |" in text
    assert "| same | 1 | 0.0 | 0.0 |" in text
    data = json.loads(json.dumps(plain(report.to_dict()), allow_nan=False))
    assert data["same"]["pictures"]["a.png"]["signals"][0]["color"] == "red"
    names = {p.name for p in (tmp_path / "seen").iterdir()}
    assert {"night-dims-a.jpg", "night-same-b.jpg"} < names
    sheet = cv2.imread(str(tmp_path / "seen" / "sheet-nights-dims-1.jpg"))
    assert sheet.shape[1] > 4 * 480
