"""What ``probe`` and ``examine`` say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction

import av
import pytest
from factory import Picture, Sound, blank, cut_short, flip_bits, make_clip, without_index
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.errors import InputMissingError
from dashcam_pipeline.media import describe
from dashcam_pipeline.media.probe import Timing, examine, probe


def test_the_facts_of_a_recording(tmp_path):
    path = make_clip(
        tmp_path / "a.mp4",
        Picture(frames=30, color=(1, 1, 1, 2), pixel_format="yuvj420p", aspect=Fraction(4, 3)),
        sounds=[Sound(language="kor")],
        metadata={"creation_time": "2024-05-06T07:08:09.000000Z", "title": "x"},
    )
    info = probe(path)
    assert (info.container, info.size_bytes) == ("mp4", path.stat().st_size)
    assert info.duration_s == pytest.approx(1, abs=0.05)
    assert [t.kind for t in info.tracks] == ["video", "audio"]
    assert info.tracks[1].metadata["language"] == "kor"
    assert info.video.expected_frames == 30
    assert info.video.frame_rate == 30
    assert info.video.start_pts == 0
    facts = json.loads(json.dumps(info.to_dict()))
    assert facts["video"]["color"]["range"] == "full"
    assert facts["video"]["sample_aspect_ratio"] == "4/3"
    assert facts["creation_time"] == "2024-05-06T07:08:09+00:00"


@pytest.mark.parametrize(
    ("suffix", "container"),
    [(".mp4", "mp4"), (".mov", "mov"), (".mkv", "matroska"), (".avi", "avi"), (".ts", "mpegts")],
)
def test_containers_are_known_by_content(tmp_path, suffix, container):
    codec = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if suffix == ".avi" else {}
    path = make_clip(tmp_path / f"a{suffix}", Picture(frames=5, **codec))
    assert probe(path).container == container
    assert probe(path.rename(tmp_path / "other.bin")).container == container


def test_an_invalid_creation_time_is_none(tmp_path):
    path = make_clip(tmp_path / "a.avi", Picture(frames=3, codec="mjpeg", pixel_format="yuvj420p"))
    assert probe(path).creation_time is None
    assert describe.creation_time({"creation_time": "long ago"}) is None
    told = {"creation_time": "2024-01-01 10:00:00"}
    assert describe.creation_time(told) == datetime(2024, 1, 1, 10, tzinfo=UTC)


def test_damage_in_sound_shows_when_it_is_decoded(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=30), sounds=[Sound()])
    with av.open(str(clip)) as container:
        place = [p.pos for p in container.demux(audio=0) if p.size][20]
    data = bytearray(clip.read_bytes())
    data[place : place + 60] = bytes(60)
    clip.write_bytes(data)
    assert examine(clip).health == "ok"
    found = examine(clip, decode=True)
    assert (found.health, found.reasons) == (
        "damaged", ("packets of sound that can't be decoded: 1",)
    )  # fmt: skip
    assert found.to_dict()["decoded"]["sound_packets_failed"] == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_constant_and_variable_timing_are_told_apart(tmp_path, suffix):
    tick = {".mkv": Fraction(1, 1000), ".ts": Fraction(1, 90000)}.get(suffix, Fraction(1, 30000))
    for name, distances, constant in (("c", [1001] * 20, True), ("v", [1001, 1100] * 10, False)):
        pts = [round(sum(distances[:i]) / 30000 / tick) for i in range(21)]
        found = examine(make_clip(tmp_path / f"{name}{suffix}", Picture(pts=pts, time_base=tick)))
        assert found.timing.constant is constant
        assert found.timing.frames == 21
        assert found.timing.median_s == pytest.approx(1001 / 30000, abs=0.004)
    assert found.timing.max_s > found.timing.min_s
    assert found.to_dict()["timing"]["mode"] == "variable"


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=50, unique=True))
def test_timing_does_not_depend_on_the_order(ticks):
    a = Timing.of(ticks, Fraction(1, 1000))
    assert a == Timing.of(sorted(ticks), Fraction(1, 1000))
    assert a.min_s <= a.median_s <= a.max_s
    assert a.frames == len(ticks)


def test_no_time_no_timing():
    assert Timing.of([], Fraction(1, 1000)) is None


@pytest.mark.parametrize("decode", [False, True])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".avi"])
def test_a_healthy_recording_is_ok(tmp_path, suffix, decode):
    codec = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if suffix == ".avi" else {}
    found = examine(make_clip(tmp_path / f"a{suffix}", Picture(**codec)), decode=decode)
    assert (found.health, found.reasons, found.advice) == ("ok", (), "")
    assert found.packets == {0: 30}
    assert (found.counts is not None) is decode
    assert json.dumps(found.to_dict())


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_cut_recording_is_truncated(tmp_path, suffix):
    codec = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if suffix == ".avi" else {}
    options = {"movflags": "faststart"} if suffix == ".mp4" else {}
    whole = make_clip(tmp_path / f"a{suffix}", Picture(**codec), options=options)
    found = examine(cut_short(whole, tmp_path / f"b{suffix}", 0.6))
    assert found.health == "truncated"
    assert "the file ends after" in found.reasons[0]
    assert found.advice
    assert 5 < found.packets[0] < 30


def test_other_kinds_of_damage(tmp_path):
    whole = make_clip(tmp_path / "a.mp4", sounds=[Sound()])
    lost = examine(without_index(whole, tmp_path / "b.mp4"))
    assert lost.health == "index broken"
    assert "untrunc" in lost.advice
    assert lost.info is None
    hurt = examine(blank(whole, tmp_path / "c.mp4", 0.3, 20000), decode=True)
    assert hurt.health == "damaged"
    text = tmp_path / "d.mp4"
    text.write_text("no video")
    assert examine(text).health == "not video"
    stream = make_clip(tmp_path / "a.ts")
    assert examine(flip_bits(stream, tmp_path / "b.ts", 1e-3), decode=True).health == "damaged"
    with pytest.raises(InputMissingError):
        examine(tmp_path / "none.mp4")
