from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import judge
import numpy as np
import pytest
from factory import Picture, Sound, Text, make_clip

from dashcam_pipeline.compare import fonts
from dashcam_pipeline.compare.options import LAYOUTS, PreviewOptions
from dashcam_pipeline.compare.preview import preview
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import DamagedError, InputMissingError, OutputExistsError, UsageError
from dashcam_pipeline.pipeline import clean
from dashcam_pipeline.stages.registry import BUILT_IN

VARIABLE = [0, 512, 1024, 1100, 2300, 2900, 4000, 4512, 5024, 6000, 7000, 7400]
DIM = CleanConfig(stages=("dim:amount=0.5",), protect=())
LOSSLESS = {"codec": "libx264", "encoder_options": {"qp": "0"}}


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    for name in ("toy", "dim"):
        monkeypatch.setitem(BUILT_IN, name, f"toys:{name.title()}")


@pytest.fixture
def clip(tmp_path):
    return make_clip(
        tmp_path / "night.mp4",
        Picture(frames=12, pts=VARIABLE),
        sounds=[Sound(seconds=0.5, start=Fraction(1, 50))],
        texts=[Text()],
    )


@pytest.fixture
def cleaned(clip):
    return Path(clean(clip, config=DIM.model_copy(update=LOSSLESS)).output.path)


def luma(path, index=0):
    return [judge.samples(frame)[0] for frame in judge.frames(path)][index].astype(float)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_frame_at_its_own_time_with_the_original_sound(clip, cleaned, tmp_path, layout):
    out = tmp_path / "out.mp4"
    report = preview(clip, cleaned, output=out, options=PreviewOptions(layout=layout))
    assert report.frames == 12
    assert judge.seconds(out) == judge.seconds(clip)
    (before,), (after,) = judge.indices(clip, "audio"), judge.indices(out, "audio")
    sounds = judge.packets(clip, before), judge.packets(out, after)
    assert [p.payload for p in sounds[0]] == [p.payload for p in sounds[1]]
    late = [
        judge.first_time(path, i) - judge.first_time(path, 0)
        for path, i in ((clip, before), (out, after))
    ]
    assert abs(late[0] - late[1]) < Fraction(1, 1000)
    assert judge.indices(out, "subtitle")
    first = judge.frames(out)[0]
    assert (first.width, first.height) == (report.size.width, report.size.height)


def test_before_is_left_and_after_is_right(clip, cleaned, tmp_path):
    out = tmp_path / "out.mp4"
    config = CleanConfig(stages=(), **LOSSLESS)
    preview(clip, cleaned, output=out, options=PreviewOptions(labels=False), config=config)
    for index in (0, 11):
        picture, source = luma(out, index), luma(clip, index)
        np.testing.assert_array_equal(picture[:, :320], source)
        assert np.abs(picture[:, 324:] - source / 2).max() <= 1


def test_a_chain_on_the_fly_shows_what_a_run_makes(clip, cleaned, tmp_path):
    outs = tmp_path / "a.mp4", tmp_path / "b.mp4"
    config = DIM.model_copy(update=LOSSLESS)
    options = PreviewOptions(labels=False)
    preview(clip, output=outs[0], options=options, config=config)
    preview(clip, cleaned, output=outs[1], options=options, config=config)
    assert judge.same_pictures(judge.frames(outs[0]), judge.frames(outs[1]))


def test_labels_say_which_is_which_and_can_be_left_out(clip, tmp_path):
    shots = []
    for name, options in [
        ("none", PreviewOptions(labels=False)),
        ("en", PreviewOptions()),
        ("ko", PreviewOptions(language="ko")),
    ]:
        out = tmp_path / f"{name}.mp4"
        config = CleanConfig(stages=(), **LOSSLESS)
        preview(clip, output=out, options=options, config=config)
        shots.append(luma(out))
    corner = np.s_[:60, :100]
    assert not np.array_equal(shots[0][corner], shots[1][corner])
    korean_is_drawn = not np.array_equal(shots[1][corner], shots[2][corner])
    assert korean_is_drawn == fonts.UNICODE
    np.testing.assert_array_equal(shots[0][100:], shots[1][100:])


def test_a_part_of_the_recording(clip, tmp_path):
    out = tmp_path / "part.mp4"
    config = CleanConfig(stages=(), start=0.15, end=0.4)
    report = preview(clip, output=out, config=config)
    wanted = [s for s in judge.seconds(clip) if Fraction(15, 100) <= s < Fraction(4, 10)]
    assert report.frames == len(wanted)


def test_what_was_made_of_a_part_is_compared_with_that_part(tmp_path):
    long = make_clip(tmp_path / "long.mp4", Picture(frames=90, gop=30))
    part = tmp_path / "part.mp4"
    clean(long, part, config=CleanConfig(stages=(), start=1.01, end=2.0, **LOSSLESS))
    out = tmp_path / "out.mp4"
    config = CleanConfig(stages=(), start=1.01, end=2.0, **LOSSLESS)
    preview(long, part, output=out, options=PreviewOptions(labels=False), config=config)
    for frame in judge.frames(out):
        left, right = (judge.samples(frame)[0][:, x : x + 320] for x in (0, 324))
        np.testing.assert_array_equal(left, right)


def test_an_end_far_away_is_not_read(tmp_path):
    long = make_clip(tmp_path / "long.mkv", Picture(frames=600, size=(160, 90), gop=30))
    report = preview(
        long, output=tmp_path / "o.mkv", config=CleanConfig(stages=(), start=18, end=18.2)
    )
    assert report.frames == 6


def test_stored_turned_and_shown_upright(tmp_path):
    quarter = (0, 1 << 16, 0, -(1 << 16), 0, 0, 180 << 16, 0, 1 << 30)
    clip = make_clip(tmp_path / "t.mp4", Picture(frames=4, matrix=quarter))
    out = tmp_path / "out.mp4"
    report = preview(clip, output=out, config=CleanConfig(stages=()))
    frame = judge.frames(out)[0]
    assert (frame.width, frame.height) == (2 * 180 + 4, 320)
    assert frame.rotation == 0
    assert report.size.height == 320


@pytest.mark.parametrize("frames", [11, 13, 20])
def test_recordings_of_other_frames_are_refused_and_leave_nothing(clip, tmp_path, frames):
    other = make_clip(tmp_path / "other.mp4", Picture(frames=frames))
    out = tmp_path / "out.mp4"
    with pytest.raises(UsageError, match="different times"):
        preview(clip, other, output=out)
    assert not list(tmp_path.glob("out*"))


def test_too_many_frames_in_the_second_are_refused(tmp_path):
    short = make_clip(tmp_path / "a.mp4", Picture(frames=8))
    long = make_clip(tmp_path / "b.mp4", Picture(frames=12))
    with pytest.raises(UsageError, match="goes on after frame 8"):
        preview(short, long, output=tmp_path / "o.mp4")


def test_another_shape_is_refused(clip, tmp_path):
    other = make_clip(tmp_path / "o.mp4", Picture(frames=12, size=(180, 180)))
    with pytest.raises(UsageError, match="not the same picture"):
        preview(clip, other, output=tmp_path / "x.mp4")


def test_matroska_ticks_are_the_same_times(clip, tmp_path):
    other = tmp_path / "clean.mkv"
    clean(clip, other, config=CleanConfig(stages=()))
    assert preview(clip, other, output=tmp_path / "o.mp4").frames == 12


@pytest.mark.parametrize("which", ["night.mp4", "night_clean.mp4"])
def test_neither_recording_is_ever_the_output(clip, cleaned, tmp_path, which):
    data = (tmp_path / which).read_bytes()
    with pytest.raises(OutputExistsError):
        preview(clip, cleaned, output=tmp_path / which, config=CleanConfig(overwrite=True))
    assert (tmp_path / which).read_bytes() == data


def test_a_missing_recording(tmp_path):
    with pytest.raises(InputMissingError):
        preview(tmp_path / "no.mp4")


def test_the_crop_finds_what_was_changed(tmp_path):
    source = make_clip(tmp_path / "a.mp4", Picture(frames=8))
    report = preview(
        source, output=tmp_path / "o.mp4", options=PreviewOptions(layout="crop"), config=DIM
    )
    # dimming takes most where the picture is brightest: at the right
    assert report.box is not None
    assert report.box.x + report.box.width > 200


def test_a_change_map_stands_in_the_place_of_after(clip, cleaned, tmp_path):
    out = tmp_path / "map.mp4"
    preview(clip, cleaned, output=out, options=PreviewOptions(change_map=True))
    chroma = judge.samples(judge.frames(out)[0])[2].astype(int)
    assert np.ptp(chroma[:, 170:]) > 60  # warm colours on the right


def test_interrupted_it_leaves_nothing(clip, tmp_path):
    def interrupt(_progress):
        raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        preview(clip, output=tmp_path / "o.mp4", config=CleanConfig(stages=()), progress=interrupt)
    assert time.monotonic() - begin < 5
    assert not list(tmp_path.glob("o.mp4*"))


def test_a_damaged_source_is_shown_as_far_as_it_goes_unless_strict(tmp_path):
    clip = make_clip(tmp_path / "a.mkv", Picture(frames=40), sounds=[Sound()])
    half = tmp_path / "half.mkv"
    half.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    out = tmp_path / "o.mkv"
    with pytest.raises(DamagedError):
        preview(half, output=out, config=CleanConfig(stages=(), strict=True))
    assert not out.exists()
    report = preview(half, output=out, config=CleanConfig(stages=()))
    assert 5 < report.frames < 40
    assert any("damaged" in note for note in report.notes)
