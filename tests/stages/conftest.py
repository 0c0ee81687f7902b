"""Weights small enough to know what they answer."""

from __future__ import annotations

import hashlib

import pytest


@pytest.fixture
def brightener(tmp_path):
    """Weights that answer with the root of the picture: about what a day has more."""
    onnx = pytest.importorskip("onnx", reason="needs the extra train")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    shape = ["n", 3, "h", "w"]
    graph = helper.make_graph(
        [helper.make_node("Sqrt", ["code"], ["picture"])],
        "brightener",
        [helper.make_tensor_value_info("code", kind, shape)],
        [helper.make_tensor_value_info("picture", kind, shape)],
    )
    opset = [helper.make_opsetid("", 18)]
    data = helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "bright.onnx").write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    (folder / "manifest.toml").write_text(
        f'[[model]]\nname = "bright"\nstage = "night-to-day"\nfile = "bright.onnx"\n'
        f'sha256 = "{sha}"\nlicence = "CC0-1.0"\nparameters = 1\nwork_area = 18432\n'
        'multiple = 32\nmaps = 3\ntrained_on = ["nothing"]\ncard = "bright.md"\n'
    )
    return folder / "bright.onnx"
