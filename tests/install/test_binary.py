"""The single file, in an environment where there is no Python and nothing else either."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from documents import ROOT

from dashcam_pipeline._version import __version__

SAMPLE = ROOT / "samples" / "city" / "night-glare.mp4"
BINARY = ROOT / "dist" / "dashcam"
LARGEST = 400_000_000
"""Bytes; with the runtime for GPUs, or torch, it would be several times that."""


@pytest.fixture(scope="module")
def binary():
    if shutil.which("make") is None:
        pytest.skip("there is no make")
    # as a developer's shell may have it: the checkout's package has no weights in it
    subprocess.run(
        ["make", "binary", f"PYTHON={sys._base_executable}"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True,
    )  # fmt: skip
    return BINARY


@pytest.fixture
def run(binary, tmp_path):
    def started(*args):
        return subprocess.run(
            [str(binary), *map(str, args)], cwd=tmp_path,
            env={"PATH": "", "HOME": str(tmp_path), "DASHCAM_LANG": "en"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return started


@pytest.mark.slow
def test_it_is_one_file_of_some_size(binary):
    assert binary.stat().st_size < LARGEST


@pytest.mark.slow
def test_it_cleans_a_recording_without_python_with_its_own_weights(run, tmp_path):
    assert __version__ in run("--version").stdout
    shutil.copy(SAMPLE, tmp_path / "night.mp4")
    done = run("clean", "night.mp4", "--end", "0.2", "--report", "r.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["frames"]["written"] > 0
    assert report["stages"][0]["facts"]["sha256"]


@pytest.mark.slow
def test_a_batch_s_workers_presets_and_korean_come_from_it(run, tmp_path):
    (tmp_path / "card").mkdir()
    shutil.copy(SAMPLE, tmp_path / "card" / "night.mp4")
    done = run("batch", "card", "out", "--end", "0.2", "--preset", "share", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "1  cleaned" in done.stdout
    assert (tmp_path / "out" / "night.mp4").is_file()
    page = run("report", "out/night.mp4", "--original", "card/night.mp4")
    assert page.returncode == 0, page.stderr
    assert "evidence" in run("presets").stdout


@pytest.mark.slow
def test_what_makes_weights_is_not_in_it_and_says_so(run):
    done = run("train", "glare")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
