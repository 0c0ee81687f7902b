"""The mark on a synthetic picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.frames import Color, Frame, PixelLayout
from dashcam_pipeline.stages.base import Box, StreamInfo
from dashcam_pipeline.stages.daylight.mark import make_mark
from dashcam_pipeline.stages.shrink import code_scale

LAYOUTS = [PixelLayout(bits, chroma) for bits in (8, 10) for chroma in ((1, 1), (1, 0), (0, 0))]
EIGHT, BT709 = PixelLayout(), Color("bt709")
TEXT = "synthetic daylight"


def make_frame(height, width, layout=EIGHT, color=BT709, level=0.5):
    y0, ys, c0, cs = code_scale(layout, color)
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    chroma = np.full(layout.chroma_shape(height, width), round(c0 + 0.2 * cs), dtype)
    luma = np.full((height, width), round(y0 + level * ys), dtype)
    return Frame((luma, chroma, chroma.copy()), 0, Fraction(1, 30), 0, layout, color)


def info_of(frame, *boxes):
    return StreamInfo(frame.width, frame.height, frame.layout, frame.color, boxes)


def touched(frame, result):
    """Left, top, right, bottom of the luma that changed."""
    ys, xs = np.nonzero(frame.planes[0] != result.planes[0])
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("color", [Color("bt601"), Color("bt709", full_range=True)], ids=str)
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_it_is_white_on_a_darker_plate_without_colour(layout, color, level):
    frame = make_frame(180, 320, layout, color, level)
    mark = make_mark(TEXT, info_of(frame))
    result = mark.lay(frame)
    y0, ys, c0, _ = code_scale(layout, color)
    area = np.s_[mark.y : mark.y + mark.alpha.shape[0], mark.x : mark.x + mark.alpha.shape[1]]
    luma = (result.planes[0][area] - y0) / ys
    assert luma.max() > 0.9, "letters"
    assert np.median(luma) < 0.5, "plate"
    assert luma.min() > -0.01
    sx, sy = layout.log2_chroma
    chroma = result.planes[1][mark.y + 4 >> sy, mark.x + 4 >> sx]
    assert abs(chroma - c0) < 0.7 * abs(frame.planes[1][0, 0] - c0)


@pytest.mark.parametrize("level", [1.0, 0.5])
def test_its_plate_hides_a_little_more_than_half(level):
    """White on it is readable on snow, and what is behind it can still be guessed."""
    frame = make_frame(1080, 1920, level=level)
    mark = make_mark(TEXT, info_of(frame))
    corner = mark.lay(frame).planes[0][mark.y + 2, mark.x + 2]
    assert (corner - 16) / 219 == pytest.approx(0.45 * level, abs=0.01)


@pytest.mark.parametrize(("height", "letters"), [(2160, 42), (1080, 21), (360, 7), (90, 7)])
def test_its_capitals_are_a_fiftieth_of_the_height_and_readable(height, letters):
    frame = make_frame(height, 2 * height, level=0.0)
    mark = make_mark("HHH", info_of(frame))
    rows = np.nonzero((mark.ink > 0.5).any(axis=1))[0]
    assert rows.max() + 1 - rows.min() == pytest.approx(letters, abs=max(1.5, 0.08 * letters))


def test_it_is_in_the_upper_right_corner_where_nothing_is_in_its_way():
    frame = make_frame(1080, 1920)
    left, top, right, bottom = touched(frame, make_mark(TEXT, info_of(frame)).lay(frame))
    assert 10 <= top <= 20
    assert 10 <= 1920 - right <= 20
    assert bottom < 100
    assert left > 1400


def test_outside_of_it_no_sample_changes():
    frame = make_frame(180, 320)
    mark = make_mark(TEXT, info_of(frame))
    result = mark.lay(frame)
    left, top, right, bottom = touched(frame, result)
    assert mark.x <= left
    assert mark.y <= top
    assert right <= mark.x + mark.alpha.shape[1]
    assert bottom <= mark.y + mark.alpha.shape[0]
    assert right - left < 0.5 * frame.width, "small"
    assert bottom - top < 0.12 * frame.height
    assert all(p.flags.owndata for p in result.planes)
    assert (frame.planes[0] == frame.planes[0][0, 0]).all(), "the frame itself stays"


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(180, 320), (480, 640), (1080, 1920)]),
    st.floats(0, 0.9),
    st.floats(0.02, 1),
    st.sampled_from(["top", "bottom"]),
)
def test_it_keeps_clear_of_a_burned_in_line(size, left, share, edge):
    height, width = size
    tall = height // 14
    x = round(left * width)
    box = Box(x=x, y=0 if edge == "top" else height - tall,
              width=max(1, round(share * (width - x))), height=tall)  # fmt: skip
    frame = make_frame(height, width)
    result = make_mark(TEXT, info_of(frame, box)).lay(frame)
    inside = np.s_[box.y : box.y + box.height, box.x : box.x + box.width]
    assert np.array_equal(result.planes[0][inside], frame.planes[0][inside])
    assert not np.array_equal(result.planes[0], frame.planes[0])


def test_lines_at_both_edges_leave_the_middle():
    frame = make_frame(180, 320)
    boxes = [Box(x=0, y=y, width=320, height=20) for y in (0, 160)]
    result = make_mark(TEXT, info_of(frame, *boxes)).lay(frame)
    _, top, _, bottom = touched(frame, result)
    assert top >= 20
    assert bottom <= 160


def test_where_all_is_protected_it_is_still_drawn():
    frame = make_frame(180, 320)
    mark = make_mark(TEXT, info_of(frame, Box(x=0, y=0, width=320, height=180)))
    assert not np.array_equal(mark.lay(frame).planes[0], frame.planes[0])


def test_one_pixel_holds_no_word():
    frame = make_frame(1, 1)
    assert make_mark(TEXT, info_of(frame)).lay(frame).planes[0].shape == (1, 1)


@pytest.mark.parametrize("size", [(16, 16), (9, 9), (33, 47), (2160, 3840)])
def test_any_size(size):
    frame = make_frame(*size)
    result = make_mark(TEXT, info_of(frame)).lay(frame)
    assert result.planes[0].shape == size
    assert not np.array_equal(result.planes[0], frame.planes[0])
