"""What can't be opened, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from factory import Picture, Sound, make_clip, without_index

from dashcam_pipeline.errors import (
    DashcamError,
    IndexMissingError,
    InputError,
    InputMissingError,
    NotVideoError,
    PictureError,
)
from dashcam_pipeline.media import extent
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.reader import Reader


def refused(path: Path, kind: type[DashcamError]) -> DashcamError:
    """The error, which is the same for probing and reading, and of exactly that kind."""
    with pytest.raises(InputError) as by_reader:
        Reader(path)
    with pytest.raises(InputError) as by_probe:
        probe(path)
    assert type(by_probe.value) is type(by_reader.value) is kind
    assert str(path) in str(by_probe.value)
    assert by_probe.value.advice
    return by_probe.value


def test_a_missing_file(tmp_path):
    assert "does not exist" in str(refused(tmp_path / "none.mp4", InputMissingError))


def test_a_folder(tmp_path):
    assert "is a folder" in str(refused(tmp_path, InputMissingError))


def test_an_empty_file(tmp_path):
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "is empty" in str(refused(path, NotVideoError))


@pytest.mark.unprivileged
def test_no_permission(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=2)
    path.chmod(0)
    assert "permission denied" in str(refused(path, InputMissingError))


def test_no_permission_as_the_system_says_it(tmp_path, monkeypatch):
    path = make_clip(tmp_path / "a.mp4", frames=2)
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert "permission denied" in str(refused(path, InputMissingError))


@pytest.mark.parametrize("text", ["hello\n" * 200, "#EXTM3U\n#EXTINF:1,\n/etc/hostname\n", "x"])
@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.txt", "a.m3u8"])
def test_text_under_any_name(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text)
    assert "not a video recording" in str(refused(path, NotVideoError))


def test_a_list_that_names_other_files_is_not_followed(tmp_path):
    make_clip(tmp_path / "real.mp4", frames=2)
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile real.mp4\n")
    refused(path, NotVideoError)


def test_a_picture_renamed(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w", format="image2") as out:
        stream = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        out.mux(stream.encode(av.VideoFrame(64, 48, "yuvj420p")))
        out.mux(stream.encode(None))
    refused(path, PictureError)


def test_noise(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(i * 167 % 251 for i in range(5000)))
    refused(path, NotVideoError)


def test_sound_alone(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert "no video track" in str(refused(path, NotVideoError))


def test_a_lost_index_and_how_to_get_it_back(tmp_path):
    healthy = make_clip(tmp_path / "healthy.mp4", sounds=[Sound()])
    error = refused(without_index(healthy, tmp_path / "lost.mp4"), IndexMissingError)
    assert "moov" in str(error)
    assert "healthy clip of the same camera" in error.advice


def test_only_video_tracks_can_be_worked_on(tmp_path):
    path = make_clip(tmp_path / "a.mp4", sounds=[Sound()])
    with pytest.raises(InputError, match="track 1 of") as caught:
        Reader(path, track=1)
    assert caught.value.advice == "Video tracks: 0."


def test_a_name_that_looks_like_an_address_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "a.mp4", frames=2).rename(tmp_path / "http:a.mp4")
    assert probe(Path("http:a.mp4")).video.width == 320


def test_any_kind_of_name(tmp_path):
    folder = tmp_path / "블랙박스 'new' %d [1]"
    folder.mkdir()
    path = make_clip(tmp_path / "a.mp4", frames=2).rename(folder / "2024 01%02d 밤.MP4")
    with Reader(path) as reader:
        assert sum(1 for _ in reader) == 2


def test_the_source_is_opened_for_reading_only(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=5)
    before = path.read_bytes(), path.stat().st_mtime_ns
    path.chmod(0o444)
    with Reader(path) as reader:
        assert sum(1 for _ in reader) == 5
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi"])
def test_a_whole_file_is_as_long_as_it_says(tmp_path, suffix):
    codec = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if suffix == ".avi" else {}
    path = make_clip(tmp_path / f"a{suffix}", Picture(frames=5, **codec))
    assert extent.declared_size(path) == path.stat().st_size
    assert not extent.lacks_index(path)


def test_a_transport_stream_does_not_say_how_long_it_is(tmp_path):
    assert extent.declared_size(make_clip(tmp_path / "a.ts", frames=5)) is None
