"""By how much a small picture's translation is followed: the gains, as numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dashcam_pipeline.frames import Color, Frame, PixelLayout
from dashcam_pipeline.stages.daylight.guided import Translation, fit, render, without_noise

MATRIX = "bt709"
DEEP, FULL = PixelLayout(16, (0, 0)), Color(MATRIX, full_range=True)
"""So fine that rounding plays no part."""


def even(value, size=(24, 32)):
    return np.full((3, *size), value, np.float32)


def chequered(size=(24, 32)):
    """1 and -1 in turn: in every window of seven the mean is about 0 and the variance 1."""
    rows, columns = np.indices(size)
    return np.where((rows + columns) % 2, 1.0, -1.0).astype(np.float32)


def inner(gain):
    """Away from the border, where windows are mirrored."""
    return gain[7:-7, 7:-7]


@pytest.mark.parametrize(
    ("before", "after", "gain"),
    [(0.2, 0.3, 1.5), (0.2, 0.4, 2.0), (0.2, 0.8, 1.0), (0.1, 0.8, 0.5), (0.4, 0.2, 0.5),
     (0.4, 0.0, 0.0)],
)  # fmt: skip
def test_where_nothing_is_to_be_seen_detail_follows_the_light_up_to_twice(before, after, gain):
    """Beyond, the answer is invented: four times the light takes over the detail as it is."""
    made = fit(even(before), even(after), MATRIX)
    assert made.luma_gain == pytest.approx(np.full((24, 32), gain), abs=1e-3)
    assert made.chroma_gain == pytest.approx(np.zeros((24, 32)), abs=1e-3)


@pytest.mark.parametrize(("before", "after", "gain"), [(0.0, 0.02, 1.0), (0.01, 0.02, 1.0)])
def test_black_counts_as_a_fiftieth(before, after, gain):
    made = fit(even(before), even(after), MATRIX)
    assert made.luma_gain == pytest.approx(np.full((24, 32), gain), abs=1e-3)


@pytest.mark.parametrize(
    ("contrast", "own_share"), [(0.0025, 1 / 17), (0.01, 0.5), (0.04, 16 / 17)]
)
def test_a_hundredth_of_contrast_counts_half(contrast, own_share):
    """A window's own slope, here none, against the ratio of the means, here two."""
    made = fit(even(0.2) + contrast * chequered(), even(0.4), MATRIX)
    assert inner(made.luma_gain) == pytest.approx(2 * (1 - own_share), abs=0.01)


@pytest.mark.parametrize(
    ("contrast", "own_share"), [(0.0025, 1 / 17), (0.01, 0.5), (0.04, 16 / 17)]
)
def test_so_does_a_hundredth_of_colour_against_none(contrast, own_share):
    kb = 0.0722
    picture = even(0.3)
    picture[2] += 2 * (1 - kb) * contrast * chequered()
    picture[1] -= 2 * (1 - kb) * kb / 0.7152 * contrast * chequered()  # luma stays
    assert inner(fit(picture, picture, MATRIX).chroma_gain) == pytest.approx(own_share, abs=0.01)


@pytest.mark.parametrize(("slope", "gain"), [(2.5, 2.5), (5, 3), (-0.25, -0.25), (-2, -0.5)])
def test_lumas_gain_ends_at_three_and_at_minus_a_half(slope, gain):
    pattern = 0.1 * chequered()
    made = fit(even(0.5) + pattern, even(0.5) + slope * pattern, MATRIX)
    assert inner(made.luma_gain) == pytest.approx(gain, abs=0.03)


@pytest.mark.parametrize(("slope", "gain"), [(1.1, 1.1), (2, 1.25), (-0.25, -0.25), (-2, -0.5)])
def test_chromas_gain_ends_at_one_and_a_quarter(slope, gain):
    pattern = np.stack([0.1 * chequered(), 0 * chequered(), -0.1 * chequered()])
    made = fit(0.5 + pattern, 0.5 + slope * pattern, MATRIX)
    assert inner(made.chroma_gain) == pytest.approx(gain, abs=0.03)


pictures = arrays.arrays(np.float32, (3, 9, 11), elements=st.floats(0, 1, width=32))


@settings(max_examples=40, deadline=None)
@given(pictures, pictures, st.floats(0, 1))
def test_no_picture_leads_beyond_the_bounds(seen, shown, strength):
    made = fit(seen, shown, MATRIX, strength=strength)
    low, high = (1 + strength * (bound - 1) for bound in (-0.5, 3.0))
    assert low - 1e-4 <= made.luma_gain.min() <= made.luma_gain.max() <= high + 1e-4
    high = 1 + strength * 0.25
    assert low - 1e-4 <= made.chroma_gain.min() <= made.chroma_gain.max() <= high + 1e-4


def test_a_line_is_felt_six_samples_away():
    """Windows of seven, and the mean over windows of seven."""
    seen, shown = even(0.2, (24, 48)), even(0.2, (24, 48))
    seen[:, :, 24], shown[:, :, 24] = 0.4, 0.8
    apart = np.abs(fit(seen, shown, MATRIX).luma_gain - 1).max(axis=0)
    assert apart[18] > 0.03
    assert apart[30] > 0.03
    assert apart[:18].max() < 1e-3
    assert apart[31:].max() < 1e-3


@pytest.mark.parametrize(
    ("detail", "gain"), [(0.003, 1 + 2 / 17), (0.012, 2.0), (-0.012, 2.0), (0.048, 1 + 32 / 17)]
)
def test_detail_of_three_codes_is_amplified_by_half(detail, gain):
    """Three of 255; what is weaker passes for noise."""
    codes = np.full((16, 16), 0.3 + detail) * 65535
    planes = (np.rint(codes).astype(np.uint16), *[np.full((16, 16), 32768, np.uint16)] * 2)
    frame = Frame(planes, 0, Fraction(1, 30), 0, DEEP, FULL)
    flat, ones = np.zeros((3, 4, 4), np.float32), np.ones((4, 4), np.float32)
    seen, shown = flat.copy(), flat.copy()
    seen[0], shown[0] = 0.3, 0.5
    made = render(frame, Translation(seen, shown, 3 * ones, ones)).planes[0] / 65535
    assert (made - 0.5) / detail == pytest.approx(gain, abs=0.01)


@pytest.mark.parametrize(("noise", "kept"), [(0.00375, 1 / 17), (0.015, 0.5), (0.06, 16 / 17)])
def test_a_small_pictures_noise_of_four_codes_is_halved(noise, kept):
    calm = without_noise(even(0.3) + noise * chequered())
    assert np.abs(inner(calm[0]) - 0.3).max() / noise == pytest.approx(kept, abs=0.02)
