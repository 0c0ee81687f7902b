import importlib.util

import numpy as np
import pytest
from click.testing import CliRunner

from dashcam_pipeline.cli import simulate as command
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.simulation import clip
from dashcam_pipeline.simulation.recipe import KINDS
from dashcam_pipeline.simulation.views import save_view


def run(*args):
    return CliRunner().invoke(command.simulate, args, standalone_mode=False)


@pytest.fixture
def renderer(monkeypatch):
    """Stand in for the renderer: grey views."""
    monkeypatch.setattr(command, "need_renderer", lambda: None)

    def render(job, folder, index):
        grey = np.full((job.height, job.width, 3), 1.0 + index, np.float32)
        for file, night in clip._files(job, folder, index):
            save_view(file, grey, grey * 0, night=night)

    monkeypatch.setattr(clip, "_render", render)


def test_it_offers_every_kind_of_scene():
    assert set(command.SCENES) == set(KINDS)


def test_a_clip_is_written_and_its_frames_are_cleared_away(renderer, tmp_path):
    done = run("--seconds", "0.4", "--size", "64x36", "--fps", "5", "--out", str(tmp_path / "a"))
    assert done.exception is None
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "masks.mkv",
        "night-glare.mp4",
        "night-truth.mp4",
        "truth.json",
    ]
    assert "2 frames of city" in done.output


def test_quiet_says_nothing_and_frames_may_be_kept(renderer, tmp_path):
    done = run(
        "--seconds", "0.2", "--size", "64x36", "--fps", "5", "--out", str(tmp_path), "-q",
        "--keep-frames", "--day",
    )  # fmt: skip
    assert done.output == ""
    assert (tmp_path / "day.mp4").exists()
    assert len(list((tmp_path / "frames").glob("*.npz"))) == 2


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--size", "960", "WIDTHxHEIGHT"),
        ("--size", "961x540", "even sides"),
        ("--size", "16x16", "even sides from 32"),
        ("--fps", "fast", "must be a number"),
        ("--fps", "1/0", "must be a number"),
        ("--fps", "500", "from 1 to 120"),
    ],
)
def test_values_that_cannot_be_are_named(option, value, words, tmp_path):
    done = run("--out", str(tmp_path), option, value)
    assert isinstance(done.exception, UsageError)
    assert words in str(done.exception)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    done = run("--out", str(tmp_path))
    assert isinstance(done.exception, UsageError)
    assert "pip install 'dashcam-pipeline[simulate]'" in str(done.exception)
