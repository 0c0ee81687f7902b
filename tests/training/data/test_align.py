"""A shift between two photographs is undone, and none is invented."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.training.data.align import align

from .conftest import hazy, street


def scene(seed, height=160, width=240):
    """A large picture, smooth enough to be moved by parts of a pixel."""
    return cv2.GaussianBlur(street(seed, height, width), (0, 0), 1.5)


def difference(a, b):
    """Mean difference in code values."""
    return np.abs(a.astype(int) - b.astype(int)).mean()


@settings(max_examples=12, deadline=None)
@given(st.integers(-4, 4), st.integers(-4, 4), st.integers(0, 9))
def test_a_shift_is_undone(dx, dy, seed):
    whole = scene(seed)
    first = hazy(whole[10:-10, 10:-10])
    second = whole[10 - dy : 150 - dy, 10 - dx : 230 - dx]
    a, b = align(first, second)
    assert a.shape == b.shape
    if (dx, dy) == (0, 0):
        assert a is first
        assert b is second
    else:
        assert difference(a, hazy(b)) < 0.4 * difference(first, hazy(second))


def test_strangers_are_left_alone():
    first, second = scene(1), scene(2)
    assert align(first, second) == (pytest.approx(first), pytest.approx(second))


def test_glare_alone_moves_nothing():
    clean = scene(3)
    glare = np.zeros(clean.shape, np.float32)
    cv2.circle(glare, (90, 50), 20, (200, 180, 150), -1)
    glare = cv2.GaussianBlur(glare, (0, 0), 25)
    lit = np.minimum(clean + glare, 255).astype(np.uint8)
    assert align(lit, clean)[1] is clean


def test_flat_pictures_are_left_alone():
    flat = np.full((60, 80, 3), 30, np.uint8)
    assert align(flat, flat.copy())[0] is flat
