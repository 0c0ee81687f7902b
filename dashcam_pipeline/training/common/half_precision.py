"""Store the weights of an ONNX file in half precision: half the size, the same arithmetic.

Each large float32 initializer becomes a float16 one behind a Cast node. ONNX Runtime folds the
casts when it loads the file, so the network runs in float32 and at the same speed as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

HALF = ".half"
"""What the name of a tensor that was rewritten ends with."""

SMALLEST = 256
"""Tensors with fewer numbers stay as they are."""


def halve_weights(path: Path) -> None:
    """Rewrite an ONNX file in place.

    Args:
        path: of a file whose weights are inside.

    Raises:
        ValueError: a weight is too large for half precision.
    """
    import onnx  # noqa: PLC0415 - extra train

    model = onnx.load(path)
    graph: Any = model.graph
    kept, casts = [], []
    for tensor in graph.initializer:
        weights = onnx.numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.size < SMALLEST:
            kept.append(tensor)
            continue
        half = weights.astype(np.float16)
        if not np.isfinite(half).all():
            raise ValueError(f"{tensor.name} does not fit half precision: {np.abs(weights).max()}")
        name = f"{tensor.name}{HALF}"
        kept.append(onnx.numpy_helper.from_array(half, name))
        cast = onnx.helper.make_node("Cast", [name], [tensor.name], to=onnx.TensorProto.FLOAT)
        casts.append(cast)
    nodes = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(casts + nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
