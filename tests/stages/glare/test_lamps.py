"""What stays as a lamp behind clean and dirty glass, through rule and subtraction."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.engine.rgb import frame_to_rgb, rgb_to_frame
from dashcam_pipeline.stages.glare.lamps import lamp_map, where_clipped
from dashcam_pipeline.stages.glare.rule import glare_layer
from dashcam_pipeline.stages.glare.subtract import subtract_light

SIZE = HEIGHT, WIDTH = 256, 448
MIDDLE = HEIGHT // 2, WIDTH // 2
STEP = Fraction(1, 30)


def night(code=0.2):
    return np.full((*SIZE, 3), code, np.float32)


def away_from(center):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.hypot(y - center[0], x - center[1])


def disc(picture, center, radius, color=1.0):
    """Paint a disc; its edge is one sample wide."""
    cover = np.clip(radius + 0.5 - away_from(center), 0, 1)[..., None].astype(np.float32)
    picture += cover * (np.asarray(color, np.float32) - picture)
    return cover[..., 0] > 0


def glowing(picture, center, radius, reach=16):
    """Paint a disc with the glow that made it so large: it falls off from just below clipping."""
    glow = 0.94 * np.clip(1 - (away_from(center) - radius) / reach, 0, 1)[..., None] ** 2
    np.maximum(picture, glow.astype(np.float32), out=picture)
    disc(picture, center, radius)
    return glow[..., 0] > 0


def claimed(where, picture, share=1.0):
    """Maps of a network that claims a share of what rises above the night in some places."""
    light = np.square(np.moveaxis(picture, 2, 0))
    maps = np.zeros((7, *SIZE), np.float32)
    maps[:3] = np.sqrt(np.where(where, share * (light - light.min()), 0))
    return maps


def cleaned(picture, maps, dirt=1.0, factor=2, streaks=1.0):
    """The picture at twice the work size, without what is taken."""
    layer = glare_layer(np.moveaxis(picture, 2, 0), maps, dirt=dirt, streaks=streaks, veil=1.0)
    codes = np.rint(255 * picture).astype(np.uint8).repeat(factor, 0).repeat(factor, 1)
    frame = rgb_to_frame(codes, index=0, pts=0, time_base=STEP)
    return frame_to_rgb(subtract_light(frame, layer))[::factor, ::factor] / 255


def lamps(picture, mask=0.0, dirt=1.0):
    planes = np.moveaxis(picture, 2, 0)
    return lamp_map(planes, np.full(SIZE, mask, np.float32), where_clipped(planes), dirt)


def test_a_lamp_that_dirty_glass_spread_shrinks_to_its_middle():
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE].min() > 0.93
    across = out[MIDDLE[0], MIDDLE[1] : MIDDLE[1] + 7, 1]
    assert (np.diff(across[:6]) <= 0).all(), "it fades towards what lies around"
    assert across[3] > 0.9, "a lamp is no dot"
    assert 0.4 < across[4] < 0.9
    assert across[6] < 0.4
    assert out.min() > 0.1


def test_a_large_lamp_is_white_and_round_where_spokes_leave_it():
    """The distance from the edge of what clips has ridges towards its spokes: so had the lamp."""
    picture = night()
    where = glowing(picture, MIDDLE, 24)
    for turn in np.arange(4) * np.pi / 2 + 0.4:
        for step in np.arange(0, 60, 0.5):
            at = MIDDLE[0] + step * np.sin(turn), MIDDLE[1] + step * np.cos(turn)
            where |= glowing(picture, at, max(8 - step / 8, 1.0))
    out = cleaned(picture, claimed(where, picture))[..., 1]
    assert out[MIDDLE] == pytest.approx(1, abs=0.01)
    ring = out[np.abs(away_from(MIDDLE) - 16) < 0.5]
    assert 0.3 < ring.mean() < 0.97
    assert np.ptp(ring) < 0.25


@pytest.mark.parametrize("radius", [2, 4, 8])
def test_what_ends_sharply_is_a_lamp_of_that_size(radius):
    picture = night()
    where = disc(picture, MIDDLE, radius)
    out = cleaned(picture, claimed(where, picture))
    assert out[away_from(MIDDLE) < radius - 0.5] == pytest.approx(1, abs=0.02)


def test_behind_clean_glass_all_that_clips_stays():
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    out = cleaned(picture, claimed(where, picture), dirt=0.0)
    assert out[away_from(MIDDLE) < 6] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("dirt", "stays"), [(0.5, True), (0.7, True), (1.0, False)])
def test_glass_of_which_nobody_is_sure_leaves_lamps_as_large_as_they_are(dirt, stays):
    """Half of a lamp would be a grey disc with a bright ring."""
    picture = night()
    where = glowing(picture, MIDDLE, 14) | disc(picture, MIDDLE, 14)
    out = cleaned(picture, claimed(where, picture), dirt=dirt)
    disc_of_lamp = away_from(MIDDLE) < 12
    assert out[MIDDLE].min() > 0.95
    assert (out[disc_of_lamp].min() > 0.95) == stays


def test_a_spoke_goes_and_its_lamp_stays():
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    spoke = slice(MIDDLE[0] - 1, MIDDLE[0] + 1), slice(MIDDLE[1] + 8, MIDDLE[1] + 60)
    picture[MIDDLE[0] - 4 : MIDDLE[0] + 4, MIDDLE[1] : MIDDLE[1] + 60] = 0.8
    picture[MIDDLE[0] - 1 : MIDDLE[0] + 1, MIDDLE[1] : MIDDLE[1] + 60] = 1
    disc(picture, MIDDLE, 6)
    where = where | (picture.min(axis=2) > 0.5)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE].min() > 0.95
    assert np.median(out[spoke]) < 0.4


@pytest.mark.parametrize("radius", [2, 3, 5])
def test_a_lamp_beside_a_larger_one_stays(radius):
    picture = night()
    place = MIDDLE[0], MIDDLE[1] + 14 + radius
    where = glowing(picture, MIDDLE, 12) | disc(picture, place, radius)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE] == pytest.approx(1, abs=0.01)
    assert out[place] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("neck", "stays"), [(3, True), (5, True), (8, False)])
def test_a_headlight_that_runs_into_what_is_larger_stays_where_it_stands_out(neck, stays):
    """Such as one before a white car that clips in its light; without a neck it is one with it."""
    picture = night()
    place = MIDDLE[0], MIDDLE[1] + 48
    where = glowing(picture, MIDDLE, 30) | glowing(picture, place, 8)
    picture[MIDDLE[0] - neck : MIDDLE[0] + neck, MIDDLE[1] : place[1]] = 1
    where = where | (picture.min(axis=2) > 0.5)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE].min() > 0.95
    assert (out[place].min() > 0.9) == stays


@pytest.mark.parametrize(("mask", "stays"), [(0.35, False), (0.7, True)])
def test_deep_inside_what_clips_the_mask_decides(mask, stays):
    """A road in the light of headlights clips as well as their glow does."""
    picture = night()
    where = glowing(picture, MIDDLE, 26)
    maps = claimed(where, picture)
    maps[6] = np.where(where, mask, 0)
    out = cleaned(picture, maps)
    assert out[MIDDLE] == pytest.approx(1, abs=0.01)
    deep = out[MIDDLE[0], MIDDLE[1] + 21].mean()
    assert deep == pytest.approx(1, abs=0.01) if stays else deep < 0.5
    assert out[MIDDLE[0], MIDDLE[1] + 26].max() < 0.5


def test_lamps_that_are_one_in_blue_and_two_in_red_are_two():
    picture = night()
    places = [(MIDDLE[0], MIDDLE[1] + side) for side in (-7, 7)]
    where = np.any([glowing(picture, place, 9) for place in places], axis=0)
    for place in places:
        disc(picture, place, 9, (0.7, 0.8, 1))
    for place in places:
        disc(picture, place, 4)
    out = cleaned(picture, claimed(where, picture))
    for place in places:
        assert out[place].min() > 0.93
    assert out[MIDDLE].max() < 0.6, "between them is blue glow"


@pytest.mark.parametrize(("rim", "stays"), [((1, 0.6, 0.1), True), ((1, 0.75, 0.4), False)])
def test_the_glow_of_a_sodium_lamp_is_no_amber_signal(rim, stays):
    picture = night(0.1)
    where = glowing(picture, MIDDLE, 8, reach=30)
    disc(picture, MIDDLE, 8, rim)
    disc(picture, MIDDLE, 4)
    out = cleaned(picture, claimed(where, picture))[MIDDLE[0], MIDDLE[1] + 6]
    assert out == pytest.approx(rim, abs=0.04) if stays else out[0] < 0.7


@pytest.mark.parametrize(("row", "rim_goes"), [(0.3, True), (0.75, False)])
def test_no_ring_of_a_colour_stays_round_a_lamp_in_the_sky(row, rim_goes):
    """On the road it may be a lane mark."""
    picture, center = night(0.1), (round(row * HEIGHT), WIDTH // 2)
    where = glowing(picture, center, 12)
    rim = (away_from(center) > 12) & (away_from(center) < 15)
    picture[rim] = (0.93, 0.9, 0.4)
    maps = claimed(where, picture, 0.9)
    maps[2] *= 0.5  # the network says less of blue
    left = cleaned(picture, maps)[rim].mean(axis=0)
    assert (left[0] < 0.35) == rim_goes


@pytest.mark.parametrize("share", [0.25, 0.9])
def test_what_clips_goes_wholly_or_not_at_all(share):
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    out = cleaned(picture, claimed(where, picture, share))
    rim = out[MIDDLE[0], MIDDLE[1] + 6].mean()
    assert rim >= 0.9 if share < 0.3 else rim <= 0.45


def test_what_clips_leaves_no_colour_of_its_own():
    """A layer of warm light would leave a blue disc in a white one."""
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    maps = claimed(where, picture)
    maps[:3] *= np.sqrt(np.array([1.0, 0.9, 0.5], np.float32))[:, None, None]
    out = cleaned(picture, maps)
    assert np.ptp(out[away_from(MIDDLE) < 6], axis=1).max() < 0.16, "of 0.5 that white loses"


@pytest.mark.parametrize(
    ("color", "radius"), [((0.8, 0.8, 0.8), 1), ((0.1, 0.75, 0.6), 1), ((0.9, 0.2, 0.1), 2)]
)
def test_small_lights_far_away_stay(color, radius):
    picture = night(0.1)
    where = disc(picture, MIDDLE, radius, color)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE] == pytest.approx(color, abs=0.03)


def test_lines_are_no_lights():
    picture = night(0.1)
    picture[100:102, 50:400] = 0.6
    for k in range(100):
        picture[120 + k, 100 + k : 103 + k] = 0.6
    assert lamps(picture)[:, 60:390].max() < 0.05


@pytest.mark.parametrize(
    ("core", "rim"),
    [
        ((1, 1, 0.9), (1, 0.35, 0.1)),
        ((1, 0.95, 0.8), (1, 0.6, 0.1)),
        ((0.9, 1, 1), (0.6, 0.97, 0.97)),
    ],
)
def test_a_signal_keeps_the_rim_that_tells_its_colour(core, rim):
    picture = night(0.1)
    where = disc(picture, MIDDLE, 8, rim)
    disc(picture, MIDDLE, 4, core)
    out = cleaned(picture, claimed(where, picture))
    assert out[MIDDLE] == pytest.approx(core, abs=0.04)
    assert out[MIDDLE[0], MIDDLE[1] + 6] == pytest.approx(rim, abs=0.04)


@settings(max_examples=25, deadline=None)
@given(dirt=st.floats(0, 1), mask=st.floats(0, 1), radius=st.integers(0, 40), code=st.floats(0, 1))
def test_it_is_a_share_and_what_the_mask_says_stays(dirt, mask, radius, code):
    picture = night(0.1)
    disc(picture, MIDDLE, radius, code)
    found = lamps(picture, mask, dirt)
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.median(found) == pytest.approx(mask, abs=1e-5), "of a place where nothing clips"


def test_what_clips_goes_by_the_strength_of_streaks():
    picture = night()
    where = glowing(picture, MIDDLE, 6)
    rims = [
        cleaned(picture, claimed(where, picture), streaks=streaks)[MIDDLE[0], MIDDLE[1] + 6].mean()
        for streaks in (0.0, 0.5, 1.0)
    ]
    assert rims[0] == pytest.approx(picture[MIDDLE[0], MIDDLE[1] + 6, 0], abs=0.01)
    assert rims[0] - 0.1 > rims[1] > rims[2] + 0.1
