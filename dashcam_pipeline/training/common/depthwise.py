"""Depthwise convolutions in float32 under autocast on a CPU.

oneDNN's bfloat16 backward pass of a depthwise convolution takes four to eight times as long as its
float32 one (PyTorch 2.14, AVX-512 BF16, channels last), and an EfficientNet is full of them: a
training step of the glare network gets a quarter shorter with them in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _Float32:
    """Mixed into a convolution: it stays in float32 whatever autocast says."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())  # type: ignore[misc] # the convolution's own


def keep_depthwise_in_float32(network: nn.Module) -> int:
    """Keep every depthwise convolution of a network out of autocast, in place.

    Parameters and their names stay as they are, so checkpoints fit either way.

    Returns:
        how many were found.
    """
    found = [
        module
        for module in network.modules()
        if isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
    ]
    for module in found:
        kind = type(module)
        if not issubclass(kind, _Float32):
            module.__class__ = type(f"Float32{kind.__name__}", (_Float32, kind), {})
    return len(found)
