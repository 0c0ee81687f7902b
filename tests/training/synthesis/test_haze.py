"""Haze reaches the whole frame."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dashcam_pipeline.training.synthesis.haze import LEVEL, film, haze
from dashcam_pipeline.training.synthesis.lamps import Lamp

SHAPE = (96, 160)


def lamp(x, y, color=(1.0, 0.8, 0.6)):
    return Lamp(x, y, 2.0, 1.0, 0.0, color, 20.0)


def test_a_film_is_wide_and_of_the_promised_strength():
    for seed in range(20):
        light = film(np.random.default_rng(seed), [lamp(40, 30)], *SHAPE).numpy()
        median = np.median(light)
        assert LEVEL[0] * 0.99 <= median <= LEVEL[1] * 1.01
        assert light.min() > 0.1 * median, "no corner is free of it"
        at = np.unravel_index(light[1].argmax(), SHAPE)
        assert np.hypot(at[0] - 30, at[1] - 40) < 12


def test_a_film_has_the_colour_of_its_lamps():
    light = film(np.random.default_rng(0), [lamp(40, 30, (1.0, 0.2, 0.1))], *SHAPE)
    red, green, blue = light.mean((1, 2)).tolist()
    assert red > green > blue


def test_even_haze_lifts_the_dark_and_leaves_white():
    glare = torch.stack([torch.zeros(4, 4), torch.full((4, 4), 0.5), torch.ones(4, 4)])
    hazy = haze(np.random.default_rng(0), glare)
    assert hazy[0].min() > 0.03
    assert hazy[1].min() > 0.5
    assert hazy[2].max() == pytest.approx(1)
