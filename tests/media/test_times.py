"""Every frame and every time of the source is in the output."""

import itertools
from fractions import Fraction
from pathlib import Path

import judge
import pytest
from factory import TICK, Picture, Sound, make_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pump import pump

from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.encoders import EncoderSettings

TS_TICK = Fraction(1, 90000)
UNEVEN = [0, 300, 1100, 1612, 1613, 2900, 3412, 5000, 5512, 7000, 7001, 9000, 9512, 10024, 12000]
"""Presentation times as a camera with a variable frame rate gives them."""

LOSSY = EncoderSettings()
"""The defaults, with B-frames."""


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("codec", ["lossless", "h264", "hevc"])
def test_variable_times_survive_bit_exactly(tmp_path, suffix, codec):
    tick = {".ts": TS_TICK, ".mkv": Fraction(1, 1000)}.get(suffix, TICK)
    start = 130000 if suffix == ".ts" else 0
    picture = Picture(pts=[start + t for t in UNEVEN], time_base=tick)
    source = make_clip(tmp_path / f"in{suffix}", picture)
    target = tmp_path / f"out{suffix}"

    counts, report = pump(source, target, EncoderSettings(codec))

    assert judge.seconds(target) == judge.seconds(source)
    assert probe(target).video.time_base == probe(source).video.time_base
    assert counts.frames.read == report.frames == len(UNEVEN)
    assert not counts.frames.damaged
    assert not counts.frames.times_repaired


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(st.integers(1, 60000), min_size=3, max_size=12),
    start=st.integers(0, 90000),
    timescale=st.sampled_from([600, 1000, 12800, 15360, 24000, 30000, 90000, 1000000]),
)
def test_any_rising_times_survive_in_mp4(tmp_path, steps, start, timescale):
    times = [start]
    for step in steps:
        times.append(times[-1] + step)
    picture = Picture(pts=times, time_base=Fraction(1, timescale), size=(64, 48))
    source = make_clip(tmp_path / "in.mp4", picture)
    target = tmp_path / "out.mp4"

    pump(source, target, LOSSY)

    assert judge.ticks(target) == judge.ticks(source) == times


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_the_last_pictures_duration_is_kept(tmp_path, suffix):
    source = make_clip(tmp_path / f"in{suffix}", Picture(pts=[0, 512, 1024, 9000]))
    target = tmp_path / f"out{suffix}"

    pump(source, target)

    assert probe(target).video.duration == probe(source).video.duration


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize(
    ("sound_start", "first_picture"),
    [(Fraction(0), 0), (Fraction(1, 3), 0), (Fraction(0), 7777), (Fraction(2), 23456)],
    ids=["together", "sound late", "picture late", "both late"],
)
def test_the_distance_of_sound_and_picture_is_kept(tmp_path, suffix, sound_start, first_picture):
    tick = TS_TICK if suffix == ".ts" else TICK
    offset = round(first_picture * TICK / tick)
    step = round(Fraction(1, 30) / tick)
    picture = Picture(pts=[offset + i * step for i in range(20)], time_base=tick)
    source = make_clip(tmp_path / f"in{suffix}", picture, sounds=[Sound(start=sound_start)])
    target = tmp_path / f"out{suffix}"

    pump(source, target, LOSSY)

    def distance(path: Path) -> Fraction:
        (sound,) = judge.indices(path, "audio")
        return judge.seconds(path)[0] - judge.first_time(path, sound)

    assert abs(distance(target) - distance(source)) <= Fraction(1, 1000)


@pytest.mark.parametrize("ticks", [15, 30, 600, 1000, 15_360])
@pytest.mark.parametrize(
    ("suffix", "codec", "start"),
    [(".mp4", "aac", 0), (".mp4", "aac", 2303), (".mov", "pcm_s16le", 528)],
)
def test_sound_keeps_its_place_to_the_sample_beside_a_picture_of_coarse_ticks(
    tmp_path, ticks, suffix, codec, start
):
    """Edit lists count both tracks by one clock."""
    picture = Picture(frames=20, rate=Fraction(15), time_base=Fraction(1, ticks), b_frames=0)
    sound = Sound(codec=codec, seconds=1.31, start=Fraction(start, 48_000))
    clock = {"movie_timescale": "48000" if start else "1000"}
    source = make_clip(tmp_path / f"in{suffix}", picture, sounds=[sound], options=clock)
    target = tmp_path / f"out{suffix}"
    pump(source, target, EncoderSettings())
    kept = (judge.packets(path, judge.indices(path, "audio")[0]) for path in (source, target))
    assert next(kept) == next(kept)
    assert judge.seconds(target) == judge.seconds(source)


def test_the_distance_is_kept_on_the_way_from_mp4_to_matroska(tmp_path):
    source = make_clip(tmp_path / "in.mp4", sounds=[Sound()])
    target = tmp_path / "out.mkv"

    pump(source, target, LOSSY)

    before, after = judge.seconds(source), judge.seconds(target)
    assert all(abs(a - b) <= Fraction(1, 2000) for a, b in zip(before, after, strict=True))
    a, b = judge.packets(source, 1), judge.packets(target, 1)
    assert [p.payload for p in a] == [p.payload for p in b]
    assert all(
        abs(Fraction(x.pts, 48000) - Fraction(y.pts, 1000)) <= Fraction(1, 2000)
        for x, y in zip(a, b, strict=True)
    )


def test_pictures_that_an_edit_list_hides_stay_hidden(tmp_path):
    picture = Picture(pts=[-2048 + 512 * i for i in range(30)])
    source = make_clip(tmp_path / "in.mp4", picture, sounds=[Sound()])
    target = tmp_path / "out.mp4"

    counts, report = pump(source, target)

    assert counts.packets_dropped == 4
    assert counts.frames.missing == 0
    assert report.frames == 26
    assert judge.seconds(target) == judge.seconds(source)


def test_avi_without_presentation_times_gets_those_of_its_frame_rate(tmp_path):
    picture = Picture(codec="mjpeg", pixel_format="yuvj422p", time_base=Fraction(1, 25), rate=25)
    source = make_clip(tmp_path / "in.avi", picture, sounds=[Sound("pcm_s16le")])
    target = tmp_path / "out.mkv"

    pump(source, target)

    times = judge.seconds(target)
    assert times == [Fraction(40 * i, 1000) for i in range(30)]


def test_a_clock_that_begins_anew_goes_on(tmp_path):
    parts = [
        make_clip(tmp_path / f"{name}.ts", Picture(time_base=TS_TICK), sounds=[Sound()])
        for name in "ab"
    ]
    source = tmp_path / "in.ts"
    source.write_bytes(b"".join(part.read_bytes() for part in parts))
    target = tmp_path / "out.ts"

    counts, report = pump(source, target)

    times = judge.ticks(target)
    assert counts.frames.times_repaired == 1
    assert report.frames == 60
    steps = [b - a for a, b in itertools.pairwise(times)]
    sound = [p.pts for p in judge.packets(target, 1)]
    assert {b - a for a, b in itertools.pairwise(sound)} == {1920}, "it sounds longer, by priming"
    assert steps == [3000] * 29 + [3000 + 2160] + [3000] * 29
