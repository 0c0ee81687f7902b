"""Dirt differs by place, smoothly, and takes nothing from the whole."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.training.synthesis import dirt

SHAPE = (96, 160)
SEEDS = range(20)


def rng(seed):
    return np.random.default_rng(seed)


def test_dirt_is_positive_and_one_on_average():
    spans = []
    for seed in SEEDS:
        found = dirt.dirt(rng(seed), *SHAPE)
        assert found.shape == SHAPE
        assert found.min() > 0
        assert found.mean() == pytest.approx(1, abs=1e-3)
        spans.append(found.max() / found.min())
    assert np.median(spans) > 1.5, "some places are clearly dirtier"


def test_kinds_of_dirt_share_every_place_and_each_has_its_own():
    for seed in SEEDS:
        maps = dirt.shares(rng(seed), 3, *SHAPE)
        assert np.allclose(sum(maps), 1, atol=1e-4)
        assert min(m.min() for m in maps) >= 0
        assert max(m.max() - m.min() for m in maps) > 0.2


def test_glass_only_takes_light_away():
    for seed in SEEDS:
        clear = dirt.transmission(rng(seed), *SHAPE)
        assert 0.5 < clear.min() <= clear.max() <= 1


@pytest.mark.parametrize("draw", [dirt.dirt, dirt.transmission])
def test_maps_are_smooth(draw):
    for seed in SEEDS:
        found = np.log(draw(rng(seed), *SHAPE))
        steps = max(abs(np.diff(found, axis=axis)).max() for axis in (0, 1))
        assert steps < 0.6, "the aperture blurs all edges"
