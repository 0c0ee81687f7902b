"""Real pairs and Flare7K's layers become samples like those of the synthesis."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from dashcam_pipeline.training.data.flare7k import Flare7K, FlareFiles
from dashcam_pipeline.training.data.pairs import Pair
from dashcam_pipeline.training.data.pictures import Picture
from dashcam_pipeline.training.data.sources import TrainingData
from dashcam_pipeline.training.synthesis.glare import GlareSynthesizer, KernelBank
from dashcam_pipeline.training.synthesis.mixture import WEIGHTS, MixedSynthesizer
from dashcam_pipeline.training.synthesis.photographs import flare_sample

SHAPE = (96, 160)
NIGHT = Picture("night", np.full((*SHAPE, 3), 20, np.uint8))


@pytest.fixture(scope="module")
def bank():
    return KernelBank(seed=3, count=1, size=320)


def pair(level=0.1):
    """A pair with a lamp and even glare, twice the samples' size."""
    clean = np.random.default_rng(0).integers(0, 120, (192, 320, 3)).astype(np.uint8)
    clean[60:90, 100:140] = 255
    light = np.minimum(np.square(clean / 255) + level, 1)
    return Pair("a", np.round(np.sqrt(light) * 255).astype(np.uint8), clean)


@pytest.fixture
def flares(tmp_path):
    """One flare with its lamp: a disc in a wide glow that never quite ends."""
    y, x = np.mgrid[0:300, 0:300] - 150
    radius = np.hypot(x, y)
    files = []
    for name, light in (
        ("flare", np.maximum(radius < 12, 0.05 + 1 / (1 + (radius / 12) ** 2))),
        ("lamp", (radius < 12).astype(float)),
    ):
        coded = np.round(np.minimum(light, 1) ** 0.5 * 255).astype(np.uint8)
        path = tmp_path / f"{name}.png"
        assert cv2.imwrite(str(path), np.repeat(coded[..., None], 3, 2))
        files.append(path)
    return Flare7K((FlareFiles(*files),), (), (files[1],))


def test_a_pair_gives_its_difference_as_the_layer(bank):
    data = TrainingData(pairs=[pair()])
    source = MixedSynthesizer(data, bank, glare_free=0.0)
    for seed in range(4):
        sample = source.sample((seed,), SHAPE)
        assert sample.kinds == ("pair",)
        assert sample.picture.shape == (3, *SHAPE)
        layer = (sample.structured + sample.veil)[1]
        lamps = sample.lamps[0]
        # 0.1 in the pair, and less after the exposure that is drawn for both alike.
        away = layer[lamps == 0]
        assert 0.045 < float(away.median()) <= 0.102
        clean = sample.glare.square() - sample.structured - sample.veil
        assert clean.min() > -1e-5


def test_lamps_are_where_the_target_is_saturated(bank):
    source = MixedSynthesizer(TrainingData(pairs=[pair()]), bank, glare_free=0.0)
    shown = [source.sample((seed,), SHAPE) for seed in range(12)]
    for sample in shown:
        clean = (sample.glare.square() - sample.structured - sample.veil).clamp(min=0).sqrt()
        assert bool((sample.lamps[0] > 0).any()) == bool((clean.amax(0) > 0.9).any())
    assert any(sample.lamps.any() for sample in shown)


def test_a_target_brighter_than_its_input_has_no_layer_there(bank):
    flipped = pair()
    data = TrainingData(pairs=[Pair("b", flipped.target, flipped.input)])
    sample = MixedSynthesizer(data, bank, glare_free=0.0).sample((0,), SHAPE)
    assert not (sample.structured + sample.veil).any()


def test_pairs_also_show_what_has_no_glare(bank):
    source = MixedSynthesizer(TrainingData(pairs=[pair()]), bank, glare_free=1.0)
    sample = source.sample((0,), SHAPE)
    assert sample.kinds == ()
    assert not (sample.structured + sample.veil).any()


def test_a_flare_is_light_that_is_added(flares):
    scene = np.full((*SHAPE, 3), 0.02, np.float32)
    found = set()
    for seed in range(8):
        sample = flare_sample(np.random.default_rng(seed), flares, scene)
        clean = (sample.glare.square() - sample.structured - sample.veil).clamp(min=0).sqrt()
        assert (sample.glare >= clean - 1e-5).all()
        assert (sample.structured + sample.veil).max() > 0.05
        found.add(sample.kinds)
        # Far from the flare its own black was taken off: the darkest pixel is the scene's.
        gamma = 0.02 ** (1 / 2.0)
        assert float(clean.min()) == pytest.approx(gamma, abs=0.03)
    assert found == {("flare",), ("flare", "ghosts")}


def test_the_lamp_of_a_flare_stays(flares):
    scene = np.full((*SHAPE, 3), 0.02, np.float32)
    lit = 0
    for seed in range(8):
        sample = flare_sample(np.random.default_rng(seed), flares, scene)
        clean = (sample.glare.square() - sample.structured - sample.veil).clamp(min=0).sqrt()
        inside = sample.lamps[0] > 0.99
        lit += bool(inside.any())
        assert (clean.amax(0)[inside] > 0.95).all()
    assert lit > 2


def test_backgrounds_alone_are_plain_synthesis(bank):
    mixed = MixedSynthesizer(TrainingData(pictures=[NIGHT]), bank)
    plain = GlareSynthesizer([NIGHT], bank)
    for seed in range(3):
        assert torch.equal(mixed.sample((seed,)).picture, plain.sample((seed,)).picture)


def test_everything_takes_its_turn_and_the_seed_decides(bank, flares):
    data = TrainingData(pictures=[NIGHT], pairs=[pair()], flares=[flares])
    source = MixedSynthesizer(data, bank, glare_free=0.0)
    shown = [source.sample((seed,), (32, 64)) for seed in range(120)]
    ways = [
        ("pairs" if "pair" in s.kinds else "flares" if "flare" in s.kinds else "") for s in shown
    ]
    for way in ("pairs", "flares"):
        assert ways.count(way) / len(ways) == pytest.approx(WEIGHTS[way], abs=0.12)
    again = MixedSynthesizer(data, bank, glare_free=0.0)
    assert torch.equal(again.sample((5,), SHAPE).picture, source.sample((5,), SHAPE).picture)
