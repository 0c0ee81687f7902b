"""Where the road begins."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.stages.glare.road import above_road


@pytest.mark.parametrize("height", [36, 100, 256])
def test_above_the_middle_is_no_road_and_below_six_tenths_nothing_else(height):
    rows = above_road(height)
    assert rows.shape == (height, 1)
    assert (rows[: height // 2] == 1).all()
    assert not rows[-int(0.4 * height) :].any()
    assert (np.diff(rows[:, 0]) <= 0).all()
    assert rows[round(0.55 * height), 0] == pytest.approx(0.5, abs=0.3)
