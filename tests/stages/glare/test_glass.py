"""How dirty the glass is, told from made-up pictures."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from dashcam_pipeline.engine.rgb import rgb_to_frame
from dashcam_pipeline.inference.manifest import GLARE, GlassScale, find_model
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare import stage
from dashcam_pipeline.stages.glare.glass import (
    Glass,
    GlassMeter,
    Reading,
    by_day,
    dirt_of,
    evenly_lit,
    measure_directions,
    measure_haze,
)

SAMPLES = Path(__file__).parents[3] / "samples"


def hazy(haze, lift, size=(16, 16), white=1):
    """A picture and the answer of a network: so much of its light is haze, so many codes.

    Of a quarter of its samples, those that are looked at, so many are white.
    """
    veil = (lift / 255) ** 2
    picture = np.full((3, *size), np.sqrt(veil / haze), np.float32)
    seen = picture[:, ::2, ::2].reshape(3, -1)
    seen[:, :white] = 1
    picture[:, ::2, ::2] = seen.reshape(3, size[0] // 2, size[1] // 2)
    maps = np.zeros((7, *size), np.float32)
    maps[3:6] = np.sqrt(veil)
    return picture, maps


def metered(*frames, mode="auto"):
    meter = GlassMeter(mode)
    for frame in frames:
        meter.look(*frame)
    return meter


DIRTY, CLEAN = hazy(0.7, 30), hazy(0.05, 1)


@pytest.mark.parametrize(
    ("what", "haze", "lift", "wanted"),
    [
        ("a dirty windscreen", 0.7, 25, 1),
        ("the dirtiest", 0.82, 60, 1),
        ("a dirty one before a lit street", 0.25, 60, 1),
        ("a dark night behind clean glass", 0.33, 1, 0),
        ("a phone's picture", 0.33, 10, 0),
        ("a street lamp in mist, from a phone", 0.48, 20, 0.5),
        ("a tunnel", 0.2, 22, 0.7),
        ("the same light with dark places", 0.33, 19, 0.08 * 8 / 9),
        ("half way in haze", 0.48, 21, 0.5),
        ("half way in lift", 0.7, 15.5, 0.5),
        ("just above, in both", 0.336, 11.9, 0.01),
        ("nearly dirty, in both", 0.624, 19.1, 0.81),
        ("half way in haze, all lit", 0.16, 46, 0.5),
    ],
)
def test_haze_and_lift_of_the_darkest_places_tell_dirt(what, haze, lift, wanted):
    glass = metered(hazy(haze, lift)).glass
    assert glass.haze == pytest.approx(haze, rel=0.03), what
    assert glass.lift == pytest.approx(lift, rel=0.01)
    assert glass.dirt == pytest.approx(wanted, abs=0.02)
    assert glass.frames == 1


@pytest.mark.parametrize(
    ("white", "day", "dirt"),
    [(0.0001, 0, 0), (0.0006, 0, 0.5), (0.001, 0, 1), (0.3, 0, 1), (0.1, 0.4, 0.6), (0.1, 1, 0)],
)
def test_where_no_lamp_shines_or_a_sky_does_no_glass_is_dirty(white, day, dirt):
    assert dirt_of(Reading(0.7, 20, white, day, 0.1)) == pytest.approx(dirt)
    assert dirt_of(Reading(0.25, 45, white, day, 0.1)) == pytest.approx(dirt)
    assert dirt_of(Reading(0.25, 22, white, day, 0.2)) == pytest.approx(0.7 * dirt)


@pytest.mark.parametrize(("dark", "dirt"), [(0.14, 0.0), (0.1625, 0.35), (0.185, 0.7)])
def test_little_haze_tells_of_dirt_where_nothing_is_dark(dark, dirt):
    assert dirt_of(Reading(0.25, 22, 0.01, 0, dark)) == pytest.approx(dirt)
    assert dirt_of(Reading(0.25, 18.5, 0.01, 0, dark)) == pytest.approx(dirt / 2)
    assert dirt_of(Reading(0.16, 22, 0.01, 0, dark)) == pytest.approx(dirt / 2)


@pytest.mark.parametrize(("lift", "dirt"), [(25, 0.0), (35, 0.5), (45, 1.0)])
def test_blacks_that_are_lifted_far_tell_of_dirt_however_lit_a_picture_is(lift, dirt):
    assert dirt_of(Reading(0.25, lift, 0.01, 0, 0.1)) == pytest.approx(dirt)


def street(upper, lower, white=0.0):
    """A picture whose upper third and rest are so bright; of the upper one, so much is white."""
    codes = np.full((90, 100), lower, np.float32)
    codes[:30] = upper
    codes[:30, : round(100 * white)] = 0.95
    return np.stack([codes] * 3)


@pytest.mark.parametrize(
    ("what", "picture", "wanted"),
    [
        ("a day", street(0.7, 0.6), 1),
        ("a night", street(0.2, 0.3), 0),
        ("a night that a camera lifts", street(0.58, 0.74), 0),
        ("a dull day with a grey sky", street(0.6, 0.6), 1),
        ("a tunnel with a bright ceiling", street(0.6, 0.3), 0),
        ("half way", street(0.52, 0.52), 0.5),
        ("half way, as its sky is darker by a tenth", street(0.738, 0.861), 0.5),
        ("trees, and a white sky between them", street(0.3, 0.6, white=0.14), 1),
        ("as many lamps as half way to that", street(0.3, 0.6, white=0.1), 0.5),
        ("a night with a headlight high up", street(0.2, 0.3, white=0.07), 0),
    ],
)
def test_by_day_a_sky_is_bright(what, picture, wanted):
    assert by_day(picture) == pytest.approx(wanted, abs=0.02), what


def test_a_day_and_a_darkened_day_are_clean():
    assert metered(hazy(0.19, 60, white=20)).glass.dirt == 0
    assert metered(hazy(0.5, 30, white=0)).glass.dirt == 0


def test_only_the_darkest_tenth_counts():
    codes = np.concatenate([np.full(5, 0.1), np.full(5, 0.11), np.linspace(0.2, 0.9, 90)])
    codes = codes.reshape(10, 10).repeat(2, axis=0).repeat(2, axis=1)
    picture = np.broadcast_to(codes, (3, 20, 20)).astype(np.float32)
    veil = np.zeros_like(picture)
    veil[:, codes < 0.105] = 0.006
    haze, lift, white, day, dark = measure_haze(picture, veil)
    assert haze == pytest.approx(0.003 / ((0.1**2 + 0.11**2) / 2), rel=1e-3)
    assert lift == pytest.approx(255 * 0.003**0.5, rel=1e-3)
    assert white == pytest.approx((codes[::2, ::2] > 0.9).mean())
    assert day == by_day(picture)
    assert dark == pytest.approx(np.quantile(codes[::2, ::2], 0.05), rel=1e-5)


def test_one_odd_frame_among_many_changes_nothing():
    even, odd = metered(*[DIRTY] * 9), metered(*[DIRTY] * 5, CLEAN, *[DIRTY] * 4)
    assert odd.glass.dirt == even.glass.dirt == 1
    assert odd.glass.haze == even.glass.haze
    assert odd.glass.frames == 10


def test_frames_full_of_lamps_tell_more_than_those_with_hardly_any():
    """A car comes by; after it, what the glass scatters is hardly seen."""
    lit, dim = (64, 64), (128, 128)
    lit_dirty, lit_clean = hazy(0.7, 30, lit, white=11), hazy(0.05, 1, lit, white=11)  # 1.1%
    dim_clean, dim_dirty = hazy(0.05, 1, dim, white=4), hazy(0.7, 30, dim, white=4)  # 0.1%
    assert metered(lit_dirty, *[dim_clean] * 2).glass.haze > 0.55
    assert metered(*[dim_clean] * 10, *[lit_clean] * 5, *[dim_dirty] * 4).glass.haze < 0.1
    assert metered(lit_dirty, *[dim_clean] * 25).glass.haze < 0.1, "one frame is not enough"


def test_about_half_a_minute_counts():
    before = [DIRTY] * 240
    assert metered(*before, *[CLEAN] * 179).glass.dirt == 1, "where no lamp shines it looks clean"
    assert metered(*before, *[CLEAN] * 182).glass.dirt == pytest.approx(0.94)
    assert metered(*before, *[CLEAN] * 231).glass.dirt == 0
    assert metered(*before, *[CLEAN] * 181).glass.frames == 240


def test_what_is_taken_never_pumps():
    """By at most a fiftieth from one frame that the network sees to the next."""
    meter = metered(DIRTY)
    dirts = []
    for frame in [CLEAN] * 60 + [DIRTY] * 400:
        meter.look(*frame)
        dirts.append(meter.glass.dirt)
    assert min(dirts) == 0
    assert dirts[-1] == 1
    assert np.abs(np.diff([1.0, *dirts])).max() <= 0.02 + 1e-9


def test_a_look_all_over_the_recording_counts_as_much_as_all_frames_since():
    meter = GlassMeter("auto")
    for frame in [CLEAN] * 2 + [DIRTY] * 4:
        meter.survey(*frame)
    assert meter.glass.dirt == 1
    for _ in range(120):
        meter.look(*CLEAN)
    assert meter.glass.dirt == 1, "a stretch without lamps, of a recording behind dirty glass"
    clean = GlassMeter("auto")
    for _ in range(120):
        clean.look(*CLEAN)
    assert clean.glass.dirt == 0


def test_a_person_knows_better():
    for mode, dirt in (("clean", 0), ("normal", 0.5), ("dirty", 1)):
        assert GlassMeter(mode).glass.dirt == dirt
        assert metered(DIRTY, mode=mode).glass.dirt == dirt
        assert metered(CLEAN, mode=mode).glass.dirt == dirt
    assert GlassMeter("auto").glass == Glass(0.0)


def streaked(angle, lamps=0.0, width=2):
    """A streak at so many degrees from the horizontal, counterclockwise, and no veil."""
    layer = np.zeros((128, 160), np.float32)
    dx, dy = np.cos(np.radians(angle)), -np.sin(np.radians(angle))
    ends = [(round(80 + s * 55 * dx), round(64 + s * 55 * dy)) for s in (-1, 1)]
    cv2.line(layer, *ends, 0.6, width, cv2.LINE_AA)
    maps = np.zeros((7, 128, 160), np.float32)
    maps[0:3] = cv2.GaussianBlur(layer, (0, 0), 1.5)
    maps[6] = lamps
    return np.full((3, 128, 160), 0.2, np.float32), maps


@pytest.mark.parametrize(("darkest", "wanted"), [(38, 0.0), (47, 0.5), (55, 1.0)])
def test_where_nothing_is_darker_than_some_fifty_codes_a_picture_is_lit_everywhere(darkest, wanted):
    """A tunnel; a twentieth of it may be dark, such as the tyres of a car."""
    picture = np.full((3, 64, 96), 90 / 255, np.float32)
    picture[:, 40:50] = darkest / 255
    picture[:, 60:62] = 0
    assert evenly_lit(picture) == pytest.approx(wanted, abs=0.06)
    picture[:, 50:54] = 10 / 255
    assert evenly_lit(picture) == 0


@pytest.mark.parametrize("angle", [0, 10, 33, 57, 90, 123, 150, 178])
def test_the_direction_of_a_streak_is_named_within_five_degrees(angle):
    direction = metered(streaked(angle)).glass.direction
    assert direction is not None
    assert 0 <= direction < 180
    assert abs((direction - angle + 90) % 180 - 90) < 5


def test_many_frames_name_the_direction_that_they_share():
    direction = metered(*[streaked(a) for a in (57, 120, 57, 20, 57, 160)]).glass.direction
    assert direction == pytest.approx(57, abs=5)


def test_lamps_themselves_and_round_glows_have_no_direction():
    assert metered(streaked(57, lamps=1.0)).glass.direction is None
    assert metered(DIRTY).glass.direction is None
    picture, maps = streaked(0)
    ball = np.zeros((128, 160), np.float32)
    cv2.circle(ball, (80, 64), 20, 0.6, -1)
    maps[0:3] = cv2.GaussianBlur(ball, (0, 0), 8)
    assert metered((picture, maps)).glass.direction is None


def test_directions_are_weighed_by_their_light():
    _, strong = streaked(57)
    _, weak = streaked(57)
    weak[0:3] *= 0.5
    one, other = (
        measure_directions(np.square(maps[0:3]).sum(axis=0), maps[6]) for maps in (strong, weak)
    )
    assert one.shape == (36,)
    assert one.sum() > 2 * other.sum() > 0


@pytest.mark.parametrize(("bump", "named"), [(1.6, False), (1.75, True)])
def test_a_direction_is_named_only_where_it_stands_out(bump, named):
    directions = np.ones(36, np.float32)
    directions[10:13] = bump
    meter = metered(DIRTY)
    meter.restore({**meter.state(), "directions": directions})
    assert (meter.glass.direction is not None) == named
    if named:
        assert meter.glass.direction == pytest.approx(57.5, abs=0.1)


@pytest.mark.parametrize(
    ("dirt", "direction", "words"),
    [
        (0.0, None, "clean"),
        (0.19, 57.0, "clean"),
        (0.21, None, "slightly dirty"),
        (0.69, 57.3, "slightly dirty, streaks at 57 degrees"),
        (0.71, None, "dirty"),
        (1.0, 57.3, "dirty, streaks at 57 degrees"),
    ],
)
def test_words(dirt, direction, words):
    glass = Glass(dirt, haze=0.5, lift=20.04, direction=direction, frames=7)
    assert glass.words == words
    facts = json.loads(json.dumps(glass.facts()))
    assert facts == {
        "words": words,
        "dirt": dirt,
        "haze": 0.5,
        "lift": 20.0,
        "direction": None if direction is None else 57,
        "frames": 7,
    }


def test_another_meter_goes_on_where_one_paused():
    first, second = metered(streaked(57), DIRTY), GlassMeter("auto")
    first.survey(*CLEAN)
    second.restore(first.state())
    assert second.glass == first.glass
    for meter in (first, second):
        for frame in (CLEAN, hazy(0.3, 14), streaked(60)):
            meter.look(*frame)
    assert second.glass == first.glass
    fresh = metered(DIRTY)
    fresh.restore(GlassMeter("auto").state())
    assert fresh.glass == Glass(0.0)


def test_what_was_learned_is_not_changed_by_going_on():
    meter = metered(streaked(57))
    state = meter.state()
    kept = {name: values.copy() for name, values in state.items()}
    meter.look(*streaked(120))
    assert all(np.array_equal(state[name], kept[name]) for name in kept)


def test_weights_say_at_which_readings_of_theirs_glass_is_dirty():
    """Networks differ in how much of a lit street they take for haze."""
    strict = GlassScale(haze=(0.8, 0.9), lit_haze=(0.8, 0.9))
    seen = hazy(0.7, 20.01)
    assert metered(seen).glass.dirt == 1
    meter = GlassMeter("auto", strict)
    meter.look(*seen)
    assert meter.glass.dirt == 0


def test_the_stage_asks_the_manifest_of_its_weights(monkeypatch):
    with av.open(str(SAMPLES / "city/night-glare.mp4")) as file:
        rgb = next(file.decode(video=0)).to_ndarray(format="rgb24")
    frame = rgb_to_frame(rgb, index=0, pts=0, time_base=Fraction(1, 30))
    entry = find_model(GLARE)
    dirts = []
    for scale in (None, GlassScale(haze=(2, 3), lit_haze=(2, 3))):
        monkeypatch.setattr(
            stage, "find_model", lambda _, s=scale: entry.model_copy(update={"glass": s})
        )
        context = StageContext(quality="best", threads=1)  # without a twin that says its own
        made = stage.GlareStage(stage.GlareStage.Options(), context)
        made.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
        made.survey([frame])
        dirts.append(made.glass.dirt)
    assert dirts[0] > 0.5
    assert dirts[1] == 0
