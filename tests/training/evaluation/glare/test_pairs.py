from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from dashcam_pipeline.training.evaluation.common.tables import plain
from dashcam_pipeline.training.evaluation.glare.pair_folder import Pair, PairFolder
from dashcam_pipeline.training.evaluation.glare.pairs import PairsReport, measure_pairs
from dashcam_pipeline.training.evaluation.glare.perceptual import PerceptualDistance

from .conftest import Fake, street, with_glare


def half_way(clear):
    """Takes half of the glare of ``with_glare`` away."""
    return lambda picture: np.round((picture.astype(int) + clear) / 2).astype(np.uint8)


@pytest.fixture
def one():
    return Pair("a.png", "s", with_glare(street()), street())


def test_doing_nothing_comes_first_and_the_better_row_wins(one):
    report = measure_pairs(
        [one],
        {
            "perfect": Fake(lambda _p: one.clear),
            "half": Fake(half_way(one.clear)),
            "spoils": Fake(lambda p: np.clip(p.astype(int) + 30, 0, 255).astype(np.uint8)),
        },
    )
    nothing, perfect, half, spoils = report.rows()
    assert nothing.name == "doing nothing"
    assert perfect.whole == 100
    assert half.glare == pytest.approx(nothing.glare + 6.02, abs=0.1)
    assert half.rest == nothing.rest == 100
    assert nothing.ssim_glare < half.ssim_glare < perfect.ssim_glare
    assert half.ssim_rest == pytest.approx(1, abs=0.01)
    assert (nothing.worse, half.worse, spoils.worse) == (0, 0, 1)
    assert np.isnan(half.lpips_lite0)
    assert np.isnan(half.g_psnr)


def test_masks_give_the_psnr_of_glare_and_of_streaks(one):
    mask = np.zeros_like(one.clear)
    mask[40:50] = (255, 255, 0)  # in the glare
    mask[:10] = (255, 0, 0)  # where there is none
    pair = Pair(one.name, one.scene, one.flare, one.clear, mask)
    (nothing,) = measure_pairs([pair], {}).rows()
    changed = (one.flare[40:50].astype(float) - one.clear[40:50]) / 255
    assert nothing.g_psnr == pytest.approx(-10 * np.log10(np.mean(changed**2)), abs=0.01)
    assert nothing.s_psnr == 100


def test_highlights_count_where_both_sides_have_them(one):
    def dim_lamp(picture):
        picture = picture.copy()
        picture[:, : picture.shape[1] // 3] = np.minimum(picture[:, : picture.shape[1] // 3], 200)
        return picture

    nothing, dims = measure_pairs([one], {"dims": Fake(dim_lamp)}).rows()
    assert nothing.highlights == 1
    assert dims.highlights == pytest.approx(0.55, abs=0.08)  # half a lamp


def test_scenes_and_the_darkest_third(pairs):
    report = measure_pairs(PairFolder.open(pairs), {"same": Fake(lambda p: p)})
    assert {scene: len(found) for scene, found in report.scenes().items()} == {"a": 2, "c": 1}
    assert [r.name for r in report.dark()] == ["c.png"]
    text = report.markdown()
    assert "3 pairs of 2 scenes" in text
    assert "Darkest third (1 pairs" in text
    assert "| c | 1 |" in text
    assert "G-PSNR" not in text


def test_everything_measured_is_data(one):
    report = measure_pairs([one], {"same": Fake(lambda p: p)}, distance=PerceptualDistance())
    data = json.loads(json.dumps(plain(report.to_dict()), allow_nan=False))
    nothing, same = data["rows"]
    assert nothing["lpips_lite0"] > 0
    assert {**nothing, "name": "same"} == same
    assert data["pictures"][0]["scores"]["same"]["g_psnr"] is None
    assert data["scenes"]["s"][0]["count"] == 1


def test_pictures_and_a_sheet_with_the_worst_first(pairs, tmp_path):
    spoil = Fake(lambda p: np.full_like(p, 255) if p.mean() < 50 else p)  # only the dark one
    report = measure_pairs(
        PairFolder.open(pairs), {"models/mine.onnx": spoil}, pictures=tmp_path / "seen"
    )
    assert isinstance(report, PairsReport)
    side = cv2.imread(str(tmp_path / "seen" / "pair-a.png"))
    assert side.shape == (96, 3 * 128, 3)
    sheet = cv2.imread(str(tmp_path / "seen" / "sheet-pairs-mine.jpg"))
    rows = np.split(sheet[-3 * (96 + 23) :], 3)
    white = [float((row[:96, -128:] > 250).mean()) for row in rows]
    assert white[0] > 0.95
    assert max(white[1:]) < 0.2
