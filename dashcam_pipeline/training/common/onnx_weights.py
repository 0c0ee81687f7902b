"""The weights of an exported network, back in a network that can train.

An export folds every batch norm into the convolution before it, and a network without batch norm
doesn't train as well. So ``load_onnx_weights`` puts each one back where it was, with the mean and
the variance that its input has on some pictures, and with the scale and the offset that undo them:
the network answers as the file does, and trains as it did before. ``load_onnx_parameters`` is for
networks that have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.common.half_precision import HALF

if TYPE_CHECKING:
    from pathlib import Path


def load_onnx_weights(net: nn.Module, path: Path, pictures: Tensor) -> int:
    """Fill a network's convolutions from an ONNX file and its batch norms from pictures.

    Args:
        net: of smp; those of its convolutions whose name and shape fit are filled.
        path: float32 weights as ``export`` writes them.
        pictures: (N, 3, H, W) in [0, 1], such as it is to be trained on; sides multiples of 32.

    Returns:
        how many convolutions were filled.

    Raises:
        ModelError: it isn't an ONNX file.
    """
    weights = _read(path)
    filled: dict[nn.Module, Tensor | None] = {}
    with torch.no_grad():
        for name, module in net.named_modules():
            if not isinstance(module, nn.Conv2d) or name not in weights:
                continue
            weight, bias = weights[name]
            if weight.shape != module.weight.shape:
                continue
            module.weight.copy_(weight)
            if module.bias is not None and bias is not None:
                module.bias.copy_(bias)
            filled[module] = bias
        _restore_norms(net, filled, pictures)
    return len(filled)


def load_onnx_parameters(net: nn.Module, path: Path) -> int:
    """Fill a network's parameters, and nothing else, from an ONNX file.

    Args:
        net: without batch norm; those of its parameters whose name and shape fit are filled.
        path: weights as ``export`` writes them, in full or in half precision.

    Returns:
        how many parameters were filled.

    Raises:
        ModelError: it isn't an ONNX file.
    """
    _, tensors = _open(path)
    count = 0
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            stored = tensors.get(name, tensors.get(f"{name}{HALF}"))
            if stored is not None and stored.shape == parameter.shape:
                parameter.copy_(stored)
                count += 1
    return count


def _open(path: Path) -> tuple[Any, dict[str, Tensor]]:
    """The graph of a file, and its stored tensors by name."""
    import onnx  # noqa: PLC0415 - extra train
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # noqa: PLC0415

    try:
        graph: Any = onnx.load(path).graph
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX file") from error
    return graph, {t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in graph.initializer}


def _read(path: Path) -> dict[str, tuple[Tensor, Tensor | None]]:
    """Weight and bias of every convolution, by the name that it has in torch."""
    graph, tensors = _open(path)
    found = {}
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1] in tensors:
            # The export wraps some convolutions to fix their padding.
            name = node.input[1].removesuffix(".weight").removesuffix(".convolution")
            bias = tensors.get(node.input[2]) if len(node.input) > 2 else None  # noqa: PLR2004
            found[name] = (tensors[node.input[1]], bias)
    return found


def _restore_norms(
    net: nn.Module, filled: dict[nn.Module, Tensor | None], pictures: Tensor
) -> None:
    """Run the network once, and make each batch norm add the bias of its filled convolution."""
    last: list[tuple[nn.Module, Tensor]] = []

    def seen(module: nn.Module, _inputs: object, output: Tensor) -> None:
        last[:] = [(module, output)]

    def restore(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if not last or last[0][1] is not inputs[0] or last[0][0] not in filled:
            return
        bias = filled[last[0][0]]
        values: Any = norm
        variance, mean = torch.var_mean(inputs[0].float(), dim=(0, 2, 3), correction=0)
        values.running_mean.copy_(mean)
        values.running_var.copy_(variance)
        values.weight.copy_((variance + values.eps).sqrt())
        values.bias.copy_(mean if bias is None else mean + bias)

    hooks = [
        module.register_forward_hook(seen)
        for module in net.modules()
        if isinstance(module, nn.Conv2d)
    ] + [
        module.register_forward_pre_hook(restore)
        for module in net.modules()
        if isinstance(module, nn.BatchNorm2d)
    ]
    training = net.training
    net.eval()
    net(pictures)
    net.train(training)
    for hook in hooks:
        hook.remove()
