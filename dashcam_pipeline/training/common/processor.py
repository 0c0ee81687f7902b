"""What this machine computes fast in."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"]
"""As Lightning names them."""

Asked = Literal["auto", "32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"]
"""What a config may ask for: one of them, or what is fast here."""


def fast_in_bfloat16() -> bool:
    """Whether bfloat16 is an instruction here, of a GPU or of the processor, and not emulated."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    cpu = torch.cpu  # which has no public way to ask
    return bool(cpu._is_avx512_bf16_supported() or cpu._is_amx_tile_supported())  # noqa: SLF001


def chosen_precision(asked: Asked) -> Precision:
    """A precision as Lightning names it: the one asked for, or the fast one for ``auto``."""
    if asked != "auto":
        return asked
    return "bf16-mixed" if fast_in_bfloat16() else "32-true"
