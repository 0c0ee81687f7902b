"""A few frames all over a recording."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.sampling import ENOUGH, middle_picture, sample_frames

SIZE = (160, 90)


def all_frames(clip):
    with Reader(clip) as reader:
        return list(reader)


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.planes, b.planes, strict=True))


@pytest.mark.parametrize(
    ("codec", "pixel_format", "layout"),
    [
        ("libx264", "yuv420p", PixelLayout(8, (1, 1))),
        ("libx264", "yuv422p", PixelLayout(8, (1, 0))),
        ("libx264", "yuv420p10le", PixelLayout(10, (1, 1))),
        ("libx264", "yuv444p10le", PixelLayout(10, (0, 0))),
    ],
)
@pytest.mark.parametrize("gop", [4, 250], ids=["sought", "the first ones"])
def test_they_are_the_recordings_own_frames_in_its_own_layout(
    tmp_path, codec, pixel_format, layout, gop
):
    spec = Picture(frames=48, size=SIZE, codec=codec, pixel_format=pixel_format, gop=gop)
    clip = make_clip(tmp_path / "a.mp4", spec)
    info = probe(clip)
    found = sample_frames(info)
    assert len(found) == 12
    assert {frame.layout for frame in found} == {layout}
    assert {frame.color for frame in found} == {info.video.color}
    by_time = {frame.pts: frame for frame in all_frames(clip)}
    assert len({frame.pts for frame in found}) == 12, "none twice"
    assert all(same(frame, by_time[frame.pts]) for frame in found)


def test_they_come_from_all_over_the_recording(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=96, size=SIZE, gop=4))
    found = sample_frames(probe(clip))
    assert len(found) >= ENOUGH
    times = sorted(float(frame.pts * frame.time_base) for frame in found)
    assert times[0] < 0.4
    assert times[-1] > 2.8
    assert max(b - a for a, b in pairwise(times)) < 0.7, "none left out in the middle"


@pytest.mark.parametrize("gop", [4, 7, 12])
def test_two_readers_find_the_pictures_that_one_finds(tmp_path, gop):
    info = probe(make_clip(tmp_path / "a.mp4", Picture(frames=96, size=SIZE, gop=gop)))
    one, two = (sample_frames(info, threads=threads) for threads in (1, 2))
    assert [frame.pts for frame in one] == [frame.pts for frame in two]
    assert all(same(a, b) for a, b in zip(one, two, strict=True))
    assert [frame.index for frame in two] == list(range(len(two)))


def test_the_middle_is_one_key_picture(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=96, size=SIZE, gop=8))
    monkeypatch.setattr("dashcam_pipeline.media.sampling.SAMPLES", 0)  # no more is looked at
    found = middle_picture(probe(clip))
    by_time = {frame.pts: frame for frame in all_frames(clip)}
    assert same(found, by_time[found.pts])
    assert float(found.pts * found.time_base) == pytest.approx(1.6, abs=0.3)


def test_the_middle_of_what_cannot_be_sought_is_some_picture_of_it(tmp_path):
    for name, spec in (("a.mp4", Picture(frames=1, size=SIZE)), ("b.ts", Picture(frames=20))):
        assert middle_picture(probe(make_clip(tmp_path / name, spec))) is not None


def test_a_recording_with_one_key_picture_shows_its_beginning(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=120, size=SIZE, gop=250))
    found = sample_frames(probe(clip))
    assert len(found) == 12
    times = sorted(frame.pts * frame.time_base for frame in found)
    assert times[0] == 0
    assert 2 < times[-1] < 2.4, "within the first 72 pictures"


def test_a_single_picture(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=1, size=SIZE))
    assert len(sample_frames(probe(clip))) == 1


def test_what_is_left_of_a_damaged_recording_is_shown(tmp_path):
    clip = make_clip(tmp_path / "a.ts", Picture(frames=96, size=SIZE, gop=4))
    data = bytearray(clip.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    clip.write_bytes(data)
    found = sample_frames(probe(clip))
    assert found
    assert all(frame.planes[0].shape == (90, 160) for frame in found)


def test_a_recording_that_is_gone_shows_nothing(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=SIZE))
    info = probe(clip)
    clip.unlink()
    assert sample_frames(info) == []


def test_the_track_that_was_chosen_is_looked_at(tmp_path):
    clip = make_clip(
        tmp_path / "a.mp4",
        Picture(frames=24, size=SIZE, gop=4),
        Picture(frames=24, size=(96, 64), gop=4, seed=1),
    )
    with av.open(str(clip)) as container:
        tracks = {s.index: (s.height, s.width) for s in container.streams.video}
    for index, shape in tracks.items():
        found = sample_frames(probe(clip, track=index))
        assert {frame.planes[0].shape for frame in found} == {shape}
