"""A network that answers with a clean picture: its layer, and its way through the stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from weights import write_weights

from dashcam_pipeline.frames import FrameBatch
from dashcam_pipeline.inference import manifest
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.image_head import image_layer
from dashcam_pipeline.stages.glare.rule import glare_layer
from dashcam_pipeline.stages.glare.stage import GlareStage, head_layer

from .test_stage import make_night

DEAD_ZONE = 0.06
"""Code value that light must exceed, as behind clean glass."""

CODES = arrays(np.float32, (3, 4, 6), elements=st.floats(0, 1, width=32))


@given(CODES, CODES, st.floats(0, 1))
def test_a_layer_is_light_that_the_picture_has(picture, answer, strength):
    layer = image_layer(picture, answer, strength, DEAD_ZONE).of(np.square(picture))
    assert layer.dtype == np.float32
    assert (layer >= 0).all()
    assert (layer <= np.square(picture)).all()
    assert not layer[answer >= picture].any()


def test_what_the_answer_lacks_is_taken():
    picture = np.full((3, 2, 2), 0.5, np.float32)
    answer = np.array([0.3, 0.5, 0.6], np.float32)[:, None, None] * np.ones((3, 2, 2), np.float32)
    full = -image_layer(picture, answer, 1.0, 0.0).floor
    assert full[:, 0, 0] == pytest.approx([0.25 - 0.09, 0, 0])
    assert -image_layer(picture, answer, 0.5, 0.1).floor[0, 0, 0] == pytest.approx(0.16 / 2 - 0.01)


def test_the_head_decides_the_rendering():
    picture = np.full((3, 64, 96), 0.5, np.float32)
    maps = np.full((7, 64, 96), 0.3, np.float32)
    how = {"dirt": 0.7, "streaks": 0.5, "veil": 0.5}
    layers = head_layer("layers", picture, maps, **how)
    assert np.array_equal(layers.floor, glare_layer(picture, maps, **how).floor)
    image = head_layer("image", picture, maps[:3], **how)
    assert np.array_equal(image.floor, image_layer(picture, maps[:3], 0.5, DEAD_ZONE).floor)
    assert not image.share.any()


@pytest.fixture
def darkener(tmp_path):
    """Weights of a network for 64x96 alone, whose clean picture is half as bright."""
    onnx = pytest.importorskip("onnx", reason="needs the extra train")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    shape = ["n", 3, 64, 96]
    graph = helper.make_graph(
        [helper.make_node("Mul", ["picture", "half"], ["maps"])],
        "darkener",
        [helper.make_tensor_value_info("picture", kind, shape)],
        [helper.make_tensor_value_info("maps", kind, shape)],
        [helper.make_tensor("half", kind, [1], [0.5])],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    fields = {"work_area": 6144, "maps": 3, "head": "image", "size": [64, 96]}
    return write_weights(tmp_path, model, "dark", **fields)


def test_the_manifest_says_head_and_size(darkener):
    entry = manifest.find_model(str(darkener))
    assert (entry.head, entry.size) == ("image", (64, 96))
    shipped = manifest.load_manifest().get("glare-open")
    assert (shipped.head, shipped.size) == ("layers", None)


@pytest.mark.parametrize("quality", ["fast", "best"])
def test_the_stage_renders_a_clean_picture_at_its_own_size(darkener, quality):
    options = GlareStage.Options(model=str(darkener), streaks=1.0)
    stage = GlareStage(options, StageContext(quality=quality, threads=1, strength=1.0))
    frame = make_night()
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    assert stage.report.facts["work_size"] == "96x64"
    (cleaned,) = stage.process(FrameBatch((frame,)))
    before, after = (f.planes[0].astype(int) for f in (frame, cleaned))
    # Away from the lamp all is one grey: half its code value is a quarter of its light.
    grey = (before[170, 310] - 16) / 219
    wanted = np.sqrt(0.25 * grey**2 + DEAD_ZONE**2) * 219 + 16
    assert after[170, 310] == pytest.approx(wanted, abs=1)
    assert after[72, 128] == before[72, 128], "the lamp itself stays"


def test_a_clean_picture_says_nothing_of_the_glass(darkener):
    stage, second = (
        GlareStage(GlareStage.Options(model=str(darkener)), StageContext(threads=1))
        for _ in range(2)
    )
    frame = make_night()
    for each in (stage, second):
        each.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    stage.survey([frame])
    stage.process(FrameBatch((frame,)))
    second.restore(stage.state())
    assert "glass" not in stage.report.facts
    assert second.report.facts == stage.report.facts
