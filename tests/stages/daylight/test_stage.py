"""Night to day and back as stages, with weights whose answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import judge
import numpy as np
import pytest
from factory import Picture, make_clip
from weights import write_brightener

from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.errors import ModelError, UsageError
from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
from dashcam_pipeline.inference.manifest import Manifest
from dashcam_pipeline.pipeline import clean
from dashcam_pipeline.stages.base import Box, StageContext, StreamInfo
from dashcam_pipeline.stages.daylight import stage as night_day
from dashcam_pipeline.stages.daylight.stage import DayToNightStage, NightToDayStage
from dashcam_pipeline.stages.registry import create_stage

from .test_lit import disc
from .test_lit import make_frame as frame_of

LAYOUTS = [PixelLayout(bits, chroma) for bits in (8, 10) for chroma in ((1, 1), (1, 0), (0, 0))]


def night(index=0, layout=PixelLayout(), color=Color(), lamp=60):  # noqa: B008 - both are frozen
    """A dim street with a red signal; the street gets brighter from left to right."""
    picture = np.zeros((90, 160, 3)) + np.linspace(0.04, 0.2, 160)[None, :, None]
    frame = frame_of(disc(picture, (40, lamp), 5, (0.95, 0.12, 0.1)), layout, color)
    return replace(frame, index=index, pts=index)


def nights(count, **kwargs):
    return [night(i, lamp=40 + 3 * i, **kwargs) for i in range(count)]


@pytest.fixture
def make_stage(brightener):
    def make(kind=NightToDayStage, frame=None, strength=1.0, protected=(), **options):
        frame = frame or night()
        stage = kind(
            kind.Options(model=str(brightener), **options),
            StageContext(threads=1, strength=strength),
        )
        stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color, protected))
        return stage

    return make


def run(stage, frames, batch=1):
    done = []
    for begin in range(0, len(frames), batch):
        done += stage.process(FrameBatch(tuple(frames[begin : begin + batch])))
    return done


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.planes, b.planes, strict=True))


def test_the_strong_look_goes_no_further_than_the_whole_way(brightener):
    """Half of an option is still half as much more; the whole of it is the picture itself."""
    frame = night()

    def make_stage(look, amount):
        options = NightToDayStage.Options(model=str(brightener), strength=amount)
        stage = NightToDayStage(options, StageContext(threads=1, strength=look))
        stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color, ()))
        return stage

    whole, strong, half, more = (
        run(make_stage(look, amount), [frame])[0]
        for look, amount in ((1.0, 1.0), (1.3, 1.0), (1.0, 0.5), (1.3, 0.5))
    )
    assert same(strong, whole)
    assert not same(whole, frame)
    means = [f.planes[0].mean() for f in (half, more, whole)]
    assert means == sorted(means)
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("color", [Color("bt601"), Color("bt709", full_range=True)], ids=str)
def test_the_street_gets_as_bright_as_the_answer(make_stage, layout, color):
    frame = night(layout=layout, color=color)
    (day,) = run(make_stage(frame=frame, mark=False), [frame])
    offset, span = (0, layout.max_value) if color.full_range else (16, 219)
    scale = 1 if color.full_range else 1 << (layout.bits - 8)
    before, after = ((f.planes[0] / scale - offset) / span for f in (frame, day))
    street = np.s_[60:, :]
    assert np.abs(after[street] - np.sqrt(before[street])).max() < 0.02
    assert (day.pts, day.index, day.layout, day.color) == (0, 0, layout, color)


def test_a_lit_signal_keeps_every_sample(make_stage):
    frame = night()
    (day,) = run(make_stage(mark=False), [frame])
    assert np.abs(day.planes[0][38:43, 58:63].astype(int) - frame.planes[0][38:43, 58:63]).max() < 3
    for old, new in zip(frame.planes[1:], day.planes[1:], strict=True):
        assert np.abs(new[19:22, 29:32].astype(int) - old[19:22, 29:32]).max() < 3


@pytest.fixture
def translate(tmp_path):
    """Runs one picture through a stage whose network is a single operator."""

    def one(picture, operator, **attributes):
        weights = write_brightener(tmp_path / "weights", "one", operator, **attributes)
        options = NightToDayStage.Options(model=str(weights), mark=False)
        stage = NightToDayStage(options, StageContext(threads=1, strength=1.0))
        frame = frame_of(picture)
        stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color, ()))
        return run(stage, [frame])[0].planes[0]

    return one


def test_no_frame_shows_round_the_picture(translate):
    """Convolutions see zeros beyond the border, as this mean over nine samples a side does."""
    sides = {"kernel_shape": [9, 9], "pads": [4] * 4, "count_include_pad": 1}
    luma = translate(np.full((90, 160, 3), 0.3), "AveragePool", **sides)
    assert np.ptp(luma) <= 1


@pytest.mark.parametrize("reach", [4, 7])
def test_the_network_may_look_seven_samples_beyond_the_border(translate, reach):
    side = 2 * reach + 1
    sides = {"kernel_shape": [side, side], "pads": [reach] * 4, "count_include_pad": 1}
    assert np.ptp(translate(np.full((90, 160, 3), 0.3), "AveragePool", **sides)) <= 1


def test_a_lamp_keeps_85_hundredths_of_its_code(translate):
    luma = translate(disc(np.full((180, 320, 3), 0.1), (60, 160), 9, (1, 1, 1)), "Neg")
    assert (luma[60, 160] - 16) / 219 == pytest.approx(0.85, abs=0.01)


def test_the_fast_level_works_on_half_the_area(brightener):
    areas = {}
    for quality in ("fast", "balanced", "best"):
        options = NightToDayStage.Options(model=str(brightener))
        stage = NightToDayStage(options, StageContext(threads=1, quality=quality))
        stage.open(StreamInfo(1920, 1080, PixelLayout(), Color()))
        width, height = map(int, stage.report.facts["work_size"].split("x"))
        areas[quality] = width * height
    assert areas["best"] == areas["balanced"] == pytest.approx(96 * 192, rel=0.25)
    assert areas["fast"] == pytest.approx(0.5 * areas["best"], rel=0.25)


def test_a_lamp_stays_lit_whatever_the_answer(translate):
    """An answer that paints what clips black would leave a hole in the picture."""
    luma = translate(disc(np.full((180, 320, 3), 0.1), (60, 160), 9, (1, 1, 1)), "Neg")
    assert luma[60, 160] > 0.8 * 235
    assert luma[150, 40] < 20


def test_no_strength_no_change_and_no_mark(make_stage):
    frame = night()
    assert run(make_stage(strength=0.0), [frame])[0] is frame
    assert run(make_stage(strength=0), [frame])[0] is frame


def test_both_strengths_multiply(make_stage, brightener):
    frame = night()
    stages = [
        create_stage(
            "night-to-day",
            {"model": str(brightener), "strength": own},
            StageContext(threads=1, strength=shared),
        )
        for own, shared in ((0.5, 1.0), (1.0, 0.5), (1.0, 1.0))
    ]
    results = []
    for stage in stages:
        stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
        results += run(stage, [frame])
    assert same(results[0], results[1])
    levels = [f.planes[0][60:].mean() for f in (frame, results[0], results[2])]
    assert levels[1] - levels[0] == pytest.approx((levels[2] - levels[0]) / 2, abs=1)


@pytest.mark.parametrize("kind", [NightToDayStage, DayToNightStage])
def test_the_mark_is_on_unless_switched_off(make_stage, kind):
    frame = night()
    (marked,) = run(make_stage(kind), [frame])
    (plain,) = run(make_stage(kind, mark=False), [frame])
    changed = marked.planes[0] != plain.planes[0]
    assert 0.005 < changed.mean() < 0.2
    assert marked.planes[0][changed].max() > 200, "white letters"
    assert "synthetic" in kind.mark_text
    assert kind.synthetic


def test_the_mark_keeps_clear_of_protected_boxes_and_they_stay(make_stage):
    frame = night()
    box = Box(x=0, y=0, width=160, height=16)
    chain = Chain([make_stage()], protect=[box], feather=2)
    done = [*chain.feed(frame), *chain.finish()]
    free = Chain([make_stage(mark=False)], protect=[box], feather=2)
    plain = [*free.feed(frame), *free.finish()]
    assert np.array_equal(done[0].planes[0][:16], frame.planes[0][:16])
    rows = np.flatnonzero((done[0].planes[0] != plain[0].planes[0]).any(axis=1))
    assert rows.min() >= 18
    assert len(rows) > 8, "it is drawn somewhere else"


def test_the_size_of_a_batch_changes_no_bit(make_stage):
    frames = nights(6)
    one, three = run(make_stage(), frames), run(make_stage(), frames, batch=3)
    assert all(same(a, b) for a, b in zip(one, three, strict=True))


def test_another_instance_goes_on_to_the_last_bit(make_stage):
    frames = nights(6)
    whole = run(make_stage(smoothing=0.9), frames)
    first = make_stage(smoothing=0.9)
    done = run(first, frames[:3])
    assert first.flush() is None
    state = {key: value.copy() for key, value in first.state().items()}
    second = make_stage(smoothing=0.9)
    second.restore(state)
    done += run(second, frames[3:])
    assert all(same(a, b) for a, b in zip(whole, done, strict=True))
    assert second.report.facts["frames_changed"] == 6
    forgetful = run(make_stage(smoothing=0.9), frames[3:])
    assert not same(forgetful[0], done[3]), "the past counts, or this test says nothing"


def test_reset_forgets(make_stage):
    dark, bright = night(0), night(1)
    stage = make_stage(smoothing=0.9)
    run(stage, [dark])
    stage.reset()
    assert same(run(stage, [bright])[0], run(make_stage(smoothing=0.9), [bright])[0])


def test_what_flickers_in_the_answer_flickers_less(make_stage):
    """A still scene with noise that is coarse enough for the small picture; finer stays."""
    rng = np.random.default_rng(0)
    base = night()
    frames = [
        replace(
            base,
            planes=(
                np.clip(base.planes[0] + cv2.resize(rng.normal(0, 2, (45, 80)), (160, 90)), 0, 255)
                .round().astype(np.uint8),
                *base.planes[1:],
            ),
            index=i, pts=i,
        )
        for i in range(8)
    ]  # fmt: skip
    trembling = []
    for smoothing in (0.0, 0.8):
        done = run(make_stage(smoothing=smoothing), frames)[3:]
        lumas = [frame.planes[0].astype(float) for frame in done]
        trembling.append(np.diff(lumas, axis=0).std())
    assert trembling[1] < 0.9 * trembling[0]


def test_without_weights_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(night_day, "load_manifest", lambda: Manifest(models=()))
    with pytest.raises(ModelError, match=r"night-to-day.*not installed") as caught:
        create_stage("night-to-day", {}, StageContext())
    assert "dashcam train night-day" in caught.value.advice
    assert "model=" in caught.value.advice


def test_weights_of_another_kind_are_refused():
    with pytest.raises(ModelError, match="answers with 7 maps"):
        create_stage("day-to-night", {"model": "glare"}, StageContext())


def test_an_unknown_model_names_those_there_are():
    with pytest.raises(ModelError, match="no model 'nope'"):
        create_stage("night-to-day", {"model": "nope"}, StageContext())


def test_options_have_bounds():
    with pytest.raises(UsageError, match="strength = '2'"):
        create_stage("night-to-day", {"strength": "2"}, StageContext())


def test_a_whole_recording_after_glare(tmp_path, brightener):
    source = make_clip(tmp_path / "in.mp4", Picture(frames=8))
    target = tmp_path / "out.mp4"
    spec = StageSpec(name="night-to-day", options={"model": str(brightener)})
    config = CleanConfig(stages=(StageSpec(name="glare"), spec), protect=(), crf=10, threads=1)
    report = clean(source, target, config=config)
    assert [stage.name for stage in report.stages] == ["glare", "night-to-day"]
    assert judge.ticks(target) == judge.ticks(source)
    before, after = (
        np.mean([judge.samples(frame)[0][90:].mean() for frame in judge.frames(path)])
        for path in (source, target)
    )
    assert after > before + 20
    with av.open(str(target)) as container:
        comment = container.metadata["comment"]
    assert "night-to-day" in comment
    assert "(synthetic picture)" in comment
    record = json.loads((tmp_path / "out.mp4.provenance.json").read_text())
    assert record["synthetic"] is True
    (weights,) = [w for w in record["weights"] if w["stage"] == "night-to-day"]
    assert len(weights["sha256"]) == 64
    (facts,) = [s["facts"] for s in record["stages"] if s["name"] == "night-to-day"]
    assert facts["marked"] is True
    assert facts["frames_changed"] == 8


def test_a_frame_of_one_time_keeps_it(make_stage):
    frame = Frame(night().planes, 12345, Fraction(1, 90000), 7, duration=3003, concealed=True)
    (day,) = run(make_stage(), [frame])
    assert (day.pts, day.time_base, day.index, day.duration, day.concealed) == (
        12345, Fraction(1, 90000), 7, 3003, True,
    )  # fmt: skip
