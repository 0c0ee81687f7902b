"""A clip that is damaged costs itself alone, and is marked, also where nothing is encoded."""

from __future__ import annotations

import json

import av
import judge
import numpy as np
import pytest
from drives import split, whole_drive
from factory import Sound, blank, cut_short

from dashcam_pipeline.errors import BatchError, DamagedError
from dashcam_pipeline.join.joining import join


@pytest.fixture
def card(tmp_path):
    split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "card")
    return tmp_path / "card"


def overwrite_picture(clip, payload):
    """Overwrite what follows the first bytes of a picture in the middle of a clip."""
    with av.open(str(clip)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    place = packets[len(packets) // 2].pos + 64
    data = bytearray(clip.read_bytes())
    data[place : place + len(payload)] = payload
    clip.write_bytes(data)


def overwrite_sound(clip, payload):
    """Overwrite what follows the first bytes of a packet of sound in the middle of a clip."""
    with av.open(str(clip)) as container:
        packets = [p for p in container.demux(audio=0) if p.size]
    place = packets[len(packets) // 2].pos
    data = bytearray(clip.read_bytes())
    data[place : place + len(payload)] = payload
    clip.write_bytes(data)


def chapters(path):
    with av.open(str(path)) as container:
        return [chapter["metadata"]["title"] for chapter in container.chapters()]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_damage_within_copied_packets_is_found_and_marked(card, tmp_path, suffix):
    clips = sorted(card.iterdir())
    overwrite_picture(clips[1], np.random.default_rng(1).bytes(800))
    target = tmp_path / f"drive{suffix}"
    report = join([card], target)
    assert report.exit_code == BatchError.exit_code
    (faulty,) = report.joined.faulty
    assert (faulty.path, faulty.frames) == (str(clips[1]), 60)
    assert "damaged" in faulty.problem
    assert f"damaged    {clips[1].name}: " in report.summary()
    assert "copied as it is" in report.warnings[0]
    assert chapters(target) == [clips[0].name, f"{clips[1].name} (damaged)", clips[2].name]
    record = json.loads((tmp_path / f"drive{suffix}.provenance.json").read_text())
    assert [bool(clip["problem"]) for clip in record["joined"]["clips"]] == [False, True, False]
    assert len(judge.ticks(target)) == 180


@pytest.mark.parametrize("options", [{}, {"reencode": True}, {"layout": "pip"}])
def test_damaged_sound_is_found_and_marked(tmp_path, options):
    whole = whole_drive(tmp_path / "whole.mp4")
    split(whole, tmp_path / "card/Front")
    split(whole, tmp_path / "card/Back", camera="B")
    clips = sorted((tmp_path / "card/Front").iterdir())
    overwrite_sound(clips[1], np.random.default_rng(1).bytes(60))
    target = tmp_path / "drive.mp4"
    report = join([tmp_path / "card"], target, options=options)
    assert report.exit_code == BatchError.exit_code
    (faulty,) = report.joined.faulty
    assert (faulty.path, faulty.frames) == (str(clips[1]), 60)
    said = "1 packet of sound is damaged"
    assert faulty.problem == said
    assert f"damaged    {clips[1].name}: {said}" in report.summary()
    assert said in report.warnings[0]
    assert chapters(target) == [clips[0].name, f"{clips[1].name} (damaged)", clips[2].name]
    record = json.loads((tmp_path / "drive.mp4.provenance.json").read_text())
    assert [clip["problem"] for clip in record["joined"]["clips"]] == ["", said, ""]
    assert record["frames"]["damaged_sound"] == report.to_dict()["frames"]["damaged_sound"] == 1
    packets = judge.packets(target, 1)
    assert len(packets) == len(judge.packets(whole, 1))  # it is in the output as it was


def test_damaged_sound_alone_stops_a_strict_join(card, tmp_path):
    overwrite_sound(sorted(card.iterdir())[1], np.random.default_rng(1).bytes(60))
    with pytest.raises(DamagedError, match="decoding sound"):
        join([card], tmp_path / "drive.mp4", config={"stages": (), "strict": True})
    assert not (tmp_path / "drive.mp4").exists()


def test_without_the_look_sound_is_not_decoded(card, tmp_path):
    overwrite_sound(sorted(card.iterdir())[1], np.random.default_rng(1).bytes(60))
    for options in ({"check": False}, {"check": False, "reencode": True}):
        report = join([card], tmp_path / "drive.mp4", options=options,
                      config={"stages": (), "overwrite": True})  # fmt: skip
        assert (report.exit_code, report.frames.damaged_sound) == (0, 0)


@pytest.mark.parametrize("codec", ["aac", "mp3", "ac3", "pcm_s16le"])
@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".ts"])
def test_sound_that_is_cut_between_clips_is_not_taken_for_damage(tmp_path, codec, suffix):
    if (codec, suffix) == ("pcm_s16le", ".ts"):
        pytest.skip("a transport stream has no plain samples of this kind")
    sound = Sound(codec=codec, seconds=6, rate=48000)
    split(whole_drive(tmp_path / f"whole{suffix}", sound=sound, b_frames=2), tmp_path / "card")
    report = join([tmp_path / "card"], tmp_path / "drive.mkv")
    assert (report.exit_code, report.joined.faulty, report.frames.damaged_sound) == (0, (), 0)


def test_it_is_marked_where_pictures_are_encoded_too(card, tmp_path):
    clips = sorted(card.iterdir())
    blank(clips[1], clips[1], 0.4, 20_000)
    join([card], tmp_path / "drive.mp4", options={"reencode": True})
    assert chapters(tmp_path / "drive.mp4")[1] == f"{clips[1].name} (damaged)"


def test_strict_writes_nothing(card, tmp_path):
    overwrite_picture(sorted(card.iterdir())[1], np.random.default_rng(1).bytes(800))
    with pytest.raises(DamagedError):
        join([card], tmp_path / "drive.mp4", config={"stages": (), "strict": True})
    assert [path.name for path in tmp_path.iterdir() if "drive" in path.name] == []


def test_without_the_look_zeros_still_show(card, tmp_path):
    clips = sorted(card.iterdir())
    options = {"check": False}
    assert join([card], tmp_path / "whole_drive.mp4", options=options).exit_code == 0
    overwrite_picture(clips[1], bytes(600))
    report = join([card], tmp_path / "drive.mp4", options=options)
    assert [clip.path for clip in report.joined.faulty] == [str(clips[1])]
    assert report.joined.checked is False
    assert "hardly looked at" in report.summary()


def test_a_transport_stream_cut_in_half_names_its_gap(tmp_path):
    whole = whole_drive(tmp_path / "whole.ts")
    clips = split(whole, tmp_path / "card")
    cut_short(clips[1], clips[1], 0.5)
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert "gaps  " in report.summary() or "seams  " in report.summary()


def test_a_packet_s_worth_of_silence_is_no_zero_seconds(tmp_path):
    clips = split(whole_drive(tmp_path / "w.mp4", seconds=4), tmp_path / "card", suffix=".ts")
    content = clips[0].read_bytes()
    clips[0].write_bytes(content[: len(content) // 2])
    report = join([tmp_path / "card"], tmp_path / "o.mp4")
    assert "21 ms of silence where clips have none" in report.summary()


def test_a_clip_that_ends_before_its_header_says_keeps_its_place(tmp_path):
    whole = whole_drive(tmp_path / "whole.mkv")
    clips = split(whole, tmp_path / "card")
    data = clips[1].read_bytes()
    clips[1].write_bytes(data[: len(data) // 2])
    report = join([tmp_path / "card"], tmp_path / "drive.mkv")
    assert [clip.path for clip in report.joined.faulty] == [str(clips[1])]
    assert report.joined.clips[2].begin_s == pytest.approx(4.0, abs=0.1)
