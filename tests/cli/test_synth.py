"""``dashcam synth glare``: pairs to look at, the same for the same seed."""

from __future__ import annotations

import csv
import hashlib

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from dashcam_pipeline.cli import main
from dashcam_pipeline.training.data.pairs import find_pairs, read_pair
from dashcam_pipeline.training.synthesis import kinds


@pytest.fixture
def nights(tmp_path):
    """A folder with one night: noise and lamps."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 40, (96, 160, 3)).astype(np.uint8)
    cv2.circle(picture, (50, 30), 4, (255, 255, 255), -1)
    (tmp_path / "nights").mkdir()
    cv2.imwrite(str(tmp_path / "nights" / "a.png"), picture)
    return tmp_path / "nights"


def synth(out, nights, *more):
    return main(
        ["synth", "glare", "--out", str(out), "--data", f"night:{nights}", "--size", "96x64", *more]
    )


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_pictures(tmp_path, nights, capsys):
    for out, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        assert synth(tmp_path / out, nights, "--count", "2", "--seed", seed) == 0
    a, b, c = (contents(tmp_path / out) for out in "abc")
    assert a == b
    assert a["input/0000.png"] != c["input/0000.png"]
    assert set(a) == {
        *(f"{side}/000{i}.png" for side in ("input", "target", "layer", "lamps") for i in (0, 1)),
        "kinds.csv",
        "sheet.jpg",
    }
    assert "2 pairs in" in capsys.readouterr().out


def test_the_folder_is_one_of_pairs(tmp_path, nights):
    out = tmp_path / "out"
    assert synth(out, nights, "--count", "2", "--kind", "haze", "-q") == 0
    found = find_pairs(out)
    assert [pair.name for pair in found] == ["0000", "0001"]
    pair = read_pair(found[0], 720)
    assert pair.input.shape == (64, 96, 3)
    assert pair.input.mean() > pair.target.mean() + 1
    again = main(
        ["synth", "glare", "--out", str(tmp_path / "again"), "--data", f"pairs:{out}",
         "--size", "64x64", "--count", "1", "-q"]
    )  # fmt: skip
    assert again == 0
    assert (tmp_path / "again" / "kinds.csv").read_text() == "name,kinds\n0000,pair\n"


def test_chosen_kinds_are_what_is_shown(tmp_path, nights):
    out = tmp_path / "out"
    assert synth(out, nights, "--count", "3", "--kind", "moon", "--kind", "ghosts", "-q") == 0
    rows = list(csv.DictReader((out / "kinds.csv").open()))
    assert [set(row["kinds"].split()) for row in rows] == [{"moon", "ghosts"}] * 3
    sheet = cv2.imread(str(out / "sheet.jpg"))
    cell = round(64 * 320 / 96) + 22
    assert sheet.shape == (2 * cell, 2 * 3 * 320, 3)


def test_layer_and_target_make_the_input(tmp_path, nights):
    out = tmp_path / "out"
    assert synth(out, nights, "--count", "1", "--kind", "veil", "-q") == 0
    picture, target, layer = (
        cv2.imread(str(out / side / "0000.png")).astype(float) / 255
        for side in ("input", "target", "layer")
    )
    assert layer.max() > 0.1
    made = np.sqrt(np.square(target) + np.square(layer))
    assert abs((made - picture).mean()) < 0.02  # the camera's noise averages out


def test_a_full_folder_is_left_alone(tmp_path, nights, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert synth(tmp_path / "out", nights) == 4
    assert "new or empty folder" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_broken_folder_is_explained(tmp_path, capsys):
    for side in ("input", "target"):
        (tmp_path / "pairs" / side).mkdir(parents=True)
    out = tmp_path / "out"
    assert main(["synth", "glare", "--out", str(out), "--data", f"pairs:{tmp_path / 'pairs'}"]) == 3
    assert "input holds no pictures" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("size", ["512", "512x290", "32x32", "axb"])
def test_a_wrong_size_is_explained(tmp_path, nights, size, capsys):
    args = ["synth", "glare", "--out", str(tmp_path / "out"), "--size", size]
    assert main([*args, "--data", f"night:{nights}"]) == 2
    assert "multiples of 8" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_outside_a_checkout_data_must_be_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dashcam_pipeline.cli.synth.__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert main(["synth", "glare", "--out", str(tmp_path / "out")]) == 2
    assert "Give --data KIND:PATH" in capsys.readouterr().err


def test_an_unknown_kind_is_answered_with_all_there_are(tmp_path, nights, capsys):
    assert synth(tmp_path / "out", nights, "--kind", "zebra") == 2
    said = capsys.readouterr().err
    assert "'zebra'" in said
    assert all(kind in said for kind in kinds.ALL)
    assert not (tmp_path / "out").exists()
