"""One graph from a recording's planes to the cleaned planes, for a GPU.

It does what ``stages.glare`` does frame by frame (``shrink_rgb``, the network, ``MotionGate``,
``glare_layer``, ``subtract_light``) for a batch of frames, so that nothing but 8-bit planes goes up
and comes down. All numbers that those modules decide come in as tensors (``stages.device_glare``
feeds them), so one file serves every size, colour matrix, range and strength. A test compares both
ways sample by sample: whoever changes one changes the other.

For weights that are there already::

    python -m dashcam_pipeline.training.glare.device_graph weights/mine.onnx

Layout: 8-bit 4:2:0, (N, H, W) luma and (N, ceil(H/2), ceil(W/2)) chroma.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.training.common.export import write_entry
from dashcam_pipeline.training.common.onnx_graph import Graph, Value
from dashcam_pipeline.training.common.precision import write_fp16

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.inference.manifest import ModelEntry

MAPS = 7
"""Channels of a network with layers; see ``nets``."""


def export_device_graph(entry: ModelEntry, *, half: bool = True) -> ModelEntry:
    """Write a model's graph for GPUs beside it, and name it in the manifest.

    Args:
        entry: of a float32 glare model with layers that takes any size.
        half: the network inside computes in float16; all else is float32.

    Returns:
        the entry as it now stands in the manifest, with ``device_graph`` filled in.

    Raises:
        ModelError: the model is of another kind, or its file is missing or another.
    """
    import onnx  # noqa: PLC0415 - extra train

    if entry.head != "layers" or entry.maps != MAPS or entry.size or entry.precision != "fp32":
        raise ModelError(
            f"{entry.name} can't have a device graph.",
            advice="It takes a model with layers, in fp32, that takes pictures of any size.",
        )
    network = onnx.load_model_from_string(entry.read())
    if half:
        with tempfile.TemporaryDirectory() as folder:
            twin = Path(folder, "half.onnx")
            write_fp16(entry.path, twin)
            network = onnx.load(twin)
    path = entry.folder / f"{entry.path.stem}-device.onnx"
    onnx.save(make_device_graph(network, of=entry.sha256), path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    update = {"device_graph": path.name, "device_graph_sha256": sha256}
    whole = entry.model_copy(update=update)
    write_entry(entry.folder, whole)
    return whole


def make_device_graph(network: Any, *, of: str) -> Any:  # noqa: ANN401 - onnx has no types
    """Build the graph round a network.

    Args:
        network: ``onnx.ModelProto``, float32 (N, 3, H, W) to (N, 7, H, W).
        of: sha256 of the weights' own file, noted in the graph's.

    Returns:
        ``onnx.ModelProto``; its inputs and outputs are described in ``stages.device_glare``.
    """
    graph = Graph("device")
    luma = graph.input("luma", np.uint8, ("n", "h", "w"))
    chroma = [graph.input(name, np.uint8, ("n", "ch", "cw")) for name in ("cb", "cr")]
    planes = [_channel(plane.cast(np.float32)) for plane in (luma, *chroma)]
    color = _Color(graph)
    picture = _shrunk(graph, planes, color)
    maps = graph.insert(network, picture)
    maps = _smoothed(graph, picture, maps)
    layer = _glare_layer(graph, picture, maps)
    results, changed = _subtracted(graph, planes, layer, color)
    names = ("clean_luma", "clean_cb", "clean_cr")
    shapes = (("n", "h", "w"), ("n", "ch", "cw"), ("n", "ch", "cw"))
    for name, result, shape in zip(names, results, shapes, strict=True):
        flat = graph.op("Squeeze", result, np.array([1], np.int64))
        graph.output(name, flat.cast(np.uint8), np.uint8, shape)
    graph.output("changed", changed, np.bool_, ("n",))
    return graph.model(network.opset_import, {"network_sha256": of})


class _Color:
    """Codes and luma weights, as ``code_scale`` and ``KR_KB`` give them: one number each."""

    def __init__(self, graph: Graph) -> None:
        self.y0, self.ys, self.c0, self.cs = _numbers(graph, "codes", 4)
        self.kr, self.kb = _numbers(graph, "kr_kb", 2)
        self.kg = 1 - self.kr - self.kb


class _Taps:
    """A plane at another size as ``cv2.resize`` gives it, bytes for bytes.

    OpenCV's bilinear sampling of bytes counts in whole numbers, with weights of 11 bits, and drops
    some on the way (``HResizeLinear`` and ``VResizeLinear`` of its imgproc). One sample in eight
    would differ from a sum that is rounded once, and a dark place tells: there the square root of
    what is left is steep.
    """

    def __init__(self, graph: Graph, name: str) -> None:
        self._halvings = graph.input(f"{name}_halvings", np.int64, ())
        self._places, self._weights = (
            [
                graph.input(f"{name}_{axis}{kind}", dtype, (2, f"w{axis[0]}"))
                for axis in ("rows", "columns")
            ]
            for kind, dtype in (("", np.int64), ("_weights", np.float32))
        )

    def __call__(self, plane: Value) -> Value:
        """(N, 1, H, W) float32 of whole codes to (N, 1, h, w), the same."""
        graph = plane.graph
        plane = plane.repeated(self._halvings, _halved_code)
        left, right = self._sampled(plane, 1)
        # Exact also in float32: at most 255 * 2048.
        both = graph.op("Floor", (left + right) * 2.0**-4)
        upper, lower = self._sampled(both, 0, np.int32)
        whole = graph.constant(np.array(1 << 16, np.int32))
        total = upper / whole + lower / whole + graph.constant(np.array(2, np.int32))
        return (total / graph.constant(np.array(4, np.int32))).cast(np.float32)

    def _sampled(
        self, value: Value, axis: int, dtype: npt.DTypeLike = np.float32
    ) -> tuple[Value, Value]:
        """Both neighbours along an axis (0: rows), weighted."""
        shape = (1, 1, -1, 1) if axis == 0 else (1, 1, 1, -1)
        first, second = (
            value.graph.op(
                "Gather", value, self._places[axis].part(i, i + 1, 0).reshape(-1), axis=axis + 2
            ).cast(dtype)
            * self._weights[axis].part(i, i + 1, 0).reshape(*shape).cast(dtype)
            for i in range(2)
        )
        return first, second


def _numbers(graph: Graph, name: str, count: int) -> list[Value]:
    """A fed vector of so many numbers, one by one."""
    vector = graph.input(name, np.float32, (count,))
    return [vector.part(i, i + 1, 0) for i in range(count)]


def _channel(plane: Value) -> Value:
    """(N, H, W) to (N, 1, H, W)."""
    return plane.graph.op("Unsqueeze", plane, np.array([1], np.int64))


def _resized(value: Value, size: Value) -> Value:
    """Bilinear, with pixel centres at halves, as OpenCV's INTER_LINEAR."""
    whole = value.graph.op("Concat", value.shape(0, 2), size, axis=0)
    empty = value.graph.constant(np.zeros(0, np.float32))
    return value.graph.op("Resize", value, empty, empty, whole, mode="linear")


def _halved(value: Value) -> Value:
    """The mean of each four samples; an odd last row or column is left out."""
    return value.graph.op("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2])


def _halved_code(value: Value) -> Value:
    """The same in whole codes; halves go up, as in OpenCV's INTER_AREA of bytes."""
    return value.graph.op("Floor", _halved(value) + 0.5)


def _blurred(value: Value, kernel: Value) -> Value:
    """(N, C, H, W) convolved with a kernel along both axes; edges are mirrored.

    Args:
        value: float32.
        kernel: float32 of odd length, sum 1.
    """
    graph = value.graph
    side = kernel.shape(0, 1)
    rim = graph.op("Div", side, np.array([2], np.int64))
    none = np.array([0], np.int64)
    pads = graph.op("Concat", none, none, rim, rim, none, none, rim, rim, axis=0)
    padded = graph.op("Pad", value, pads, mode="reflect")
    flat = padded.reshape(-1, 1, padded.shape(2, 3), padded.shape(3, 4))
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        flat = graph.op("Conv", flat, kernel.reshape(*shape))
    return flat.reshape(value.shape(0, 1), value.shape(1, 2), value.shape(2, 3), value.shape(3, 4))


def _shrunk(graph: Graph, planes: list[Value], color: _Color) -> Value:
    """``shrink_rgb``: (N, 3, h, w) in [0, 1]."""
    luma, chroma = _Taps(graph, "luma"), _Taps(graph, "chroma")
    y, cb, cr = (taps(plane) for taps, plane in zip((luma, chroma, chroma), planes, strict=True))
    y = (y - color.y0) / color.ys
    cb = (cb - color.c0) / color.cs
    cr = (cr - color.c0) / color.cs
    red = y + (2 - 2 * color.kr) * cr
    blue = y + (2 - 2 * color.kb) * cb
    green = (y - color.kr * red - color.kb * blue) / color.kg
    return graph.op("Clip", graph.op("Concat", red, green, blue, axis=1), 0.0, 1.0)


def _smoothed(graph: Graph, picture: Value, maps: Value) -> Value:
    """``MotionGate`` along the batch; its past comes in and goes out."""
    past_picture = graph.input("past_picture", np.float32, (3, "wh", "ww"))
    past_maps = graph.input("past_maps", np.float32, (MAPS, "wh", "ww"))
    amounts = graph.input("weight", np.float32, ("n",))
    still, moving = _numbers(graph, "still_moving", 2)
    first = graph.op("Unsqueeze", past_picture, np.array([0], np.int64))
    all_pictures = graph.op("Concat", first, picture, axis=0)
    before = all_pictures.part(0, -1, 0)
    change = graph.op("Abs", picture - before).reduced("ReduceMax", [1])
    change = _blurred(change, graph.input("change_blur", np.float32, ("change_side",)))
    rest = graph.op("Clip", (moving - change) / (moving - still), 0.0, 1.0)
    weight = amounts.reshape(-1, 1, 1, 1) * rest

    def step(last: Value, row: list[Value]) -> Value:
        answer, past = row
        return answer + past * (last - answer)

    last, smooth = graph.scan(past_maps, [maps, weight], step)
    final = graph.op("Squeeze", all_pictures.part(-1, 1 << 30, 0), np.array([0], np.int64))
    graph.output("next_picture", final, np.float32, (3, "wh", "ww"))
    graph.output("next_maps", last, np.float32, (MAPS, "wh", "ww"))
    return smooth


def _grown(value: Value) -> Value:
    """The maximum of each 3x3 neighbours; what lies outside never counts."""
    return value.graph.op("MaxPool", value, kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])


def _surroundings(graph: Graph, linear: Value) -> Value:
    """``surroundings``: the smoothed opening."""
    radius = graph.input("window_radius", np.int64, ())
    kernel = graph.input("window_blur", np.float32, ("window_side",))
    # So many 3x3 maxima are one of the whole window.
    opened = (0.0 - (0.0 - linear).repeated(radius, _grown)).repeated(radius, _grown)
    return _resized(_blurred(_halved(opened), kernel), linear.shape(2, 4))


def _even_veil(graph: Graph, haze: Value) -> Value:
    """The quantile of every fourth sample each way, (N, 3, 1, 1); as ``np.quantile``."""
    count = graph.input("even_count", np.int64, (1,))
    share = graph.input("even_between", np.float32, (1,))
    coarse = haze.part(0, 1 << 30, 2, 4).part(0, 1 << 30, 3, 4).reshape(0, 0, -1)
    least, _ = graph.ops("TopK", 2, coarse, count, largest=0, sorted=1)
    below, above = least.part(-2, -1, 2), least.part(-1, 1 << 30, 2)
    return graph.op("Unsqueeze", below + share * (above - below), np.array([3], np.int64))


def _glare_layer(graph: Graph, picture: Value, maps: Value) -> Value:
    """``glare_layer``: share and floor, (N, 4, h, w)."""
    streaks, veil = _numbers(graph, "streaks_veil", 2)
    dead, weber = _numbers(graph, "dead_weber", 2)
    linear = picture.square()
    around = _surroundings(graph, linear)
    excess = (linear - around).at_least(0.0).reduced("ReduceSum", [1])
    claimed = maps.part(0, 3, 1).square().reduced("ReduceSum", [1])
    outside = 1 - maps.part(6, 7, 1)
    share = (claimed / (excess + 1e-6)).at_most(1.0)
    share = streaks * outside * share * graph.op("Sqrt", share)
    haze = maps.part(3, 6, 1).square()
    wide = veil * outside * (haze - (1 - veil) * _even_veil(graph, haze)).at_least(0.0)
    floor = share * around - wide + dead + weber * around
    taken = (share * linear - floor).reduced("ReduceMax", [1])
    lit = _grown(graph.op("Greater", taken, 0.0).cast(np.float32))
    return graph.op("Concat", share * lit, (floor - dead) * lit + dead, axis=1)


def _subtracted(
    graph: Graph, planes: list[Value], layer: Value, color: _Color
) -> tuple[list[Value], Value]:
    """``subtract_light``: the planes, (N, 1, H, W) each, and (N,) whether a sample changed."""
    *clipped, kept = _numbers(graph, "clipped_kept", 3)
    size = planes[0].shape(2, 4)
    share = _resized(layer.part(0, 1, 1), size)
    floor = _resized(layer.part(1, 4, 1) * color.ys.square(), size)
    luma = planes[0] - color.y0
    cb, cr = ((plane - color.c0) * (color.ys / color.cs) for plane in planes[1:])
    kr, kg, kb = color.kr, color.kg, color.kb
    green = -2.0 * (kr * (1 - kr) * cr + kb * (1 - kb) * cb) / kg
    offsets = graph.op("Concat", (2 - 2 * kr) * cr, green, (2 - 2 * kb) * cb, axis=1)
    x = graph.op("Min", (luma + _repeated(offsets, size)).at_least(0.0), color.ys)
    begin, end = (share * color.ys for share in clipped)
    keep = graph.op("Clip", (end - luma) / (end - begin), 0.0, 1.0)
    light = x.square()
    taken = (share * light - floor).at_least(0.0)
    left = graph.op("Max", light - taken, light * kept)
    lost = (x - graph.op("Sqrt", left)) * keep
    red, green, blue = (lost.part(i, i + 1, 1) for i in range(3))
    loss = kr * red + kg * green + kb * blue
    steps = [graph.op("Round", 0.0 - loss)]
    for part, k in ((blue, kb), (red, kr)):
        scale = color.cs / color.ys / (2 - 2 * k)
        steps.append(graph.op("Round", 0.0 - _to_chroma_grid(part - loss) * scale))
    results = [
        graph.op("Clip", plane + step, 0.0, 255.0)
        for plane, step in zip(planes, steps, strict=True)
    ]
    largest = [graph.op("Abs", step).reduced("ReduceMax", [1, 2, 3]).reshape(-1) for step in steps]
    moved = largest[0].at_least(largest[1]).at_least(largest[2])
    return results, graph.op("Greater", moved, 0.0)


def _repeated(value: Value, size: Value) -> Value:
    """Each chroma sample for its four pixels, cropped to luma's size."""
    graph = value.graph
    scales = np.array([1, 1, 2, 2], np.float32)
    empty = graph.constant(np.zeros(0, np.float32))
    double = graph.op(
        "Resize",
        value,
        empty,
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    zero, axes = np.zeros(2, np.int64), np.array([2, 3], np.int64)
    return graph.op("Slice", double, zero, size, axes)


def _to_chroma_grid(value: Value) -> Value:
    """The mean of each four; an odd last row or column counts twice."""
    graph = value.graph
    odd = graph.op("Mod", value.shape(2, 4), np.array([2], np.int64))
    pads = graph.op("Concat", np.zeros(6, np.int64), odd, axis=0)
    return _halved(graph.op("Pad", value, pads, mode="edge"))


if __name__ == "__main__":
    for reference in sys.argv[1:]:
        export_device_graph(find_model(reference))
