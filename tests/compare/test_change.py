from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.compare.canvas import Canvas, Size
from dashcam_pipeline.compare.change import (
    Scale,
    change_of,
    choose_scale,
    colors,
    heat_map,
    legend_bar,
    light_change_of,
    strongest,
)
from dashcam_pipeline.compare.legend import legend
from dashcam_pipeline.frames import Color

SIZE = Size(320, 180)


def glow(x, y, amount, size=SIZE):
    values = np.zeros((size.height, size.width), np.float32)
    values[y - 10 : y + 10, x - 10 : x + 10] = amount
    return values


@pytest.mark.parametrize("full", [True, False])
def test_from_white_to_black_is_255_whatever_the_range(full):
    color = Color("bt709", full_range=full)
    change = change_of(Canvas.blank(SIZE, color, 1.0), Canvas.blank(SIZE, color, 0.0))
    np.testing.assert_allclose(change, 255, atol=0.01)


@pytest.mark.parametrize(("amount", "limit"), [(1, 2), (3, 4), (17, 32), (200, 255), (255, 255)])
def test_the_scale_reaches_the_strongest_change(amount, limit):
    assert choose_scale([glow(100, 100, amount), glow(100, 100, 0)]) == Scale(limit)


def test_a_brighter_picture_shows_both_directions():
    assert choose_scale([glow(100, 100, -20)]) == Scale(32, both=True)


@given(st.integers(12, 307), st.integers(12, 167), st.floats(1, 16))
def test_the_strongest_change_lies_in_the_box_and_the_box_in_the_picture(x, y, zoom):
    box = strongest([glow(x, y, 40)], SIZE, zoom)
    assert box.x + box.width <= SIZE.width
    assert box.y + box.height <= SIZE.height
    assert box.x - 8 <= x <= box.x + box.width + 8
    assert box.y - 8 <= y <= box.y + box.height + 8


def test_haze_over_a_dark_dashboard_is_no_strong_change_and_a_lamp_s_glow_is():
    before, after = (np.full((180, 320), level, np.uint8) for level in (20, 20))
    before[120:] = 70  # haze of 50 codes over the whole dashboard
    before[20:50, 200:240], after[20:50, 200:240] = 220, 160
    pictures = [
        Canvas.from_rgb(np.repeat(luma[..., None], 3, 2), Color("bt709", full_range=True))
        for luma in (before, after)
    ]
    by_code = strongest([change_of(*pictures)], SIZE, 4)
    assert by_code.y > 100
    box = strongest([light_change_of(*pictures)], SIZE, 4)
    assert box.x - 8 <= 200
    assert box.x + box.width + 8 >= 240
    assert box.y + box.height < 110


@pytest.mark.parametrize("full", [True, False])
def test_all_light_is_255_whatever_the_range(full):
    color = Color("bt709", full_range=full)
    white, black = (Canvas.blank(SIZE, color, level) for level in (1.0, 0.0))
    np.testing.assert_allclose(light_change_of(white, black), 255, atol=0.01)
    half = light_change_of(Canvas.blank(SIZE, color, 0.5), black)
    np.testing.assert_allclose(half, 64, atol=1)


def test_without_any_change_the_middle_is_shown():
    box = strongest([glow(100, 100, 0)], SIZE, 2)
    assert (box.x, box.y, box.width, box.height) == (80, 44, 160, 90)


def test_the_map_is_colourless_where_nothing_changed_and_bright_where_all_did():
    before = Canvas.blank(SIZE, Color(), 0.4)
    shown = heat_map(before, glow(100, 100, 64), Scale(64)).to_rgb().astype(int)
    still = shown[20, 200]
    assert np.ptp(still) <= 3
    assert shown[100, 100].sum() > 500
    assert shown[100, 100, 0] > shown[100, 100, 2]


def test_what_got_brighter_is_blue():
    warm, cold = colors(np.array([1.0, -1.0], np.float32))
    assert warm[0] > warm[2]
    assert cold[2] > cold[0]


@pytest.mark.parametrize("both", [False, True])
def test_the_bar_of_the_scale_begins_dark_where_nothing_is_taken(both):
    bar = legend_bar(Scale(32, both=both), 101, 4).astype(int).sum(-1)[0]
    assert bar[50 if both else 0] == bar.min()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("view", [Size(160, 90), Size(640, 360), Size(1920, 1080)])
def test_the_scale_fits_the_picture(view, language):
    drawn = legend(Scale(16), view, language)
    assert drawn.shape[0] <= view.height
    assert drawn.shape[1] <= view.width
    assert drawn.shape[0] % 2 == drawn.shape[1] % 2 == 0
    assert drawn.max() > 200
