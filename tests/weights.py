"""Weights small enough to know what they answer, with a manifest of their own."""

from __future__ import annotations

import hashlib
import json

import pytest


def write_weights(folder, model, name, **fields):
    """Write an ONNX model and its manifest.

    Args:
        folder: made if it isn't there.
        model: ``onnx.ModelProto``.
        name: of the model and its file.
        fields: of its entry, where they aren't those of a glare model.

    Returns:
        the file's path.
    """
    folder.mkdir(exist_ok=True)
    data = model.SerializeToString()
    path = folder / f"{name}.onnx"
    path.write_bytes(data)
    entry = {
        "name": name,
        "stage": "glare",
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "licence": "CC0-1.0",
        "parameters": 1,
        "work_area": 18432,
        "multiple": 32,
        "maps": 7,
        "trained_on": ["nothing"],
        "card": f"{name}.md",
        **fields,
    }
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
    (folder / "manifest.toml").write_text("[[model]]\n" + "".join(lines))
    return path


def write_brightener(folder, name, operator="Sqrt", **attributes):
    """Weights of night-to-day that answer with the picture's root: about what a day has more.

    Args:
        folder, name: as for ``write_weights``.
        operator, attributes: of ONNX, for another answer.
    """
    onnx = pytest.importorskip("onnx", reason="needs the extra train")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(n, kind, ["n", 3, "h", "w"]) for n in ("in", "out")]
    node = helper.make_node(operator, ["in"], ["out"], **attributes)
    graph = helper.make_graph([node], "brightener", *[[e] for e in ends])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    return write_weights(folder, model, name, stage="night-to-day", maps=3)
