from __future__ import annotations

from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import build_chain


def test_an_empty_chain_needs_no_network_and_no_device():
    chain, device = build_chain(CleanConfig(stages=(), device="cuda:7"))
    assert device == "cpu"
    chain.close()
