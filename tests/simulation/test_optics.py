from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.simulation.optics import (
    Glare,
    Sensor,
    develop,
    draw_optics,
    expose,
    make_kernel,
    tone,
)

SENSOR = Sensor(gain=1.0, shot=1e-3, read=1e-3, vignette=0.3, black=0.002, seed=4)


def optics(seed=1, **changes):
    return replace(draw_optics(np.random.default_rng(seed)), **changes)


def one_lamp(x=30, y=20, size=(48, 80), light=1000.0):
    picture = np.zeros((*size, 3), np.float32)
    picture[y, x] = light
    return picture


def test_a_kernel_scatters_the_share_it_says():
    o = optics()
    kernel = make_kernel(o, 60, 100)
    assert kernel.shape == (119, 199, 3)
    assert kernel.min() >= 0
    share = o.bloom + o.veil + o.streaks + o.star
    np.testing.assert_allclose(kernel.sum((0, 1)), share, rtol=1e-3)


def test_a_lamp_shows_the_kernel_around_itself():
    o = optics(ghosts=())
    glare = Glare(o, 48, 80)(one_lamp())
    kernel = make_kernel(o, 48, 80)
    wanted = 1000 * kernel[47 - 20 : 95 - 20, 79 - 30 : 159 - 30]
    np.testing.assert_allclose(glare, wanted, rtol=2e-3, atol=1e-3)


def test_glare_never_takes_light_away_and_adds_up():
    lens = Glare(optics(3, ghosts=()), 48, 80)
    a, b = one_lamp(10, 10), one_lamp(60, 40, light=300.0)
    assert lens(a).min() >= 0
    np.testing.assert_allclose(lens(a + b), lens(a) + lens(b), rtol=1e-2, atol=1e-3)


def test_streaks_lie_along_their_angle():
    o = optics(bloom=1e-9, veil=1e-9, star=1e-9, ghosts=(), streak_angle=60, streak_spread=0.5)
    kernel = make_kernel(o, 90, 160)[..., 1]
    y, x = np.mgrid[-89:90, -159:160]
    weight = kernel / kernel.sum()
    spread = np.array(
        [[(weight * x * x).sum(), (weight * x * y).sum()], [0, (weight * y * y).sum()]]
    )
    spread[1, 0] = spread[0, 1]
    vector = np.linalg.eigh(spread)[1][:, 1]
    assert abs(np.degrees(np.arctan2(vector[1], vector[0])) % 180 - 60) < 8


def test_a_star_has_rays_and_fades_out_before_its_field_ends():
    o = optics(bloom=1e-9, veil=1e-9, streaks=1e-9, ghosts=())
    kernel = make_kernel(o, 180, 320)[..., 1]
    y, x = np.mgrid[-179:180, -319:320]
    r = np.hypot(x, y)
    middle, around, rim = kernel[r < 2], kernel[(r > 8) & (r < 60)], kernel[(r > 80) & (r < 95)]
    assert middle.max() < 0.05 * around.max(), "the core is the lamp itself"
    assert around.max() > 8 * np.median(around), "rays"
    assert rim.max() < 0.005 * around.max(), "an edge would be seen around a bright lamp"


def test_a_ghost_lies_opposite_the_centre():
    o = optics(bloom=1e-9, veil=1e-9, star=1e-9, streaks=1e-9, ghosts=((-1.0, 0.01, 0.01),))
    glare = Glare(o, 48, 80)(one_lamp(20, 10))
    y, x = np.unravel_index(glare.sum(-1).argmax(), (48, 80))
    assert (x, y) == (79 - 20, 47 - 10)


def test_a_picture_of_another_size_is_refused():
    with pytest.raises(ValueError, match="made for"):
        Glare(optics(), 48, 80)(one_lamp(size=(40, 80)))


@given(st.floats(0.05, 0.8), st.floats(1e-3, 1e3))
def test_exposure_meets_the_brightness_at_any_scale(wanted, scale):
    rng = np.random.default_rng(2)
    picture = (rng.lognormal(0, 2, (20, 30, 3)) * scale).astype(np.float32)
    gain = expose(picture, wanted)
    got = np.mean(np.clip(picture * gain, 0, 1) ** (1 / 2.2))
    assert got == pytest.approx(wanted, abs=1e-3)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=20))
def test_more_light_is_never_darker(values):
    grey = np.repeat(np.array(sorted(values), np.float32)[:, None], 3, axis=1)
    codes = tone(grey)
    assert np.all(np.diff(codes, axis=0) >= -1e-6)  # of float32
    assert codes.max() <= 1 + 1e-6


def test_a_bright_signal_keeps_its_colour():
    red, green, blue = tone(np.array([120.0, 1000.0, 600.0], np.float32))
    assert green > 0.99
    assert red < 0.75
    assert red < blue < green


def test_colours_that_fit_are_not_changed():
    colour = np.array([0.1, 0.5, 0.3], np.float32)
    np.testing.assert_allclose(tone(colour), colour ** (1 / 2.2), rtol=1e-5)


def test_a_frame_is_filmed_the_same_twice_and_the_next_one_has_other_noise():
    picture = np.full((40, 60, 3), 0.2, np.float32)
    assert np.array_equal(develop(picture, SENSOR, 5), develop(picture, SENSOR, 5))
    assert not np.array_equal(develop(picture, SENSOR, 5), develop(picture, SENSOR, 6))


def test_with_and_without_glare_share_their_noise():
    dark = np.full((40, 60, 3), 0.05, np.float32)
    a, b = (develop(p, SENSOR, 0).astype(float) for p in (dark, dark + 0.05))
    assert np.corrcoef((a - a.mean()).ravel(), (b - b.mean()).ravel())[0, 1] > 0.9
    assert b.mean() > a.mean() + 10


def test_corners_are_darker():
    picture = develop(np.full((90, 160, 3), 0.3, np.float32), SENSOR, 0)
    assert picture[40:50, 70:90].mean() > picture[:10, :10].mean() + 10
