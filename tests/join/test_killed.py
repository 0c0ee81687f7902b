"""kill -9 at any write: nothing half stays behind, and the same command makes the same output."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import judge
import numpy as np
import pytest
from drives import split, whole_drive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


def run(card, target, stage, die_at=0):
    """Join in a process of its own; whether it came to its end, and how many writes it made."""
    script = Path(__file__).parent / "killable.py"
    done = subprocess.run(
        [sys.executable, script, card, target, stage, str(die_at)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode == 0, int(done.stdout or 0)


def content(path):
    pictures = [plane.tobytes() for f in judge.frames(path) for plane in judge.samples(f)]
    (index,) = judge.indices(path, "audio")
    return judge.ticks(path), pictures, [(p.pts, p.payload) for p in judge.packets(path, index)]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drive")
    split(whole_drive(folder / "whole.mp4", seconds=4), folder / "card", again=1)
    return folder / "card"


@pytest.fixture(scope="module", params=["-", "remember"])
def through(request, card, tmp_path_factory):
    """An uninterrupted run: of which stage, what it made, in how many writes."""
    target = tmp_path_factory.mktemp("through") / "drive.mp4"
    done, writes = run(card, target, request.param)
    assert done
    return request.param, content(target), writes


def killed(card, through, folder, seed, kills):
    stage, expected, writes = through
    rng = np.random.default_rng(seed)
    target = folder / "drive.mp4"
    for _ in range(kills):
        if run(card, target, stage, die_at=int(rng.integers(1, writes + 1)))[0]:
            break
        assert not target.exists()
    if not target.exists():
        assert run(card, target, stage)[0]
    assert content(target) == expected
    assert sorted(path.name for path in folder.iterdir()) == [
        "drive.mp4", "drive.mp4.provenance.json"
    ]  # fmt: skip


def test_kill_9_leaves_nothing_half(card, through, tmp_path):
    killed(card, through, tmp_path, seed=1, kills=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_kill_9_at_any_write_and_again(card, through, tmp_path, seed):
    killed(card, through, tmp_path, seed=seed, kills=3)
