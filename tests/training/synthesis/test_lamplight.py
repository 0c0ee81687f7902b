"""What lamps light up around them."""

import numpy as np
import pytest

from dashcam_pipeline.training.synthesis.lamplight import BRIGHTEST, lamplight
from dashcam_pipeline.training.synthesis.lamps import Lamp


def lamp(x, y, color=(1.0, 1.0, 1.0), radiance=50.0):
    return Lamp(x=x, y=y, radius=2, aspect=1, angle=0, color=color, radiance=radiance)


def lit(scene, lamps, seed=0):
    return lamplight(np.random.default_rng(seed), scene, lamps)


@pytest.mark.parametrize("seed", range(5))
def test_light_falls_with_the_distance_from_a_lamp(seed):
    found = lit(np.full((96, 160, 3), 0.01, np.float32), [lamp(80, 48)], seed)[48, 82::8, 0]
    assert (np.diff(found) < 0).all()
    assert found[0] > 0.015


def test_what_is_black_stays_black_beside_a_lamp():
    scene = np.full((96, 160, 3), 0.05, np.float32)
    scene[:, 90:95] = 0
    assert (lit(scene, [lamp(80, 48)])[:, 90:95] == 0).all()


def test_a_surface_takes_the_colour_of_the_lamp():
    found = lit(np.full((96, 160, 3), 0.01, np.float32), [lamp(80, 48, (1.0, 0.5, 0.0))])[48, 80]
    assert found[0] > found[1] > found[2] == pytest.approx(0.01)


@pytest.mark.parametrize("seed", range(5))
def test_a_surface_is_never_as_bright_as_a_lamp_and_lamps_stay(seed):
    scene = np.full((96, 160, 3), 0.5, np.float32)
    scene[10:14, 10:14] = 20
    found = lit(scene, [lamp(80, 48)], seed)
    assert found[48, 80].max() <= BRIGHTEST
    assert (found[10:14, 10:14] == 20).all()
