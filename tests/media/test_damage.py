"""Of a damaged file everything that can be decoded comes out, and the rest is counted."""

from __future__ import annotations

import contextlib
import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
import judge
import pytest
from factory import Picture, Sound, blank, cut_short, flip_bits, make_clip
from pump import pump

from dashcam_pipeline.errors import EncoderError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import decoder
from dashcam_pipeline.media.decoder import KeyGate
from dashcam_pipeline.media.probe import examine
from dashcam_pipeline.media.reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 90
KINDS = ["h264.mp4", "hevc.mp4", "h264.mkv", "h264.ts", "mjpeg.avi"]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    clips = {}
    for kind in KINDS:
        codec, _, container = kind.partition(".")
        tick = {"ts": Fraction(1, 90000), "avi": Fraction(1, 30)}.get(container)
        picture = Picture(
            frames=FRAMES,
            codec={"h264": "libx264", "hevc": "libx265"}.get(codec, codec),
            pixel_format="yuvj422p" if codec == "mjpeg" else "yuv420p",
            time_base=tick or Fraction(1, 15360),
            gop=30,
            options={"qp": "24"} if codec == "h264" else {},
        )
        clips[kind] = make_clip(
            folder / kind,
            picture,
            sounds=[Sound("pcm_s16le" if container == "avi" else "aac", seconds=3)],
            options={"movflags": "faststart"} if container == "mp4" else {},
        )
    return clips


def decodable(path: Path) -> int:
    """How many pictures FFmpeg gets out, asked packet by packet by a single thread."""
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        with contextlib.suppress(av.error.FFmpegError):
            for packet in container.demux(stream):
                with contextlib.suppress(av.error.FFmpegError):
                    count += len(packet.decode())
    return count


DAMAGE = {
    "half": lambda a, b: cut_short(a, b, 0.5),
    "a third": lambda a, b: cut_short(a, b, 0.34),
    "few bits": lambda a, b: flip_bits(a, b, 2e-5),
    "many bits": lambda a, b: flip_bits(a, b, 5e-4),
    "zeros": lambda a, b: blank(a, b, 0.5, 4000),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("threads", [1, 8])
def test_what_can_be_decoded_comes_out(tmp_path, healthy, kind, damage, threads):
    source = DAMAGE[damage](healthy[kind], tmp_path / kind)
    reference = decodable(source)
    assert reference > 0

    with Reader(source, threads=threads) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]

    counts = reader.counts
    assert len(frames) == counts.frames.read >= 0.9 * reference
    assert [f.index for f in frames] == list(range(len(frames)))
    assert all(a.pts < b.pts for a, b in itertools.pairwise(frames))
    assert counts.frames.concealed == sum(f.concealed for f in frames)
    if counts.frames.read < FRAMES and (kind.endswith(("mp4", "avi")) or damage == "zeros"):
        assert counts.frames.damaged
        assert counts.frames.truncated or counts.frames.missing == FRAMES - counts.frames.read


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["half", "many bits"])
def test_a_damaged_file_gives_an_output(tmp_path, healthy, kind, damage):
    source = DAMAGE[damage](healthy[kind], tmp_path / kind)
    target = tmp_path / ("out.mkv" if kind.endswith("avi") else f"out.{kind[-3:].strip('.')}")

    counts, report = pump(source, target)

    assert counts.frames.damaged or kind.endswith(".ts")
    assert report.frames == counts.frames.read
    assert len(judge.frames(target)) == report.frames
    assert judge.packets(target, 1), "the sound is there as well"


def test_half_an_mp4_is_truncated_and_says_how_much_is_missing(tmp_path, healthy):
    source = cut_short(healthy["h264.mp4"], tmp_path / "a.mp4", 0.5)

    with Reader(source) as reader:
        frames = sum(isinstance(item, Frame) for item in reader)

    assert reader.counts.frames.truncated
    assert reader.info.video.expected_frames == FRAMES
    assert reader.counts.frames.missing == FRAMES - frames


def test_a_hole_is_found_in_time(tmp_path, healthy):
    source = tmp_path / "a.mkv"
    data = healthy["h264.mkv"].read_bytes()
    places = []
    with av.open(str(healthy["h264.mkv"])) as container:
        places = [p.pos for p in container.demux(video=0) if p.size]
    begin, end = places[40], places[50]
    source.write_bytes(data[:begin] + bytes(end - begin) + data[end:])

    with Reader(source) as reader:
        for _ in reader:
            pass

    assert reader.counts.frames.damaged
    assert reader.counts.frames.missing == FRAMES - reader.counts.frames.read > 0
    holes = reader.counts.holes
    assert 1.2 < holes[0][0] < 1.4
    assert holes[-1][1] > 1.6, "to the next cluster"


def test_a_healthy_file_is_not_called_damaged(healthy):
    for path in healthy.values():
        with Reader(path) as reader:
            frames = sum(isinstance(item, Frame) for item in reader)
        assert frames == FRAMES
        assert not reader.counts.frames.damaged
        assert reader.counts.to_dict()["errors"] == []
        assert reader.counts.holes == []


def test_damage_in_a_part_is_counted_by_itself(tmp_path, healthy):
    source = blank(healthy["hevc.mp4"], tmp_path / "a.mp4", 0.7, 3000)

    with Reader(source, start=1, end=2.9) as reader:
        frames = sum(isinstance(item, Frame) for item in reader)

    counts = reader.counts
    assert counts.frames.damaged
    assert counts.frames.missing <= counts.frames.damaged_packets
    assert frames + counts.frames.damaged_packets >= 57


def test_failures_without_end_are_bounded(tmp_path, healthy, monkeypatch):
    monkeypatch.setattr(decoder, "MAX_FAILURES", 5)
    data = bytearray(healthy["mjpeg.avi"].read_bytes())
    with av.open(str(healthy["mjpeg.avi"])) as container:
        places = [(p.pos + 8, p.size) for p in container.demux(video=0) if p.size]
    for place, size in places[10:]:
        data[place : place + size] = bytes(size)
    source = tmp_path / "a.avi"
    source.write_bytes(data)

    with Reader(source, threads=1) as reader:
        items = list(reader)

    assert reader.counts.frames.read == 10
    assert reader.counts.frames.damaged_packets == FRAMES - 10
    assert reader.counts.frames.missing == FRAMES - 10
    assert "too many failures in a row" in " ".join(reader.counts.errors)
    assert sum(not isinstance(i, Frame) for i in items) > 50, "the sound goes on"


def test_nothing_decodable_is_an_error_without_output(tmp_path, healthy):
    data = bytearray(healthy["h264.mp4"].read_bytes())
    with av.open(str(healthy["h264.mp4"])) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for place, size in places:
        data[place : place + size] = bytes(size)
    source = tmp_path / "a.mp4"
    source.write_bytes(data)

    with pytest.raises(EncoderError, match="no picture to write"):
        pump(source, tmp_path / "out.mp4")

    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4"]
    assert examine(source, decode=True).health == "damaged"


def test_a_loop_cut_before_its_first_key_frame_begins_at_it(tmp_path):
    tick = Fraction(1, 90000)
    times = [130000 + 3000 * i for i in range(FRAMES)]
    whole = make_clip(tmp_path / "a.ts", Picture(pts=times, time_base=tick, gop=30))
    data = whole.read_bytes()
    packets = len(data) // 188
    source = tmp_path / "b.ts"
    source.write_bytes(data[: 3 * 188] + data[packets // 6 * 188 :])

    with Reader(source) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]

    assert [f.pts for f in frames] == times[-len(frames) :]
    assert not any(f.concealed for f in frames)
    counts = reader.counts
    assert counts.frames.missing == counts.video_packets - len(frames) > 5
    assert "before the first key frame" in counts.errors[0]


def test_a_track_without_key_frames_is_decoded_all_the_same(tmp_path):
    options = {"x264-params": "intra-refresh=1", "qp": "24"}
    picture = Picture(frames=40, gop=20, b_frames=0, options=options)
    whole = make_clip(tmp_path / "a.mkv", picture)
    with Reader(whole) as reader:
        assert sum(isinstance(item, Frame) for item in reader) == 40
    gate = KeyGate()
    with av.open(str(whole)) as container:
        others = [p for p in container.demux(video=0) if p.size and not p.is_keyframe][:20]
    assert [gate.admit(p) for p in others] == [[]] * len(others)
    assert gate.drain() == others
    assert gate.admit(others[0]) == [others[0]]
