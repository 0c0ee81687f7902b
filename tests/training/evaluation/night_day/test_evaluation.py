"""From folders and clips to tables, pictures and a verdict."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.cli import main
from dashcam_pipeline.config import CleanConfig, StageSpec
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.pipeline import Pipeline
from dashcam_pipeline.training.evaluation.night_day.clips import measure_clip, read_rgb_clip
from dashcam_pipeline.training.evaluation.night_day.edges import EdgeShift
from dashcam_pipeline.training.evaluation.night_day.evaluate import (
    Evaluation,
    Flicker,
    PictureScore,
    Row,
    evaluate_pictures,
)
from dashcam_pipeline.training.evaluation.night_day.kernel_distance import Distance
from dashcam_pipeline.training.evaluation.night_day.pictures import held_out
from dashcam_pipeline.training.evaluation.night_day.sheet import Gallery
from dashcam_pipeline.training.evaluation.night_day.signals import SignalChange
from dashcam_pipeline.training.evaluation.night_day.tables import markdown, plain
from dashcam_pipeline.training.evaluation.night_day.tone_curve import Look
from dashcam_pipeline.training.evaluation.night_day.translators import Curve, Nothing, StageModel
from dashcam_pipeline.training.evaluation.night_day.verdict import judge

from .conftest import darkened, street


class Fake:
    """A model whose answer is a function of the picture and its number."""

    def __init__(self, name, change):
        self.name = name
        self.change = change

    def picture(self, picture):
        return self.change(picture, 0)

    def clip(self, frames):
        return (self.change(frame, i) for i, frame in enumerate(frames))


def lit(picture, _number=0):
    return np.minimum(picture.astype(int) * 4, 255).astype(np.uint8)


@pytest.fixture
def folders(tmp_path, few_crops):
    """Eight days, and five other places by night, 320x180."""
    for name, pictures in {
        "day": [street(s) for s in range(8)],
        "night": [darkened(street(s + 20)) for s in range(5)],
    }.items():
        (tmp_path / name).mkdir()
        for i, picture in enumerate(pictures):
            cv2.imwrite(str(tmp_path / name / f"{i:02}.png"), picture[..., ::-1])
    return tmp_path


def test_the_held_out_are_the_last_by_name(tmp_path):
    for name in ("9.png", "10.JPG", "a2.jpeg", "a1.png", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in held_out(tmp_path, 2)] == ["a1.png", "a2.jpeg"]
    assert len(held_out(tmp_path)) == 4
    with pytest.raises(InputError, match="holds 4 pictures, 5 are wanted"):
        held_out(tmp_path, 5)
    with pytest.raises(InputError, match="not a folder"):
        held_out(tmp_path / "none")


def test_a_good_model_is_told_from_a_bad_one(folders, tmp_path):
    nights, days = held_out(folders / "night"), held_out(folders / "day")
    look = Look.of(street(s) for s in range(8))
    rows = [
        Nothing(),
        Curve(look),
        Fake("lit", lit),
        Fake("elsewhere", lambda p, _: np.roll(lit(p), 70, axis=1)),
    ]
    found = evaluate_pictures(nights, days, rows, Gallery(tmp_path / "seen"))
    by = {row.name: row for row in found.rows}
    assert [*by] == ["doing nothing", "tone curve", "lit", "elsewhere"]
    assert by["lit"].distance.value < by["doing nothing"].distance.value / 2
    assert by["doing nothing"].mean("structure") == by["doing nothing"].mean("moved") == 0
    assert by["elsewhere"].mean("structure") > 2 * by["lit"].mean("structure")
    assert by["tone curve"].to_tone_curve == Distance(1, 1, 1)
    assert found.itself.low < 0 < found.itself.high
    assert {p.picture for p in by["lit"].pictures} == {f"{i:02}.png" for i in range(5)}

    full = cv2.imread(str(tmp_path / "seen" / "03.jpg"))
    assert full.shape == (180, 4 * 320, 3)
    assert (tmp_path / "seen" / "sheet.jpg").is_file()

    text = markdown(found)
    assert "| tone curve |" in text
    assert "| the day set against itself |" in text
    assert "no clip was given | not measured" in text
    data = json.loads(json.dumps(plain(found), allow_nan=False))
    assert [row["name"] for row in data["rows"]] == [*by]
    assert len(data["rows"][2]["pictures"]) == 5
    assert {"count", "fade", "degrees"} == set(data["rows"][2]["signals"])


def test_two_rows_of_one_name_are_refused(folders):
    with pytest.raises(InputError, match="two rows have one name"):
        evaluate_pictures([], [], [Nothing(), Fake("x", lit), Fake("x", lit)])


def row(name, value, structure=1.0, signals=(), clips=None):
    score = PictureScore("a.png", structure, EdgeShift(0.1, 0.0), tuple(signals))
    flicker = {clip: Flicker(1.0, 1.0, ratio) for clip, ratio in (clips or {}).items()}
    spread = Distance(value, value - 1, value + 1)
    return Row(name, spread, Distance(value / 10, 0, 1), [score], flicker)


def verdict(**model):
    rows = [row("doing nothing", 20), row("tone curve", 10), row("model", **model)]
    return [bar.met for bar in judge(Evaluation(rows, Distance(0, -1, 1)))]


def change(colour, degrees):
    return SignalChange(colour, (0, 0, 4, 4), degrees, faded=degrees == 180)


def test_every_bar_can_be_met_and_missed():
    good = {"value": 7.9, "signals": [change("red", 15), change("amber", 180)]}
    assert verdict(**good, clips={"a": 1.15, "b": 0.9}) == [True, True, True, True, True]
    assert verdict(**{**good, "value": 8.1})[0] is False
    assert verdict(**good, structure=1.21)[1] is False
    assert verdict(value=7, signals=[change("green", 15.1)])[2] is False
    assert verdict(value=7, signals=[change("red", 180)])[2] is False
    assert verdict(value=7) == [True, True, None, None]
    assert verdict(**good, clips={"a": 1.15, "b": 1.16})[3:] == [True, False]


def test_an_interval_that_reaches_the_tone_curve_is_not_clear_of_it():
    rows = [row("doing nothing", 20), row("tone curve", 10), row("model", 7)]
    rows[2].distance = Distance(7, 3, 10.5)
    assert judge(Evaluation(rows, Distance(0, -1, 1)))[0].met is False


def drive(count=8):
    """A textured wall that drifts by two pixels a frame, with sensor noise."""
    rng = np.random.default_rng(0)
    wall = cv2.resize(rng.integers(10, 60, (40, 80, 3)).astype(np.uint8), (320, 160))
    for i in range(count):
        frame = np.roll(wall, 2 * i, axis=1)[20:140, 40:240].astype(float)
        yield np.clip(frame + rng.normal(0, 1, frame.shape), 0, 255).astype(np.uint8)


def test_flicker_is_seen_and_mere_gain_is_not():
    rows = [
        Nothing(),
        Fake("gain", lambda p, _: np.minimum(p.astype(int) * 3, 255).astype(np.uint8)),
        Fake("pulse", lambda p, i: np.rint(p * (3 + 0.3 * (i % 2))).astype(np.uint8)),
    ]
    meters = measure_clip(drive(), rows)
    source = meters["doing nothing"]
    assert meters["gain"].warping == pytest.approx(3 * source.warping, rel=0.05)
    assert meters["gain"].normalised == pytest.approx(source.normalised, rel=0.05)
    assert meters["pulse"].normalised > 1.5 * source.normalised
    # Along the motion only noise is left: two frames of it, one smoothed by the warp.
    assert 1 < source.warping < 2


def test_motion_that_is_not_sure_is_left_out():
    """A cut: nothing of the second frame is in the first."""
    rng = np.random.default_rng(0)
    cut = [rng.integers(0, 255, (90, 160, 3)).astype(np.uint8) for _ in range(2)]
    still = [cut[0], cut[0]]
    seen = [measure_clip(iter(frames), [Nothing()])["doing nothing"] for frames in (cut, still)]
    assert seen[0].samples < seen[1].samples / 2


def test_a_curve_for_a_clip_is_one_curve():
    look = Look.of([street(0)])
    frames = [darkened(street(0), by) for by in (0.2, 0.25, 0.3)]
    out = list(Curve(look).clip(iter(frames)))
    assert len(out) == 3
    assert out[0].mean() < out[1].mean() < out[2].mean()
    assert list(Curve(look).clip(iter([]))) == []


def test_clips_are_recordings_and_folders(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=12, size=(160, 96)))
    assert [f.shape for f in read_rgb_clip(clip, 5)] == [(96, 160, 3)] * 5
    (tmp_path / "frames").mkdir()
    for i in range(3):
        cv2.imwrite(str(tmp_path / "frames" / f"{i}.png"), np.full((20, 30, 3), 50 * i, np.uint8))
    assert [int(f.mean()) for f in read_rgb_clip(tmp_path / "frames", 9)] == [0, 50, 100]
    with pytest.raises(InputError, match="1 frames; flicker takes at least two"):
        measure_clip(read_rgb_clip(clip, 1), [Nothing()])


class Chain:
    """Stands in for a pipeline; holds one frame back, as a stage with look-ahead does."""

    def process_rgb(self, frames):
        return 255 - frames

    def process(self, frames):
        held = None
        for frame in frames:
            if held is not None:
                yield held
            held = frame
        if held is not None:
            yield held


def test_a_stage_may_hold_frames_back():
    frames = list(drive(5))
    model = StageModel("late", Chain())
    assert np.array_equal(model.picture(frames[0]), 255 - frames[0])
    out = list(model.clip(iter(frames)))
    assert all(np.array_equal(a, b) for a, b in zip(out, frames, strict=True))
    meters = measure_clip(iter(frames), [Nothing(), model])
    assert meters["late"].warping == meters["doing nothing"].warping


def test_a_model_runs_in_its_stage_unmarked_and_without_a_past(weights):
    def staged(**options):
        spec = StageSpec(name="night-to-day", options={"model": str(weights), **options})
        return Pipeline(CleanConfig(stages=(spec,)))

    night = darkened(street(1))
    model = StageModel.of(str(weights))
    assert model.name == "root"
    first = model.picture(night)
    assert first.mean() > 1.5 * night.mean()
    model.picture(darkened(street(2), 0.6))
    assert np.array_equal(model.picture(night), first)
    with staged(mark=False) as plain_stage, staged() as marked:
        assert np.array_equal(plain_stage.process_rgb(night[None])[0], first)
        assert not np.array_equal(marked.process_rgb(night[None])[0], first)


@pytest.mark.filterwarnings("ignore")
def test_the_command_prints_rows_and_writes_pictures(folders, weights, tmp_path, capsys):
    args = ["evaluate", "night-day", "--a", str(folders / "night"), "--b", str(folders / "day")]
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=3, size=(160, 96)))
    extra = ["--clip", str(clip), "--frames", "3", "--pictures", str(tmp_path / "seen"), "--json"]
    assert main([*args, *extra, "--model", str(weights)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert [r["name"] for r in data["rows"]] == ["doing nothing", "tone curve", "root"]
    assert data["rows"][0]["clips"]["a.mp4"]["ratio"] == 1
    assert len(data["bars"]) == 4
    assert len(list((tmp_path / "seen").glob("*.jpg"))) == 6


def test_the_command_says_what_is_missing(folders, capsys):
    args = ["evaluate", "night-day", "--a", str(folders / "night"), "--b", str(folders / "day")]
    assert main([*args, "--last", "6"]) == 3
    assert "holds 5 pictures, 6 are wanted" in capsys.readouterr().err
    assert main([*args, "--model", "no-such-model"]) == 6
    assert "no-such-model" in capsys.readouterr().err
