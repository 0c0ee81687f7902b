"""The glare stage with the weights that are shipped."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from dashcam_pipeline.config import StageSpec
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.stage import GlareStage


def make_night(index=0, height=180, width=320, halo=110):
    """A dark grey frame with a lamp and a halo around it."""
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(x - width * 0.4, y - height * 0.4)
    luma = 40 + halo / (1 + (radius / 12) ** 2)
    luma[radius < 6] = 235
    chroma = np.full((height // 2, width // 2), 128, np.uint8)
    planes = (np.rint(luma).astype(np.uint8), chroma, chroma.copy())
    return Frame(planes, index, Fraction(1, 30), index)


def make_stage(quality="balanced", strength=1.0, **options):
    context = StageContext(quality=quality, threads=1, strength=strength)
    stage = GlareStage(GlareStage.Options(**options), context)
    frame = make_night()
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    return stage


def test_a_halo_gets_darker_and_the_lamp_stays():
    frame = make_night()
    (cleaned,) = make_stage().process(FrameBatch((frame,)))
    before, after = (f.planes[0].astype(int) for f in (frame, cleaned))
    y, x = 72, 128
    assert after[y, x] >= before[y, x] - 6, "the lamp itself stays"
    ring = (slice(y - 14, y - 8), slice(x - 3, x + 3))
    assert after[ring].mean() < before[ring].mean() - 3
    assert (after <= before + 1).all(), "light is only ever taken away"
    assert cleaned.pts == frame.pts


def test_no_strength_no_change():
    frame = make_night()
    assert make_stage(strength=0.0).process(FrameBatch((frame,)))[0] is frame
    assert make_stage(streaks=0, veil=0).process(FrameBatch((frame,)))[0] is frame


def test_half_strength_lies_between():
    frame = make_night()
    half, full = (
        make_stage(strength=s).process(FrameBatch((frame,)))[0].planes[0].astype(int).sum()
        for s in (0.5, 1.0)
    )
    assert full < half < frame.planes[0].astype(int).sum()


def clean_all(stage, frames, size):
    """Frames through a stage, so many a batch."""
    done = []
    for i in range(0, len(frames), size):
        done += stage.process(FrameBatch(tuple(frames[i : i + size])))
    return done + list(stage.flush() or ())


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_one_by_one_and_in_batches_are_the_same(quality):
    frames = [make_night(i, halo=90 + i) for i in range(5)]
    together = clean_all(make_stage(quality), frames, 5)
    single = clean_all(make_stage(quality), frames, 1)
    assert [f.index for f in together] == [f.index for f in single] == list(range(5))
    for a, b in zip(together, single, strict=True):
        assert np.abs(a.planes[0].astype(int) - b.planes[0]).max() <= 1


@pytest.mark.parametrize(("quality", "seen"), [("fast", 3), ("balanced", 4), ("best", 7)])
def test_the_network_sees_fewer_frames_at_lower_levels(quality, seen):
    stage = make_stage(quality)
    frames = [make_night(i) for i in range(12)]
    cleaned = clean_all(stage, frames, 2)
    assert stage.report.facts["frames_seen"] == seen  # and the last
    assert all(np.array_equal(f.planes[0], cleaned[0].planes[0]) for f in cleaned)


@pytest.mark.parametrize(("change", "seen"), [(0.2, 2), (0.3, 3)])
def test_what_lights_up_by_a_quarter_of_the_range_is_seen_at_once(change, seen):
    """Of four frames the network sees the first and the last one in any case."""
    stage = make_stage("fast")
    dark = make_night()
    dark.planes[0][:] = 40
    lit = dark.planes[0].copy()
    lit[60:100, 100:160] += round(219 * change)
    lumas = (dark.planes[0], dark.planes[0], lit, lit)
    frames = [
        replace(dark, planes=(luma, *dark.planes[1:]), index=i, pts=i)
        for i, luma in enumerate(lumas)
    ]
    clean_all(stage, frames, 1)
    assert stage.report.facts["frames_seen"] == seen


def test_another_stage_goes_on_after_a_pause():
    frames = [make_night(i, halo=80 + 3 * i) for i in range(8)]
    first, second = make_stage("fast"), make_stage("fast")
    clean_all(first, frames[:4], 2)
    second.restore(first.state())
    for a, b in zip(clean_all(first, frames[4:], 2), clean_all(second, frames[4:], 3), strict=True):
        assert all(np.array_equal(p, q) for p, q in zip(a.planes, b.planes, strict=True))
    assert second.report.facts == first.report.facts


@pytest.mark.parametrize("glass", ["auto", "clean"])
def test_reset_forgets_the_last_scene_and_keeps_the_glass(glass):
    frames = (make_night(0, halo=30), make_night(1, halo=110))
    stage, fresh = (make_stage(smoothing=0.9, glass=glass, exposure="keep") for _ in range(2))
    stage.process(FrameBatch(frames[:1]))
    glass_alone = {k: v for k, v in stage.state().items() if k.startswith("glass_")}
    stage.reset()
    fresh.restore({**fresh.state(), **glass_alone})  # the windscreen stays the same at a cut
    (again,) = stage.process(FrameBatch(frames[1:]))
    (first,) = fresh.process(FrameBatch(frames[1:]))
    assert np.array_equal(again.planes[0], first.planes[0])
    (bare,) = make_stage(smoothing=0.9, glass=glass, exposure="keep").process(
        FrameBatch(frames[1:])
    )
    assert np.array_equal(again.planes[0], bare.planes[0]) == (glass == "clean")


@pytest.mark.parametrize(("quality", "size"), [("fast", "352x192"), ("best", "448x256")])
def test_quality_is_the_work_size(quality, size):
    stage = make_stage(quality)
    stage.open(StreamInfo(1920, 1080, make_night().layout, make_night().color))
    assert stage.report.facts["work_size"] == size


def test_the_report_names_weights_and_times():
    stage = make_stage()
    stage.process(FrameBatch((make_night(),)))
    assert len(stage.report.facts["sha256"]) == 64
    assert stage.report.facts["frames_changed"] == 1
    assert set(stage.report.seconds) == {"shrink", "network", "carry", "rule", "render"}


def test_all_levels_but_the_best_run_the_quick_twin_of_a_model():
    models = {q: make_stage(quality=q).report.facts["model"] for q in ("fast", "balanced", "best")}
    quick = "glare-open-int8"
    assert models == {"fast": quick, "balanced": quick, "best": "glare-open"}


HAZE = 0.7
"""Share of the light, as behind dirty glass."""


def answer_of(haze):
    """A network's answer: so much of the light is haze, and nothing else is glare."""

    def run(pictures):
        maps = np.zeros((len(pictures), 7, *pictures.shape[2:]), np.float32)
        maps[:, 3:6] = np.sqrt(haze) * pictures
        return maps

    return run


def make_hazy_stage(**options):
    """A stage with such a network; how far blacks are lifted tells it how dirty the glass is."""
    stage = make_stage("best", **options)
    stage._network.run = answer_of(HAZE)
    return stage


def make_even(code, index=0, *, lamp=True):
    """A grey frame with a black strip: all grey, it might as well be a film on the glass."""
    frame = make_night(index)
    luma = np.full_like(frame.planes[0], code)
    luma[-13:] = 16
    luma[:12, -12:] = 235 if lamp else code
    return frame.with_planes((luma, *frame.planes[1:]))


LIGHT, DARK = make_even(60), make_even(60, lamp=False)
"""Most of their light is haze, as behind dirty glass; but where no lamp shines there is none."""


def clean_one(stage, frame):
    """One frame's luma code in the middle."""
    (cleaned,) = clean_all(stage, [frame], 1)
    return int(cleaned.planes[0][90, 160])


def test_haze_goes_where_the_glass_is_dirty_and_stays_where_it_is_clean():
    hazeless = np.sqrt((1 - 1.1 * HAZE) * ((60 - 16) / 219) ** 2 + 0.02**2) * 219 + 16
    assert clean_one(make_hazy_stage(), LIGHT) == pytest.approx(hazeless, abs=1)
    stage = make_hazy_stage()
    assert clean_one(stage, DARK) == 60
    assert stage.report.facts["glass"]["words"] == "clean"


def test_a_person_may_say_how_dirty_the_glass_is():
    codes = {
        glass: clean_one(make_hazy_stage(**StageSpec.model_validate(f"glare:{glass}").options), f)
        for glass, f in (("glass=clean", LIGHT), ("glass=normal", LIGHT), ("glass=dirty", LIGHT))
    }
    assert codes["glass=clean"] == 60
    assert codes["glass=dirty"] == clean_one(make_hazy_stage(), LIGHT)
    assert codes["glass=dirty"] + 3 < codes["glass=normal"] < 57
    assert clean_one(make_hazy_stage(glass="dirty"), DARK) < 60
    with pytest.raises(UsageError, match=r"glass = .filthy. is not possible; allowed: .*dirty"):
        GlareStage.Options(glass="filthy")


def test_with_a_survey_the_first_frame_comes_out_as_later_ones_do():
    later = make_hazy_stage()
    for index in range(3):
        clean_one(later, make_even(60, index))
    surveyed = make_hazy_stage()
    surveyed.survey([LIGHT] * 3)
    assert surveyed.report.facts["frames_changed"] == 0
    assert clean_one(surveyed, DARK) == clean_one(later, DARK) < 60
    assert surveyed.report.facts["glass"] == later.report.facts["glass"]
    assert clean_one(make_hazy_stage(), DARK) == 60


def test_a_survey_of_nothing_and_of_many_frames():
    stage = make_hazy_stage()
    stage.survey([])
    assert stage.glass.frames == 0
    stage.survey([make_even(60, index) for index in range(31)])
    assert stage.glass.frames == 4


def test_a_look_says_how_much_haze_goes():
    """Strengths of 0.6, 1 and 1.3 are the looks."""
    codes = {}
    for strength in (0.6, 1.0, 1.3):
        stage = GlareStage(
            GlareStage.Options(glass="dirty"),
            StageContext(quality="best", threads=1, strength=strength),
        )
        stage.open(StreamInfo(320, 180, LIGHT.layout, LIGHT.color))
        stage._network.run = answer_of(0.5)
        codes[strength] = clean_one(stage, LIGHT)
    haze = 1.1 * 0.5 * ((60 - 16) / 219) ** 2
    for strength, code in codes.items():
        left = ((60 - 16) / 219) ** 2 - strength * haze + 0.02**2
        assert code == pytest.approx(np.sqrt(left) * 219 + 16, abs=1)
    assert codes[1.3] < codes[1.0] < codes[0.6] < 60


def test_what_is_known_of_the_glass_outlives_a_pause_and_a_cut():
    first, second = make_hazy_stage(), make_hazy_stage()
    for index in range(3):
        clean_one(first, make_even(60, index))
    second.restore(first.state())
    assert second.report.facts["glass"] == first.report.facts["glass"]
    first.reset()
    assert clean_one(second, DARK) == clean_one(first, DARK) < 60


def test_a_glow_that_only_one_frame_has_says_nothing_of_the_glass():
    stage = make_hazy_stage()
    stage.survey([DARK] * 6)
    assert clean_one(stage, LIGHT) == 60


def test_a_5x7_diamond_stays_as_bright_at_its_centre():
    """The project's first worked example: a small diamond of light in a dark frame."""
    diamond = np.zeros((7, 5), np.uint8)
    for row, half in enumerate((0, 1, 1, 2, 1, 1, 0)):
        diamond[row, 2 - half : 3 + half] = 235
    for scale in (1, 2, 4):
        light = cv2.resize(diamond, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        frame = make_night(halo=0)
        luma = np.full_like(frame.planes[0], 20)
        h, w = light.shape
        top, left = 90 - h // 2, 160 - w // 2
        luma[top : top + h, left : left + w] = np.maximum(light, 20)
        frame = frame.with_planes((luma, *frame.planes[1:]))
        (cleaned,) = make_stage().process(FrameBatch((frame,)))
        centre = (top + h // 2, left + w // 2)
        assert cleaned.planes[0][centre] >= luma[centre] - 4
        assert (cleaned.planes[0] > 100).sum() <= (luma > 100).sum()
