from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import make_frame

from dashcam_pipeline.compare.canvas import Canvas, Developer, Size, luma_code, shown_size
from dashcam_pipeline.frames import Color, PixelLayout
from dashcam_pipeline.media.color import ColorTags, decide_color
from dashcam_pipeline.media.planes import pixel_format
from dashcam_pipeline.media.source import VideoTrack


def track(width=64, height=48, *, rotation=0, aspect=None, name="yuv420p"):
    return VideoTrack(
        index=0,
        kind="video",
        codec="h264",
        time_base=Fraction(1, 90000),
        width=width,
        height=height,
        pixel_format=pixel_format(name),
        color_decision=decide_color(ColorTags(), pixel_format=name, height=height),
        rotation=rotation,
        sample_aspect_ratio=aspect,
    )


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (track(), (64, 48)),
        (track(rotation=90), (48, 64)),
        (track(rotation=-90), (48, 64)),
        (track(rotation=180), (64, 48)),
        (track(aspect=Fraction(2)), (128, 48)),
        (track(aspect=Fraction(2), rotation=90), (48, 128)),
        (track(65, 49), (64, 48)),
    ],
)
def test_a_track_is_shown_upright_with_square_pixels(made, expected):
    size = shown_size(made)
    assert (size.width, size.height) == expected


@given(st.integers(2, 4000), st.integers(2, 4000), st.integers(2, 500), st.integers(2, 500))
def test_fitting_keeps_the_shape_and_never_enlarges(width, height, most_wide, most_high):
    size = Size.even(width, height)
    small = size.fit(most_wide, most_high)
    assert small.width <= size.width
    assert small.height <= size.height
    # the nearest even number may lie one above the bound
    assert small.width <= most_wide + 1
    assert small.height <= most_high + 1


def test_sides_must_be_even():
    with pytest.raises(ValueError, match=r"self\.width = 3"):
        Size(3, 4)


def test_at_its_own_size_a_frame_comes_out_as_it_is_and_can_be_drawn_on():
    frame = make_frame(size=(64, 48))
    canvas = Developer(track(), Size(64, 48), frame.color)(frame)
    for new, old in zip(canvas.planes, frame.planes, strict=True):
        np.testing.assert_array_equal(new, old)
        new[:] = 0
    assert frame.planes[0].any()


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (-90, 3)])
def test_rotation_turns_counter_clockwise(rotation, turns):
    frame = make_frame(size=(64, 48))
    made = track(rotation=rotation)
    canvas = Developer(made, shown_size(made), frame.color)(frame)
    for new, old in zip(canvas.planes, frame.planes, strict=True):
        np.testing.assert_array_equal(new, np.rot90(old, turns))


def test_ten_bits_become_eight():
    layout = PixelLayout(bits=10, log2_chroma=(0, 0))
    frame = make_frame(size=(64, 48), layout=layout, level=600)
    canvas = Developer(track(name="yuv444p10le"), Size(64, 48), frame.color)(frame)
    assert canvas.planes[0].dtype == np.uint8
    assert abs(int(np.median(canvas.planes[0])) - 150) <= 1
    assert canvas.planes[1].shape == (24, 32)


def test_another_matrix_and_range_are_converted():
    white = make_frame(size=(64, 48), level=255)
    neutral = np.full((24, 32), 128, np.uint8)
    full = Color("bt601", full_range=True)
    frame = white.with_planes((white.planes[0], neutral, neutral))
    frame = type(frame)(frame.planes, 0, frame.time_base, 0, frame.layout, full)
    canvas = Developer(track(), Size(64, 48), Color("bt709"))(frame)
    assert abs(int(np.median(canvas.planes[0])) - 235) <= 1  # swscale rounds so far


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_rgb_there_and_back(matrix, full):
    colors = [(0, 0, 0), (255, 255, 255), (200, 30, 40), (10, 180, 90), (20, 40, 230)]
    rgb = np.repeat(np.array(colors, np.uint8)[None], 8, 0).repeat(8, 1)
    back = Canvas.from_rgb(rgb, Color(matrix, full_range=full)).to_rgb()
    inner = np.arange(5) * 8 + 4  # away from the edges, where chroma is shared
    assert np.abs(back[4, inner].astype(int) - rgb[4, inner]).max() <= 3


@pytest.mark.parametrize(("full", "codes"), [(True, (0, 255)), (False, (16, 235))])
def test_black_and_white(full, codes):
    color = Color("bt709", full_range=full)
    assert (luma_code(0, color), luma_code(1, color)) == codes


def test_paste_and_part_are_each_others_inverse():
    canvas = Canvas.blank(Size(64, 48), Color())
    other = Canvas.blank(Size(10, 6), Color(), 1.0)
    canvas.paste(other, 20, 8)
    cut = canvas.part(20, 8, Size(10, 6))
    np.testing.assert_array_equal(cut.planes[0], other.planes[0])
    assert canvas.planes[0][8, 19] == 16
    assert (canvas.planes[0] == 235).sum() == 60


def test_a_frame_made_of_it_has_the_others_time():
    like = make_frame(7, size=(64, 48))
    frame = Canvas.blank(Size(20, 10), Color()).as_frame(like)
    assert (frame.pts, frame.index, frame.time_base) == (like.pts, 7, like.time_base)
    assert (frame.width, frame.height) == (20, 10)
