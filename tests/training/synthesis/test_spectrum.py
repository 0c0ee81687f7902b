"""Wavelengths become R, G and B: white stays white, and red lies farther out than blue."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.training.synthesis.spectrum import (
    FEW_WAVELENGTHS,
    FEW_WEIGHTS,
    WAVELENGTHS,
    WEIGHTS,
    integrate,
    rainbow,
)


def test_an_even_spectrum_is_white():
    assert integrate(lambda _: np.ones(5)) == pytest.approx(np.ones((3, 5)))
    assert (WEIGHTS >= 0).all()


def test_long_waves_are_red_and_short_ones_blue():
    red, green, blue = (WAVELENGTHS @ weights for weights in WEIGHTS)
    assert blue < 0.48 < green < 0.56
    assert red > 0.59


def test_there_are_more_wavelengths_than_channels():
    assert len(FEW_WAVELENGTHS) >= 8
    assert len(WAVELENGTHS) >= 8
    assert np.allclose(FEW_WEIGHTS.sum(axis=1), 1)
    assert ((WEIGHTS > 0.01).sum(axis=1) >= 4).all()


def test_the_first_order_is_a_rainbow_blue_inside():
    distance = np.linspace(0, 0.25, 1000)
    light = rainbow(distance, period=0.2, depth=0.9, phase=0.0)
    first = [distance[500:][band[500:].argmax()] for band in light]
    assert first[0] > first[1] > first[2]


def test_far_orders_fade_to_white():
    distance = np.linspace(0, 4, 4000)
    light = rainbow(distance, period=0.1, depth=0.9, phase=0.0)
    near, far = light[:, :200], light[:, -800:]
    assert near.std(axis=1).min() > 3 * far.std(axis=1).max()
    assert light.mean() == pytest.approx(1, abs=0.02)
