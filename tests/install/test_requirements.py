"""What is installed where no GPU is: the package's own list, but for the runtime."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
from documents import ROOT


def listed(kind):
    done = subprocess.run(
        [sys.executable, str(ROOT / "make" / "requirements.py"), kind],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.parametrize(("kind", "runtime"), [("cpu", "onnxruntime"), ("gpu", "onnxruntime-gpu")])
def test_it_is_the_package_s_list_with_one_runtime(kind, runtime):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    others = [one for one in project["dependencies"] if not one.startswith("onnxruntime")]
    found = listed(kind)
    runtimes = [one for one in found if one.startswith("onnxruntime")]
    assert sorted(set(found) - set(runtimes)) == sorted(others)
    (version,) = {
        one.partition(";")[0].partition(">=")[2].strip()
        for one in project["dependencies"]
        if one.startswith("onnxruntime")
    }
    assert runtimes == [f"{runtime}>={version}"]
    assert not any("torch" in one for one in found)
