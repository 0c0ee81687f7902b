"""Streaks run through the lamp; those of a bundle nearly in one direction."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dashcam_pipeline.training.synthesis.polar import Polar
from dashcam_pipeline.training.synthesis.streaks import bundle, streak

SIZE = 512


def circle(light, radius, count=1440):
    """Light along a circle round the source, by angle."""
    angle = np.arange(count) * 2 * math.pi / count
    x = np.round(SIZE // 2 + radius * 288 * np.cos(angle)).astype(int)
    y = np.round(SIZE // 2 + radius * 288 * np.sin(angle)).astype(int)
    return light[..., y, x].reshape(-1, count).mean(0), angle


@pytest.mark.parametrize("seed", range(8))
def test_a_streak_runs_through_the_source_in_its_direction(seed):
    p = Polar.square(SIZE, 288)
    light = streak(np.random.default_rng(seed), p, 0.5)
    assert light.shape == (3, SIZE, SIZE)
    ring, angle = circle(light, 0.08)
    turn = abs(math.remainder(angle[ring.argmax()] - 0.5, math.pi))
    assert turn < 0.45, "bent or hollow, it still leaves the lamp along its direction"


def test_some_streaks_are_clearly_bent():
    p = Polar.square(SIZE, 288)
    turns = []
    for seed in range(30):
        ring, angle = circle(streak(np.random.default_rng(seed), p, 0.5), 0.6)
        turns.append(abs(math.remainder(angle[ring.argmax()] - 0.5, math.pi)))
    assert 2 < sum(turn > 0.12 for turn in turns) < 20


def test_a_bundle_follows_the_wiper():
    near = []
    for seed in range(20):
        p = Polar.square(SIZE, 288, wiper=1.0)
        light = np.asarray(bundle(np.random.default_rng(seed), p))
        ring, angle = circle(light, 0.1)
        along = np.abs(np.remainder(angle - 1.0 + math.pi / 2, math.pi) - math.pi / 2) < 0.5
        near.append(ring[along].sum() / ring.sum())
        assert light.min() >= 0
        assert np.isfinite(light).all()
    assert np.mean(np.array(near) > 0.6) > 0.5, "0.32 of the circle lies there"


def test_a_bundle_is_of_several_lines():
    counts = []
    for seed in range(20):
        light = np.asarray(bundle(np.random.default_rng(seed), Polar.square(SIZE, 288)))
        ring, _ = circle(light, 0.5)
        peaks = (ring > np.roll(ring, 1)) & (ring >= np.roll(ring, -1)) & (ring > 0.2 * ring.max())
        counts.append(peaks.sum())
    assert np.median(counts) >= 4
