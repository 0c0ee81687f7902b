"""A run's folder: what is in it, and going on after every kind of end."""

from __future__ import annotations

import csv
import json
import os
import signal

import cv2
import pytest
import torch

from dashcam_pipeline.errors import DeviceError, OutputError, UsageError
from dashcam_pipeline.training.common import runs
from dashcam_pipeline.training.common.curves import draw_curves, read_losses
from dashcam_pipeline.training.common.runs import read_progress, resume_config
from dashcam_pipeline.training.glare import train as glare_train
from dashcam_pipeline.training.glare.config import GlareTrainingConfig
from dashcam_pipeline.training.glare.module import GlareModule
from dashcam_pipeline.training.glare.train import train_glare

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's advice to its users


@pytest.fixture
def config(folders):
    """Two epochs of three steps of the quickest network."""
    return GlareTrainingConfig(
        data=(f"day:{folders / 'day'}",),
        model="autoencoder",
        epochs=2,
        epoch_steps=3,
        batch=2,
        kernels=1,
        precision="32-true",
    )


def test_epochs_end_after_their_steps_and_leave_their_pictures(config, tmp_path):
    run = tmp_path / "run"
    train_glare(config, run)
    assert read_progress(run)["steps"] == 6
    grid = cv2.imread(str(run / "grid-000006.jpg"))
    assert grid.shape == (4 * 288, 5 * 512, 3)
    assert sorted(p.name for p in run.glob("grid-*")) == ["grid-000003.jpg", "grid-000006.jpg"]
    assert cv2.imread(str(run / "curves.png")) is not None
    assert set(read_losses(run)) == {"clean", "edges", "loss"}
    assert sorted(read_losses(run)["loss"]) == [2, 5]
    versions = json.loads((run / "config.json").read_text())["versions"]
    assert {"dashcam_pipeline", "torch", "lightning", "python", "numpy"} <= set(versions)
    assert list((run / "tensorboard").rglob("events.*"))
    assert not list(run.glob("*.part"))

    train_glare(resume_config(run, epochs=3), run)
    assert read_progress(run)["steps"] == 9
    assert sorted(read_losses(run)["loss"]) == [2, 5, 8], "curves go on"


def test_ctrl_c_ends_a_run_within_its_epoch_and_it_goes_on_there(config, tmp_path, monkeypatch):
    draw = GlareModule.batch

    def interrupt(self, step):
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return draw(self, step)

    run = tmp_path / "run"
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(GlareModule, "batch", interrupt)
        with pytest.raises(KeyboardInterrupt, match="after step"):
            train_glare(config, run)
    assert signal.getsignal(signal.SIGINT) is handler
    stopped = read_progress(run)
    assert stopped["steps"] == 5
    assert not (run / "grid-000005.jpg").exists(), "who presses Ctrl-C waits for no pictures"

    train_glare(resume_config(run), run)
    assert read_progress(run)["steps"] == 6
    assert read_progress(run)["seconds"] > stopped["seconds"]


def test_a_pause_is_no_interruption(config, tmp_path):
    run = tmp_path / "run"
    train_glare(config, run, pause_after=0.0)
    assert read_progress(run)["steps"] == 1
    train_glare(config, run)
    assert read_progress(run)["steps"] == 6


def test_a_checkpoint_appears_when_it_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    runs.WholeFiles().save_checkpoint({"a": 1}, path)

    def fail(*_args):
        raise OSError("the disk is full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OutputError, match="the disk is full"):
        runs.WholeFiles().save_checkpoint({"a": 2}, path)
    assert torch.load(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]


def test_devices_that_are_not_there_are_named(config, tmp_path):
    with pytest.raises(DeviceError, match="devices = '98,99'"):
        glare_train._make_trainer(config.model_copy(update={"devices": "98,99"}), tmp_path)


def test_hours_and_epochs_take_turns(config, tmp_path):
    runs.write_record(config, tmp_path)
    later = resume_config(tmp_path, hours=2.5)
    assert (later.hours, later.epochs) == (2.5, None)
    assert resume_config(tmp_path, epochs=9).epochs == 9
    assert resume_config(tmp_path).epochs == 2
    with pytest.raises(UsageError, match="epochs"):
        resume_config(tmp_path, epochs=0)


def test_nothing_trained_yet_is_no_progress(tmp_path):
    assert read_progress(tmp_path) == {"steps": 0, "seconds": 0.0}


def test_curves_show_pairs_where_there_are_some(tmp_path):
    with (tmp_path / "pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("step", "hours", "row", "glare", "rest", "whole", "worse"))
        for step in (10, 20):
            writer.writerow((step, 0.1, "nothing", 20, 30, 28, 0))
            writer.writerow((step, 0.1, "default", 20 + step / 10, 30, 28.5, 0))
    alone = cv2.imread(str(draw_curves(tmp_path, 19, {"train/loss": 0.5, "other": 1})))
    assert alone.shape[1] == 3 * 500
    (tmp_path / "pairs.csv").unlink()
    assert cv2.imread(str(draw_curves(tmp_path, 19, {"train/loss": 0.5}))).shape[1] == 500
