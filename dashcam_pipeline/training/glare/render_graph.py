"""``subtract_light`` for a batch of frames as one graph, for a GPU.

It holds no weights and no decisions: sizes, codes and limits come in as tensors
(``stages.glare.device`` feeds them), so one file serves every model, size, colour matrix and range.
A test compares both ways sample by sample: whoever changes one changes the other, and writes the
file again::

    python -m dashcam_pipeline.training.glare.render_graph

Layout: 8-bit 4:2:0, (N, H, W) luma and (N, ceil(H/2), ceil(W/2)) chroma.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dashcam_pipeline.inference.manifest import models_folder
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.stages.glare.device import FILE
from dashcam_pipeline.training.common.onnx_graph import Graph, Value

SPATIAL = np.array([2, 3], np.int64)
"""Axes of height and width."""


def make_render_graph() -> Any:  # noqa: ANN401 - onnx has no types
    """Build the graph.

    Returns:
        ``onnx.ModelProto``; its inputs and outputs are described in ``stages.glare.device``.
    """
    graph = Graph("render")
    coded = [
        graph.input("luma", np.uint8, ("n", "h", "w")),
        graph.input("cb", np.uint8, ("n", "ch", "cw")),
        graph.input("cr", np.uint8, ("n", "ch", "cw")),
    ]
    channel = np.array([1], np.int64)
    planes = [graph.op("Unsqueeze", plane.cast(np.float32), channel) for plane in coded]
    steps = _steps(graph, planes)
    for name, plane, step in zip(("luma", "cb", "cr"), planes, steps, strict=True):
        clean = graph.op("Squeeze", graph.op("Clip", plane + step, 0.0, 255.0), channel)
        shape = ("n", "h", "w") if name == "luma" else ("n", "ch", "cw")
        graph.output(f"clean_{name}", clean.cast(np.uint8), np.uint8, shape)
    luma, cb, cr = (
        graph.op("ReduceMax", graph.op("Abs", step), np.array([1, 2, 3]), keepdims=0)
        for step in steps
    )
    largest = luma.at_least(cb).at_least(cr)
    graph.output("changed", graph.op("Greater", largest, 0.0), np.bool_, ("n",))
    return graph.model(opset=18)


def _steps(graph: Graph, planes: list[Value]) -> list[Value]:
    """What is added to the planes, (N, 1, H, W) each, in whole codes."""
    layer = graph.input("layer", np.float32, ("n", 5, "lh", "lw"))
    y0, ys, c0, cs = _numbers(graph, "codes", 4)
    kr, kb = _numbers(graph, "kr_kb", 2)
    begin, end, kept = _numbers(graph, "clipped_kept", 3)
    kg = 1 - kr - kb
    size = planes[0].shape(2, 4)
    layer = _enlarged(layer, size)
    share, floor = layer.part(0, 1, 1), layer.part(1, 4, 1) * ys.square()
    blown = layer.part(4, 5, 1)
    luma = planes[0] - y0
    cb, cr = ((plane - c0) * (ys / cs) for plane in planes[1:])
    green = -2.0 * (kr * (1 - kr) * cr + kb * (1 - kb) * cb) / kg
    offsets = graph.op("Concat", (2 - 2 * kr) * cr, green, (2 - 2 * kb) * cb, axis=1)
    x = (luma + _doubled(offsets, size)).at_least(0.0).at_most(ys)
    keep = graph.op("Clip", (end * ys - luma) / ((end - begin) * ys), 0.0, 1.0).at_least(blown)
    light = x.square()
    taken = (share * light - floor).at_least(0.0)
    left = (light - taken).at_least(light * kept)
    gain = graph.op("Unsqueeze", graph.input("gain", np.float32, ("n",)), np.array([1, 2, 3]))
    left = left * (gain / (1.0 + left * ((gain - 1) / ys.square())))
    lost = (x - graph.op("Sqrt", left)) * keep
    red, green, blue = (lost.part(i, i + 1, 1) for i in range(3))
    loss = kr * red + kg * green + kb * blue
    steps = [graph.op("Round", 0.0 - loss)]
    for part, k in ((blue, kb), (red, kr)):
        scale = cs / ys / (2 - 2 * k)
        steps.append(graph.op("Round", 0.0 - _to_chroma_grid(part - loss) * scale))
    return steps


def _numbers(graph: Graph, name: str, count: int) -> list[Value]:
    """A fed vector of so many numbers, one by one."""
    vector = graph.input(name, np.float32, (count,))
    return [vector.part(i, i + 1, 0) for i in range(count)]


def _enlarged(layer: Value, size: Value) -> Value:
    """Bilinear, with pixel centres at halves, as OpenCV's INTER_LINEAR."""
    graph = layer.graph
    whole = graph.op("Concat", layer.shape(0, 2), size, axis=0)
    empty = np.zeros(0, np.float32)
    return graph.op("Resize", layer, empty, empty, whole, mode="linear")


def _doubled(value: Value, size: Value) -> Value:
    """Each chroma sample for its four pixels, cropped to luma's size."""
    double = value.graph.op(
        "Resize",
        value,
        np.zeros(0, np.float32),
        np.array([1, 1, 2, 2], np.float32),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return value.graph.op("Slice", double, np.zeros(2, np.int64), size, SPATIAL)


def _to_chroma_grid(value: Value) -> Value:
    """The mean of each four; an odd last row or column counts twice."""
    graph = value.graph
    odd = graph.op("Mod", value.shape(2, 4), np.array([2], np.int64))
    pads = graph.op("Concat", np.zeros(6, np.int64), odd, axis=0)
    even = graph.op("Pad", value, pads, mode="edge")
    return graph.op("AveragePool", even, kernel_shape=[2, 2], strides=[2, 2])


if __name__ == "__main__":
    data = make_render_graph().SerializeToString()
    write_whole(models_folder() / FILE, data, overwrite=True)
