"""The precision that a machine is fast in."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("lightning", reason="needs the extra train")

from dashcam_pipeline.training.common import processor


@pytest.mark.parametrize(
    ("bf16", "amx", "chosen"),
    [(True, False, "bf16-mixed"), (False, True, "bf16-mixed"), (False, False, "32-true")],
)
def test_bfloat16_where_the_processor_has_it(monkeypatch, bf16, amx, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert processor.chosen_precision("auto") == chosen
    assert processor.chosen_precision("16-mixed") == "16-mixed"
