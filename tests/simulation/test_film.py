from datetime import UTC, datetime, timedelta
from fractions import Fraction

import av
import numpy as np
import pytest

from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.simulation.film import CLICK, PITCH, RATE, Fix, with_gps, write_film

START = datetime(2024, 11, 16, 21, 4, 7, tzinfo=UTC)


def fix(second: int) -> Fix:
    return Fix(START + timedelta(seconds=second), 48.5 + second / 1000, 9.25, 12.5, 90.0)


def pictures(count: int):
    for i in range(count):
        yield np.full((36, 64, 3), 20 + 3 * i, np.uint8)


@pytest.fixture
def movie(tmp_path):
    path = tmp_path / "a.mp4"
    fps = Fraction(55, 2)
    count = write_film(
        path, pictures(60), fps, fixes=[fix(i) for i in range(3)], crf=20, metadata={"comment": "x"}
    )
    assert count == 60
    return path


def test_frames_times_and_colour_are_as_asked(movie):
    with av.open(str(movie)) as file:
        frames = list(file.decode(video=0))
        stream = file.streams.video[0]
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
        assert file.metadata["comment"] == "x"
    assert len(frames) == 60
    times = [float(f.pts * f.time_base) for f in frames]
    np.testing.assert_allclose(times, np.arange(60) * 2 / 55, atol=1e-4)
    level = [f.to_ndarray(format="rgb24").mean() for f in frames]
    np.testing.assert_allclose(level, 20 + 3 * np.arange(60), atol=3)


def test_a_click_sounds_at_every_full_second(movie):
    with av.open(str(movie)) as file:
        parts = [(f.pts, f.to_ndarray()[0]) for f in file.decode(audio=0)]
    wave = np.zeros(RATE * 3)
    for at, samples in parts:
        begin = max(at, 0)
        wave[begin : at + len(samples)] = samples[begin - at :]
    t = np.arange(len(wave)) / RATE
    length = round(CLICK * RATE)
    tone = np.exp(-2j * np.pi * PITCH * t)
    level = np.abs(np.convolve(wave * tone, np.ones(length) / length, "valid"))
    for second in (0, 1, 2):
        near = level[max(0, second * RATE - 480) : second * RATE + 480]
        assert max(0, second * RATE - 480) + near.argmax() == pytest.approx(second * RATE, abs=48)
    assert level[RATE // 2 - 2000 : RATE // 2 + 2000].max() < 0.02


def test_gps_is_in_the_subtitles_and_in_blocks_that_the_reader_knows(movie):
    with av.open(str(movie)) as file:
        lines = [bytes(p)[2:].decode() for p in file.demux(subtitles=0) if p.size > 2]
    assert lines[1] == "2024-11-16 21:04:08 45 km/h N48.50100 E9.25000"
    telemetry = read_telemetry(movie)
    assert len(telemetry.fixes) == 3
    got = telemetry.fixes[2]
    assert (got.latitude, got.longitude) == (
        pytest.approx(48.502, abs=1e-4),
        pytest.approx(9.25, abs=1e-4),
    )


def test_blocks_move_no_byte_of_the_media(movie):
    before = movie.read_bytes()
    head, media = before.index(b"mdat"), before.index(b"free", before.index(b"mdat"))
    assert head < media
    with pytest.raises(ValueError, match="index must come last"):
        with_gps(b"\0\0\0\x08moov\0\0\0\x08free", [])


def test_a_film_that_fails_leaves_no_file(tmp_path):
    def broken():
        yield from pictures(2)
        raise RuntimeError("no more frames")

    path = tmp_path / "a.mp4"
    with pytest.raises(RuntimeError, match="no more frames"):
        write_film(path, broken(), Fraction(10), fixes=[fix(0)], crf=20, metadata={})
    assert not path.exists()
