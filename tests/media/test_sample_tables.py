"""Sample tables that list more than a file has room for."""

from __future__ import annotations

import struct

import pytest
from factory import Data, Picture, Sound, Text, make_clip

from dashcam_pipeline.cli import main
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.errors import NotVideoError
from dashcam_pipeline.media import sample_tables
from dashcam_pipeline.media.probe import probe

TINY = Picture(frames=8, size=(64, 48), gop=4)
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


def patched(path, kind, *places):
    """Overwrite words behind the last box type of a kind: (bytes behind the type, value)."""
    data = bytearray(path.read_bytes())
    at = data.rfind(kind)
    for offset, value in places:
        struct.pack_into(">I", data, at + 4 + offset, value)
    path.write_bytes(data)
    return path


def many_pictures(folder, count):
    """All of one byte, in one chunk, which ten million may share."""
    path = make_clip(folder / "a.mp4", TINY)
    patched(path, b"stsz", (4, 1), (8, count))
    return patched(path, b"stsc", (12, count))


def many_in_a_fragment(folder, count):
    path = make_clip(folder / "a.mp4", TINY, options=FRAGMENTS)
    return patched(path, b"trun", (0, 1), (4, count))


def much_sound(folder, count):
    sound = Sound(codec="pcm_s16le", seconds=0.3)
    path = make_clip(folder / "a.mov", TINY, sounds=[sound])
    return patched(path, b"stsc", (12, min(count * 1024, 2**32 - 1)))


@pytest.mark.parametrize("make", [many_pictures, many_in_a_fragment, much_sound])
def test_more_samples_than_bytes_are_refused_before_ffmpeg_believes_them(tmp_path, make, capsys):
    path = make(tmp_path, 3_000_000)
    assert sample_tables.too_many(path) >= 3_000_000
    with pytest.raises(NotVideoError, match="more than it has room for"):
        probe(path)
    assert not read_telemetry(path)
    assert main(["clean", str(path), "--no-stages", "-q"]) == 3
    assert "room for" in capsys.readouterr().err


def test_a_hundred_thousand_are_what_any_file_may_list(tmp_path):
    """A recording cut short lists more than it holds."""
    assert sample_tables.too_many(many_pictures(tmp_path, 100_000)) == 0
    assert sample_tables.too_many(many_pictures(tmp_path, 100_001)) == 100_001
    with (tmp_path / "a.mp4").open("ab") as file:
        file.write(bytes(200_002))
    assert sample_tables.too_many(tmp_path / "a.mp4") == 0


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.ts", "a.mkv", "a.avi"])
def test_ordinary_recordings_list_no_more_than_they_hold(tmp_path, name):
    codec = "pcm_s16le" if name in {"a.mov", "a.avi"} else "aac"
    path = make_clip(tmp_path / name, TINY, sounds=[Sound(codec=codec, seconds=0.3)])
    assert sample_tables.too_many(path) == 0
    assert probe(path)


def test_all_tracks_count_together(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_tables, "_FEW", 0)
    monkeypatch.setattr(sample_tables, "_BYTES", 10**9)
    path = make_clip(
        tmp_path / "a.mp4",
        TINY,
        texts=[Text()],
        data=[Data()],
        sounds=[Sound(codec="aac", seconds=0.1)],
    )
    # 8 pictures, 5 packets of sound or 6, 2 texts and the gaps between them, 2 packets of data
    assert 15 < sample_tables.too_many(path) < 25
    path = make_clip(tmp_path / "b.mp4", TINY, options=FRAGMENTS)
    assert sample_tables.too_many(path) == 8


def test_an_hour_of_uncompressed_sound_is_no_more_than_its_packets(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_tables, "_FEW", 0)
    monkeypatch.setattr(sample_tables, "_BYTES", 10**9)
    sound = Sound(codec="pcm_s16le", seconds=1.0)
    path = make_clip(tmp_path / "a.mov", TINY, sounds=[sound])
    assert sample_tables.too_many(path) == 8 + 48_000 // 1024


@pytest.mark.parametrize("tail", [b"", b"\0" * 7, b"\0\0\0\1moov", b"\0\0\0\7free", b"\xff" * 20])
def test_boxes_that_end_in_nonsense_end(tmp_path, tail):
    path = make_clip(tmp_path / "a.mp4", TINY)
    with path.open("ab") as file:
        file.write(tail)
    assert sample_tables.too_many(path) == 0
