"""The manifest as data: what is refused, and with which words."""

from __future__ import annotations

import hashlib

import pytest

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.inference.manifest import find_model, load_manifest, read_manifest
from dashcam_pipeline.inference.session import Network

ENTRY = """
[[model]]
name = "tiny"
stage = "glare"
file = "tiny.onnx"
sha256 = "{sha}"
licence = "CC0-1.0"
parameters = 7
work_area = 1024
multiple = 32
maps = 7
trained_on = ["nothing"]
card = "tiny.md"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(b"weights")
    sha = hashlib.sha256(b"weights").hexdigest()
    (tmp_path / "manifest.toml").write_text(ENTRY.format(sha=sha))
    return tmp_path


def test_the_installed_manifest_is_whole():
    manifest = load_manifest()
    assert {"glare"} <= {entry.name for entry in manifest.models}
    for entry in manifest.models:
        entry.read()
        assert (entry.folder / entry.card).is_file(), f"{entry.name} has no card"


@pytest.mark.parametrize("entry", load_manifest().models, ids=lambda entry: entry.name)
def test_installed_weights_name_no_file_of_the_machine_they_were_made_on(entry):
    assert b"stack_trace" not in entry.read()


def test_right_bytes_are_read(folder):
    assert read_manifest(folder).get("tiny").read() == b"weights"
    assert find_model(str(folder / "tiny.onnx")).name == "tiny"


def test_changed_bytes_are_refused(folder):
    (folder / "tiny.onnx").write_bytes(b"weightz")
    with pytest.raises(ModelError, match="not those of the manifest"):
        read_manifest(folder).get("tiny").read()


def test_a_missing_file_is_named(folder):
    (folder / "tiny.onnx").unlink()
    with pytest.raises(ModelError, match=r"tiny\.onnx can't be read"):
        read_manifest(folder).get("tiny").read()


def test_an_unknown_name_lists_what_there_is(folder):
    with pytest.raises(ModelError, match="Installed models: tiny"):
        read_manifest(folder).get("huge")


@pytest.mark.parametrize(
    "line", ['file = "../tiny.onnx"', 'sha256 = "12"', "multiple = 0", 'colour = "red"']
)
def test_a_broken_manifest_is_refused(folder, line):
    path = folder / "manifest.toml"
    key = line.split(" ")[0]
    kept = [row for row in path.read_text().splitlines() if not row.startswith(key + " ")]
    path.write_text("\n".join([*kept, line]) + "\n")
    read_manifest.cache_clear()
    with pytest.raises(ModelError, match="can't be used"):
        read_manifest(folder)


def test_what_is_no_network_is_a_model_error(folder):
    with pytest.raises(ModelError, match="can't be loaded"):
        Network(read_manifest(folder).get("tiny"))
