"""Rendering a small picture's translation, against its definition and its laws."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.frames import Color, Frame, PixelLayout
from dashcam_pipeline.stages.daylight.guided import (
    NOISE,
    STRIP,
    fit,
    render,
    to_ycbcr,
    without_noise,
)
from dashcam_pipeline.stages.shrink import code_scale, shrink_rgb

LAYOUTS = [PixelLayout(bits, chroma) for bits in (8, 10) for chroma in ((1, 1), (1, 0), (0, 0))]
COLORS = [Color("bt601", full_range=False), Color("bt709", full_range=True)]
EIGHT, BT709 = PixelLayout(), Color("bt709")
SMALL = (64, 96)


def make_frame(luma, layout=EIGHT, color=BT709, chroma=0.0):
    """A frame of signal values: Y' in [0, 1], Cb and Cr (a number or an array) in [-0.5, 0.5]."""
    y0, ys, c0, cs = code_scale(layout, color)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    shape = layout.chroma_shape(*luma.shape)
    cb = np.rint(np.broadcast_to(chroma, shape) * cs + c0).astype(dtype)
    planes = (np.rint(luma * ys + y0).astype(dtype), cb, cb.copy())
    return Frame(planes, 0, Fraction(1, 30), 0, layout, color)


def street(height=180, width=288, layout=EIGHT, color=BT709, seed=0):
    """Dark, with blocks of many sizes and some noise."""
    rng = np.random.default_rng(seed)
    luma = np.full((height, width), 0.2)
    for _ in range(30):
        y, x = rng.integers(0, height), rng.integers(0, width)
        h, w = rng.integers(2, 40, 2)
        luma[y : y + h, x : x + w] = rng.uniform(0.05, 0.6)
    luma += rng.normal(0, 0.004, luma.shape)
    chroma = rng.uniform(-0.1, 0.1, layout.chroma_shape(height, width))
    return make_frame(luma.clip(0, 1), layout, color, chroma)


def reference(frame, translation, hold):
    """Straight from the definition, in float64 and on whole planes."""
    y0, ys, c0, cs = code_scale(frame.layout, frame.color)
    results = []
    for number, plane in enumerate(frame.planes):
        size = plane.shape[::-1]
        span, offset = (cs, c0) if number else (ys, y0)
        gain = translation.chroma_gain if number else translation.luma_gain

        def up(small, size=size):
            return cv2.resize(small.astype(np.float64), size, interpolation=cv2.INTER_LINEAR)

        own = (plane.astype(np.float64) - offset) / span
        detail = own - up(translation.seen[number])
        factor = up(gain)
        if not number:
            rises = detail**2 / (detail**2 + NOISE**2)
            factor = np.minimum(factor, 1) + np.maximum(factor - 1, 0) * rises
        shown = up(translation.shown[number]) + factor * detail
        shown += up(hold) * (own - shown)
        results.append((shown * span + offset).clip(0, frame.layout.max_value))
    return results


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("color", COLORS, ids=str)
def test_it_is_what_the_definition_says(layout, color):
    frame = street(STRIP * 2 + 7, 203, layout, color)
    seen = shrink_rgb(frame, *SMALL)
    translation = fit(seen, np.sqrt(seen), color.matrix, strength=0.8)
    hold = np.zeros((30, 40), np.float32)
    hold[10:20, 10:20] = 1
    got = render(frame, translation, hold)
    assert (got.pts, got.layout, got.color) == (frame.pts, layout, color)
    for new, wanted in zip(got.planes, reference(frame, translation, hold), strict=True):
        assert np.abs(new - wanted).max() <= 0.51  # rounding, and float32


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_no_strength_changes_no_sample(layout):
    frame = street(layout=layout)
    seen = shrink_rgb(frame, *SMALL)
    got = render(frame, fit(seen, 1 - seen, "bt709", strength=0))
    assert all(np.array_equal(a, b) for a, b in zip(got.planes, frame.planes, strict=True))


def test_what_is_held_changes_no_sample():
    frame = street()
    seen = shrink_rgb(frame, *SMALL)
    got = render(frame, fit(seen, np.sqrt(seen), "bt709"), np.ones((5, 5), np.float32))
    assert all(np.array_equal(a, b) for a, b in zip(got.planes, frame.planes, strict=True))


def test_the_source_is_never_written_to():
    frame = street()
    for plane in frame.planes:
        plane.flags.writeable = False
    before = [plane.copy() for plane in frame.planes]
    seen = shrink_rgb(frame, *SMALL)
    render(frame, fit(seen, np.sqrt(seen), "bt709"), np.full((9, 9), 0.5, np.float32))
    assert all(np.array_equal(a, b) for a, b in zip(before, frame.planes, strict=True))


@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 1.5), st.floats(0, 0.1))
def test_an_affine_map_of_luma_becomes_the_same_map_of_the_frame(slope, offset):
    frame = street(seed=1)
    grey = np.full_like(frame.planes[1], 128)
    frame = frame.with_planes((frame.planes[0], grey, grey.copy()))
    seen = shrink_rgb(frame, *SMALL)
    got = render(frame, fit(seen, slope * seen + offset, "bt709"))
    before, after = ((f.planes[0] - 16.0) / 219 for f in (frame, got))
    error = np.abs(after - (slope * before + offset))
    assert np.median(error) < 0.01
    assert np.mean(error < 0.05) > 0.95


def test_an_edge_stays_where_and_as_sharp_as_it_was():
    luma = np.full((180, 320), 0.1)
    luma[:, 163:] = 0.4
    frame = make_frame(luma)
    seen = shrink_rgb(frame, 64, 96)  # a sample is more than three columns wide
    got = render(frame, fit(seen, np.sqrt(seen), "bt709")).planes[0][90].astype(int)
    steps = np.abs(np.diff(got))
    assert steps.argmax() == 162
    rise = np.sqrt(0.4) - np.sqrt(0.1)
    assert steps[162] > 0.7 * rise * 219
    assert steps[:158].max() <= 2
    assert steps[168:].max() <= 2


def test_letters_of_two_pixels_stay_readable():
    luma = np.full((180, 320), 0.15)
    luma[60:100, 100:220:4] = luma[60:100, 101:220:4] = 0.45  # strokes, finer than a small sample
    frame = make_frame(luma)
    seen = shrink_rgb(frame, 64, 96)
    row = render(frame, fit(seen, np.sqrt(seen), "bt709")).planes[0][80, 110:210].astype(float)
    strokes, gaps = row.reshape(-1, 4)[:, [2, 3]], row.reshape(-1, 4)[:, [0, 1]]
    lit, dark = sorted((strokes.mean(), gaps.mean()), reverse=True)
    assert lit - dark > 0.9 * (np.sqrt(0.45) - np.sqrt(0.15)) * 219


def test_noise_is_brightened_but_hardly_amplified():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.008, (180, 320))
    frame = make_frame(0.08 + noise)
    seen = shrink_rgb(frame, 64, 96)
    got = render(frame, fit(seen, np.full_like(seen, 0.5), "bt709"))
    after = (got.planes[0] - 16.0) / 219
    assert after.mean() == pytest.approx(0.5, abs=0.01)
    assert after.std() < 2.2 * noise.std(), "the ratio of the means is 6"


def test_coloured_noise_goes():
    rng = np.random.default_rng(0)
    frame = make_frame(np.full((180, 320), 0.1), chroma=rng.normal(0, 0.02, (90, 160)))
    seen = shrink_rgb(frame, 32, 64)
    got = render(frame, fit(seen, np.sqrt(seen), "bt709"))
    before, after = (f.planes[1].astype(float).std() for f in (frame, got))
    assert after < 1.3 * before, "brightened three times, in light more"


def test_a_dark_place_that_turns_bright_shows_no_halo_far_away():
    """A black sky above black roofs becomes a bright one: nothing tells them apart by night."""
    frame = make_frame(np.full((180, 320), 0.03))
    seen = shrink_rgb(frame, 64, 96)
    day = np.full_like(seen, 0.2)
    day[:, :32] = 0.9
    luma = (render(frame, fit(seen, day, "bt709")).planes[0] - 16.0) / 219
    assert np.abs(luma[:84] - 0.9).max() < 0.02
    assert np.abs(luma[96:] - 0.2).max() < 0.02


def test_ten_bits_come_out_like_eight():
    eight, ten = (street(layout=PixelLayout(bits)) for bits in (8, 10))
    results = []
    for frame in (eight, ten):
        seen = shrink_rgb(frame, *SMALL)
        results.append(render(frame, fit(seen, np.sqrt(seen), "bt709")))
    for a, b in zip(results[0].planes, results[1].planes, strict=True):
        difference = np.abs(a.astype(float) - b / 4)
        assert np.mean(difference) < 1
        assert np.percentile(difference, 99.9) < 4


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (1, 1), (65, 33)])
def test_any_size(size):
    frame = make_frame(np.full(size, 0.3))
    seen = shrink_rgb(frame, 32, 32)
    got = render(frame, fit(seen, np.full_like(seen, 0.6), "bt709"))
    assert np.abs(got.planes[0].astype(int) - round(0.6 * 219 + 16)).max() <= 1


@given(st.tuples(*[st.floats(0, 1)] * 3), st.sampled_from(["bt601", "bt709", "bt2020"]))
def test_white_black_and_grey_have_no_chroma(rgb, matrix):
    y, cb, cr = to_ycbcr(np.array(rgb, np.float32).reshape(3, 1, 1), matrix).ravel()
    assert -1e-6 <= y <= 1 + 1e-6
    assert abs(cb) <= 0.5 + 1e-6
    assert abs(cr) <= 0.5 + 1e-6
    grey = to_ycbcr(np.full((3, 1, 1), rgb[0], np.float32), matrix).ravel()
    assert np.abs(grey - [rgb[0], 0, 0]).max() < 1e-6


def test_noise_of_the_small_picture_goes_and_its_edges_stay():
    rng = np.random.default_rng(0)
    picture = np.full((3, 64, 96), 0.1, np.float32)
    picture[:, :, 48:] = 0.4
    noisy = (picture + rng.normal(0, 0.006, picture.shape)).astype(np.float32)
    calm = without_noise(noisy)
    flat = np.s_[:, 8:56, 8:36]
    assert calm[flat].std() < 0.4 * noisy[flat].std()
    assert np.abs(calm[:, :, 48] - calm[:, :, 47]).mean() > 0.9 * 0.3
    assert calm.dtype == np.float32


def test_the_more_is_invented_the_less_of_the_frame_shows():
    """What was black has no texture worth having; what was seen keeps its own."""
    rng = np.random.default_rng(0)
    frame = make_frame(0.1 + rng.normal(0, 0.02, (180, 320)))
    seen = without_noise(shrink_rgb(frame, 64, 96))
    texture = [
        render(frame, fit(seen, np.full_like(seen, level), "bt709")).planes[0].astype(float).std()
        for level in (0.2, 0.8)
    ]
    assert texture[1] < 0.5 * texture[0]
