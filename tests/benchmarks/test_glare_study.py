"""The study: its rows, its tables, and going on where it was stopped."""

from __future__ import annotations

import importlib
import json
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

pytest.importorskip("lightning", reason="needs the extra train")

from dashcam_pipeline.simulation.pack import write_masks
from dashcam_pipeline.training.common.runs import read_progress

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

TINY = """
encoder = "tu-mobilenetv3_small_050"
epoch_steps = 2
batch = 2
crop = [64, 64]
kernels = 1
precision = "32-true"
"""


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("glare_study")


def picture(seed, height=96, width=160):
    """Dark noise with a lamp."""
    made = np.random.default_rng(seed).integers(0, 40, (height, width, 3)).astype(np.uint8)
    return cv2.circle(made, (width // 3, height // 3), 5, (255, 255, 240), -1)


def film(path, frames):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264rgb", rate=10, options={"crf": "0"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "rgb24"
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        out.mux(stream.encode(None))


@pytest.fixture
def arguments(tmp_path):
    """A command line: two backgrounds, a pair, a clip of two frames, 0.6 seconds of training."""
    for folder in ("nights", "pairs/flare", "pairs/clear", "rainy-city"):
        (tmp_path / folder).mkdir(parents=True)
    for seed in range(2):
        cv2.imwrite(str(tmp_path / "nights" / f"{seed}.png"), picture(seed))
    clear = picture(3)
    flare = clear.copy()
    flare[30:34] = np.maximum(flare[30:34], 120)
    cv2.imwrite(str(tmp_path / "pairs/clear/a.png"), clear)
    cv2.imwrite(str(tmp_path / "pairs/flare/a.png"), flare)
    clip = tmp_path / "rainy-city"
    film(clip / "night-truth.mp4", [clear] * 2)
    film(clip / "night-glare.mp4", [flare] * 2)
    write_masks(clip / "masks.mkv", [np.zeros((96, 160, 3), np.float32)] * 2, Fraction(10))
    (tmp_path / "tiny.toml").write_text(TINY)
    return [
        "--out", str(tmp_path / "study"), "--minutes", "0.01", "--config",
        str(tmp_path / "tiny.toml"), "--data", f"night:{tmp_path / 'nights'}",
        "--pairs", str(tmp_path / "pairs"), "--nights", str(tmp_path / "nights"),
        "--clip", str(clip),
    ]  # fmt: skip


def test_rows_differ_in_what_is_compared_alone(study, arguments):
    asked, _ = study.parse([*arguments, "--data", "simulated:pack"])
    configs = {row.name: asked.config(row) for row in asked.rows}
    assert len(configs) == 9
    shared = {"seed", "hours", "batch", "crop", "rate", "kernels", "epoch_steps", "precision"}
    for name in shared:
        assert len({getattr(config, name) for config in configs.values()}) == 1
    assert configs["autoencoder"].head == "image"
    assert configs["UNet++, mean of X0,1 to X0,4"].supervision == "mean"
    few, more, endless, pack = list(configs.values())[-4:]
    assert (few.fixed, few.augment) == (more.fixed, False) != (0, False)
    assert more.augment
    assert not endless.fixed
    assert few.data == more.data == endless.data == asked.backgrounds
    assert pack.data == asked.data
    folders = {asked.folder(row) for row in asked.rows}
    assert len(folders) == 7, "two rows share the training of others"


def test_without_backgrounds_data_are_not_compared(study):
    asked, _ = study.parse(["--out", "x"])
    assert asked.rows == study.MODELS
    assert "aren't compared" in study.caption(asked)


@pytest.mark.filterwarnings("ignore")  # Lightning's advice to its users
def test_a_study_goes_on_and_measures_each_row_once(study, arguments, monkeypatch, capsys):
    rows = (study.MODELS[0], study.Row("again", of="autoencoder"))
    monkeypatch.setattr(study, "MODELS", rows)
    out = Path(arguments[1])
    assert study.main([*arguments, "--for", "0"]) == 0
    assert (out / "study.md").read_text().count("not trained yet") == 2

    assert study.main(arguments) == 0
    assert read_progress(out / "autoencoder")["seconds"] >= 0.6
    known = json.loads((out / "study.json").read_text())["rows"]
    assert set(known) == {"autoencoder", "again"}
    assert set(known["autoencoder"]["sets"]) == {"pairs", "nights", "rainy-city"}
    text = (out / "study.md").read_text()
    assert text.index("| doing nothing |") < text.index("| autoencoder | ", text.index("## pairs"))
    assert "24 pictures" not in text

    def fail(*_args, **_kwargs):
        raise AssertionError("this was measured before")

    monkeypatch.setattr(study, "export_run", fail)
    monkeypatch.setattr(study, "train_glare", fail)
    assert study.main(arguments) == 0
    capsys.readouterr()
    assert study.main([*arguments[:3], "0.02", *arguments[4:]]) == 2
    assert "begun with other settings" in capsys.readouterr().err


def test_ctrl_c_ends_a_study_resumable(study, arguments, monkeypatch, capsys):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "train_glare", interrupted)
    assert study.main(arguments) == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_tables_show_what_is_missing_and_no_nan(study, monkeypatch):
    values = {"glare": 20.0, "rest": float("nan"), "whole": 25.0, "worse": 0.5}
    row = {
        "parameters": 1234,
        "minutes": 20.0,
        "asked": {"steps": 99},
        "sets": {"pairs": {"kind": "pairs", study.NOTHING: values, "row": values}},
    }
    tables = importlib.import_module("study_tables")
    text = tables.tables("Caption.", ["a", "b"], {"a": row})
    assert "| a | 1,234 | 99 | 20.0 |" in text
    assert "| b | | | not trained yet |" in text
    assert text.count("| 20.00 | - | 25.00 | 50.0% |") == 2
    assert json.dumps(study.plain(row), allow_nan=False)
