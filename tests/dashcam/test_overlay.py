"""Burned-in lines of text are found, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

import burned
import cv2
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.dashcam.overlay import find_lines, find_overlay
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.sampling import sample_frames
from dashcam_pipeline.stages.registry import BUILT_IN

REAL = Path(os.environ.get("DASHCAM_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
SIZES = [(320, 180), (640, 360), (1280, 720), (1920, 1080)]


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


def pictures(size, **kwargs):
    return [burned.street(i, size, **kwargs) for i in range(12)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [{}, {"bright": 255}, {"moves": False}, {"seed": 3}])
def test_lines_are_found_whole(size, kind):
    found = find_lines(pictures(size, **kind))
    assert len(found.boxes) == 2
    for text, place in burned.lines(5, size):
        assert any(burned.covered(box, size, place, text) for box in found.boxes), (text, found)
    assert found.feather >= 4
    # and little more than the lines
    assert sum(box.width * box.height for box in found.boxes) < 0.06 * size[0] * size[1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [{}, {"bright": 255}, {"moves": False}])
def test_nothing_is_found_where_nothing_is(size, kind):
    assert not find_lines(pictures(size, text=False, **kind))


def test_the_bonnet_is_no_text():
    shots = pictures((1280, 720), text=False)
    for luma in shots:
        cv2.line(luma, (0, 690), (1279, 640), 220, 3)
        cv2.ellipse(luma, (640, 760), (900, 90), 0, 180, 360, 200, 4)
    assert not find_lines(shots)


def test_too_few_pictures_say_nothing():
    assert not find_lines(pictures((640, 360))[:3])


def test_text_comes_out_as_it_went_in(tmp_path):
    size = (640, 360)
    source = burned.write_street(tmp_path / "a.mkv", size)
    config = {"stages": ["dim:amount=0.6"], "codec": "libx264", "encoder_options": {"qp": "0"}}
    report = clean(source, tmp_path / "b.mkv", config=config)
    assert len(report.protected) == 2
    with Reader(source) as a, Reader(tmp_path / "b.mkv") as b:
        for before, after in zip(a, b, strict=True):
            old, new = before.planes[0].astype(int), after.planes[0].astype(int)
            for text, (x, y) in burned.lines(before.index, size):
                (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size[1] / 700, 1)
                area = (slice(y - h, y + 1), slice(x, x + w))
                assert np.array_equal(old[area], new[area])
            middle = (slice(100, 250), slice(0, 640))
            assert np.abs(new[middle] - np.rint(old[middle] * 0.4)).max() <= 1
    assert "burned-in text" in report.summary()


def test_protect_overrides_and_no_protect_switches_off(tmp_path):
    source = burned.write_street(tmp_path / "a.mkv", (320, 180))
    config = {"stages": ["dim"]}
    assert len(clean(source, tmp_path / "1.mkv", config=config).protected) == 2
    own = clean(source, tmp_path / "2.mkv", config={**config, "protect": ["8,8,16,16"]})
    assert own.protected == ("8,8,16,16",)
    assert clean(source, tmp_path / "3.mkv", config={**config, "protect": []}).protected == ()
    assert clean(source, tmp_path / "4.mkv", config={"stages": []}).protected == ()


def test_no_protect_on_the_command_line(tmp_path, capsys):
    source = burned.write_street(tmp_path / "a.mkv", (320, 180))
    args = ["clean", str(source), "--stage", "dim", "-o"]
    assert main([*args, str(tmp_path / "b.mkv"), "--no-protect"]) == 0
    assert "untouched" not in capsys.readouterr().out
    assert main([*args, str(tmp_path / "c.mkv")]) == 0
    assert "untouched" in capsys.readouterr().out
    assert main([*args, str(tmp_path / "d.mkv"), "--no-protect", "--protect", "0,0,8,8"]) == 2


@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv", "a.avi"])
def test_pictures_come_from_all_over_the_recording(tmp_path, name):
    codec = {"codec": "mjpeg", "pixel_format": "yuvj420p"} if name.endswith("avi") else {}
    clip = make_clip(tmp_path / name, Picture(frames=120, size=(160, 90), gop=8, **codec))
    shots = [frame.planes[0] for frame in sample_frames(probe(clip))]
    assert len(shots) >= 8
    assert all(shot.shape == (90, 160) for shot in shots)
    means = {round(float(shot.std()), 4) for shot in shots}
    assert len(means) >= 8


def test_one_key_picture_is_enough(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=60, size=(160, 90), gop=250))
    assert len(sample_frames(probe(clip))) == 12


def test_a_damaged_recording_is_no_failure(tmp_path):
    clip = make_clip(tmp_path / "a.ts", Picture(frames=60, size=(160, 90)))
    data = bytearray(clip.read_bytes())
    data[len(data) // 3 :] = bytes(len(data) - len(data) // 3)
    clip.write_bytes(data)
    find_overlay(sample_frames(probe(clip)))


@pytest.mark.skipif(not (REAL / "dashcam-dusk").is_dir(), reason="the real drive isn't here")
def test_a_real_drive_at_dusk():
    files = sorted((REAL / "dashcam-dusk").glob("*.jpg"))[::4]
    found = find_lines([cv2.imread(str(f), cv2.IMREAD_GRAYSCALE) for f in files])
    assert len(found.boxes) == 1
    box = found.boxes[0]
    # the line runs from 52 to 860 and from 1034 to 1060, as seen by eye
    assert box.x <= 52
    assert box.y <= 1034
    assert 860 <= box.x + box.width < 900
    assert 1060 <= box.y + box.height <= 1080


def test_the_line_of_the_sample_drive():
    sample = Path(__file__).parents[2] / "samples/city/night-glare.mp4"
    (box,) = find_overlay(sample_frames(probe(sample))).boxes
    # the line runs from 15 to 418 and from 508 to 528, as seen by eye
    assert box.x <= 15
    assert box.y <= 508
    assert 418 <= box.x + box.width < 450
    assert 528 <= box.y + box.height <= 540
