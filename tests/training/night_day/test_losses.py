"""Losses say what they are named for."""

from __future__ import annotations

import colorsys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.training.night_day import losses


def colour(r, g, b, height=32, width=32):
    return torch.tensor([r, g, b]).view(1, 3, 1, 1).expand(1, 3, height, width).contiguous()


def features(seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = ((16, 64), (24, 32), (40, 16), (112, 8), (320, 4))
    return [torch.randn(2, c, s, s, generator=generator) for c, s in sizes]


def test_structure_ignores_a_common_change_of_features_and_sees_a_moved_one():
    source = features(0)
    assert float(losses.structure(source, source)) == 0
    scaled = [3 * f + 1 for f in source]
    assert float(losses.structure(source, scaled)) < 1e-5
    moved = [f.roll(2, dims=3) for f in source]
    assert float(losses.structure(source, moved)) > 0.1


def test_edges_may_turn_over_but_not_vanish():
    picture = torch.full((1, 3, 32, 32), 0.3)
    picture[..., 16:] = 0.7
    flat = torch.full_like(picture, 0.5)
    assert float(losses.lost_edges(picture, picture)) == 0
    assert float(losses.lost_edges(picture, 1 - picture)) == pytest.approx(0, abs=1e-4)
    assert float(losses.lost_edges(picture, flat)) > 0.2


def test_noise_is_no_edge():
    noise = 0.3 + 0.01 * torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert float(losses.lost_edges(noise, torch.full_like(noise, 0.3))) < 1e-3


@pytest.mark.parametrize(
    ("rgb", "signal"),
    [
        ((0.95, 0.1, 0.08), True),  # red
        ((0.1, 0.9, 0.55), True),  # LED green
        ((0.95, 0.6, 0.1), False),  # sodium street lamp
        ((0.3, 0.05, 0.05), False),  # a dark red car
        ((1.0, 0.95, 0.9), False),  # headlight
        ((0.1, 0.2, 0.9), False),  # a blue sign
    ],
)
def test_what_is_a_lit_signal(rgb, signal):
    mask = losses.signal_mask(colour(*rgb))
    assert float(mask.min()) > 0.9 if signal else float(mask.max()) < 0.1


def test_a_signal_that_turns_or_pales_costs():
    red = colour(0.95, 0.1, 0.08)
    assert float(losses.signal_hue(red, red)) == pytest.approx(0, abs=1e-4)
    orange, pale = colour(0.95, 0.55, 0.08), colour(0.95, 0.8, 0.8)
    assert float(losses.signal_hue(red, orange)) > 0.05
    assert float(losses.signal_hue(red, pale)) > 0.1
    grey = colour(0.5, 0.5, 0.5)
    assert float(losses.signal_hue(grey, orange)) == 0


@given(hue=st.floats(0, 1), level=st.floats(0.01, 1))
def test_masks_are_finite_and_bounded(hue, level):
    mask = losses.signal_mask(colour(*colorsys.hsv_to_rgb(hue, 1.0, level), 2, 2))
    assert 0 <= float(mask.min()) <= float(mask.max()) <= 1


def test_lamps_must_stay_lit():
    lamp, dim = colour(1.0, 0.98, 0.9), colour(0.3, 0.3, 0.3)
    assert float(losses.put_out(lamp, lamp)) == 0
    assert float(losses.put_out(lamp, dim)) > 0.2
    assert float(losses.put_out(dim, dim * 0)) == 0


def test_multiscale_l1_counts_a_wide_error_more_than_grain():
    wanted = torch.zeros(1, 3, 32, 32)
    wide = torch.full_like(wanted, 0.1)
    grain = wide.clone()
    grain[..., ::2] *= -1
    assert float(losses.multiscale_l1(wide, wanted)) == pytest.approx(0.15)
    assert float(losses.multiscale_l1(grain, wanted)) == pytest.approx(0.05)


def test_feature_l1_is_relative():
    source = features(1)
    assert float(losses.feature_l1(source, source)) == 0
    doubled = [2 * f for f in source]
    assert float(losses.feature_l1(doubled, source)) == pytest.approx(1, abs=0.01)
