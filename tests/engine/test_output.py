from __future__ import annotations

from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.engine.output import processing_tags


def test_the_mark_names_synthetic_pictures_and_the_empty_chain():
    assert processing_tags({}, CleanConfig(stages=()))["comment"].endswith(": no stages")
    marked = processing_tags({"COMMENT": "x"}, CleanConfig(), synthetic=True)["COMMENT"]
    assert marked.startswith("x; dashcam_pipeline ")
    assert marked.endswith(": glare (synthetic picture)")


def test_the_mark_tells_no_folders():
    config = make_config({"stages": ["glare:model=/home/kim/my.onnx,veil=0.5"]})
    assert processing_tags({}, config)["comment"].endswith(": glare:model=my.onnx,veil=0.5")
