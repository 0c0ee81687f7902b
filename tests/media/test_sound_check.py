"""What is found of damage in sound that is copied."""

from __future__ import annotations

import av
import numpy as np
import pytest
from factory import Picture, Sound, cut_short, make_clip

from dashcam_pipeline.media.reader import Reader

KINDS = [
    ("aac", ".mp4"),
    ("aac", ".mkv"),
    ("aac", ".ts"),
    ("libmp3lame", ".avi"),
    ("libmp3lame", ".mp4"),
    ("ac3", ".mov"),
    ("adpcm_ima_wav", ".avi"),
    ("pcm_s16le", ".avi"),
    ("pcm_alaw", ".mov"),
]


def clip_with(path, codec):
    sound = Sound(codec=codec, seconds=2, rate=48000)
    return make_clip(path, Picture(frames=60, size=(64, 64), codec="mpeg4"), sounds=[sound])


def damaged(path, **asked):
    """Packets of sound that are found damaged, and what else is said."""
    with Reader(path, **{"listen": True, **asked}) as reader:
        carried = sum(1 for _ in reader.copied())
    assert carried
    return reader.counts.frames.damaged_sound, reader.counts.errors


def overwrite(clip, payload):
    with av.open(str(clip)) as container:
        packets = [p for p in container.demux(audio=0) if p.size]
    data = bytearray(clip.read_bytes())
    place = packets[len(packets) // 2].pos
    data[place : place + len(payload)] = payload
    clip.write_bytes(data)


@pytest.mark.parametrize(("codec", "suffix"), KINDS)
def test_whole_sound_is_whole(tmp_path, codec, suffix):
    clip = clip_with(tmp_path / f"a{suffix}", codec)
    assert damaged(clip) == (0, [])
    assert damaged(clip, start=1.0) == (0, [])
    assert damaged(clip, start=0.5, end=1.5) == (0, [])


@pytest.mark.parametrize(
    ("codec", "suffix", "size"),
    [("aac", ".mp4", 60), ("libmp3lame", ".mp4", 600), ("ac3", ".mov", 40)],
)
@pytest.mark.parametrize("zeros", [True, False])
def test_damage_within_packets_is_found(tmp_path, codec, suffix, size, zeros):
    clip = clip_with(tmp_path / f"a{suffix}", codec)
    overwrite(clip, bytes(size) if zeros else np.random.default_rng(3).bytes(size))
    found, errors = damaged(clip)
    assert 1 <= found <= 4
    assert errors[0].startswith("decoding sound: ")
    assert damaged(clip, listen=False) == (0, [])


def test_a_packet_that_was_cut_off_is_found_in_plain_samples_too(tmp_path):
    clip = clip_with(tmp_path / "a.avi", "pcm_s16le")
    with av.open(str(clip)) as container:
        last = [p for p in container.demux(audio=0) if p.size][-1]
    size = clip.stat().st_size
    cut_short(clip, clip, (last.pos + last.size // 2) / size)
    assert damaged(clip)[0] == 1


def test_plain_samples_are_never_wrong(tmp_path):
    clip = clip_with(tmp_path / "a.avi", "pcm_s16le")
    overwrite(clip, np.random.default_rng(3).bytes(500))
    assert damaged(clip) == (0, [])


def test_sound_that_a_decoder_does_not_know_is_no_damage(tmp_path):
    """AAC of the scalable kind, which FFmpeg has no decoder for."""
    clip = clip_with(tmp_path / "a.mp4", "aac")
    with av.open(str(clip)) as container:
        header = bytes(container.streams.audio[0].codec_context.extradata)
    kind = 6 << 3  # the audio object type is in the first 5 bits
    scalable = bytes([kind | header[0] & 7]) + header[1:]
    clip.write_bytes(clip.read_bytes().replace(header, scalable))
    with av.open(str(clip)) as container:
        assert bytes(container.streams.audio[0].codec_context.extradata) == scalable
    assert damaged(clip) == (0, [])
