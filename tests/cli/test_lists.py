from __future__ import annotations

import hashlib
import json

import pytest

from dashcam_pipeline.cli import main
from dashcam_pipeline.inference import manifest
from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder of models with one that is there and one that is missing."""
    (tmp_path / "a.onnx").write_bytes(b"weights")
    table = """
    [[model]]
    name = "{0}"
    stage = "glare"
    file = "{0}.onnx"
    sha256 = "{1}"
    licence = "CC-BY-4.0"
    parameters = 1234567
    work_area = 147456
    multiple = 32
    maps = 7
    trained_on = ["made up (CC0)", "dreams"]
    card = "{0}.md"
    """
    digest = hashlib.sha256(b"weights").hexdigest()
    text = table.format("a", digest) + table.format("b", digest)
    (tmp_path / "manifest.toml").write_text(text)
    monkeypatch.setattr(manifest, "models_folder", lambda: tmp_path)
    return tmp_path


def test_stages_for_people(capsys):
    assert main(["stages"]) == 0
    out = capsys.readouterr().out
    assert "glare  (dashcam-pipeline " in out
    assert "amount  Share of the luma to take away.  [0 to 1; default: 0.5]" in out


def test_stages_as_json_have_bounds(capsys):
    assert main(["stages", "--json"]) == 0
    by_name = {stage["name"]: stage for stage in json.loads(capsys.readouterr().out)}
    amount = by_name["dim"]["options"]["properties"]["amount"]
    assert (amount["minimum"], amount["maximum"], amount["default"]) == (0, 1, 0.5)
    assert by_name["dim"]["strengths"] == ["amount"]
    assert by_name["glare"]["models"]


def test_models_for_people(weights, capsys):
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    for text in ("CC-BY-4.0", "1,234,567", "147,456 pixels", "made up (CC0); dreams"):
        assert text in out
    assert f"{weights / 'b.onnx'}  (missing)" in out


def test_models_as_json(weights, capsys):
    assert main(["models", "--json"]) == 0
    there, missing = json.loads(capsys.readouterr().out)
    assert there["trained_on"] == ["made up (CC0)", "dreams"]
    assert (there["installed"], missing["installed"]) == (True, False)


def test_no_models_is_exit_code_6(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(manifest, "models_folder", lambda: tmp_path)
    assert main(["models"]) == 6
    assert "manifest" in capsys.readouterr().err
