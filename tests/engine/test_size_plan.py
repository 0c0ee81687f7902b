"""An output keeps to the size that was asked for, whatever its source is like."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from factory import Picture, Sound, Text, flip_bits, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine import run as engine_run
from dashcam_pipeline.engine import size_plan
from dashcam_pipeline.engine.size_plan import growth, plan_size
from dashcam_pipeline.errors import EncoderError, SizeLimitError
from dashcam_pipeline.media.encoders import EncoderSettings, resolve
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.rate import RateLimit

SMALL = (128, 72)


def times(count, seed=7):
    """Of a variable frame rate, with a gap of three seconds."""
    steps = np.random.default_rng(seed).choice([512, 512, 700, 1024, 2048], count - 1)
    steps[count // 2] = 3 * 15_360
    return [0, *np.cumsum(steps).tolist()]


def cleaned(source, target, **settings):
    report = clean(source, target, config={"stages": (), "overwrite": True, **settings})
    return report, target.stat().st_size


def make(path, frames=90, *, sound=True, **picture):
    spec = Picture(**{"frames": frames, "size": SMALL, **picture})
    sounds = [Sound(seconds=frames / 30)] if sound else []
    return make_clip(path, spec, sounds=sounds, texts=[Text()] * (path.suffix == ".mp4"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("share", [1, 0.5])
def test_it_holds_in_every_container(tmp_path, suffix, share):
    # long enough that whether one more stretch was held, which threads decide, is no matter
    source = make(tmp_path / f"in{suffix}", 180)
    report, nbytes = cleaned(source, tmp_path / f"o{suffix}", max_size=f"{share}x", crf=1)
    limit = int(share * source.stat().st_size)
    assert report.size["limit_bytes"] == limit
    assert 0.6 * limit < nbytes <= limit
    assert report.size["held"] > 0.5
    assert re.search(r"size .* allowed; in \d+% of the time quality was given up", report.summary())


@pytest.mark.parametrize(
    "settings",
    [
        {"codec": "hevc", "crf": 5},
        {"codec": "h264", "crf": 1, "deterministic": True},
        {"codec": "h264", "crf": 1, "encoder_options": {"tune": "grain"}},
        {"codec": "h264", "crf": 1, "audio": False},
    ],
)
def test_it_holds_with_every_encoder_that_takes_it(tmp_path, settings):
    source = make(tmp_path / "in.mp4")
    _, nbytes = cleaned(source, tmp_path / "o.mp4", max_size="0.5x", **settings)
    assert nbytes <= source.stat().st_size // 2


@pytest.mark.parametrize("frames", [1, 2, 12, 240])
def test_it_holds_for_short_and_longer_ones(tmp_path, frames):
    source = make(tmp_path / "in.mp4", frames, sound=False)
    limit = source.stat().st_size // 2 + 6_000  # what lies around one picture is more than it
    _, nbytes = cleaned(source, tmp_path / "o.mp4", max_size=limit, crf=1)
    assert nbytes <= limit


def test_it_holds_at_a_variable_rate_with_gaps(tmp_path):
    source = make(tmp_path / "in.mp4", sound=False, pts=times(120))
    _, nbytes = cleaned(source, tmp_path / "o.mp4", max_size="0.5x", crf=1)
    assert 0.25 * source.stat().st_size < nbytes <= source.stat().st_size // 2


def test_it_holds_with_one_picture_in_two_seconds(tmp_path):
    source = make(tmp_path / "in.mp4", sound=False, pts=[i * 30_720 for i in range(30)])
    _, nbytes = cleaned(source, tmp_path / "o.mp4", max_size="0.5x", crf=1)
    assert nbytes <= source.stat().st_size // 2


def test_where_there_is_room_nothing_is_given_up_and_nothing_blown_up(tmp_path):
    source = make(tmp_path / "in.mp4")
    plain, without = cleaned(source, tmp_path / "a.mp4", crf=30)
    report, nbytes = cleaned(source, tmp_path / "b.mp4", crf=30, max_size="100x")
    assert abs(nbytes - without) < 0.05 * without
    assert report.size["held"] == 0
    assert "allowed; no quality was given up for it" in report.summary()
    assert plain.size == {}
    assert "allowed" not in plain.summary()


def test_a_part_of_a_recording_has_its_share(tmp_path):
    source = make(tmp_path / "in.mp4")
    report, nbytes = cleaned(source, tmp_path / "o.mp4", max_size="1x", start=1.0, end=2.0)
    assert report.size["limit_bytes"] == pytest.approx(source.stat().st_size / 3, rel=0.15)
    assert nbytes <= report.size["limit_bytes"]


def test_what_is_too_small_is_said_before_anything_is_written_with_what_is_not(tmp_path):
    source, target = make(tmp_path / "in.mp4", size=(320, 180)), tmp_path / "o.mp4"
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SizeLimitError, match=r"can't become 1\.0 kB or less: .* kB are for") as low:
        cleaned(source, target, max_size="1kB")
    assert sorted(tmp_path.iterdir()) == before
    smallest = re.search(r"can be asked for is ([\d.]+ [kM]?B)\.", str(low.value))[1]
    assert cleaned(source, target, max_size=smallest)[1] > 0
    with pytest.raises(SizeLimitError):
        cleaned(source, target, max_size=int(float(smallest.split()[0]) * 1000) - 4_000)


def test_what_came_out_too_large_after_all_is_not_written(tmp_path, monkeypatch):
    source, target = make(tmp_path / "in.mp4"), tmp_path / "o.mp4"
    before = sorted(tmp_path.iterdir())

    def careless(*args, **kwargs):
        return replace(plan_size(*args, **kwargs), rate=RateLimit(10**9, 10**9))

    monkeypatch.setattr(engine_run, "plan_size", careless)
    with pytest.raises(SizeLimitError, match=r"o\.mp4 would have .*, and may have .*Nothing was"):
        cleaned(source, target, max_size="0.2x", crf=1)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("codec", ["mpeg2video", "mjpeg", "libsvtav1"])
def test_encoders_that_keep_to_no_rate_are_refused(tmp_path, codec):
    source = make(tmp_path / "in.mp4")
    with pytest.raises(EncoderError, match=f"{codec} can't be held to a size") as error:
        cleaned(source, tmp_path / "o.mkv", max_size="1x", codec=codec)
    assert "libx264, libx265" in error.value.advice


@pytest.mark.parametrize(
    "options", [{"b": "1M"}, {"qp": "0"}, {"x264-params": "bframes=2:vbv-maxrate=9"}]
)
def test_options_that_would_undo_it_are_refused(tmp_path, options):
    source = make(tmp_path / "in.mp4")
    with pytest.raises(EncoderError, match="exclude each other"):
        cleaned(source, tmp_path / "o.mp4", max_size="1x", encoder_options=options)


def test_hardware_is_told_in_its_own_words(tmp_path):
    video = probe(make(tmp_path / "in.mp4")).video
    settings = EncoderSettings("h264_nvenc", rate=RateLimit(2_000_000, 1_000_000))
    try:
        options = resolve(settings, video).options
    except EncoderError:
        pytest.skip("FFmpeg was built without NVENC here")
    wanted = {"rc": "vbr", "b": "0", "maxrate": "2000000", "bufsize": "1000000", "cq": "22"}
    assert wanted.items() <= options.items()


def test_headers_are_not_believed(tmp_path):
    """A recording whose header says a tenth of its length must not get ten times the rate."""
    source = make(tmp_path / "in.mp4", sound=False)
    info = probe(source)
    track = replace(info.video, duration=info.video.duration // 10, expected_frames=3)
    lying = replace(info, duration_s=0.3, video=track)
    config = CleanConfig(max_size="1x")
    assert plan_size(config, lying, "mp4") == plan_size(config, info, "mp4")


def test_attached_files_have_their_room(tmp_path):
    files = [("notes.bin", "application/octet-stream", bytes(range(256)) * 100)]
    picture = Picture(frames=90, size=SMALL)
    source = make_clip(tmp_path / "in.mkv", picture, attachments=files)
    _, nbytes = cleaned(source, tmp_path / "o.mkv", max_size="0.6x", crf=1)
    assert nbytes <= 0.6 * source.stat().st_size


def test_telemetry_that_is_put_back_has_its_room(tmp_path):
    info = probe(make(tmp_path / "in.mp4"))
    config = CleanConfig(max_size="1x")
    less = plan_size(config, info, "mp4", extra=20_000).rate.bits_per_second
    assert less < plan_size(config, info, "mp4").rate.bits_per_second


def test_an_output_that_is_much_larger_than_its_source_is_warned_of(tmp_path, monkeypatch):
    assert growth(5_000_000, 2_500_001) is None
    assert growth(900_000, 100_000) is None  # nobody minds
    assert str(growth(5_000_000, 2_000_000)).startswith("the output is 2.5 times as large")
    monkeypatch.setattr(size_plan, "_WORTH_SAYING", 1_000)
    source = make(tmp_path / "in.mp4", 40, size=(640, 360), options={"qp": "40"})
    report, _ = cleaned(source, tmp_path / "o.mp4", crf=1)
    assert any("times as large as its source" in warning for warning in report.warnings)
    report, _ = cleaned(source, tmp_path / "o.mp4", crf=1, max_size="1.5x")
    assert report.warnings == ()


def test_it_holds_for_a_damaged_recording(tmp_path):
    source = flip_bits(make(tmp_path / "whole.ts"), tmp_path / "in.ts", 1e-4)
    report, nbytes = cleaned(source, tmp_path / "o.mp4", max_size="0.6x", crf=1)
    assert report.frames.written > 0
    assert nbytes <= 0.6 * source.stat().st_size
