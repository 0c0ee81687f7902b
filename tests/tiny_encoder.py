"""An encoder whose network is exported in a fraction of the time: five strides, a block each.

Its convolutions are padded as the default one's are, whose export `make test-slow` tries.
"""

from __future__ import annotations

from timm.models import register_model
from timm.models._efficientnet_builder import decode_arch_def
from timm.models.efficientnet import _create_effnet

BLOCKS = [
    *("ds_r1_k3_s1_e1_c8", "ir_r1_k3_s2_e2_c8"),
    *(f"cn_r1_k3_s2_e1_c{width}" for width in (12, 16, 24)),
]
"""In timm's words: kind, repeats, kernel, stride, expansion, channels."""


@register_model
def tf_tiny(pretrained=False, **options):  # noqa: FBT002 - timm's way of asking
    blocks = decode_arch_def([[block] for block in BLOCKS])
    return _create_effnet(
        "test_efficientnet", pretrained, block_args=blocks, stem_size=8, pad_type="same", **options
    )


TINY = "tu-tf_tiny"
"""Its name for a training, once this is imported."""
