"""Laws of the synthesis: reproducible, non-negative, and clean + layers = glare."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dashcam_pipeline.training.data.pictures import Picture, PictureSource, load_pictures
from dashcam_pipeline.training.synthesis import camera, lens
from dashcam_pipeline.training.synthesis.glare import (
    GlareSynthesizer,
    KernelBank,
    dusk,
    scatter,
    split_layer,
)
from dashcam_pipeline.training.synthesis.kind import REGISTERED
from dashcam_pipeline.training.synthesis.lamps import (
    Lamp,
    _Street,
    find_lamps,
    paint_lamps,
    sample_lamps,
)
from dashcam_pipeline.training.synthesis.polar import REFERENCE_RADIUS, Polar

SHAPE = (96, 160)


@pytest.fixture(scope="module")
def bank():
    return KernelBank(seed=3, count=3, size=320)


@pytest.fixture
def synthesizer(folders, bank):
    sources = [PictureSource.parse(f"{kind}:{folders / kind}") for kind in ("night", "day", "hdr")]
    return GlareSynthesizer(load_pictures(sources), bank)


def lamp(x, y, radius=1.0, radiance=10.0):
    return Lamp(x, y, radius, 1.0, 0.0, (1.0, 0.5, 0.25), radiance)


@pytest.mark.parametrize("kind", lens.KINDS)
def test_every_kind_alone_gives_a_kernel(kind):
    made = [lens.sample_lens(np.random.default_rng(i), 256, 288, (kind,))[0] for i in range(3)]
    for kernel in made:
        assert kernel.shape == (3, 256, 256)
        assert kernel.dtype == np.float32
        assert kernel.min() >= 0
        assert np.isfinite(kernel).all()
        assert kernel[:, 0].max() == 0, "the square must not end in an edge"
    assert not np.array_equal(made[0], made[1])


def test_a_kernel_is_one_at_the_reference_radius():
    kernel = lens.sample_lens(np.random.default_rng(5), 256, 288, ("moffat", "veil"))[0]
    radius = Polar.square(256, 288).radius
    ring = np.abs(radius - REFERENCE_RADIUS) < 1.5 / 288
    assert kernel[:, ring].mean() == pytest.approx(1, rel=0.15)


def test_scatter_is_linear_and_shifts(bank):
    kernel = bank.kernels[0]
    one = scatter([lamp(40, 30)], kernel, *SHAPE)
    two = scatter([lamp(40, 30), lamp(90, 60)], kernel, *SHAPE)
    alone = scatter([lamp(90, 60)], kernel, *SHAPE)
    assert torch.allclose(two, one + alone, rtol=1e-4)
    assert torch.allclose(one[:, 10:60, 20:100], alone[:, 40:90, 70:150], rtol=1e-4)
    bright = scatter([lamp(40, 30, radiance=20)], kernel, *SHAPE)
    assert torch.allclose(bright, 2 * one, rtol=1e-4)


def test_a_lamp_off_the_frame_still_shines_in(bank):
    assert scatter([lamp(-10, 40)], bank.kernels[0], *SHAPE).max() > 0


def test_parts_of_a_layer_add_up():
    layer = torch.full((3, *SHAPE), 0.1)
    layer[:, 40:44, :] += 0.5  # a streak: narrower than the window
    structured, veil = split_layer(layer)
    assert torch.allclose(structured + veil, layer)
    assert structured.min() >= 0 <= veil.min()
    assert veil.max() == pytest.approx(0.1, abs=1e-4)
    assert structured[:, 41].min() == pytest.approx(0.5, abs=1e-4)


def test_samples_keep_the_law_of_the_layers(synthesizer):
    lit = 0
    for seed in range(12):
        s = synthesizer.sample((seed,), SHAPE)
        for tensor in (s.picture, s.glare, s.structured, s.veil, s.lamps):
            assert tensor.shape[1:] == SHAPE
            assert 0 <= float(tensor.min()) <= float(tensor.max()) <= 1
        clean = s.glare.square() - s.structured - s.veil
        assert clean.min() > -1e-5
        lit += bool(s.structured.any())
    assert lit > 4


def test_the_seed_decides(synthesizer):
    a, b, c = (synthesizer.sample(seed, SHAPE).picture for seed in ((1, 2), (1, 2), (1, 3)))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_glare_free_samples_have_no_layer(folders, bank):
    pictures = load_pictures([PictureSource.parse(f"day:{folders / 'day'}")])
    made = GlareSynthesizer(pictures, bank, glare_free=1.0).sample((4,), SHAPE)
    assert not made.structured.any()
    assert not made.veil.any()


def test_crops_are_the_same_window_of_everything(synthesizer):
    s = synthesizer.sample((7,), SHAPE)
    marked = type(s)(*(s.glare[:1].clone() for _ in range(5)))
    cut = marked.crop(np.random.default_rng(0), 32, 64)
    assert cut.picture.shape == (1, 32, 64)
    assert torch.equal(cut.picture, cut.lamps)


def test_lamps_of_a_picture_are_found():
    linear = np.zeros((96, 160, 3), np.float32)
    linear[40:44, 50:54] = 1.0
    linear[:10] = 1.0  # a wall, not a lamp
    (found,) = find_lamps(np.random.default_rng(0), linear)
    assert (found.x, found.y) == pytest.approx((51.5, 41.5))
    assert found.radiance > 1
    assert not found.draw


def test_painted_lamps_are_where_they_say():
    light, cover = paint_lamps([lamp(50, 40, radius=4, radiance=30), lamp(-50, -50)], *SHAPE)
    assert light[0, 40, 50] == pytest.approx(30)
    assert light[1, 40, 50] == pytest.approx(15)
    assert cover.max() == 1
    assert cover[:, 60:].max() == 0


def test_roads_have_lamps():
    counts = [len(sample_lamps(np.random.default_rng(i), 288, 512)) for i in range(50)]
    assert min(counts) >= 1
    assert max(counts) >= 5


@pytest.mark.parametrize("ahead", [20.0, 60.0, 400.0])
def test_light_falls_with_the_square_of_the_distance(ahead):
    street = _Street(288, 512, focal=300.0, x=256.0, y=140.0, eye=1.3)
    bulb = Lamp(0, 0, 0.2, 1.0, 0.0, (1.0, 1.0, 1.0), 50.0)
    for place in (ahead, 2 * ahead):
        street.add((0.0, 5.0, place), bulb)
    near, far = street.lamps
    assert near.flux == pytest.approx(4 * far.flux)
    painted = [paint_lamps([found], 288, 512)[0].sum() for found in (near, far)]
    assert painted[0] == pytest.approx(4 * painted[1], rel=0.5), "under a pixel too"


def test_a_camera_darkens_what_glare_lifts():
    curve = (2.0, 0.0, 0.0)
    dark, bright = torch.full((3, 64, 64), 0.002), torch.full((3, 64, 64), 0.5)
    found = {"dark": set(), "bright": set()}
    for seed in range(40):
        for name, light in (("dark", dark), ("bright", bright)):
            rule = camera.auto_exposure(np.random.default_rng(seed))
            found[name].add(camera.exposure(light, curve, rule))
    assert found["dark"] == {1.0}, "what it lacks in the dark is gain already"
    assert 1.0 in found["bright"], "some cameras don't"
    assert 0 < min(found["bright"]) < 0.4
    assert max(found["bright"]) == 1.0


def test_dirt_lets_a_glass_differ_by_place(folders, bank):
    source = GlareSynthesizer(
        load_pictures([PictureSource.parse(f"night:{folders / 'night'}")]), bank
    )
    lamps = [lamp(40, 30), lamp(120, 60)]
    alike = 0
    for seed in range(20):
        layer, _ = source._scattered(np.random.default_rng(seed), lamps, *SHAPE)
        assert layer.min() >= 0
        assert torch.isfinite(layer).all()
        single = [
            scatter(lamps, view, *SHAPE)
            for kernel in bank.kernels
            for one in (kernel, kernel.flip(2))
            for view in (one, one.transpose(1, 2))
        ]
        alike += any(torch.allclose(layer, whole, rtol=1e-3, atol=1e-3) for whole in single)
    assert 5 <= alike <= 16, "about half of all glasses scatter everywhere alike"


def test_compression_is_lossless_at_best_and_visible_at_worst():
    picture = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    assert (camera.block_compress(picture, 100) - picture).abs().max() < 0.02
    assert (camera.block_compress(picture, 5) - picture).abs().max() > 0.1


def test_a_tone_curve_rises():
    ramp = torch.linspace(0, 1, 256).expand(3, 1, 256)
    for seed in range(20):
        coded = camera.encode(ramp, camera.tone_curve(np.random.default_rng(seed)))
        assert (coded.diff(dim=2) >= -1e-6).all()


@pytest.mark.parametrize("kind", lens.HELD_OUT)
def test_a_held_out_kind_only_occurs_when_it_is_asked_for(kind):
    assert kind not in lens.KINDS
    kernel = lens.sample_lens(np.random.default_rng(3), 256, 288, (kind,))[0]
    assert np.isfinite(kernel).all()
    assert kernel.min() >= 0
    assert kernel.max() > 1


def test_a_corona_has_a_dark_ring_that_grows_with_the_wavelength():
    polar = Polar.square(512, 288)
    red, green, blue = REGISTERED["corona"].make(np.random.default_rng(0), polar)[:, 256, 256:]
    dark = [int(np.flatnonzero(band < 0.1 * band[0])[0]) for band in (red, green, blue)]
    assert dark[0] > dark[1] > dark[2]


def test_at_dusk_the_sky_stays_the_brightest_and_streaks_lie_over_it(bank):
    day = np.full((*SHAPE, 3), 0.1, np.float32)
    day[:40] = 0.8
    lit = [dusk(np.random.default_rng(i), day) for i in range(20)]
    assert all(scene[:40].mean() > 6 * scene[40:].mean() for scene in lit)
    assert max(scene[:40].mean() for scene in lit) > 0.5
    assert min(scene[:40].mean() for scene in lit) < 0.2
    picture = Picture("day", np.rint(255 * day**0.5).astype(np.uint8))
    synthesizer = GlareSynthesizer([picture], bank, glare_free=0)
    samples = [synthesizer.sample((5, i), SHAPE) for i in range(40)]
    over_sky = [s for s in samples if (s.glare[:, :40] - s.structured[:, :40]).mean() > 0.5]
    assert any(s.structured[:, :40].sqrt().mean() > 0.05 for s in over_sky)
