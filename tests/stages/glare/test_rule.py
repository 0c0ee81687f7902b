"""What is taken of a network's answer, on answers that are made up."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dashcam_pipeline.frames import Color, Frame
from dashcam_pipeline.inference.light import to_linear
from dashcam_pipeline.stages.glare import rule
from dashcam_pipeline.stages.glare.rule import glare_layer, surroundings
from dashcam_pipeline.stages.glare.subtract import KEPT, subtract_light

GREY = 0.09
"""Linear light of code 0.3."""

VEIL = 1.1
"""What of an even veil goes behind dirty glass: a tenth more than is found."""


@pytest.fixture(autouse=True)
def no_tunnel(monkeypatch):
    """Pictures of one grey would pass for lit tunnels, of which little is taken."""
    monkeypatch.setattr(rule, "evenly_lit", lambda _: 0.0)


def taken(picture, maps, *, dirt=1.0, streaks=1.0, veil=1.0):
    """What is taken of the picture itself."""
    layer = glare_layer(picture, maps, dirt=dirt, streaks=streaks, veil=veil)
    return layer.of(to_linear(picture))


def flat(height=64, width=96, code=0.3):
    """A grey picture, and a network that finds nothing in it."""
    picture = np.full((3, height, width), code, np.float32)
    return picture, np.zeros((7, height, width), np.float32)


def brighten(picture, place, light):
    """Add linear light, the same to each channel."""
    picture[:, *place] = np.sqrt(np.square(picture[:, *place]) + light)


@pytest.fixture
def streak():
    """A blue streak of 3 rows on grey, and maps that claim more light there than it has."""
    picture, maps = flat()
    picture[:, 30:33] = np.array([0.4, 0.5, 0.8], np.float32)[:, None, None]
    maps[0:3, 30:33] = 1.0
    return picture, maps


EXCESS = np.array([0.4, 0.5, 0.8]) ** 2 - GREY


def test_structured_glare_is_the_excess_in_its_own_colour(streak):
    found = taken(*streak)
    assert found[:, 31, 50] == pytest.approx(EXCESS - 0.02**2, abs=1e-3)
    assert not found[:, :29].any(), "what does not rise above its surroundings is no glare"
    half = taken(*streak, streaks=0.5)
    assert half[:, 31, 50] == pytest.approx(EXCESS / 2 - 0.02**2, abs=1e-3)
    assert np.array_equal(taken(*streak, streaks=2.0), found), "there is no more"


@pytest.mark.parametrize(
    ("dirt", "zone"),
    [(0, 0.03 * GREY + 0.06**2), (0.5, 0.015 * GREY + 0.04**2), (1, 0.02**2)],
)
def test_behind_clean_glass_what_is_faint_beside_its_surroundings_stays(dirt, zone):
    picture, maps = flat()
    brighten(picture, (slice(30, 33), slice(None)), 0.02)
    maps[0:3, 30:33] = 1.0
    found = taken(picture, maps, dirt=dirt, veil=0)
    most = 0.9 + 0.1 * dirt
    assert found[:, 31, 50] == pytest.approx(most * 0.02 - zone, abs=2e-4)


def test_the_network_decides_how_much_of_the_excess_is_glare(streak):
    picture, maps = streak
    maps[0:3, 30:33] = np.sqrt(0.2 * EXCESS / EXCESS.sum())[
        :, None, None
    ]  # a fifth of a unit of light
    found = taken(picture, maps)
    besides_grain = EXCESS.sum() / (EXCESS.sum() + 0.25 * 3 * GREY)
    assert found[:, 31, 50].sum() == pytest.approx(0.2 * besides_grain - 3 * 0.02**2, abs=1e-3)
    maps[0:3] = 0
    assert not taken(picture, maps).any()


def test_of_a_light_of_another_colour_little_goes(streak):
    picture, maps = streak
    maps[0:3, 30:33] = np.sqrt(np.array([0.2, 0.2, 0.02]))[
        :, None, None
    ]  # yellow, and the streak is blue
    found = taken(picture, maps)
    assert found[2, 31, 50] < 1.1 * (0.02 + 2e-3) + 1e-3
    assert found[:, 31, 50].sum() < 0.1, f"of {EXCESS.sum():.2f}"


@pytest.mark.parametrize("dirt", [0, 1])
def test_a_streak_through_a_lamp_goes_and_a_line_without_one_keeps_all_its_light(dirt):
    picture, maps = flat(96, 160)
    lines = [(slice(30, 32), slice(20, 140)), (slice(70, 72), slice(20, 140))]
    for line in lines:
        brighten(picture, line, 0.2)
        maps[0:3, *line] = np.sqrt(0.2)
    picture[:, 26:36, 76:86] = 1.0
    maps[6, 26:36, 76:86] = 1.0
    found = taken(picture, maps, dirt=dirt)
    assert found[:, 30:32, 30:70].min() > 0.16 + 0.01 * dirt
    assert not found[:, 66:76].any()


@pytest.mark.parametrize(
    ("dirt", "left"), [(0.0, 1.0), (0.15, 0.5), (0.3, 0.0), (0.6, 0.0), (1.0, 0.0)]
)
def test_a_lane_mark_that_a_streak_crosses_is_spared_where_glass_may_be_dirty(
    monkeypatch, dirt, left
):
    """What doesn't go on as streaks do; behind clean glass thin streaks would stay, too."""
    monkeypatch.setattr(rule, "streak_share", lambda thin, _: np.zeros_like(thin))
    thin, bloom = np.ones((2, 32, 48), np.float32)
    sources = np.ones((16, 24), np.uint8)
    wide, narrow = rule._passing(bloom, thin, sources, dirt)
    assert narrow == pytest.approx(left, abs=1e-5)
    assert wide == pytest.approx(1)


@pytest.mark.parametrize("dirt", [0, 1])
def test_a_lane_mark_in_the_haze_of_a_lamp_keeps_what_it_rises_above_the_haze(dirt):
    picture, maps = flat(96, 160, 0.1)
    haze, mark = (slice(20, 80), slice(40, 120)), (slice(70, 73), slice(60, 100))
    brighten(picture, haze, 0.02)
    maps[0:3, *haze] = np.sqrt(0.02)
    brighten(picture, mark, 0.1)
    maps[0:3, *mark] = np.sqrt(0.12)
    picture[:, 26:36, 76:86] = 1.0
    maps[0:3, 26:36, 76:86] = 0.5
    maps[6, 26:36, 76:86] = 1.0
    left = np.square(picture) - taken(picture, maps, dirt=dirt)
    inside = left[:, 71, 65:95]
    assert (inside >= 0.1**2 + 0.97 * 0.1).all()


@pytest.mark.parametrize("dirt", [0, 1])
def test_the_streak_of_a_lamp_above_the_frame_goes_and_a_line_from_below_stays(dirt):
    picture, maps = flat(96, 160)
    above, below = (slice(0, 44), slice(40, 43)), (slice(52, 96), slice(120, 123))
    for line in (above, below):
        brighten(picture, line, 0.2)
        maps[0:3, *line] = np.sqrt(0.2)
    found = taken(picture, maps, dirt=dirt)
    assert found[:, 2:42, 41].min() > 0.15
    assert not found[:, :, 110:132].any()


@pytest.mark.parametrize(("dirt", "share"), [(0, 0.0), (0.5, VEIL / 2), (1, VEIL)])
def test_the_veil_goes_whole_and_more_behind_dirty_glass_and_stays_behind_clean(dirt, share):
    picture, maps = flat()
    maps[3:6] = 0.25
    zone = (1 - dirt) * 0.03 * GREY + (0.06 - 0.04 * dirt) ** 2
    found = taken(picture, maps, dirt=dirt)
    assert found == pytest.approx(max(share * 0.0625 - zone, 0), abs=1e-5)


@pytest.mark.parametrize(
    ("dirt", "of_all", "of_what_rises"), [(0, 0, 0.5), (0.5, VEIL / 2, 0.25), (1, VEIL, 0)]
)
def test_half_of_the_glow_that_rises_above_the_veil_goes_behind_clean_glass(
    dirt, of_all, of_what_rises
):
    """A lamp's own: an even veil is the scene's, and dirty glass has all of it taken anyway."""
    picture, maps = flat(96, 160, 0.02)
    haze, glow = np.full((96, 160), 0.01), np.zeros((96, 160))
    glow[20:76, 60:100] = 0.1
    light = haze + glow
    brighten(picture, (slice(None), slice(None)), light)
    maps[3:6] = np.sqrt(light)
    maps[6, 44:52, 76:84] = 1
    found = taken(picture, maps, dirt=dirt)
    for place, rises, around in (((60, 80), 0.1, 0.1104), ((60, 10), 0.0, 0.0104)):
        zone = (1 - dirt) * 0.03 * around + (0.06 - 0.04 * dirt) ** 2
        wanted = of_all * (0.01 + rises) + of_what_rises * rises
        if rises:
            wanted *= 1 + 0.14 * dirt  # of a glow there is more than is found
        wanted = max(min(wanted, around) - zone, 0)
        assert found[:, *place] == pytest.approx(wanted, abs=1e-3)
    assert not found[:, 46:50, 78:82].any(), "the lamp itself stays"
    assert taken(picture, maps, dirt=dirt, veil=0)[:, 60, 80].max() == 0


def test_the_strength_of_the_veil():
    picture, maps = flat()
    maps[3:6] = 0.2
    assert taken(picture, maps, veil=1.5) == pytest.approx(1.5 * VEIL * 0.04 - 0.02**2, abs=1e-5)
    assert taken(picture, maps, veil=0.5) == pytest.approx(0.5 * VEIL * 0.04 - 0.02**2, abs=1e-5)
    assert not taken(picture, maps, veil=0).any()


@pytest.mark.parametrize(
    ("structured", "stays"),
    [(0.0, 0.2), (0.05, 0.096), (0.1, 0.0), (0.2, 0.0)],
    ids=["veil alone", "a quarter in both", "half in both", "all in both"],
)
def test_no_dark_line_where_a_thin_streak_is_in_the_veil_too(structured, stays):
    """It counts as far as the structured layer has it too: twice that goes, and never more."""
    picture, maps = flat(96, 160, 0.1)
    line, haze = (slice(40, 43), slice(None)), 0.04
    brighten(picture, (slice(None), slice(None)), haze)
    brighten(picture, line, 0.2)
    maps[0:3, *line] = np.sqrt(structured)
    maps[3:6] = np.sqrt(haze / VEIL)  # of which the rule takes a tenth more
    maps[3:6, *line] = np.sqrt(haze / VEIL + 0.2)
    picture[:, 36:47, 75:86] = 1.0
    maps[6, 36:47, 75:86] = 1.0
    left = np.square(picture) - taken(picture, maps)
    around, inside = left[:, 20, 30], left[:, 41, 20:60]
    assert around == pytest.approx(0.1**2 + 0.02**2, abs=1e-4), "the veil is gone"
    assert (inside >= around[:, None] + stays - 1e-4).all()
    assert (inside <= around[:, None] + stays + 0.013).all(), "and of the streak what is said"


@pytest.mark.parametrize(("width", "thin"), [(12, True), (16, False)])
def test_what_is_thin_in_the_veil_is_a_streak_and_what_is_wide_is_haze(width, thin):
    """Half of a band is in either layer: thin, all of it counts as structured; wide, one half.

    There it is a glow, as it is nowhere else, and a seventh more goes than of an even veil.
    """
    picture, maps = flat(240, 320, 0.1)
    band = (slice(100, 100 + width), slice(None))
    brighten(picture, band, 0.04)
    maps[0:3, *band] = maps[3:6, *band] = np.sqrt(0.02)
    layer = glare_layer(picture, maps, dirt=1.0, streaks=1.0, veil=1.0)
    centre = (100 + width // 2, 160)
    assert (layer.share[centre] > 0.9) == thin, "what is wide in it goes as it is"
    besides_grain = 0.04 / (0.04 + 0.25 * 0.1**2)
    wanted = 0.04 * besides_grain if thin else 0.02 + 1.14 * VEIL * 0.02
    assert layer.of(to_linear(picture))[0, *centre] == pytest.approx(wanted, abs=2e-3)
    maps[0:3] = 0
    alone = taken(picture, maps)[0, *centre]
    assert alone == pytest.approx(0.0 if thin else 1.14 * VEIL * 0.02, abs=1e-3)


@pytest.mark.parametrize(
    ("dirt", "width", "share"), [(0, 22, 0.65), (0, 40, 0.0), (1, 22, 1.0), (1, 56, 1.0)]
)
def test_behind_clean_glass_what_is_wide_is_the_scenes_own(dirt, width, share):
    """And of what is less wide a good part: a lamp without any glow stands in flat fog."""
    picture, maps = flat(200, 320, 0.1)
    band = (slice(70, 70 + width), slice(None))
    brighten(picture, band, 0.2)
    maps[0:3] = 1.0
    centre = taken(picture, maps, dirt=dirt, veil=0)[0, 70 + width // 2, 160]
    assert centre == pytest.approx(0.2 * share, abs=0.02) if share else centre == 0


@pytest.mark.parametrize("claim", [0.02, 0.06, 0.2])
def test_behind_clean_glass_the_claim_for_a_thin_streak_counts_more_than_twice_and_a_tenth_stays(
    claim,
):
    picture, maps = flat(96, 160, 0.1)
    streak = (slice(40, 43), slice(None))
    brighten(picture, streak, 0.1)
    maps[0:3, *streak] = np.sqrt(claim)
    picture[:, 36:47, 75:86] = 1.0
    maps[6, 36:47, 75:86] = 1.0
    zone = 0.03 * 0.1**2 + 0.06**2
    wanted = min(2.6 * claim, 0.9 * 0.1) - zone
    assert taken(picture, maps, dirt=0)[:, 41, 30] == pytest.approx(wanted, abs=3e-3)


def test_behind_clean_glass_a_claim_beside_a_lamp_counts_once():
    """A lamp that moves fast is drawn out as a streak is."""
    picture, maps = flat(200, 320, 0.1)
    beam = (slice(98, 102), slice(150, 172))
    brighten(picture, beam, 0.2)
    maps[0:3, *beam] = np.sqrt(0.05)
    picture[:, 97:103, 155:167] = 1.0
    maps[6, 97:103, 155:167] = 1.0
    zone = 0.03 * 0.1**2 + 0.06**2
    assert taken(picture, maps, dirt=0)[:, 100, 152].max() < 0.05 - zone + 3e-3


@pytest.mark.parametrize(("sky", "share"), [(0.3, 1.0), (0.9, 0.25)])
def test_by_day_a_quarter_goes_behind_clean_glass(sky, share):
    picture, maps = flat(96, 160, 0.4)
    picture[:, :30] = sky
    streak = (slice(60, 63), slice(None))
    before = np.square(picture[:, 61, 30])
    brighten(picture, streak, 0.1)
    maps[0:3, *streak] = 0.4
    picture[:, 56:67, 75:86] = 1.0
    maps[6, 56:67, 75:86] = 1.0
    zone = 0.03 * before + 0.06**2
    found = taken(picture, maps, dirt=0)[:, 61, 30]
    assert found == pytest.approx(0.9 * share * 0.1 - zone, abs=4e-3)


def test_in_a_lit_tunnel_a_quarter_goes_behind_clean_glass(monkeypatch, streak):
    everywhere = taken(*streak, dirt=0)[:, 31, 50]
    monkeypatch.setattr(rule, "evenly_lit", lambda _: 1.0)
    zone = 0.03 * GREY + 0.06**2
    assert taken(*streak, dirt=0)[:, 31, 50] == pytest.approx(
        (everywhere + zone) / 4 - zone, abs=1e-3
    )
    assert taken(*streak, dirt=1)[1, 31, 50] == pytest.approx(EXCESS[1], abs=1e-2)


def half_claimed(row):
    """The streak of a lamp in a row of a dark picture, of whose light a network claims 0.3."""
    picture, maps = flat(192, 320, 0.1)
    beam = (slice(row - 2, row + 3), slice(None))
    brighten(picture, beam, 0.05)
    maps[0:3, *beam] = np.sqrt(0.3 * 0.05)
    for layer, light in ((picture, 1.0), (maps[6:7], 1.0)):
        layer[:, row - 3 : row + 4, 157:164] = light
    return picture, maps


def test_above_the_road_a_claim_rises_to_what_the_spokes_of_a_lamp_hold(monkeypatch):
    sky, road = half_claimed(60), half_claimed(150)
    raised, as_claimed = taken(*sky)[:, 60, 240], taken(*road)[:, 150, 240]
    assert raised.min() > 0.04
    assert as_claimed == pytest.approx(0.3 * 0.05, abs=0.004)
    monkeypatch.setattr(rule, "spokes", lambda rising, _: np.zeros_like(rising))
    assert taken(*sky)[:, 60, 240] == pytest.approx(0.3 * 0.05, abs=0.004)
    assert taken(*road)[:, 150, 240].max() < 0.002, "on the road what is no spoke stays"


def test_what_a_network_does_not_see_at_all_is_raised_by_no_spoke():
    picture, maps = half_claimed(60)
    maps[0:3] = 0
    assert not taken(picture, maps)[:, 60, 220:].any()


def test_surroundings_are_the_light_below_anything_narrow():
    linear = np.full((3, 100, 100), 0.1, np.float32)
    linear[:, 50:53] += 0.4
    linear[:, :, 20:80] += 0.1
    around = surroundings(linear, 0.2)
    assert around.dtype == np.float32
    assert around[:, 51, 50] == pytest.approx(0.2, abs=0.005)
    assert around[:, 51, 5] == pytest.approx(0.1, abs=0.005)


def test_nothing_is_taken_inside_lamps(streak):
    picture, maps = streak
    maps[3:6] = 0.2
    maps[6] = 1
    assert not glare_layer(picture, maps, dirt=1.0, streaks=1.0, veil=1.5).lit.any()


def test_where_nothing_rises_no_texture_finer_than_the_picture_is_touched():
    picture, maps = flat()
    maps[0:3] = 1.0
    assert not glare_layer(picture, maps, dirt=0.0, streaks=1.0, veil=1.0).lit.any()


def blob(width=100, light=0.05, code=0.1):
    """The smooth bloom of a lamp, found by the network as structured glare."""
    picture, maps = flat(200, 320, code)
    rows, columns = np.mgrid[0:200, 0:320]
    bloom = light * np.exp(-((rows - 100.0) ** 2 + (columns - 160.0) ** 2) / (width / 2) ** 2)
    brighten(picture, (slice(None), slice(None)), bloom)
    maps[0:3] = np.sqrt(bloom)
    picture[:, 96:105, 156:165] = maps[6, 96:105, 156:165] = 1.0
    return picture, maps, bloom


def test_behind_dirty_glass_the_bloom_of_a_lamp_goes_however_wide_it_is():
    picture, maps, bloom = blob()
    left = np.square(picture) - taken(picture, maps)
    lamp = cv2.dilate((picture[0] == 1).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ring = (bloom > 0.005) & ~lamp
    assert left[:, ring].max() < 0.1**2 + 0.003, "of five times the light of what lies behind it"
    assert left[:, ring].min() > 0.1**2 - 1e-4


def test_the_grain_of_a_smooth_bloom_stays():
    """Texture finer than the work size is what a share would take."""
    picture, maps, bloom = blob()
    layer = glare_layer(picture, maps, dirt=1.0, streaks=1.0, veil=1.0)
    away = (bloom > 0.005) & (np.hypot(*np.mgrid[-100:100, -160:160]) > 16)
    assert layer.share[away].max() < 0.25
    assert layer.share[away].mean() < 0.05


def test_a_bloom_that_hangs_together_with_no_lamp_is_lit_road():
    picture, maps, _ = blob(code=0.2)
    picture[:, 96:105, 156:165] = picture[:, 95:96, 155:156]
    maps[6] = 0
    assert taken(picture, maps).max() < 0.002, "of 0.05"


@pytest.mark.parametrize(("dirt", "zone"), [(0.0, 0.06), (1.0, 0.02)])
def test_below_the_dead_zone_every_sample_stays(dirt, zone):
    rng = np.random.default_rng(0)
    planes = tuple(
        rng.integers(0, 256, shape).astype(np.uint8) for shape in ((128, 192), (64, 96), (64, 96))
    )
    frame = Frame(planes, 0, Fraction(1, 30), 0, color=Color("bt709", full_range=True))
    picture, maps = flat(code=0.0)
    for code, touched in ((0.95 * zone, False), (1.1 * zone, True)):
        picture[:, 30:33] = maps[0:3, 30:33] = code
        maps[6, 31, 40:43] = 0.35
        layer = glare_layer(picture, maps, dirt=dirt, streaks=1.0, veil=1.0)
        assert layer.lit.any() == touched
        assert (subtract_light(frame, layer) is not frame) == touched


@pytest.mark.parametrize("axis", [1, 2])
def test_no_brighter_frame_along_the_border(axis):
    picture, maps = flat(96, 160)
    maps[3:6] = 0.2
    maps = np.moveaxis(maps, axis, 0)
    maps[:5, 3:6] = maps[-5:, 3:6] = 0  # the network saw too little there
    left = np.square(picture) - taken(picture, np.moveaxis(maps, 0, axis))
    assert left == pytest.approx(GREY - VEIL * 0.04 + 0.02**2, abs=1e-4)


@pytest.mark.parametrize("axis", [1, 2])
def test_a_veil_that_ends_farther_inside_ends_there(axis):
    picture, maps = flat(96, 160)
    maps[3:6] = 0.2
    maps = np.moveaxis(maps, axis, 0)
    maps[:12, 3:6] = maps[-12:, 3:6] = 0
    found = np.moveaxis(taken(picture, np.moveaxis(maps, 0, axis)), axis, 0)
    assert not found[:8].any()
    assert not found[-8:].any()
    assert found[30:-30].min() > VEIL * 0.04 - 0.001


LIGHT = arrays(np.float32, (3, 13, 16), elements=st.floats(0, 1, width=32))
SHARES = arrays(np.float32, (2, 13, 16), elements=st.floats(0, 1, width=32))


@settings(deadline=None)
@given(LIGHT, SHARES, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_never_more_is_taken_than_the_light_there(linear, shares, dirt, streaks, veil):
    """Of an answer that claims no more than that; but for a quarter of a wide veil."""
    picture = np.sqrt(linear)
    structured = shares[0] * linear
    haze = shares[1] * (linear - structured)
    maps = np.concatenate([np.sqrt(structured), np.sqrt(haze), np.zeros((1, 13, 16))])
    found = taken(picture, maps.astype(np.float32), dirt=dirt, streaks=streaks, veil=veil)
    assert (found >= 0).all()
    most = veil * (VEIL * dirt + 0.5 * (1 - dirt))
    more = max(most - 1, 0) * haze.sum(axis=0)
    assert (found.sum(axis=0) <= linear.sum(axis=0) + more + 1e-4).all()


@pytest.mark.parametrize("seen", [0.8, 1.0], ids=["too little, as usual", "all of it"])
def test_a_round_blob_of_haze_leaves_no_hard_rim(seen):
    picture, maps = flat(96, 160, 0.1)
    ball = np.zeros((96, 160), np.float32)
    cv2.circle(ball, (80, 48), 24, 1.0, -1)
    haze = 0.04 * cv2.GaussianBlur(ball, (0, 0), 12)
    brighten(picture, (slice(None), slice(None)), haze)
    maps[3:6] = np.sqrt(seen * haze)
    light = np.square(picture)
    left = np.sqrt(np.maximum(light - taken(picture, maps), KEPT * light))
    assert np.abs(np.diff(left, axis=1)).max() < 0.01
    assert np.abs(np.diff(left, axis=2)).max() < 0.01
