"""Dark roads: a pixel below the horizon is a place on the road, and marks run where they should."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.training.synthesis.motorway import View, _paint, motorway

HEIGHT, WIDTH = 288, 512


@pytest.fixture
def view():
    return View(HEIGHT, WIDTH, focal=300.0, x=250.0, y=140.0, camera=1.3, bend=0.0002)


def at(plane, x, y):
    return plane[int(y), int(x)]


@pytest.mark.parametrize("place", [(0.0, 8.0), (2.0, 15.0), (-3.0, 30.0)])
def test_ground_and_place_are_inverse(view, place):
    aside, ahead = view.ground()
    x, y = view.place(place[0], 0.0, place[1])
    assert at(ahead, x, y) == pytest.approx(place[1], rel=0.06)
    assert at(aside, x, y) == pytest.approx(place[0], abs=0.15)


def test_lines_run_to_the_vanishing_point(view):
    assert view.place(-2, 0, 1e5)[1] == pytest.approx(view.y, abs=0.1)
    straight = View(HEIGHT, WIDTH, 300.0, 250.0, 140.0, 1.3, 0.0)
    for x in (-4, 0, 4):
        assert straight.place(x, 0, 1e5) == pytest.approx((250.0, 140.0), abs=0.1)


def test_marks_lie_where_the_lanes_end_and_nowhere_else(view):
    ground = view.ground()
    cover = _paint(np.random.default_rng(0), view, ground, [-1.8, 1.8], (-1.8, 5.4))
    near, between = view.place(-1.8, 0, 8), view.place(0, 0, 8)
    assert at(cover, *near) > 0.4
    assert at(cover, *between) == 0
    assert 0 <= cover.min() <= cover.max() <= 1
    painted = (np.abs(ground[0] + 1.8) < 0.5) | (np.abs(ground[0] - 1.8) < 0.5)
    painted |= np.abs(ground[0] - 5.4) < 0.5
    far = ground[1] > 40
    assert cover[~painted & ~far].max() == 0


def test_a_dark_road_is_lit_below_the_horizon_alone():
    lit, lamps = 0, []
    for seed in range(20):
        scene, found = motorway(np.random.default_rng(seed), HEIGHT, WIDTH)
        assert scene.shape == (HEIGHT, WIDTH, 3)
        assert scene.dtype == np.float32
        assert np.isfinite(scene).all()
        assert scene.min() >= 0
        lit += scene[200:].mean() > 3 * scene[:90].mean()
        lamps += found
    assert lit > 12
    assert 10 < len(lamps) < 120, "few lamps, and not none"
    assert all(lamp.draw for lamp in lamps)
