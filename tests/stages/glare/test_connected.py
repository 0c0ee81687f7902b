"""What hangs together with a source of light, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dashcam_pipeline.stages.glare.connected import (
    connected_share,
    sources_of,
    streak_share,
)

HEIGHT, WIDTH = 96, 160
LAMP = (slice(30, 32), slice(80, 82))
"""One sample at half the work size."""


def dark(height=HEIGHT, width=WIDTH):
    """A dark picture, and neither structured glare nor lamps."""
    picture = np.full((3, height, width), 0.1, np.float32)
    return picture, np.zeros((height, width), np.float32), np.zeros((height, width), np.float32)


def connected(picture, structured, lamps):
    return connected_share(structured, sources_of(picture, lamps))


def test_a_streak_through_a_lamp_counts_and_a_lane_mark_does_not():
    picture, structured, lamps = dark()
    structured[30:32, 10:150] = structured[70:72, 40:120] = 0.3
    lamps[LAMP] = 1
    share = connected(picture, structured, lamps)
    assert share[30:32, 12:148].min() > 0.999
    assert not share[60:].any()


def test_a_lane_mark_in_the_haze_of_a_lamp_keeps_what_it_rises_above_it():
    picture, structured, lamps = dark()
    structured[10:80, 40:120] = 0.1
    structured[LAMP] = 0.9
    structured[60:64, 60:100] += 0.3
    lamps[LAMP] = 1
    share = connected(picture, structured, lamps)
    assert share[61:63, 62:98] == pytest.approx(0.25, abs=1e-3)
    assert share[40:55, 50:110].min() > 0.999


@pytest.mark.parametrize(
    ("rows", "columns", "wanted"),
    [
        ((0, 40), (60, 62), 1),
        ((56, 96), (60, 62), 0),
        ((20, 22), (0, 60), 1),
        ((20, 22), (100, 160), 1),
        ((44, 46), (0, 60), 1),
        ((50, 52), (0, 60), 0),
        ((50, 52), (100, 160), 0),
    ],
)
def test_a_lamp_off_the_frame_shines_in_from_above_and_not_from_the_road(rows, columns, wanted):
    picture, structured, lamps = dark()
    line = slice(*rows), slice(*columns)
    structured[line] = 0.3
    assert connected(picture, structured, lamps)[line] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(("mask", "wanted"), [(0.29, 0), (0.31, 1)])
def test_a_faint_mask_is_no_source(mask, wanted):
    picture, structured, lamps = dark()
    structured[30:32, 10:150] = 0.3
    lamps[LAMP] = mask
    share = connected(picture, structured, lamps)
    assert share[30, 40] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize(("code", "wanted"), [(0.69, 0), (0.71, 1)])
def test_a_bright_place_of_any_colour_is_one_and_a_lane_mark_is_not(channel, code, wanted):
    picture, structured, lamps = dark()
    structured[30:32, 10:150] = 0.3
    picture[channel, 24:38, 74:88] = code
    share = connected(picture, structured, lamps)
    assert share[30, 40] == pytest.approx(wanted, abs=1e-3)


def test_a_lamp_of_one_sample_counts():
    picture, structured, lamps = dark()
    structured[30:32, 10:150] = 0.3
    lamps[31, 81] = 1
    assert connected(picture, structured, lamps)[30, 40] > 0.999


@pytest.mark.parametrize(("begin", "wanted"), [(208, 1), (210, 0)])
def test_a_streak_that_begins_just_beside_its_lamp_belongs_to_it(begin, wanted):
    picture, structured, lamps = dark(400, 400)
    lamps[100:102, 200:202] = 1
    structured[100:102, begin:300] = 0.3
    share = connected(picture, structured, lamps)
    assert share[100, 280] == pytest.approx(wanted, abs=1e-3)


def test_the_way_from_a_source_goes_as_far_as_the_streak():
    picture, structured, lamps = dark(96, 480)
    lamps[30:32, 20:22] = 1
    structured[30:32, 20:470] = 0.3
    share = connected(picture, structured, lamps)[30]
    assert share[20:468].min() > 0.999
    assert not share[472:].any()


LIGHT = arrays(np.float32, (13, 18), elements=st.floats(0, 1, width=32))
MASKS = arrays(np.float32, (13, 18), elements=st.sampled_from([0.0, 1.0]))


@settings(deadline=None)
@given(LIGHT, MASKS, MASKS)
def test_a_share_is_a_share_and_another_source_makes_no_less_of_it(structured, lamps, more):
    picture = np.full((3, 13, 18), 0.1, np.float32)
    few = connected(picture, structured, lamps)
    many = connected(picture, structured, np.maximum(lamps, more))
    assert few.dtype == np.float32
    assert few.shape == structured.shape
    for share in (few, many):
        assert share.min() >= 0
        assert share.max() <= 1
    assert (many >= few).all()


def test_what_rises_where_a_streak_crosses_a_lane_mark_is_the_mark():
    """Claimed of the mark's light: five times the streak, as long as the mark is wide."""
    picture, structured, lamps = dark(256, 448)
    lamps[40:44, 200:204] = 1
    structured[40:240, 200:204] = 0.1
    structured[180:188, 200:204] = 0.5
    share = streak_share(structured, sources_of(picture, lamps))
    assert share[183, 201] == pytest.approx(0.2, abs=0.02)
    assert share[60:170, 201:203].min() > 0.98


@pytest.mark.parametrize(("top", "kept"), [(60, 0.98), (200, 0.2)])
def test_near_lane_marks_are_wide_and_streaks_go_on_for_longer_there(top, kept):
    """A crossing as long as a fifth of the frame's height, far up and below the horizon."""
    picture, structured, lamps = dark(256, 448)
    lamps[0:4, 200:204] = 1
    structured[0:256, 200:204] = 0.1
    structured[top : top + 52, 200:204] = 0.5
    share = streak_share(structured, sources_of(picture, lamps))
    assert share[top + 26, 201] == pytest.approx(kept, abs=0.03)


@pytest.mark.parametrize("turn", [0, 5, 10, 15, 30, 45, 70, 90, 135])
def test_a_streak_in_any_direction_counts_and_may_fade(turn):
    picture, structured, lamps = dark(256, 448)
    lamps[126:130, 222:226] = 1
    y, x = np.mgrid[-128:128, -224:224].astype(np.float32)
    a = np.radians(turn)
    along, across = x * np.cos(a) + y * np.sin(a), y * np.cos(a) - x * np.sin(a)
    structured += 0.5 * np.exp(-((across / 4) ** 2) - np.abs(along) / 60)
    share = streak_share(structured, sources_of(picture, lamps))
    on = (np.abs(across) < 1) & (np.abs(along) < 90)
    assert share[on].mean() > 0.85


@pytest.mark.parametrize(("code", "mask", "wanted"), [(0.8, 0, 0), (1.0, 0, 1), (0.8, 1, 1)])
def test_a_bright_line_is_a_source_where_it_clips_or_the_mask_says_so(code, mask, wanted):
    picture, _, lamps = dark(256, 448)
    line = slice(150, 158), slice(100, 220)
    picture[:, *line] = code
    lamps[line] = mask
    assert sources_of(picture, lamps)[77, 80] == wanted


def test_a_bright_lane_mark_is_no_source_though_its_edge_is_jagged():
    picture, _, lamps = dark(256, 448)
    y, x = np.mgrid[0:256, 0:448]
    mark = (np.abs((y - 200) + 0.62 * (x - 150)) < 3.5) & (x > 120) & (x < 200)
    picture[:, mark] = 0.85
    assert not sources_of(picture, lamps).any()


@pytest.mark.parametrize("side", [6, 12, 30])
def test_a_bright_place_that_is_no_line_is_a_source(side):
    picture, _, lamps = dark(256, 448)
    picture[:, 100 : 100 + side, 200 : 200 + side] = 0.8
    assert sources_of(picture, lamps)[50 + side // 4, 100 + side // 4] == 1
