from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from factory import Picture, make_clip
from toys import Dim, Toy

import dashcam_pipeline
from dashcam_pipeline.errors import StageError, UsageError
from dashcam_pipeline.stages import registry
from dashcam_pipeline.stages.base import StageContext
from dashcam_pipeline.stages.registry import (
    BUILT_IN,
    StageEntry,
    available_stages,
    create_stage,
    load_stages,
    stage_class,
)

PLUGIN = Path(__file__).parent.parent / "plugin"
CONTEXT = StageContext()


@pytest.fixture
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "toy", "toys:Toy")
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


class Distribution:
    name, version = "some-plugin", "9"


class Point:
    """As ``importlib.metadata.EntryPoint``."""

    dist = Distribution

    def __init__(self, name: str, value: str) -> None:
        self.name, self.value = name, value


@pytest.fixture
def announce(monkeypatch):
    """Pretend that packages announce these stages."""

    def set_points(*points: Point) -> None:
        monkeypatch.setattr(registry, "entry_points", lambda **_: points)

    return set_points


def test_glare_is_listed_without_being_imported():
    entry = available_stages()["glare"]
    assert (entry.package, entry.version) == ("dashcam-pipeline", dashcam_pipeline.__version__)
    code = (
        "import sys; from dashcam_pipeline.stages.registry import available_stages; "
        "available_stages(); assert 'dashcam_pipeline.stages.glare.stage' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


def test_options_are_converted_and_checked(toy_stages):
    stage = create_stage("dim", {"amount": "0.25"}, CONTEXT)
    assert isinstance(stage, Dim)
    assert stage.options.amount == 0.25


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"amount": 2}, "stage dim: amount = 2 is not possible; allowed: 0 to 1."),
        ({"amout": 1}, "stage dim: amout is not known. Did you mean amount?"),
        ({"x": 1}, "stage dim: x is not known. Known: amount, mode."),
        ({"amount": "lots"}, "stage dim: amount = 'lots' is not possible; allowed: 0 to 1."),
    ],
)
def test_wrong_options_name_key_value_and_range(toy_stages, options, says):
    with pytest.raises(UsageError) as caught:
        create_stage("dim", options, CONTEXT)
    assert says in str(caught.value)
    assert "dashcam stages" in caught.value.advice


def test_an_unknown_stage_names_those_there_are(toy_stages):
    with pytest.raises(UsageError) as caught:
        create_stage("glre", {}, CONTEXT)
    assert "no stage called 'glre'. Did you mean glare?" in str(caught.value)
    assert caught.value.advice == "Installed: day-to-night, dim, glare, night-to-day, toy."


def test_a_broken_plugin_is_a_warning_when_listed_and_an_error_when_used(announce, caplog):
    announce(Point("rain", "no_such_module:Rain"))
    with caplog.at_level(logging.WARNING):
        assert "rain" not in load_stages()
    (record,) = [r for r in caplog.records if "rain" in r.getMessage()]
    assert "'some-plugin'" in record.getMessage()
    with pytest.raises(StageError, match="some-plugin"):
        stage_class("rain")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("toys:Nothing", "can't be loaded: AttributeError"),
        ("toys:make_frame", "is no stage"),
        ("toys:Toy", "calls itself 'toy'"),
    ],
)
def test_what_a_plugin_may_get_wrong(target, says):
    with pytest.raises(StageError, match=says):
        StageEntry("other", target, "some-plugin", "9").load()


def test_a_name_that_is_taken_is_left_out_with_a_warning(announce, caplog):
    announce(Point("glare", "toys:Toy"))
    with caplog.at_level(logging.WARNING):
        assert available_stages()["glare"].package == "dashcam-pipeline"
    assert "some-plugin" in caplog.text


def test_a_plugin_that_is_well_is_loaded(announce):
    announce(Point("toy", "toys:Toy"))
    assert available_stages()["toy"] == StageEntry("toy", "toys:Toy", "some-plugin", "9")
    assert stage_class("toy") is Toy


def environment(*folders: Path) -> dict[str, str]:
    """Of a child process that finds this package and those in the folders."""
    package = Path(dashcam_pipeline.__file__).parent.parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*folders, package]))}


@pytest.mark.skipif(
    not (find_spec("pip") and find_spec("hatchling")), reason="needs pip, hatchling"
)
def test_the_example_plugin_installs_and_works(tmp_path):
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *offline, str(PLUGIN)], check=True, timeout=120)

    def dashcam(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dashcam_pipeline", *args],
            env=environment(site), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    listed = dashcam("stages", "--json")
    assert listed.returncode == 0, listed.stderr
    (dim,) = [stage for stage in json.loads(listed.stdout) if stage["name"] == "dim"]
    assert (dim["package"], dim["version"]) == ("dashcam-dim", "1.2.3")
    assert dim["options"]["properties"]["amount"]["maximum"] == 1
    assert "warning: The stage 'broken' of package 'dashcam-dim'" in listed.stderr
    assert "Traceback" not in listed.stderr

    clip = make_clip(tmp_path / "in.mp4", Picture(frames=6))
    report = tmp_path / "report.json"
    cleaned = dashcam(
        "clean", str(clip), "--stage", "dim:amount=1", "--report", str(report), "--strength", "0.5"
    )
    assert cleaned.returncode == 0, cleaned.stderr
    assert (tmp_path / "in_clean.mp4").exists()
    (stage,) = json.loads(report.read_text())["stages"]
    assert stage["name"] == "dim"

    refused = dashcam("clean", str(clip), "--stage", "broken", "--overwrite")
    assert refused.returncode == StageError.exit_code
    assert "dashcam-dim" in refused.stderr
