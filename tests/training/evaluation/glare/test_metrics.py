from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.training.evaluation.glare.metrics import (
    decibels,
    mean_within,
    psnr,
    ssim_map,
    weighted_psnr,
)


def pictures(seed, noise=0.1):
    rng = np.random.default_rng(seed)
    a = rng.random((24, 32, 3), np.float32)
    return a, np.clip(a + rng.normal(0, noise, a.shape), 0, 1).astype(np.float32)


@given(st.integers(0, 2**16))
def test_ssim_is_one_for_equals_symmetric_and_never_above_one(seed):
    a, b = pictures(seed)
    assert np.allclose(ssim_map(a, a), 1, atol=1e-5)
    assert np.allclose(ssim_map(a, b), ssim_map(b, a), atol=1e-5)
    assert ssim_map(a, b).max() <= 1 + 1e-5


def test_ssim_is_the_papers_formula():
    a, b = pictures(3)
    y, x = 12, 15
    line = np.exp(-np.square(np.arange(-5, 6)) / (2 * 1.5**2))
    window = np.outer(line, line)
    window /= window.sum()
    expected = []
    for channel in range(3):
        p, q = (z[y - 5 : y + 6, x - 5 : x + 6, channel].astype(float) for z in (a, b))
        mp, mq = (window * p).sum(), (window * q).sum()
        vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
        cov = (window * (p - mp) * (q - mq)).sum()
        expected.append(
            (2 * mp * mq + 1e-4) * (2 * cov + 9e-4) / ((mp**2 + mq**2 + 1e-4) * (vp + vq + 9e-4))
        )
    assert ssim_map(a, b)[y, x] == pytest.approx(np.mean(expected), abs=1e-4)


def test_ssim_falls_with_blur_more_than_with_a_shift_of_level():
    a, _ = pictures(0)
    a = cv2.GaussianBlur(a, (0, 0), 1)
    blurred = cv2.GaussianBlur(a, (0, 0), 3)
    brighter = a + np.sqrt(np.mean((blurred - a) ** 2))
    assert psnr(a, brighter) == pytest.approx(psnr(a, blurred), abs=0.1)
    assert ssim_map(a, brighter).mean() > ssim_map(a, blurred).mean() + 0.1


@given(st.integers(0, 2**16), st.floats(0.05, 0.95))
def test_a_hard_mask_weighs_like_choosing_its_pixels(seed, share):
    a, b = pictures(seed)
    mask = np.random.default_rng(seed).random(a.shape[:2]) < share
    if mask.any():
        soft = weighted_psnr(a, b, mask.astype(np.float32))
        assert soft == pytest.approx(psnr(a, b, mask), abs=1e-3)


def test_where_there_is_nothing_there_is_no_number():
    a, b = pictures(0)
    none = np.zeros(a.shape[:2], np.float32)
    assert np.isnan(weighted_psnr(a, b, none))
    assert np.isnan(mean_within(none, none > 0))


def test_decibels_have_an_end():
    assert decibels(0) == 100
    assert decibels(0.01) == pytest.approx(20)
