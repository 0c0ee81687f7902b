from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.cli import main
from dashcam_pipeline.inference.session import Network

SAMPLE = Path(__file__).parents[2] / "samples/city/night-glare.mp4"


@pytest.fixture
def probe(capsys):
    def run(*args):
        code = main(["probe", *map(str, args)])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run


@pytest.fixture
def clip(tmp_path):
    return make_clip(tmp_path / "a.mp4", Picture(frames=12), sounds=[Sound(language="kor")])


def test_a_recording_for_people(probe, clip):
    code, out, err = probe(clip)
    assert (code, err) == (0, "")
    assert out.startswith(f"{clip}: ok\n")
    assert "#0 h264, 320x180, 8 bits 4:2:0" in out
    assert "12 frames, constant, 30.000 fps, every 33.33 ms" in out
    assert "#1 audio aac, kor" in out


def test_variable_timing_is_named_with_its_range(probe, tmp_path):
    clip = make_clip(tmp_path / "v.mp4", Picture(frames=4, pts=[0, 512, 1024, 2560]))
    _, out, _ = probe(clip)
    assert "4 frames, variable" in out
    assert "33.33 ms apart (33.33 to 100.00)" in out


def test_json_is_one_object_a_file(probe, clip, tmp_path):
    code, out, err = probe("--json", clip, tmp_path / "none.mp4")
    good, bad = json.loads(out)
    assert (good["health"], good["timing"]["frames"]) == ("ok", 12)
    assert (bad["health"], err) == ("unreadable", "")
    assert bad["reasons"]
    assert code == 3


def test_health_of_what_is_no_recording(probe, tmp_path, clip):
    text = tmp_path / "text.mp4"
    text.write_text("dear diary\n" * 99)
    headless = tmp_path / "headless.mp4"
    data = clip.read_bytes()
    headless.write_bytes(data[: data.rindex(b"moov") - 4])
    code, out, _ = probe(text, headless, clip)
    assert code == 3
    assert f"{text}: not video" in out
    assert f"{headless}: index broken" in out
    assert f"{clip}: ok" in out


def test_a_cut_file_is_usable_and_said_to_be_truncated(probe, tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=60), options={"movflags": "faststart"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 2 // 3])
    code, out, _ = probe(clip)
    assert code == 0
    assert f"{clip}: truncated" in out


def test_damage_inside_pictures_needs_decode(probe, tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=60), options={"movflags": "faststart"})
    data = bytearray(clip.read_bytes())
    for place in range(len(data) // 2, len(data) // 2 + 2000, 7):
        data[place] ^= 0xFF
    clip.write_bytes(data)
    assert f"{clip}: damaged" in probe("--decode", clip)[1]


@pytest.fixture
def hazy(monkeypatch):
    """Networks that find most of all light to be haze."""

    def run(_self, pictures):
        maps = np.zeros((len(pictures), 7, *pictures.shape[2:]), np.float32)
        maps[:, 3:6] = np.sqrt(0.7) * pictures
        return maps

    monkeypatch.setattr(Network, "run", run)


def test_how_dirty_the_glass_was_for_people(probe, clip, hazy):
    code, out, err = probe("--glass", SAMPLE)
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.startswith("  glass ")]
    assert re.fullmatch(
        r"  glass {6}dirty; haze is 70% of the light in the darkest places, "
        r"\d+ codes \(4 pictures\)",
        line,
    )
    assert "  glass" not in probe(clip)[1], "it is looked at only where asked"


def test_how_dirty_the_glass_was_as_json(probe, clip, hazy, tmp_path):
    code, out, err = probe("--glass", "--json", clip, tmp_path / "none.mp4")
    good, bad = json.loads(out)
    assert (code, err) == (3, "")
    assert set(good["glass"]) == {"words", "dirt", "haze", "lift", "direction", "frames"}
    assert good["glass"]["haze"] == pytest.approx(0.7, abs=0.01)
    assert good["glass"]["frames"] == 4
    assert bad["health"] == "unreadable"
    assert "glass" not in bad
    assert "glass" not in json.loads(probe("--json", clip)[1])[0]


def test_the_glass_of_what_cannot_be_read(probe, tmp_path, clip, hazy):
    text = tmp_path / "text.mp4"
    text.write_text("dear diary\n" * 99)
    code, out, _ = probe("--glass", text, tmp_path / "none.mp4", clip)
    assert code == 3
    assert f"{text}: not video" in out
    assert out.count("  glass ") == 1, "the good file's"


def test_a_recording_without_a_picture_to_look_at(probe, clip, monkeypatch):
    monkeypatch.setattr("dashcam_pipeline.media.sampling.sample_frames", lambda _info: [])
    code, out, _ = probe("--glass", clip)
    assert code == 0
    assert "no picture could be looked at" in out
