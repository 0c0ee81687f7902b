"""Lines of the scene: what of their rise is kept."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.training.evaluation.glare.lines import LinesKept, lines_kept


@pytest.fixture
def road():
    """Dark, with a lane mark below the horizon, (H, W, 3) in [0, 1]."""
    picture = np.full((180, 320, 3), 0.1, np.float32)
    picture[120:124, 40:280] = 0.5
    return picture


def test_haze_over_a_line_is_no_part_of_its_rise(road):
    assert lines_kept(road, road) == pytest.approx(1)
    hazy = np.sqrt(np.square(road) + 0.05)
    assert lines_kept(road, hazy) == pytest.approx(1, abs=0.01)


def test_a_line_that_was_dimmed_keeps_less(road):
    dim = road.copy()
    dim[120:124] = np.sqrt(0.8 * 0.25 + 0.2 * 0.01)
    assert lines_kept(dim, road) == pytest.approx(0.8, abs=0.02)


def test_lamps_text_and_the_sky_are_no_lines(road):
    empty = np.full_like(road, 0.1)
    lamp, text, wire = empty.copy(), empty.copy(), empty.copy()
    lamp[120:124, 40:280] = 0.95
    text[172:176, 40:280] = 0.5
    wire[30:34, 40:280] = 0.5
    for picture in (empty, lamp, text, wire):
        assert np.isnan(lines_kept(picture, picture))
    assert np.isnan(lines_kept(road, road, np.ones((180, 320), bool)))


def test_the_median_and_the_worst_of_those_that_have_lines():
    kept = LinesKept.of([0.9, float("nan"), 1.0, 0.98])
    assert (kept.median, kept.least, kept.pictures) == (0.98, 0.9, 3)
    assert LinesKept.of([float("nan")]).pictures == 0
