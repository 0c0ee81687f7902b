"""What leads straight away from a lamp."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dashcam_pipeline.stages.glare.spokes import spokes

HEIGHT, WIDTH = 128, 224
X, Y = 112, 40
GRAIN = 0.002


def night(*lamps, radius=4):
    """Nothing that rises, and the brightest colour of a night with lamps at (x, y)."""
    peak = np.full((HEIGHT, WIDTH), 0.2, np.float32)
    for lamp in lamps:
        cv2.circle(peak, lamp, radius, 1.0, -1)
    return np.zeros((HEIGHT, WIDTH), np.float32), peak


def line(rising, begin, end, light, width=3):
    """Add a line of light from (x, y) to (x, y)."""
    there = np.zeros_like(rising)
    cv2.line(there, begin, end, 1.0, width)
    rising += light * there


def test_a_streak_is_held_along_its_length():
    rising, peak = night((X, Y))
    line(rising, (30, Y), (200, Y), 0.1)
    found = spokes(rising, peak)
    assert found[Y, [40, 80, 100, 125, 150, 190]] == pytest.approx(0.1, abs=0.01)
    assert found[Y + 20 :].max() < 0.01


def test_what_leads_to_no_lamp_is_none():
    rising, peak = night((X, Y))
    line(rising, (20, 100), (200, 100), 0.1)
    line(rising, (160, 60), (160, 120), 0.1)
    assert spokes(rising, peak).max() < 0.01
    assert not spokes(rising, night()[1]).any(), "nor does anything where no lamp is"


def test_a_lane_mark_that_a_streak_crosses_keeps_what_it_has_above_it():
    rising, peak = night((X, Y))
    line(rising, (X, Y), (X, 120), 0.05)
    line(rising, (90, 90), (134, 90), 0.2, width=5)
    found = spokes(rising, peak)
    assert found[90, X] == pytest.approx(0.05, abs=0.012)
    assert found[88:93, 96:104].max() < 0.01
    assert found[110, X] == pytest.approx(0.05, abs=0.012), "and the streak goes on behind it"


def test_a_spoke_grows_no_brighter_outwards():
    rising, peak = night((X, Y))
    for begin, light in ((0, 0.02), (40, 0.2)):
        line(rising, (X + begin, Y), (X + begin + 40, Y), light)
    found = spokes(rising, peak)
    assert found[Y, X + 60] == pytest.approx(0.02, abs=0.005)


@pytest.mark.parametrize(("code", "found"), [(0.94, False), (0.96, True)])
def test_spokes_begin_where_a_lamp_clips(code, found):
    rising, peak = night((X, Y))
    line(rising, (X, Y), (X + 60, Y), 0.1)
    assert (spokes(rising, np.minimum(peak, code))[Y, X + 40] > 0.08) == found


def test_where_a_spoke_ends_it_has_ended():
    rising, peak = night((X, Y))
    line(rising, (X, Y), (X + 40, Y), 0.1)
    line(rising, (X + 60, Y), (X + 90, Y), 0.1)
    assert spokes(rising, peak)[Y, X + 64 : X + 90].max() < 0.01


@pytest.mark.parametrize(("bend", "held"), [(0.0, True), (0.04, True), (0.12, False)])
def test_a_spoke_may_leave_its_ray_by_a_sample_in_twenty(bend, held):
    rising, peak = night((X, Y))
    away = np.arange(5, 95)
    aside = bend * away * np.log(away / 5)
    for x, y in zip(away, aside, strict=True):
        rising[round(Y + y) - 1 : round(Y + y) + 2, X + x] = 0.1
    assert (spokes(rising, peak)[round(Y + aside[-4]), X + away[-4]] > 0.06) == held


def test_a_little_less_light_on_its_way_ends_no_spoke():
    rising, peak = night((X, Y))
    line(rising, (X, Y), (200, Y), 0.05)
    rising[:, 150:153] = 0
    assert spokes(rising, peak)[Y, 180] < 0.05
    rising[:, 150:153] = np.where(rising[:, 149:150] > 0, 0.05 - GRAIN, 0)
    assert spokes(rising, peak)[Y, 180] == pytest.approx(0.05, abs=0.003)


def test_the_spokes_of_the_eight_largest_lamps_are_found():
    places = [(20 + 24 * n, 30) for n in range(8)]
    rising, peak = night(*places)
    cv2.circle(peak, (210, 30), 2, 1.0, -1)
    for x, y in [*places, (210, 30)]:
        line(rising, (x, y), (x, 100), 0.1)
    found = spokes(rising, peak)
    assert found[80, [x for x, _ in places]].min() > 0.05
    assert found[80, 210] < 0.05


def test_spokes_end_at_nine_twentieths_of_the_width():
    rising, peak = night((10, Y))
    line(rising, (10, Y), (220, Y), 0.1)
    found = spokes(rising, peak)[Y]
    reach = int(0.45 * WIDTH)
    assert found[10 + reach - 6] > 0.08
    assert not found[10 + reach + 2 :].any()


@settings(deadline=None, max_examples=30)
@given(arrays(np.float32, (24, 40), elements=st.floats(0, 1, width=32)), st.integers(1, 39))
def test_they_hold_no_more_than_the_brightest_place(rising, x):
    peak = np.zeros((24, 40), np.float32)
    peak[8, x] = 1.0
    found = spokes(rising, peak)
    assert found.shape == rising.shape
    assert (found >= 0).all()
    assert np.isfinite(found).all()
    assert found.max() <= rising.max() + 1e-6


def test_a_picture_that_clips_everywhere_has_none():
    rising, peak = night()
    assert not spokes(rising + 0.5, np.ones_like(peak)).any()
