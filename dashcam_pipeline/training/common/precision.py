"""The same network in fewer bits: float16 for GPUs, int8 for CPUs, and what each costs in dB.

int8 is static: the ranges of all activations are found on calibration pictures (synthesised
nights). What handles the picture's own code values stays in float32: the encoder's first blocks,
whose outputs have no activation and differ so much by channel that one range for all of them costs
a decibel, and the last two convolutions with what follows, where an error is an error of the layer;
and so do depthwise convolutions, which lose most and gain least. Weights take seven bits, because
processors without VNNI add pairs of products in sixteen bits and would saturate with eight.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.media.atomic import atomic
from dashcam_pipeline.training.common.export import write_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from dashcam_pipeline.inference.manifest import ModelEntry
    from dashcam_pipeline.training.synthesis.glare import Sample

    Picture = npt.NDArray[np.float32]

QUANTISED = ["Conv", "Add", "Concat", "Resize", "Relu", "Clip", "MaxPool"]
"""Kinds of nodes that stay in int8 from one convolution to the next; without them every second
node would be a conversion."""


EARLY = 12
"""Convolutions that stay in float32, from the first one on: those at a half and a quarter of the
size."""

CALIBRATION = 32
"""Samples that the ranges are found on."""

MEASURED = 16
"""Samples that the loss is measured on, others than those."""


def export_reduced(
    entry: ModelEntry, precision: Literal["fp16", "int8"], samples: Sequence[Sample]
) -> tuple[ModelEntry, float]:
    """Write a model's twin in fewer bits beside it, with an entry of its own in the manifest.

    The one in int8 takes the model's place on a CPU where time matters, and the entry says so.

    Args:
        entry: of a float32 glare model with layers.
        precision: of the twin, which is called NAME-PRECISION.
        samples: ``CALIBRATION`` and ``MEASURED`` synthesised ones, at a size the network takes.

    Returns:
        the twin's entry, and what it loses in dB (``layer_psnr``) on the measured samples.
    """
    path = entry.folder / f"{entry.path.stem}-{precision}.onnx"
    if precision == "fp16":
        write_fp16(entry.path, path)
    else:
        write_int8(entry.path, path, (s.picture.numpy() for s in samples[:CALIBRATION]))
    measured = samples[CALIBRATION:]
    loss = layer_psnr(entry.path, measured) - layer_psnr(path, measured)
    twin = entry.model_copy(
        update={
            "name": f"{entry.name}-{precision}",
            "file": path.name,
            "sha256": sha256_of(path),
            "precision": precision,
        }
    )
    write_entry(entry.folder, twin)
    if precision == "int8":
        write_entry(entry.folder, entry.model_copy(update={"quick": twin.name}))
    return twin, loss


def write_fp16(source: Path, target: Path) -> None:
    """Write a float32 ONNX file's twin that computes in float16; pictures and maps stay float32."""
    import onnx  # noqa: PLC0415 - extra train
    from onnxruntime.transformers.float16 import (  # noqa: PLC0415 - extra train
        convert_float_to_float16,
    )

    model = onnx.load(source)
    # The converter would turn a scale of Resize, which must stay float32, into float16 and back for
    # each user under the same name, were it listed as a value.
    constants = {tensor.name for tensor in model.graph.initializer}
    values = [value for value in model.graph.value_info if value.name not in constants]
    del model.graph.value_info[:]
    model.graph.value_info.extend(values)
    half = convert_float_to_float16(
        model, keep_io_types=True, disable_shape_infer=True, op_block_list=[]
    )
    with atomic(target, overwrite=True) as part:
        onnx.save(half, part.path)


def write_int8(source: Path, target: Path, pictures: Iterable[Picture]) -> None:
    """Write a float32 ONNX file's twin that computes in int8.

    Args:
        source: float32 network with one input.
        target: the new file.
        pictures: (3, H, W) code values in [0, 1], sides as the network takes them, for calibration.
    """
    import onnx  # noqa: PLC0415 - extra train
    from onnxruntime import quantization as q  # noqa: PLC0415 - extra train
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    class Reader(q.CalibrationDataReader):  # type: ignore[misc] # the library has no types
        def __init__(self, name: str) -> None:
            self._batches: Iterator[dict[str, Picture]] = ({name: p[None]} for p in pictures)

        def get_next(self) -> dict[str, Picture] | None:
            return next(self._batches, None)

    with tempfile.TemporaryDirectory() as folder, atomic(target, overwrite=True) as part:
        folded = Path(folder, "folded.onnx")
        quant_pre_process(source, folded, skip_symbolic_shape=True)
        graph = onnx.load(folded).graph
        q.quantize_static(
            folded,
            part.path,
            Reader(graph.input[0].name),
            quant_format=q.QuantFormat.QDQ,
            activation_type=q.QuantType.QUInt8,
            weight_type=q.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=QUANTISED,
            nodes_to_exclude=_kept_in_float32(graph),
        )


def _kept_in_float32(graph: Any) -> list[str]:  # noqa: ANN401 - onnx has no types
    """Names of the nodes that stay as they are."""
    nodes = list(graph.node)  # in an order in which they can be computed
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    joined = convolutions[-2].input[0]
    tail = next((i for i, node in enumerate(nodes) if joined in node.output), len(nodes))
    depthwise = [
        node.name
        for node in convolutions
        if any(a.name == "group" and a.i > 1 for a in node.attribute)
    ]
    early = nodes.index(convolutions[min(EARLY, len(convolutions) - 1)])
    return [*depthwise, *(node.name for node in (*nodes[:early], *nodes[tail:]))]


def layer_psnr(network: Path, samples: Sequence[Sample]) -> float:
    """How near a network's picture without glare comes to the truth, mean PSNR in dB.

    Args:
        network: ONNX file with the seven maps of ``nets``.
        samples: synthesised pictures with their layers.
    """
    import onnxruntime as ort  # noqa: PLC0415 - slow to import

    session = ort.InferenceSession(network, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    found = []
    for sample in samples:
        (maps,) = session.run(None, {name: sample.picture.numpy()[None]})
        seen = sample.picture.numpy() ** 2
        ours = np.sqrt(np.maximum(seen - maps[0, 0:3] ** 2 - maps[0, 3:6] ** 2, 0))
        layer = (sample.structured + sample.veil).numpy()
        true = np.sqrt(np.maximum(seen - layer, 0))
        found.append(-10 * np.log10(max(float(np.square(ours - true).mean()), 1e-10)))
    return float(np.mean(found))
