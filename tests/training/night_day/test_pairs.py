"""Aligned examples: what is made, and that it is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.simulation.pack import PackScene, save_raw
from dashcam_pipeline.training.night_day.pairs import (
    KINDS,
    PairMaker,
    darken_day,
    find_sky,
    simulated_pairs,
)
from dashcam_pipeline.training.synthesis.glare import KernelBank

from .conftest import day_picture


@pytest.fixture(scope="module")
def bank():
    return KernelBank(seed=0, count=2, size=128, kinds=KINDS)


@pytest.fixture
def pack(tmp_path):
    night = np.full((64, 96, 3), 0.02, np.float32)
    night[20:24, 40:44] = (60, 2, 2)  # a red signal
    mask = np.zeros_like(night)
    mask[20:24, 40:44, 1] = 1
    day = np.full_like(night, 0.3)
    folder = tmp_path / "pack"
    folder.mkdir()
    save_raw(folder / "0.npz", PackScene(night, mask, day, {"kind": "city"}))
    return folder


def test_the_sky_is_found_and_the_trunk_before_it_is_not():
    sky = find_sky(day_picture(180, 320))
    assert sky[:50, 60:].mean() > 0.95
    assert sky[70:].max() < 0.05
    assert sky[52:58, 24:30].mean() < 0.2  # the trunk


def test_a_picture_without_sky_has_none():
    assert find_sky(np.full((96, 160, 3), 60, np.uint8)).max() == 0


def test_a_darkened_day_is_darker_and_its_sky_is_out(bank):
    day = day_picture(96, 160).astype(np.float32) / 255
    sky = find_sky(day_picture(96, 160))
    darker = 0
    for seed in range(8):
        night, lit = darken_day(np.random.default_rng(seed), day, sky, bank)
        assert night.shape == lit.shape == day.shape
        assert night.dtype == lit.dtype == np.float32
        assert 0 <= night.min() <= night.max() <= 1
        assert 0 <= lit.min() <= lit.max() <= 1
        darker += night[:20, 60:].mean() < day[:20, 60:].mean() - 0.3
        assert np.median(np.abs(lit - day)) == 0  # the day stays, but for lamps
    assert darker >= 7


def test_simulated_signals_stay_lit_by_day(pack):
    ((night, day),) = simulated_pairs(pack, seed=3)
    assert night.shape == day.shape == (64, 96, 3)
    assert night.dtype == day.dtype == np.uint8
    red, green, _ = day[21:23, 41:43].reshape(-1, 3).mean(0)
    assert red > green + 60
    assert day[50:, 60:].mean() > 100 > night[50:, 60:].mean()


def test_examples_depend_on_their_seed_alone(pack):
    maker = PairMaker(simulated_pairs(pack, 0), [day_picture()], seed=1)
    kinds = set()
    for seed in range(6):
        first, again = (maker.sample(np.random.default_rng(seed), 32, 64) for _ in range(2))
        np.testing.assert_array_equal(first.night, again.night)
        np.testing.assert_array_equal(first.day, again.day)
        kinds.add(first.simulated)
    assert kinds == {True, False}


def test_a_maker_without_pictures_is_none():
    assert not PairMaker([], [])
