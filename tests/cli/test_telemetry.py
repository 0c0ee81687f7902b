from __future__ import annotations

import json

import cameras
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.cli import main


@pytest.fixture
def clip(tmp_path):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=30, size=(160, 90)))
    secret = cameras.box(b"infi", b"password=hunter2")
    boxes = [cameras.box(b"abcd", b"?"), secret]
    return cameras.transplant(
        path, blocks=[cameras.novatek_block(i) for i in range(3)], boxes=boxes
    )


def test_a_summary_for_people(clip, capsys):
    assert main(["telemetry", str(clip)]) == 0
    said = capsys.readouterr().out
    for part in ("novatek", "positions  3", "2024-01-31 22:15:00", "(UTC)", "50.0 km/h"):
        assert part in said
    assert "unknown    abcd" in said
    assert "withheld   infi (private)" in said
    assert "hunter2" not in said


def test_nothing_to_say(tmp_path, capsys):
    path = make_clip(tmp_path / "a.mp4", Picture(frames=3, size=(160, 90)))
    assert main(["telemetry", str(path)]) == 0
    assert capsys.readouterr().out == "no telemetry found\n"


def test_formats(clip, capsys):
    assert main(["telemetry", str(clip), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["fixes"]) == 3
    assert main(["telemetry", str(clip), "--gpx"]) == 0
    assert capsys.readouterr().out.count("<trkpt") == 3
    assert main(["telemetry", str(clip), "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_into_a_file_that_is_new(clip, tmp_path, capsys):
    target = tmp_path / "a.gpx"
    assert main(["telemetry", str(clip), "--gpx", "-o", str(target)]) == 0
    assert target.read_text().startswith("<?xml")
    assert main(["telemetry", str(clip), "--gpx", "-o", str(target)]) == 4
    assert "exists already" in capsys.readouterr().err
    assert main(["telemetry", str(clip), "-o", str(tmp_path / "b")]) == 2


def test_no_such_file(tmp_path, capsys):
    assert main(["telemetry", str(tmp_path / "none.mp4")]) == 3
    assert "does not exist" in capsys.readouterr().err
