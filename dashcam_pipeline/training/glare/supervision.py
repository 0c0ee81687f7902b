"""Deep supervision for UNet++: a head of its own on every node of the top row.

UNet++ (Zhou et al., 2018, arXiv 1807.10165) trains the nodes X0,1 to X0,4 of its top row each with
a loss of its own, and answers with the mean of their heads, or with the last one alone.
``segmentation_models_pytorch`` has neither; its decoder names the node X0,j ``x_{d-j}_{d-1}``
(d = depth), and its top row has half the picture's side. X0,4 keeps smp's own way out (a last
block at full size and the segmentation head), so a network without the other heads is smp's,
tensor by tensor.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch.nn.functional as nnf
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def tapped(blocks: nn.ModuleDict, names: list[str]) -> Iterator[dict[str, Tensor]]:
    """What some blocks give while the body runs, by name.

    The hooks live no longer than that, so copies of the network (an average, an export) bring no
    hooks of the original along.
    """
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:  # noqa: ANN401 - torch's own type for hooks is not public
        def hook(_module: nn.Module, _args: object, output: Tensor) -> None:
            seen[name] = output

        return hook

    handles = [blocks[name].register_forward_hook(keep(name)) for name in names]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


class SideHeads(nn.Module):
    """Heads on X0,1 to X0,d-1 of an smp UNet++ decoder.

    Args:
        decoder: of ``smp.UnetPlusPlus``.
        maps: channels of every head.
    """

    def __init__(self, decoder: Any, maps: int) -> None:  # noqa: ANN401 - smp is untyped
        super().__init__()
        depth: int = decoder.depth
        self.names = [f"x_{depth - j}_{depth - 1}" for j in range(1, depth)]
        """Blocks of the nodes X0,1, X0,2, ..., in this order."""
        self.heads = nn.ModuleList(
            nn.Conv2d(decoder.blocks[name].out_channels, maps, 3, padding=1) for name in self.names
        )

    def forward(self, seen: dict[str, Tensor]) -> list[Tensor]:
        """Logits (N, maps, H, W) of each head at the picture's size, from what ``tapped`` saw."""
        return [
            nnf.interpolate(head(seen[name]), scale_factor=2.0, mode="bilinear")
            for head, name in zip(self.heads, self.names, strict=True)
        ]
