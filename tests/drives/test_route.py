from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.dashcam.telemetry.model import Fix
from dashcam_pipeline.drives.route import apart, plausible, route_of

METRE = 1 / 111_195
"""Degrees of latitude."""


def north(*metres, every=1.0):
    return [Fix(37 + m * METRE, 127.0, n * every) for n, m in enumerate(metres)]


def test_a_degree_of_latitude_is_111_km():
    assert apart(Fix(0, 0), Fix(1, 0)) == pytest.approx(111_195, rel=1e-4)
    assert apart(Fix(0, 179.5), Fix(0, -179.5)) == pytest.approx(111_195, rel=1e-4)


def test_a_route_is_as_long_as_its_way():
    assert route_of(north(*range(0, 1000, 14))).metres == pytest.approx(994, abs=15)
    square = [(0, 0), (0, 100), (100, 100), (100, 0), (0, 0)]
    fixes = [Fix(a * METRE, b * METRE, 10.0 * n) for n, (a, b) in enumerate(square)]
    assert route_of(fixes).metres == pytest.approx(400, rel=0.01)


def test_a_car_that_stands_goes_nowhere():
    fixes = [
        Fix(37 + 4 * METRE * math.sin(n), 127 + 4 * METRE * math.cos(2 * n), float(n))
        for n in range(3600)
    ]
    assert route_of(fixes).metres < 50


def test_a_place_that_nobody_can_have_come_to_is_left_out():
    assert route_of(north(0, 20, 90_000, 40, 60)).metres == pytest.approx(60, rel=0.01)
    assert len(plausible(north(0, 20, 90_000, 40))) == 3


def test_a_receiver_that_was_wrong_at_first_is_believed_later():
    fixes = north(500_000, 0, 20, 40)
    assert route_of(fixes).metres == pytest.approx(20, rel=0.01)
    assert route_of(fixes).first.latitude < 38


def test_when_it_began_is_what_most_positions_say():
    begin = datetime(2024, 1, 1, 12, tzinfo=UTC)
    late = [0, 0, 0, 1, 0, 300, 0, 0]
    fixes = [
        Fix(37, 127, float(n), time=begin + timedelta(seconds=n + error))
        for n, error in enumerate(late)
    ]
    assert route_of(fixes).utc == begin
    assert route_of([Fix(37, 127, 0.0)]).utc is None
    local = begin.replace(tzinfo=None)
    assert route_of([Fix(37, 127, 0.0, time=local)]).utc is None
    assert route_of([Fix(37, 127, 2.0, time=local)]).local == local - timedelta(seconds=2)


def test_no_positions_make_no_route():
    assert route_of([]) is None


@given(st.lists(st.builds(Fix, st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=30))
def test_a_route_is_no_shorter_than_the_straight_line_of_what_is_plausible(fixes):
    kept = plausible(fixes)
    route = route_of(fixes)
    assert kept
    assert route.metres >= apart(route.first, route.last) - 20
