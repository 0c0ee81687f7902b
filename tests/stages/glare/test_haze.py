"""Haze where a network can't see it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dashcam_pipeline.stages.glare.haze import filled_haze

HAZE = 0.03
"""Linear light of a colour."""


def street(before_wall=0.3, wide=70):
    """A dark street behind an even haze with a lit wall, before which a share of it is found."""
    scene = np.full((3, 128, 224), 0.002, np.float32)
    wall = (slice(None), slice(40, 90), slice(115 - wide // 2, 115 + wide // 2))
    scene[wall] = 0.15
    found = np.full_like(scene, HAZE)
    found[wall] = before_wall * HAZE
    return found, scene + HAZE


@pytest.mark.parametrize(("share", "wanted"), [(0.8, 1.0), (0.5, 1.0), (0.3, 0.6)])
def test_before_a_lit_wall_it_is_what_it_is_beside_it_but_twice_what_is_found_at_most(
    share, wanted
):
    found, linear = street(share)
    filled = filled_haze(found, linear, 1.0)
    assert filled[:, 65, 115] == pytest.approx(wanted * HAZE, rel=0.08)
    assert filled[:, 65, 20] == pytest.approx(HAZE, rel=0.08), "in dark places it is known"


@pytest.mark.parametrize(("share", "times"), [(0.45, 2.0), (0.86, 1.0)])
def test_less_than_half_of_a_places_light_is_not_trusted_and_six_sevenths_of_it_are(share, times):
    found = np.full((3, 128, 224), HAZE, np.float32)
    linear = found / 0.9
    place = (slice(None), slice(50, 80), slice(100, 130))
    found[place] = 0.4 * HAZE
    linear[place] = 0.4 * HAZE / share
    linear[:, :5] = 10 * HAZE  # nor is what is hardly claimed at all
    found[:, :5] = 0.1 * HAZE
    assert filled_haze(found, linear, 1.0)[0, 65, 115] == pytest.approx(
        times * 0.4 * HAZE, rel=0.02
    )


def test_it_is_never_more_than_all_light_of_the_darkest_place_nearby():
    found, linear = street(0.3, wide=20)
    assert filled_haze(found, linear, 1.0)[:, 65, 115] == pytest.approx(0.6 * HAZE, rel=0.01)
    linear[:, :, :105] = linear[:, :, 125:] = 0.4 * HAZE  # so much haze can't be there
    assert filled_haze(found, linear, 1.0)[:, 65, 115].max() < 0.45 * HAZE


def test_glow_that_rises_above_the_haze_around_is_a_seventh_more():
    found, linear = street(1.0)
    glow = np.zeros((128, 224), np.float32)
    cv2.circle(glow, (40, 40), 12, 0.2, -1)
    glow = cv2.GaussianBlur(glow, (0, 0), 4)
    found, linear = found + glow, linear + glow
    filled = filled_haze(found, linear, 1.0)
    assert filled[:, 40, 40] == pytest.approx(1.14 * found[:, 40, 40], rel=0.01)
    assert filled[:, 110, 200] == pytest.approx(found[:, 110, 200], rel=0.08)


def test_the_dirt_says_how_much_of_it_counts():
    found, linear = street(0.5)
    all_of_it, half = (filled_haze(found, linear, dirt) for dirt in (1.0, 0.5))
    assert half == pytest.approx((found + all_of_it) / 2, abs=1e-6)
    assert filled_haze(found, linear, 0.0) == pytest.approx(found, abs=1e-7)


def test_the_colour_of_each_place_stays():
    found, linear = street(0.5)
    tint = np.array([1.0, 0.8, 0.5], np.float32)[:, None, None]
    filled = filled_haze(found * tint, linear * tint, 1.0)
    assert filled == pytest.approx(tint * filled[:1], rel=1e-4)


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.float32, (3, 16, 24), elements=st.floats(0, 1, width=32)),
    arrays(np.float32, (16, 24), elements=st.floats(0, 1, width=32)),
    st.floats(0, 1),
)
def test_nothing_found_is_lost_and_at_most_it_doubles(linear, share, dirt):
    found = share * linear
    filled = filled_haze(found, linear, dirt)
    assert (filled >= found * (1 - 1e-5)).all()
    assert (filled <= 2 * found + 1e-5).all()


def test_where_no_haze_is_found_there_is_none():
    found, linear = street(0.0)
    assert not filled_haze(np.zeros_like(found), linear, 1.0).any()
