"""The numbers that decide what is an event are held here, as what they do."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix, Telemetry
from dashcam_pipeline.drives.happenings import happenings


def felt(*strokes, rate=10.0, seconds=20.0, gravity=(0.0, 0.0, 1.0), axis=(1.0, 0.0, 0.0)):
    """A sensor at rest but for strokes of (from, seconds long, g along an axis)."""
    found = []
    for number in range(round(seconds * rate)):
        time = number / rate
        g = sum(v for begin, length, v in strokes if begin - 1e-9 <= time < begin + length - 1e-9)
        x, y, z = (a + g * b for a, b in zip(gravity, axis, strict=True))
        found.append(Acceleration(x, y, z, time))
    return tuple(found)


def driven(*speeds, every=1.0):
    """Positions with speeds in km/h, one a second."""
    return tuple(
        Fix(37.5, 127.0, number * every, speed=speed / 3.6) for number, speed in enumerate(speeds)
    )


def found(accelerations=(), fixes=()):
    return [one.kind for one in happenings(Telemetry(accelerations=accelerations, fixes=fixes))]


def test_braking_of_0_4_g_for_0_3_s_is_felt_and_less_is_not():
    assert found(felt((5, 0.3, -0.41))) == ["force"]
    assert found(felt((5, 0.2, -0.41))) == []
    assert found(felt((5, 3, -0.39))) == []


def test_the_spike_of_a_pothole_is_none():
    assert found(felt((5, 0.1, 3.0))) == []
    assert found(felt((5, 0.2, 2.0), axis=(0.7, 0, 0.7))) == []
    assert found(felt((5, 0.05, 3.0), rate=200)) == []


def test_up_and_down_is_the_road_and_not_the_brakes():
    assert found(felt((5, 2, 0.8), axis=(0, 0, 1))) == []
    assert found(felt((5, 2, 0.8), axis=(0, 1, 0), gravity=(0, 0.98, 0.2))) == []


def test_shaking_to_and_fro_is_no_force():
    strokes = [(5 + n / 10, 0.1, 0.8 * (-1) ** n) for n in range(20)]
    assert found(felt(*strokes)) == []


@pytest.mark.parametrize("rate", [5, 8, 10, 25, 100, 200])
def test_whatever_the_sensors_rate(rate):
    assert found(felt((5, 1.0, -0.6), rate=rate)) == ["force"]


def test_a_sensor_of_one_reading_a_second_needs_two_of_them():
    assert found(felt((5, 1, -0.6), rate=1)) == []
    assert found(felt((5, 2, -0.6), rate=1)) == ["force"]


@settings(deadline=None)
@given(st.tuples(*[st.floats(-1, 1)] * 3), st.tuples(*[st.floats(-1, 1)] * 3))
def test_however_the_camera_is_mounted(down, other):
    down, other = np.array(down), np.array(other)
    across = np.cross(down, other)
    if np.linalg.norm(down) < 0.1 or np.linalg.norm(across) < 0.01:
        return
    down, across = down / np.linalg.norm(down), across / np.linalg.norm(across)
    assert found(felt((5, 1, 0.5), gravity=tuple(down), axis=tuple(across))) == ["force"]
    assert found(felt((5, 1, 0.35), gravity=tuple(down), axis=tuple(across))) == []


def test_a_sensor_that_leaves_gravity_out_is_read_too():
    assert found(felt((5, 1, 0.5), gravity=(0.02, 0, -0.01))) == ["force"]


def test_the_speed_tells_braking_from_turning():
    speeds = [50.0] * 6 + [40.0, 28.0, 20.0] + [20.0] * 11
    assert found(felt((5, 2, -0.5)), driven(*speeds)) == ["braking"]
    assert found(felt((5, 2, -0.5)), driven(*[50.0] * 20)) == ["force"]


def test_what_was_felt_says_how_strong_when_and_where():
    speeds = [50.0] * 6 + [38.0, 25.0] + [25.0] * 12
    (one,) = happenings(
        Telemetry(accelerations=felt((5, 1, -0.5), (5.5, 0.3, -0.2)), fixes=driven(*speeds))
    )
    assert (one.at, one.until) == (pytest.approx(5), pytest.approx(6))
    assert 5.5 <= one.peak <= 5.8
    assert one.g == pytest.approx(0.56)
    assert (one.before, one.after) == (pytest.approx(50 / 3.6), pytest.approx(25 / 3.6))
    assert (one.latitude, one.longitude) == (37.5, 127.0)


def test_two_strokes_within_ten_seconds_are_one_event():
    assert len(found(felt((3, 1, -0.5), (10, 1, -0.5)))) == 1
    assert len(found(felt((3, 1, -0.5), (15, 1, -0.5)))) == 2


def test_a_speed_that_falls_by_28_km_h_in_two_seconds_is_a_jump():
    assert found(fixes=driven(60, 60, 60, 45, 31, 31, 31)) == ["speed"]
    assert found(fixes=driven(60, 60, 60, 47, 34, 34, 34)) == []
    assert found(fixes=driven(0, 0, 0, 15, 29, 29, 29)) == ["speed"]


def test_a_wrong_speed_alone_is_none():
    assert found(fixes=driven(50, 50, 50, 0, 50, 50, 50)) == []
    assert found(fixes=driven(50, 50, 50, 120, 50, 50, 50)) == []
    assert found(fixes=driven(50, 50, 50, 50, 0)) == []


def test_a_car_that_ran_into_something_is_one():
    assert found(fixes=driven(50, 50, 50, 50, 3, 0, 0, 0)) == ["speed"]


def test_a_speed_that_is_another_after_a_tunnel_is_none():
    fixes = (*driven(80, 80, 80), *(Fix(37.5, 127, 30.0 + n, speed=10.0) for n in range(4)))
    assert found(fixes=fixes) == []


def test_what_was_felt_and_seen_is_one_event():
    speeds = [60.0] * 6 + [40.0, 20.0, 0.0] + [0.0] * 11
    assert found(felt((5, 3, -0.6)), driven(*speeds)) == ["braking"]


def test_a_quiet_drive_and_one_without_sensors_have_none():
    assert found() == []
    assert found(felt()[:1]) == []
    assert found(felt(), driven(*[50 + 5 * math.sin(n / 3) for n in range(60)])) == []


@given(
    st.lists(
        st.builds(Acceleration, *[st.floats(-256, 256)] * 3, st.floats(-10, 1e5) | st.none()),
        max_size=40,
    ),
    st.lists(
        st.builds(
            Fix,
            st.floats(-90, 90),
            st.floats(-180, 180),
            st.floats(-10, 1e5) | st.none(),
            speed=st.floats(0, 500) | st.none(),
        ),
        max_size=40,
    ),
)
def test_no_telemetry_breaks_it(accelerations, fixes):
    for one in happenings(Telemetry(accelerations=tuple(accelerations), fixes=tuple(fixes))):
        assert one.at <= one.until


def test_a_hostile_file_takes_no_more_than_its_rows_do():
    same = tuple(Fix(0, 0, 1.0, speed=float(n % 2 * 50)) for n in range(20_000))
    shaken = felt(*[(12.0 * n, 1, 0.6) for n in range(150)], seconds=2000)
    begin = time.process_time()
    assert len(found(shaken, same)) >= 150
    assert time.process_time() - begin < 5
