"""Every kind of glare can be had alone, is seeded, and is what its name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dashcam_pipeline.training.data.pictures import Picture
from dashcam_pipeline.training.synthesis import kinds, lens
from dashcam_pipeline.training.synthesis.ghosts import ghosts
from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, KernelBank
from dashcam_pipeline.training.synthesis.lamps import Lamp, sample_off_frame
from dashcam_pipeline.training.synthesis.moon import DIAMETER, halo, sample_moon
from dashcam_pipeline.training.synthesis.reflections import reflect

SHAPE = (96, 160)


def lamp(x, y, radius=2.0):
    return Lamp(x, y, radius, 1.0, 0.0, (1.0, 0.8, 0.6), 20.0)


def street():
    """A dark street with a lamp, as a night background."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 40, (*SHAPE, 3)).astype(np.uint8)
    picture[30:34, 60:64] = 255
    return Picture("night", picture)


def synthesizer(*names):
    kernel, chances = kinds.select(names)
    bank = KernelBank(seed=1, count=2 if kernel else 0, size=320, kinds=kernel)
    return GlareSynthesizer([street()], bank, glare_free=0.0, chances=chances)


def test_all_generators_are_listed():
    assert set(kinds.KERNEL) == set(lens.KINDS)
    assert set(kinds.MEASURED) == set(lens.HELD_OUT)


@pytest.mark.parametrize("kind", kinds.ALL)
def test_a_kind_alone_is_all_there_is(kind):
    source = synthesizer(kind)
    layers = 0.0
    for seed in range(3):
        sample = source.sample((seed,), SHAPE)
        assert set(sample.kinds) == {kind}
        layers += float((sample.structured + sample.veil).sum())
        again = synthesizer(kind).sample((seed,), SHAPE)
        assert torch.equal(sample.picture, again.picture)
    assert (layers > 0) == (kind not in kinds.SCENE)


def test_several_kinds_come_together():
    sample = synthesizer("rings", "ghosts", "moon").sample((1,), SHAPE)
    assert set(sample.kinds) == {"rings", "ghosts", "moon"}


def test_what_is_switched_off_stays_off():
    bank = KernelBank(seed=1, count=1, size=320)
    beside = dict.fromkeys((*kinds.BESIDE, *kinds.SCENE), 0.0)
    off = kinds.Chances(**beside | {"off_frame": 0.0})
    source = GlareSynthesizer([street()], bank, chances=off)
    for seed in range(20):
        assert set(source.sample((seed,), SHAPE).kinds) <= set(kinds.KERNEL)


def test_the_default_mixture_has_all_but_what_is_measured():
    bank = KernelBank(seed=1, count=12, size=64)
    source = GlareSynthesizer([street()], bank)
    seen = {k for seed in range(60) for k in source.sample((seed,), (32, 64)).kinds}
    assert {"ghosts", "haze", "moffat", "veil", "streaks", "clutter"} <= seen
    assert not seen & set(kinds.MEASURED)


def test_moons_are_as_frequent_as_they_are_said_to_be():
    source = GlareSynthesizer([street()], KernelBank(count=0))
    rng = np.random.default_rng(0)
    drawn = [source._more_lamps(rng, "day", *SHAPE) for _ in range(2000)]
    share = np.mean([any(lamp.halo for lamp in lamps) for lamps in drawn])
    assert share == pytest.approx(kinds.Chances().moon, abs=0.015)
    sure = GlareSynthesizer([], KernelBank(count=0), chances=kinds.Chances(moon=1))
    assert any(m.halo for m in sure._more_lamps(rng, "simulated", *SHAPE))


def test_the_moon_is_half_a_degree_wide_and_cool():
    for seed in range(20):
        moon = sample_moon(np.random.default_rng(seed), 1080, 1920)
        assert 50 <= DIAMETER / (2 * moon.radius / 1920) <= 140
        assert moon.halo
        assert moon.draw
        assert moon.y < 0.4 * 1080
    red, _, blue = np.mean(
        [sample_moon(np.random.default_rng(s), 96, 160).color for s in range(50)], 0
    )
    assert blue > red


def test_a_halo_falls_off_evenly_round_the_moon():
    moon = Lamp(80, 40, 0.8, 1.0, 0.0, (1.0, 1.0, 1.0), 10.0, halo=True)
    light = halo(np.random.default_rng(2), moon, *SHAPE)
    assert light.shape == (3, *SHAPE)
    assert np.unravel_index(light[1].argmax(), SHAPE) == (40, 80)
    row = light[1, 40, 80:]
    assert (np.diff(row) < 0).all()
    assert light[1, 40, 70] == pytest.approx(light[1, 30, 80], rel=1e-4)
    double = Lamp(80, 40, 0.8, 1.0, 0.0, (1.0, 1.0, 1.0), 20.0, halo=True)
    assert np.allclose(halo(np.random.default_rng(2), double, *SHAPE), 2 * light, rtol=1e-4)


def test_ghosts_lie_on_the_line_through_the_centre():
    height, width = 200, 200
    light = ghosts(np.random.default_rng(4), [lamp(180, 100)], height, width).sum(0).numpy()
    y, _ = np.nonzero(light > 0.2 * light.max())
    assert abs(y - 100).max() < 30
    assert light.max() > 0


def test_lamps_off_the_frame_are_off_it_and_shine_in():
    for seed in range(60):
        found = sample_off_frame(np.random.default_rng(seed), *SHAPE)
        outside_x = found.x + found.radius < 0 or found.x - found.radius > SHAPE[1]
        assert outside_x or found.y + found.radius < 0
        assert found.flux > 0


def test_reflections_lie_below_the_lamp_and_stay():
    light = reflect(np.random.default_rng(0), [lamp(60, 20)], *SHAPE)
    assert light[:, :40].max() == 0
    _, x = np.nonzero(light[0] > 0.5 * light[0].max())
    assert abs(x - 60).max() < 12
    wet = synthesizer("reflections").sample((5,), SHAPE)
    assert not wet.structured.any()
    dry = synthesizer("moffat")
    dry.bank = KernelBank(count=0)
    assert wet.glare.sum() > dry.sample((5,), SHAPE).glare.sum()
