from __future__ import annotations

import cv2
import numpy as np
import pytest
from toys import make_frame

from dashcam_pipeline.engine.cuts import CutDetector, change, is_cut, rank_correlation, thumbnail
from dashcam_pipeline.frames import PixelLayout

HEIGHT, WIDTH = 180, 320


def street(seed: int, *, noise: float = 2.0, frame: int = 0) -> np.ndarray:
    """A dark street: smooth structure, a few lamps, grain of its own in every frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 1, (6, 10)).astype(np.float32)
    luma = 20 + 60 * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) ** 2
    for x, y in rng.integers((10, 10), (WIDTH - 10, HEIGHT - 10), (5, 2)):
        luma += lamp(int(x), int(y), 6)
    return luma + np.random.default_rng((seed, frame)).normal(0, noise, luma.shape)


def lamp(x: int, y: int, radius: float, peak: float = 200) -> np.ndarray:
    yy, xx = np.mgrid[0:HEIGHT, 0:WIDTH]
    return peak * np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * radius**2))


def thumb(luma: np.ndarray) -> np.ndarray:
    return thumbnail(make_frame(luma=np.clip(np.rint(luma), 16, 235)))


@pytest.mark.parametrize("pair", range(12))
def test_two_streets_are_a_cut(pair):
    assert is_cut(thumb(street(2 * pair)), thumb(street(2 * pair + 1)))


@pytest.mark.parametrize("seed", range(6))
def test_grain_is_no_cut(seed):
    assert not is_cut(thumb(street(seed)), thumb(street(seed, frame=1)))
    assert not is_cut(thumb(street(seed, noise=12)), thumb(street(seed, noise=12, frame=1)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("gain", [0.4, 0.7, 1.5, 2.5])
def test_flicker_and_exposure_are_no_cut(seed, gain):
    scene = street(seed)
    assert not is_cut(thumb(scene), thumb(scene * gain))
    assert not is_cut(thumb(scene), thumb(scene + 25))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("radius", [4, 8, 20])
def test_headlights_that_appear_or_go_are_no_cut(seed, radius):
    scene = street(seed)
    bright = scene + lamp(150, 90, radius, 220) + lamp(180, 92, radius, 220)
    assert not is_cut(thumb(scene), thumb(bright))
    assert not is_cut(thumb(bright), thumb(scene))


@pytest.mark.parametrize("seed", range(6))
def test_motion_of_a_fiftieth_of_the_width_in_one_frame_is_no_cut(seed):
    scene = street(seed)
    assert not is_cut(thumb(scene[:, :-6]), thumb(scene[:, 6:]))


def test_black_is_like_black_and_unlike_a_street():
    rng = np.random.default_rng(0)
    black, other = (thumb(16 + rng.normal(0, 1, (HEIGHT, WIDTH))) for _ in range(2))
    assert not is_cut(black, other)
    assert is_cut(black, thumb(street(1)))


def test_flat_frames():
    grey, light = thumb(np.full((HEIGHT, WIDTH), 60)), thumb(np.full((HEIGHT, WIDTH), 200))
    assert rank_correlation(grey, light) == 1
    assert change(grey, light) == 0
    assert rank_correlation(grey, thumb(street(0))) == 0


def test_ranks_agree_with_spearman_on_untied_values():
    rng = np.random.default_rng(3)
    a, b = (rng.permutation(576).reshape(18, 32).astype(np.float32) for _ in range(2))
    difference = a.astype(np.float64) - b
    spearman = 1 - 6 * (difference**2).sum() / (576 * (576**2 - 1))
    assert rank_correlation(a, b) == pytest.approx(spearman, abs=1e-12)
    assert rank_correlation(a, a) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)


@pytest.mark.parametrize("bits", [8, 10, 16])
@pytest.mark.parametrize("size", [(1920, 1080), (320, 180), (31, 17), (2, 2), (180, 320)])
def test_thumbnails_of_any_size_and_depth_are_in_8_bit_codes(size, bits):
    frame = make_frame(size=size, layout=PixelLayout(bits), level=100 << (bits - 8))
    small = thumbnail(frame)
    assert small.shape == (18, 32)
    np.testing.assert_allclose(small, 100, atol=0.01)


def test_the_detector_compares_with_the_last_frame_and_forgets_on_reset():
    detector = CutDetector()
    lumas = [street(0), street(0, frame=1), street(1), street(1, frame=1)]
    frames = [make_frame(i, luma=np.clip(np.rint(luma), 16, 235)) for i, luma in enumerate(lumas)]
    assert [detector.opens_scene(f) for f in frames] == [False, False, True, False]
    detector.reset()
    assert not detector.opens_scene(frames[0])
