"""``dashcam train glare``: its options, and its ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("lightning", reason="needs the extra train")

from dashcam_pipeline.cli import main
from dashcam_pipeline.cli import train_glare as command
from dashcam_pipeline.errors import ConfigError, UsageError
from dashcam_pipeline.training.common.runs import read_progress
from dashcam_pipeline.training.glare import train as glare_train

TINY = """
model = "autoencoder"
epoch_steps = 1
batch = 2
kernels = 1
precision = "32-true"
"""


@pytest.fixture
def days(tmp_path):
    """A source of two pictures."""
    folder = tmp_path / "days"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for i in range(2):
        day = cv2.resize(rng.integers(40, 255, (6, 10, 3)).astype(np.uint8), (160, 96))
        cv2.imwrite(str(folder / f"{i}.png"), day)
    (tmp_path / "tiny.toml").write_text(TINY)
    return f"day:{folder}"


@pytest.fixture
def trained(monkeypatch):
    """Configs and folders that would have been trained."""
    calls = []

    def train(config, folder):
        calls.append((config, folder))
        return folder / "last.ckpt"

    monkeypatch.setattr(glare_train, "train_glare", train)
    return calls


def run(*args):
    return CliRunner().invoke(command.glare, [str(a) for a in args], standalone_mode=False)


def test_options_win_over_the_file(days, trained, tmp_path):
    done = run(
        "--config", tmp_path / "tiny.toml", "--out", tmp_path / "run", "--data", days,
        "--model", "unetpp", "--supervision", "mean", "--head", "image", "--encoder", "resnet18",
        "--epochs", 3, "--precision", "bf16-true", "--devices", "0,1", "--seed", 4,
    )  # fmt: skip
    assert done.exception is None
    ((config, folder),) = trained
    assert folder == tmp_path / "run"
    assert (config.model, config.supervision, config.head) == ("unetpp", "mean", "image")
    assert (config.epochs, config.precision, config.devices) == (3, "bf16-true", "0,1")
    assert (config.seed, config.kernels, config.encoder) == (4, 1, "resnet18")


def test_without_data_a_checkout_takes_its_own_scenes(trained, tmp_path, monkeypatch):
    assert run("--out", tmp_path / "run").exception is None
    assert trained[0][0].data[0].startswith("simulated:")
    monkeypatch.setattr(command, "own_scenes", tuple)
    refused = run("--out", tmp_path / "run").exception
    assert isinstance(refused, UsageError)
    assert "--data" in str(refused)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "either --out"),
        (("--out", "a", "--resume", "b"), "either --out"),
        (("--out", "a", "--hours", 1, "--epochs", 1), "either --hours or --epochs"),
        (("--out", "a", "--model", "autoencoder", "--head", "layers"), "only head is image"),
        (("--resume", "a", "--seed", 1), "--seed can't be given"),
    ],
)
def test_what_does_not_go_together_is_said(args, words, trained):
    refused = run(*args).exception
    assert isinstance(refused, UsageError)
    assert words in str(refused)
    assert not trained


def test_a_wrong_setting_names_its_file(days, trained, tmp_path):
    (tmp_path / "tiny.toml").write_text("epochz = 3\n")
    refused = run("--config", tmp_path / "tiny.toml", "--out", tmp_path / "a").exception
    assert isinstance(refused, ConfigError)
    assert "tiny.toml: epochz is not known" in str(refused)


def test_a_new_run_never_takes_the_place_of_an_old_one(days, trained, tmp_path):
    (tmp_path / "last.ckpt").touch()
    refused = run("--data", days, "--out", tmp_path).exception
    assert isinstance(refused, UsageError)
    assert "--resume" in str(refused)


@pytest.mark.filterwarnings("ignore")  # Lightning's advice to its users
def test_ctrl_c_says_how_to_go_on(days, tmp_path, monkeypatch, capsys):
    draw = glare_train.GlareModule.batch

    def interrupt(self, step):
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return draw(self, step)

    monkeypatch.setattr(glare_train.GlareModule, "batch", interrupt)
    args = ["--config", tmp_path / "tiny.toml", "--data", days, "--out", tmp_path / "run"]
    assert main(["train", "glare", *map(str, args)]) == 130
    assert f"--resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert read_progress(tmp_path / "run")["steps"] == 2


@pytest.mark.slow
def test_a_killed_run_goes_on_after_its_last_epoch(days, tmp_path):
    folder = tmp_path / "run"
    start = [sys.executable, "-m", "dashcam_pipeline", "train", "glare"]
    process = subprocess.Popen(
        [*start, "--config", tmp_path / "tiny.toml", "--data", days, "--out", folder]
    )
    try:
        while len(list(folder.glob("grid-*.jpg"))) < 2:
            assert process.poll() is None
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    killed = read_progress(folder)["steps"]
    assert killed >= 1
    subprocess.run([*start, "--resume", folder, "--epochs", str(killed + 2)], check=True)
    assert read_progress(folder)["steps"] == killed + 2
    assert json.loads((folder / "config.json").read_text())["config"]["epochs"] == killed + 2


@pytest.mark.slow
def test_two_devices_train_one_network(days, tmp_path):
    folder = tmp_path / "run"
    start = [sys.executable, "-m", "dashcam_pipeline", "train", "glare", "--devices", "2"]
    subprocess.run(
        [*start, "--config", tmp_path / "tiny.toml", "--data", days, "--out", folder,
         "--model", "unetpp", "--encoder", "tu-mobilenetv3_small_050", "--supervision", "mean",
         "--epochs", "2"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"},
        check=True,
    )  # fmt: skip
    assert read_progress(folder)["steps"] == 2
    assert len(list(folder.glob("grid-*.jpg"))) == 2
