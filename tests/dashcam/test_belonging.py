"""Which files belong together is known in one place, and everything asks there."""

from __future__ import annotations

from pathlib import PurePath

import pytest
from cameras import nmea
from factory import make_clip

from dashcam_pipeline.batch.discovery import Selection, discover, select
from dashcam_pipeline.dashcam.belonging import belongs, closest
from dashcam_pipeline.dashcam.telemetry import read_telemetry

MOMENT = "20240101_120000"


@pytest.mark.parametrize(
    ("file", "recording"),
    [
        (f"{MOMENT}_N.gps", f"{MOMENT}_NF.mp4"),
        (f"{MOMENT}_N.3gf", f"{MOMENT}_NR.mp4"),
        (f"{MOMENT}_n.GPS", f"{MOMENT}_NI.MP4"),
        (f"{MOMENT}_E.gps", f"{MOMENT}_EO.mp4"),
        (f"{MOMENT}_P.gps", f"{MOMENT}_PFL.mp4"),
        (f"{MOMENT}_I.gps", f"{MOMENT}_IF.mp4"),  # a shock, not the interior
        (f"{MOMENT}_R.gps", f"{MOMENT}_RR.mp4"),
        (f"{MOMENT}_NF.thm", f"{MOMENT}_NF.mp4"),
        ("REC_2024_01_01_12_00_00.gpx", "REC_2024_01_01_12_00_00_R.MP4"),
        ("20240821_180010_0001_N.gpx", "20240821_180010_0001_N_B.MP4"),
        ("2024-01-01 12-00-00.srt", "2024-01-01 12-00-00 rear.mp4"),
        ("clip.gpx", "CLIP.MP4"),
    ],
)
def test_these_belong_together(file, recording):
    assert belongs(PurePath(file), PurePath(recording))


@pytest.mark.parametrize(
    ("file", "recording"),
    [
        (f"{MOMENT}_E.gps", f"{MOMENT}_NF.mp4"),
        (f"{MOMENT}_NF.3gf", f"{MOMENT}_NR.mp4"),
        (f"{MOMENT}_N.gps", "20240101_120001_NF.mp4"),
        (f"{MOMENT}_N.gps", "20240101_120100_NF.mp4"),
        ("20240821_180010_0002_N.gpx", "20240821_180010_0001_N_B.MP4"),
        ("clip2.gpx", "clip.mp4"),
        ("cli.gpx", "clip.mp4"),
    ],
)
def test_these_do_not(file, recording):
    assert not belongs(PurePath(file), PurePath(recording))


def test_a_file_of_ones_own_comes_before_one_of_all_cameras():
    files = [PurePath(f"{MOMENT}_N.gps"), PurePath(f"{MOMENT}_NR.gps")]
    assert closest(files, PurePath(f"{MOMENT}_NR.mp4")) == files[1]
    assert closest(files, PurePath(f"{MOMENT}_NF.mp4")) == files[0]
    assert closest(files, PurePath("20240101_130000_NF.mp4")) is None


@pytest.mark.parametrize("camera", ["F", "R", "I", "FL"])
def test_every_cameras_recording_has_the_moments_positions(tmp_path, camera):
    recording = make_clip(tmp_path / f"{MOMENT}_N{camera}.mp4", frames=5)
    text = b"".join(nmea(i, clock_ms=1000 * i) for i in range(3))
    (tmp_path / f"{MOMENT}_N.gps").write_bytes(text)
    (tmp_path / f"{MOMENT}_N.3gf").write_bytes(bytes(10))
    (tmp_path / f"{MOMENT}_E.gps").write_bytes(b"another moment's")

    found = read_telemetry(recording)

    assert found.families == ("blackvue",)
    assert len(found.fixes) == 3
    assert len(found.accelerations) == 1
    assert [raw.name for raw in found.raws] == [f"{MOMENT}_N.gps", f"{MOMENT}_N.3gf"]


def test_a_batch_gives_files_to_the_same_recordings(tmp_path):
    names = ["NF.mp4", "NR.mp4", "EF.mp4", "N.gps", "NR.thm", "E.3gf"]
    for name in names:
        (tmp_path / f"{MOMENT}_{name}").write_bytes(b"x")
    (tmp_path / "note.txt").write_bytes(b"x")

    found = select(discover(tmp_path), Selection()).sidecars

    assert {owner: [s.path for s in files] for owner, files in found.items()} == {
        f"{MOMENT}_NF.mp4": [f"{MOMENT}_N.gps"],
        f"{MOMENT}_NR.mp4": [f"{MOMENT}_NR.thm"],
        f"{MOMENT}_EF.mp4": [f"{MOMENT}_E.3gf"],
        "": ["note.txt"],
    }
