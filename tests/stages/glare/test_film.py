"""The even film that dirt is on a windscreen: a black scene behind it is black no more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.glass import Glass, GlassMeter
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.stage import GlareStage

NOTHING = GlareLayer.plain(np.zeros((3, 40, 40), np.float32))


def seen(film, *, black=0.5, lit=0.1):
    """(3, 40, 40) code values: a scene that is black in a share of its pixels, and a film."""
    light = np.full((3, 1600), lit, np.float32)
    light[:, : round(black * 1600)] = 0
    light += np.broadcast_to(np.asarray(film, np.float32), (3,))[:, None]
    # Columns shared out evenly, as only every second sample is looked at.
    return np.sqrt(light.reshape(3, 40, 40, order="F"))


def metered(*pictures, mode="dirty", layer=NOTHING):
    meter = GlassMeter(mode)
    maps = np.zeros((7, 40, 40), np.float32)
    for picture in pictures:
        meter.look(picture, maps)
        meter.look_at_rest(picture, layer)
    return meter


def black_left(glass, picture, film, strength=1.0):
    """What share of a film is left in the black places."""
    return 1 - glass.film_light(picture, strength)[:, 0, 0] / film


def test_of_the_film_over_a_black_scene_a_fifth_is_left():
    picture = seen(0.01)
    glass = metered(picture).glass
    assert black_left(glass, picture, 0.01) == pytest.approx(0.2, abs=0.001)
    assert glass.film_light(picture, 1.0).shape == (3, 1, 1)


def test_the_film_has_a_colour():
    film = np.array([0.02, 0.01, 0.005])
    picture = seen(film)
    glass = metered(picture).glass
    assert black_left(glass, picture, film) == pytest.approx(0.2, abs=0.001)
    assert glass.film == pytest.approx(film / np.square(picture).mean(), rel=0.01)


@pytest.mark.parametrize(("mode", "left"), [("clean", 1.0), ("normal", 0.6), ("dirty", 0.2)])
def test_it_goes_as_far_as_the_glass_is_dirty(mode, left):
    picture = seen(0.01)
    glass = metered(picture, mode=mode).glass
    assert black_left(glass, picture, 0.01) == pytest.approx(left, abs=0.001)


@pytest.mark.parametrize(("strength", "left"), [(0, 1.0), (0.5, 0.6), (1, 0.2), (1.5, 0.2)])
def test_its_strength_ends_at_one(strength, left):
    picture = seen(0.01)
    glass = metered(picture).glass
    assert black_left(glass, picture, 0.01, strength) == pytest.approx(left, abs=0.001)


@pytest.mark.parametrize(("black", "film"), [(0.1, 0.01), (0.0, 0.11)])
def test_a_scene_without_a_black_twentieth_is_not_told_from_a_film(black, film):
    picture = seen(0.01, black=black)
    assert metered(picture).glass.film_light(picture, 1.0)[0, 0, 0] == pytest.approx(
        0.8 * film, rel=0.01
    )


def test_what_is_taken_already_is_no_film():
    picture = seen(0.01)
    layer = GlareLayer.plain(np.full((3, 40, 40), 0.01, np.float32))
    assert metered(picture, layer=layer).glass.film == pytest.approx((0, 0, 0), abs=1e-6)
    half = GlareLayer.plain(np.full((3, 40, 40), 0.005, np.float32))
    glass = metered(picture, layer=half).glass
    assert glass.film_light(picture, 1.0) == pytest.approx(0.8 * 0.005, rel=0.01)


@pytest.mark.parametrize("lamp", [0.2, 0.8])
def test_a_lamp_that_comes_into_view_lights_the_film_up_and_changes_no_share(lamp):
    """The film is scattered light: with twice the light there is twice of it."""
    before = seen(0.01)
    share = 0.01 / float(np.square(before).mean())
    scene = np.square(seen(0, lit=0.1 + lamp))
    film = share * float(scene.mean()) / (1 - share)
    lit = np.sqrt(scene + film)
    assert film > 2 * 0.01
    meter = metered(*[before] * 8)
    glass = meter.glass
    assert black_left(glass, lit, film) == pytest.approx(0.2, abs=0.005)
    meter.look_at_rest(lit.astype(np.float32), NOTHING)
    assert meter.glass.film == pytest.approx(glass.film, rel=0.01)


def test_lit_frames_among_black_ones_are_not_taken_for_a_film():
    """A street lit all over has no black place; the quarter of frames that has some decides."""
    black, lit = seen(0.01), seen(0.01, black=0)
    share = 0.01 / float(np.square(black).mean())
    assert metered(*[black] * 3, *[lit] * 6).glass.film[0] == pytest.approx(share, rel=0.01)
    assert metered(*[black] * 2, *[lit] * 7).glass.film[0] == pytest.approx(share * 5, rel=2)
    assert metered(*[black] * 1, *[lit] * 8).glass.film[0] > 0.9


def test_half_a_minute_of_frames_counts():
    black, clear = seen(0.01), seen(0.0)
    assert metered(*[clear] * 240, *[black] * 170).glass.film == pytest.approx((0, 0, 0), abs=1e-6)
    film = metered(*[clear] * 240, *[black] * 190).glass.film
    assert film[0] == pytest.approx(0.01 / float(np.square(black).mean()), rel=0.01)


def test_another_meter_goes_on_with_the_film():
    first, second = metered(seen(0.01), seen(0.03)), GlassMeter("dirty")
    second.restore(first.state())
    assert second.glass == first.glass
    for meter in (first, second):
        meter.look_at_rest(seen(0.005), NOTHING)
    assert second.glass == first.glass
    assert min(first.glass.film) > 0
    first.restore(GlassMeter("dirty").state())
    assert first.glass == Glass(1.0)


def make_scene(film, index=0, code=0):
    """A frame, (180, 320): black above and lit below, behind an even film of linear light."""
    light = np.zeros((180, 320)) + (code / 219) ** 2
    light[120:] += 0.05
    luma = np.rint(np.sqrt(light + film) * 219 + 16).astype(np.uint8)
    grey = np.full((90, 160), 128, np.uint8)
    return Frame((luma, grey, grey.copy()), index, Fraction(1, 30), index)


def finds_nothing(pictures):
    return np.zeros((len(pictures), 7, *pictures.shape[2:]), np.float32)


def finds_most_of_a_veil(pictures):
    maps = finds_nothing(pictures)
    maps[:, 3:6] = np.sqrt(0.9) * pictures
    return maps


def finds_a_lamp_below(pictures):
    maps = finds_nothing(pictures)
    maps[:, 6, maps.shape[2] * 2 // 3 :] = 1
    return maps


def make_stage(network, **options):
    options = {"glass": "dirty", "smoothing": 0, **options}
    stage = GlareStage(GlareStage.Options(**options), StageContext(quality="best", threads=1))
    stage._carrier.every = 1
    frame = make_scene(0)
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    stage._network.run = network
    return stage


def clean_one(stage, frame):
    (cleaned,) = stage.process(FrameBatch((frame,)))
    return cleaned


def light_at(frame, row):
    return float(((frame.planes[0][row, 160] - 16.0) / 219) ** 2)


def test_a_black_sky_gets_black_again_and_what_is_lit_keeps_its_light():
    frame = make_scene(0.02)
    cleaned = clean_one(make_stage(finds_nothing), frame)
    left = 0.2 * 0.02 + 0.02**2  # and the rule's dead zone
    assert light_at(cleaned, 40) == pytest.approx(left, rel=0.1)
    assert light_at(cleaned, 160) == pytest.approx(0.05 + left, rel=0.05)


def test_some_of_the_light_always_stays():
    cleaned = clean_one(make_stage(finds_most_of_a_veil), make_scene(0.02))
    assert light_at(cleaned, 40) == pytest.approx(0.04 * 0.02, rel=0.1)


def test_behind_clean_glass_there_is_none():
    frame = make_scene(0.02)
    assert clean_one(make_stage(finds_nothing, glass="clean"), frame) is frame
    assert clean_one(make_stage(finds_nothing, veil=0), frame) is frame


def test_lamps_keep_their_light():
    frame = make_scene(0.02)
    cleaned = clean_one(make_stage(finds_a_lamp_below), frame)
    assert light_at(cleaned, 40) < 0.3 * 0.02
    assert np.array_equal(cleaned.planes[0][150:], frame.planes[0][150:])


def test_the_film_outlives_a_pause_and_a_cut_and_is_known_from_a_survey():
    frames = [make_scene(0.02, index) for index in range(3)]
    bright = make_scene(
        0.02, 3, code=70
    )  # no black place in it: by itself it tells too large a film
    first, second, surveyed = (make_stage(finds_nothing) for _ in range(3))
    for frame in frames:
        clean_one(first, frame)
    second.restore(first.state())
    first.reset()
    surveyed.survey(frames)
    results = [clean_one(stage, bright).planes[0] for stage in (first, second, surveyed)]
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])
    assert results[0][40, 160] > clean_one(make_stage(finds_nothing), bright).planes[0][40, 160] + 9
