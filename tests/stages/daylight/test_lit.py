"""Coloured lamps are found, and nothing else."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from dashcam_pipeline.frames import KR_KB, Color, Frame, PixelLayout
from dashcam_pipeline.stages.daylight.lit import clipped_lamps, lit_signals
from dashcam_pipeline.stages.shrink import code_scale

LAYOUTS = [PixelLayout(bits, chroma) for bits in (8, 10) for chroma in ((1, 1), (1, 0), (0, 0))]
EIGHT, BT709 = PixelLayout(), Color("bt709")
HEIGHT, WIDTH = 270, 480
RED, AMBER, GREEN, CYAN = (1, 0.15, 0.1), (1, 0.6, 0.1), (0.1, 0.9, 0.4), (0.5, 1, 0.95)
YELLOW, BLUE, WHITE, PINK = (0.8, 0.76, 0.2), (0.3, 0.4, 1), (1, 1, 1), (0.85, 0.6, 0.6)


def make_frame(rgb, layout=EIGHT, color=BT709):
    """A frame of an (H, W, 3) picture of code values in [0, 1]."""
    y0, ys, c0, cs = code_scale(layout, color)
    kr, kb = KR_KB[color.matrix]
    luma = rgb @ np.array([kr, 1 - kr - kb, kb])
    chroma = layout.chroma_shape(*luma.shape)
    cb, cr = (
        cv2.resize(d, chroma[::-1], interpolation=cv2.INTER_AREA)
        for d in ((rgb[..., 2] - luma) / (2 * (1 - kb)), (rgb[..., 0] - luma) / (2 * (1 - kr)))
    )
    dtype = np.uint8 if layout.bits == 8 else np.uint16
    planes = tuple(np.rint(p).astype(dtype) for p in (luma * ys + y0, cb * cs + c0, cr * cs + c0))
    return Frame(planes, 0, Fraction(1, 30), 0, layout, color)


def night():
    return np.full((HEIGHT, WIDTH, 3), 0.06)


def disc(picture, at, radius, colour):
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    picture[np.hypot(y - at[0], x - at[1]) <= radius] = colour
    return picture


@pytest.mark.parametrize("colour", [RED, AMBER, GREEN, CYAN], ids=str)
@pytest.mark.parametrize("radius", [2, 6, 16])
def test_a_signal_is_found_whole(colour, radius):
    lit = lit_signals(make_frame(disc(night(), (90, 200), radius, colour)))
    assert lit.shape == (HEIGHT, WIDTH)
    assert lit.min() >= 0
    assert lit.max() <= 1
    inside = disc(night() * 0, (90, 200), radius - 0.5, 1)[..., 0] > 0
    assert lit[inside].min() > 0.6, "half a sample of the rim is reduced chroma"
    assert lit[inside].mean() > 0.9
    far = disc(night() * 0, (90, 200), radius + 10, 1)[..., 0] == 0
    assert lit[far].max() < 0.01


@pytest.mark.parametrize(("radius", "core"), [(8, 4), (26, 20)])
def test_a_white_core_belongs_to_its_lamp(radius, core):
    picture = disc(disc(night(), (90, 200), radius, RED), (90, 200), core, WHITE)
    assert lit_signals(make_frame(picture))[90, 200] > 0.9


def test_the_dark_within_a_ring_of_light_is_not_held():
    picture = disc(disc(night(), (90, 200), 26, RED), (90, 200), 20, (0.06, 0.06, 0.06))
    assert lit_signals(make_frame(picture))[90, 200] == 0


def test_lamps_that_clip_are_small_and_lit_ground_is_large():
    strongest = disc(np.full((96, 160), 0.1, np.float32), (30, 40), 4, 1)
    strongest = disc(disc(strongest, (70, 110), 20, 1), (20, 120), 4, 0.8)
    lamps = clipped_lamps(strongest)
    assert lamps.shape == strongest.shape
    assert lamps[30, 40] == 1
    assert lamps[70, 110] == 0
    assert lamps[20, 120] == 0
    assert 0 <= lamps.min() <= lamps.max() <= 1


@pytest.mark.parametrize("at", [(0, 100), (80, 0), (0, 0), (HEIGHT - 1, WIDTH - 1)])
def test_a_lamp_at_the_border_is_one(at):
    assert lit_signals(make_frame(disc(night(), at, 12, RED)))[at] > 0.8


@pytest.mark.parametrize("colour", [YELLOW, BLUE, WHITE], ids=str)
def test_other_lamps_may_turn_into_day(colour):
    assert lit_signals(make_frame(disc(night(), (90, 200), 8, colour))).max() < 0.1


@pytest.mark.parametrize("place", [np.s_[100:130, 50:400], np.s_[20:250, 60:100]])
def test_an_evening_sky_and_a_lit_wall_are_no_lamps(place):
    picture = night()
    picture[place] = PINK
    assert lit_signals(make_frame(picture)).max() < 0.1


@pytest.mark.parametrize(("colour", "held"), [((1, 0.55, 0.12), False), ((1, 0.12, 0.1), True)])
def test_a_street_in_sodium_light_may_turn_into_day(colour, held):
    """And a red as wide is the glow of a signal or a tail light, on wet ground."""
    picture = night()
    picture[100:, 40:400] = colour
    lit = lit_signals(make_frame(picture))
    assert (lit[180, 200] > 0.9) == held
    assert held or lit.max() < 0.1


def test_dark_colours_are_no_lamps():
    picture = disc(night(), (90, 200), 8, np.array(RED) * 0.35)
    assert not lit_signals(make_frame(picture)).any()
    assert not lit_signals(make_frame(night())).any()


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("color", [Color("bt601"), Color("bt709", full_range=True)], ids=str)
def test_every_layout_shows_the_same(layout, color):
    picture = disc(night(), (90, 200), 8, GREEN)
    lit = lit_signals(make_frame(picture, layout, color))
    assert lit[90, 200] > 0.9
    assert lit[90, 240] == 0


def test_large_frames_are_reduced():
    picture = cv2.resize(disc(night(), (90, 200), 8, RED), (1920, 1080))
    lit = lit_signals(make_frame(picture))
    assert lit.shape == (540, 960)
    assert lit[180, 400] > 0.9


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 6)])
def test_any_size(size):
    picture = np.full((*size, 3), 1.0) * RED
    assert lit_signals(make_frame(picture)).shape == size


def test_the_dark_beside_a_lamp_is_not_held():
    """Held, it would stay as a black rim in a bright picture."""
    lit = lit_signals(make_frame(disc(night(), (90, 200), 6, RED)))
    ring = (disc(night() * 0, (90, 200), 12, 1) - disc(night() * 0, (90, 200), 8.5, 1))[..., 0] > 0
    assert lit[ring].max() < 0.25
