from __future__ import annotations

import json

import numpy as np
import pytest

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.training.data.pictures import PictureSource
from dashcam_pipeline.training.evaluation.common.tables import NOTHING, plain
from dashcam_pipeline.training.evaluation.glare.held_out import (
    EXACT,
    check_kinds,
    draw_pairs,
    measure_held_out,
)
from dashcam_pipeline.training.synthesis.lens import HELD_OUT, KINDS

from .conftest import Fake, save, street


@pytest.fixture
def nights(tmp_path):
    save(tmp_path / "nights" / "a.png", street(height=192, width=320))
    return [PictureSource("night", tmp_path / "nights")]


def test_kinds_that_training_uses_are_not_held_out():
    assert check_kinds(()) == tuple(HELD_OUT)
    assert not set(HELD_OUT) & set(KINDS)
    assert check_kinds(("rings",)) == ("rings",)
    with pytest.raises(UsageError, match="'fog' is no kind of glare"):
        check_kinds(("fog",))


def test_pairs_repeat_themselves_and_have_glare(nights):
    first, again = (list(draw_pairs(["rings"], nights, count=2, seed=3)) for _ in range(2))
    assert [p.kind for p in first] == ["rings", "rings"]
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a.picture, b.picture)
        assert a.picture.shape == (288, 512, 3)
        assert (a.picture / 255 - a.clear).mean() > 0, "glare only adds light"
    assert not np.array_equal(first[0].picture, first[1].picture)


def test_no_row_beats_the_exact_layer_and_a_good_one_beats_nothing(nights, tmp_path):
    pairs = list(draw_pairs(["rings", "corona"], nights, count=1, seed=0))
    answers = {p.picture.tobytes(): p for p in pairs}

    def half(picture):
        pair = answers[picture.tobytes()]
        return np.round((picture + pair.exact * 255) / 2).astype(np.uint8)

    report = measure_held_out(iter(pairs), {"half": Fake(half)}, pictures=tmp_path / "seen")
    for kind in ("rings", "corona"):
        rows = report.rows(kind)
        assert list(rows) == [NOTHING, "half", EXACT]
        assert rows[NOTHING]["gain_whole"] == 0
        assert 0 < rows["half"]["gain_glare"] < rows[EXACT]["gain_glare"]
        assert (tmp_path / "seen" / f"sheet-held-out-{kind}.jpg").is_file()
    assert "| corona | half | 1 |" in report.markdown()
    json.dumps(plain(report.to_dict()), allow_nan=False)
