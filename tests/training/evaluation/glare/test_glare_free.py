from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.training.evaluation.common.tables import plain
from dashcam_pipeline.training.evaluation.glare.glare_free import GAIN, darkened, measure_glare_free

from .conftest import Fake, save, street


@given(st.floats(*GAIN))
def test_darkening_is_a_gain_in_linear_light(gain):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    dark = darkened(ramp, gain)
    assert np.abs(dark / 255 - np.sqrt(gain) * (ramp / 255)).max() <= 0.5 / 255 + 1e-6


def test_what_stays_counts_100_and_what_moves_a_code_48(tmp_path):
    for i in range(3):
        save(tmp_path / f"{i}.png", np.full((32, 48, 3), 60 + i, np.uint8))
    files = sorted(tmp_path.glob("*.png"))
    report = measure_glare_free(
        files,
        {
            "same": Fake(lambda p: p),
            "code": Fake(lambda p: p - 1),
            "dims days": Fake(lambda p: p if p.mean() < 50 else p - 20),
        },
    )
    assert report.means("same", "as it is")["worst"] == 100
    code = report.means("code", "darkened")
    assert code["pictures"] == 3
    assert code["mean"] == pytest.approx(20 * np.log10(255), abs=0.01)
    assert code["pooled"] == pytest.approx(code["mean"], abs=0.01)
    assert code["below"] == 0
    assert report.means("dims days", "darkened")["mean"] == 100
    days = report.means("dims days", "as it is")
    assert days["below"] == 1
    assert days["worst"] == pytest.approx(20 * np.log10(255 / 20), abs=0.01)
    assert "| same | darkened | 3 | 100.00 | 100.00 | 100.00 | 0% |" in report.markdown()
    data = json.loads(json.dumps(plain(report.to_dict()), allow_nan=False))
    assert data["code"]["pictures"][0]["name"] == "0.png"


def test_gains_come_from_the_seed_and_the_sheet_shows_what_changed(tmp_path):
    for i in range(2):
        save(tmp_path / f"{i}.png", street(i))
    files = sorted(tmp_path.glob("*.png"))
    seen = {0: [], 1: [], 2: []}

    def run(place, seed, **kwargs):
        def keep(picture):
            seen[place].append(picture.copy())
            return picture // 2

        measure_glare_free(files, {"halves": Fake(keep)}, seed=seed, **kwargs)

    run(0, 5)
    run(1, 5, pictures=tmp_path / "out")
    run(2, 6)
    assert all(np.array_equal(a, b) for a, b in zip(seen[0], seen[1], strict=True))
    assert not np.array_equal(seen[0][1], seen[2][1])
    assert (tmp_path / "out" / "sheet-glare-free-halves.jpg").is_file()
