"""The command on tiny material, with the weights that are shipped."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from dashcam_pipeline.cli import main
from dashcam_pipeline.training.evaluation.common.tables import save

pytest.importorskip("lightning", reason="needs the extra train")


def night(height=96, width=160):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 40, (height, width, 3)).astype(np.uint8)
    cv2.circle(picture, (width // 3, height // 3), 5, (255, 255, 255), -1)
    return picture


@pytest.fixture
def material(tmp_path):
    """Folders ``pairs``, ``nights`` (two frames of a size) and ``days``."""
    clear, flare = night(), night()
    flare[30:36] = np.maximum(flare[30:36], 110)
    day = np.full((96, 160, 3), 120, np.uint8)
    for name, picture in (
        ("pairs/flare/a.png", flare),
        ("pairs/clear/a.png", clear),
        ("nights/0.png", flare),
        ("nights/1.png", flare),
        ("days/0.png", day),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / "list.txt").write_text("a.png scene-1\n")
    return tmp_path


def options(material):
    return [
        "evaluate", "glare",
        "--pairs", f"{material / 'pairs'}", "--list", f"{material / 'list.txt'}",
        "--folder", f"{material / 'nights'}",
        "--clip", f"{material / 'nights'}",
        "--glare-free", f"{material / 'days'}",
        "--held-out", "--kinds", "rings", "--data", f"night:{material / 'nights'}", "--count", "1",
        "--quality", "fast",
    ]  # fmt: skip


def test_everything_at_once_as_tables(material, capsys):
    assert main([*options(material), "--pictures", f"{material / 'seen'}"]) == 0
    out = capsys.readouterr().out
    for heading in ("Pairs", "Nights", "Glare free", "Held out", "Flicker"):
        assert f"## {heading}: " in out
    assert "| scene-1 | 1 |" in out
    assert "lpips-lite0" in out
    assert "| exact layer |" in out
    assert "| glare-open | as it is, pooled, dB | " in out
    names = {path.name for path in (material / "seen").iterdir()}
    assert {"pair-a.png", "sheet-pairs-glare-open.jpg", "sheet-nights-glare-open-1.jpg"} < names


def test_everything_at_once_as_data(material, capsys):
    kept = material / "results.json"
    assert main([*options(material), "--json", "--veil", "0", "--results", str(kept)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"] == ["glare-open"]
    assert found["options"] == {"veil": 0}
    (pairs,) = found["pairs"].values()
    assert [row["name"] for row in pairs["rows"]] == ["doing nothing", "glare-open"]
    (nights,) = found["nights"].values()
    assert nights["glare-open"]["means"]["pictures"] == 2
    (clips,) = found["flicker"].values()
    assert clips["clips"][0]["pairs"] == 1
    (days,) = found["glare_free"].values()
    assert days["glare-open"]["means"]["as it is"]["worst"] > 45
    (held_out,) = found["held_out"].values()
    assert held_out["rings"]["rows"]["glare-open"]["whole"] > 0
    assert [bar["what"] for bar in held_out["bars"]] == ["rings, dB"]
    small = json.loads(kept.read_text())
    (rows,) = (found["rows"] for found in small["pairs"].values())
    assert rows[1]["whole"] == pytest.approx(pairs["rows"][1]["whole"], rel=1e-3)
    (nights,) = small["nights"].values()
    assert nights["glare-open"]["means"]["pictures"] == 2
    assert "pictures" not in nights["glare-open"]
    assert ".png" not in kept.read_text()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "Give --pairs, --folder"),
        (["--list", "x.txt"], "--list names some of the --pairs"),
        (["--held-out"], "--held-out needs backgrounds"),
        (["--kinds", "rings", "--folder", "x"], "belong to --held-out"),
        (["--held-out", "--data", "fog:x"], "no data source"),
    ],
)
def test_what_makes_no_sense_is_exit_code_2(args, words, capsys):
    assert main(["evaluate", "glare", *args]) == 2
    assert words in capsys.readouterr().err


def test_unknown_weights_are_exit_code_6(material, capsys):
    args = ["evaluate", "glare", "--model", "zebra", "--folder", f"{material / 'nights'}"]
    assert main(args) == 6
    assert "no model 'zebra'" in capsys.readouterr().err


def test_results_name_no_folder_of_whoever_measured(tmp_path):
    file = tmp_path / "new" / "results.json"
    found = {
        "flicker": {"/home/me/clips/a b.mp4, /x/y/z.mp4": {"what": "flicker of /home/me/a.mp4"}}
    }
    save(found, file, overwrite=False)
    assert "/home" not in file.read_text()
    assert "z.mp4" in file.read_text()
    save({"a": "clips/night.mp4", "b": "1/2"}, file, overwrite=True)
    assert json.loads(file.read_text()) == {"a": "clips/night.mp4", "b": "1/2"}
