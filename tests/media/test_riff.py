"""An AVI whose texts claim more than there is of the file, and chunks that nobody reads."""

from __future__ import annotations

import resource
import struct

import pytest
from factory import Picture, Sound, cut_short, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.errors import NotVideoError
from dashcam_pipeline.media import riff
from dashcam_pipeline.media.probe import probe

MJPEG = Picture(frames=5, size=(64, 48), codec="mjpeg", pixel_format="yuvj420p")


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "a.avi", MJPEG, sounds=[Sound(codec="pcm_s16le", seconds=0.2)])


def test_a_text_of_two_gigabytes_is_not_made_room_for(clip):
    data = bytearray(clip.read_bytes())
    at = data.find(b"INFO")
    struct.pack_into("<I", data, at - 4, 0x7FFFFFF0)
    struct.pack_into("<I", data, data.find(b"ISFT") + 4, 0x7FFF0000)
    clip.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NotVideoError, match="beyond its end"):
        probe(clip)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_text_that_is_whole_and_one_byte_that_is_missing(clip):
    data = clip.read_bytes()
    at = data.find(b"INFO")
    end = at + struct.unpack_from("<I", data, at - 4)[0]
    clip.write_bytes(data[:end])
    assert not riff.texts_beyond_end(clip)
    clip.write_bytes(data[: end - 1])
    assert riff.texts_beyond_end(clip)


def test_a_recording_that_was_cut_short_is_read(clip, tmp_path):
    short = cut_short(clip, tmp_path / "b.avi", 0.8)
    assert not riff.texts_beyond_end(short)
    assert probe(short)


def test_chunks_that_nobody_reads_are_named(clip, tmp_path):
    """A camera's own, in the header and at the end, and what it hides in padding."""
    report = clean(clip, tmp_path / "a.mkv", config={"stages": ()})
    assert report.lost == ()
    data = bytearray(clip.read_bytes())
    for kind, content in ((b"gps0", b"N37.5 E127.0"), (b"JUNK", b"driver: Kim Minsu\0")):
        data += kind + struct.pack("<I", len(content)) + content
    at = data.find(b"hdrl")
    own = b"CAMR\x04\0\0\0\1\2\3\4"
    size = struct.unpack_from("<I", data, at - 4)[0]
    data[at + size : at + size] = own
    struct.pack_into("<I", data, at - 4, size + len(own))
    struct.pack_into("<I", data, 4, len(data) - 8)
    clip.write_bytes(data)

    report = clean(clip, tmp_path / "b.mkv", config={"stages": ()})

    assert [one.reason for one in report.lost] == ["chunk CAMR", "chunk JUNK", "chunk gps0"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_other_containers_have_none(tmp_path, name):
    assert not riff.texts_beyond_end(make_clip(tmp_path / name, frames=2))


@pytest.mark.parametrize("data", [b"RIFF", b"RIFF\0\0\0\0AVI ", b"RIFF____AVI " + b"LIST" * 4000])
def test_nonsense_ends(tmp_path, data):
    (tmp_path / "a.avi").write_bytes(data)
    assert not riff.texts_beyond_end(tmp_path / "a.avi")
    assert len(riff.unread(tmp_path / "a.avi")) <= 1
