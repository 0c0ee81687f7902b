from __future__ import annotations

import zipfile

import pytest
from cameras import (
    add_private_packets,
    blackvue_free,
    mai_box,
    novatek_block,
    novatek_record,
    transplant,
)
from drives import SMALL
from factory import Picture, Text, make_clip

from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.join.joining import join

PICTURE = Picture(frames=120, size=SMALL)


def clips(tmp_path, seconds=4, apart=4, suffix=".mp4", **asked):
    """Two clips of four seconds."""
    card = tmp_path / "card"
    card.mkdir(exist_ok=True)
    names = ["20240101_120000_NF", f"20240101_1200{apart:02}_NF"]
    picture = Picture(frames=seconds * 30, size=SMALL)
    return [make_clip(card / f"{name}{suffix}", picture, **asked) for name in names]


def test_blocks_are_listed_again_one_a_second(tmp_path):
    for number, clip in enumerate(clips(tmp_path)):
        transplant(clip, blocks=[novatek_block(4 * number + k) for k in range(4)])
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert report.telemetry["embedded"] == ["moov/gps"]
    found = read_telemetry(tmp_path / "drive.mp4")
    assert [fix.seconds for fix in found.fixes] == pytest.approx(list(range(8)), abs=0.01)
    assert [fix.time.second for fix in found.fixes] == list(range(8))
    gpx = (tmp_path / "drive.mp4.gpx").read_text()
    assert gpx.count("<trkpt") == 8
    assert "<name>drive</name>" in gpx


def test_the_last_position_is_held_over_a_gap(tmp_path):
    for number, clip in enumerate(clips(tmp_path, apart=10)):
        transplant(clip, blocks=[novatek_block(10 * number + k) for k in range(4)])
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    found = read_telemetry(tmp_path / "drive.mp4")
    assert [fix.time.second for fix in found.fixes] == [0, 1, 2, 3, *[3] * 6, 10, 11, 12, 13]
    assert [fix.seconds for fix in found.fixes] == pytest.approx(list(range(14)), abs=0.01)
    assert report.telemetry["fixes"] == 8  # what was measured


def test_blocks_that_are_not_even_stay_beside_the_output(tmp_path):
    first, second = clips(tmp_path)
    transplant(first, blocks=[novatek_block(k) for k in range(4)])
    transplant(second, blocks=[novatek_block(4)])
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert report.telemetry["embedded"] == []
    assert report.telemetry["fixes"] == 5
    assert any("evenly" in note for note in report.telemetry["notes"])
    assert not read_telemetry(tmp_path / "drive.mp4").fixes
    with zipfile.ZipFile(tmp_path / "drive.mp4.telemetry.zip") as archive:
        sizes = [len(archive.read(name)) for name in archive.namelist()]
    assert sum(sizes) == 5 * 512


@pytest.mark.parametrize("make", [mai_box, blackvue_free])
def test_a_box_of_each_clip_stays_beside_the_output(tmp_path, make):
    for number, clip in enumerate(clips(tmp_path)):
        transplant(clip, boxes=[make(3 + number)])
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert report.telemetry["embedded"] == []
    assert report.telemetry["fixes"] == 7
    assert any("each clip has telemetry" in note for note in report.telemetry["notes"])
    with zipfile.ZipFile(tmp_path / "drive.mp4.telemetry.zip") as archive:
        assert {name[3:21] for name in archive.namelist()} == {
            "20240101_120000_NF", "20240101_120004_NF"
        }  # fmt: skip


def test_a_box_that_all_clips_have_alike_is_put_back(tmp_path):
    for clip in clips(tmp_path):
        transplant(clip, boxes=[mai_box(3)])
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert report.telemetry["embedded"] == ["GPS "]


def test_packets_of_a_transport_stream_go_between_the_pictures(tmp_path):
    for number, clip in enumerate(clips(tmp_path, suffix=".ts")):
        add_private_packets(clip, [novatek_record(4 * number + k) for k in range(4)])
    join([tmp_path / "card"], tmp_path / "drive.ts")
    found = read_telemetry(tmp_path / "drive.ts")
    assert [fix.time.second for fix in found.fixes] == list(range(8))
    seconds = [fix.seconds for fix in found.fixes]
    assert seconds == sorted(seconds)
    assert seconds[4] > 4


def test_a_track_goes_on(tmp_path):
    line = "gsensori,4,512,-512,256,000;GNRMC,1122{:02}.00,A,4807.03800,N,01131.00000,W,10.0,84.4,"
    for number, clip in enumerate(clips(tmp_path)):
        lines = [
            (k, 1, line.format(4 * number + k) + "230324,,,A;CAR,0,0,0,0.0,0,0,0") for k in range(4)
        ]
        make_clip(clip, PICTURE, texts=[Text(lines=lines)])
    join([tmp_path / "card"], tmp_path / "drive.mp4")
    found = read_telemetry(tmp_path / "drive.mp4")
    assert [fix.seconds for fix in found.fixes] == list(range(8))


def test_what_is_cut_is_cut_of_the_telemetry_too(tmp_path):
    from drives import split, whole_drive  # noqa: PLC0415

    split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "card", again=1)
    for number, clip in enumerate(sorted((tmp_path / "card").iterdir())):
        begin = max(0, 2 * number - 1)
        count = 2 if number == 0 else 3
        transplant(clip, blocks=[novatek_block(begin + k) for k in range(count)])
    join([tmp_path / "card"], tmp_path / "drive.mp4")
    found = read_telemetry(tmp_path / "drive.mp4")
    assert [fix.time.second for fix in found.fixes] == list(range(6))
