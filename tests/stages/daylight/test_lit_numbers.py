"""From where on light is a lamp: brightness, colour and size, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.stages.daylight.lit import clipped_lamps, lit_signals

from .test_lit import disc, make_frame

HEIGHT, WIDTH = 540, 400
"""As many rows as large frames are reduced to."""
PLACE = (270, 200)
DEEP = PixelLayout(10, (0, 0))
PALE = (0.85, 0.6, 0.6)
"""Coloured enough for a lamp if it is small, not for a glow of any size."""


def lit(picture):
    return lit_signals(make_frame(picture, DEEP))


def flat(colour):
    return np.zeros((HEIGHT, WIDTH, 3)) + np.array(colour)


def dark():
    return flat((0.06, 0.06, 0.06))


@pytest.mark.parametrize(
    ("brightness", "share"), [(0.43, 0), (0.5, 0.25), (0.55, 0.5), (0.6, 0.75), (0.67, 1)]
)
def test_red_turns_into_a_lamp_from_45_to_65_hundredths_of_brightness(brightness, share):
    picture = disc(dark(), PLACE, 20, (brightness, 0.05, 0.05))
    assert lit(picture)[PLACE] == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("apart", "share"), [(0.09, 0), (0.13, 0.25), (0.16, 0.5), (0.19, 0.75), (0.23, 1)]
)
@pytest.mark.parametrize("strongest", [0, 1], ids=["red", "green"])
def test_a_small_light_is_a_lamp_if_red_and_green_are_a_tenth_to_a_fifth_apart(
    apart, share, strongest
):
    colour = [1 - apart, 1 - apart, 1 - apart]
    colour[strongest] = 1.0
    assert lit(disc(dark(), PLACE, 20, colour))[PLACE] == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(
    ("above", "share"), [(0.11, 0), (0.15, 0.23), (0.185, 0.5), (0.22, 0.77), (0.26, 1)]
)
def test_and_an_eighth_to_a_quarter_brighter_than_what_is_round_it(above, share):
    picture = disc(flat([0.9 - above] * 3), PLACE, 20, (0.9, 0.6, 0.6))
    assert lit(picture)[PLACE] == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(
    ("red", "share"), [(0.34, 0), (0.4, 0.25), (0.45, 0.5), (0.5, 0.75), (0.56, 1)]
)
def test_a_wide_light_is_a_glow_if_it_is_redder_than_that(red, share):
    assert lit(flat((1, 1 - red, 1 - red)))[PLACE] == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(("green", "share"), [(0.28, 1), (0.34, 0.67), (0.37, 0), (0.5, 0)])
def test_and_if_green_has_less_than_a_third_of_it(green, share):
    """More is amber, and whole streets are amber."""
    assert lit(flat((1, green, 0)))[PLACE] == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(
    ("rows", "columns", "is_lamp"),
    [(10, 115, True), (10, 165, False), (160, 10, True), (210, 10, False)],
)
def test_a_lamp_is_at_most_a_quarter_of_the_height_wide_and_a_third_tall(rows, columns, is_lamp):
    picture = dark()
    picture[200 : 200 + rows, 100 : 100 + columns] = PALE
    found = lit(picture)[200 + rows // 2, 100 + columns // 2]
    assert found > 0.9 if is_lamp else found < 0.1


def test_what_is_longer_both_ways_is_no_lamp_either():
    picture = dark()
    picture[150:400, 80:330] = PALE
    assert lit(picture).max() < 0.1


def test_a_lamp_is_grown_by_a_120th_of_the_height_over_its_white_bloom():
    """As far as that is bright too."""
    picture = disc(disc(dark(), PLACE, 36, (0.95, 0.95, 0.95)), PLACE, 20, (1, 0.15, 0.1))
    row = lit(picture)[PLACE[0], PLACE[1] :]
    assert row[:21].min() > 0.9
    assert row[22] > 0.75
    assert row[20 + 4] == pytest.approx(0.5, abs=0.15), "four samples away it fades out"
    assert row[20 + 9 :].max() < 0.05


@pytest.mark.parametrize(("bloom", "share"), [(0.48, 0), (0.56, 0.25), (0.625, 0.5), (0.69, 0.75)])
def test_and_the_bloom_is_half_to_three_quarters_as_bright(bloom, share):
    rows = []
    for level in (bloom, 0.95):
        picture = disc(disc(dark(), PLACE, 36, [level] * 3), PLACE, 20, (1, 0.15, 0.1))
        rows.append(lit(picture)[PLACE[0], PLACE[1] + 22])
    assert rows[0] / rows[1] == pytest.approx(share, abs=0.12)


@pytest.mark.parametrize(("radius", "gap", "held"), [(8, 16, True), (34, 44, False)])
def test_a_white_core_of_a_60th_of_the_height_is_held_though_its_ring_is_open(radius, gap, held):
    picture = disc(disc(dark(), PLACE, radius + 6, (1, 0.15, 0.1)), PLACE, radius, (1, 1, 1))
    rows = slice(PLACE[0] - gap // 2, PLACE[0] + gap // 2)
    columns = slice(PLACE[1] + 2, PLACE[1] + radius + 8)
    picture[rows, columns] = 1.0
    assert lit(picture)[PLACE] == pytest.approx(float(held), abs=0.1)


@pytest.mark.parametrize(("level", "share"), [(0.87, 0), (0.9, 0.25), (0.92, 0.5), (0.97, 1)])
def test_a_small_light_clips_from_88_to_96_hundredths(level, share):
    strongest = disc(np.full((200, 300), 0.1, np.float32), (100, 150), 4, level)
    assert clipped_lamps(strongest)[100, 150] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(("radius", "is_lamp"), [(13, True), (18, False)])
def test_what_clips_is_a_lamp_up_to_a_seventh_of_the_height(radius, is_lamp):
    strongest = disc(np.full((200, 300), 0.1, np.float32), (100, 150), radius, 1)
    assert clipped_lamps(strongest)[100, 150] == float(is_lamp)
