"""The graph for GPUs against ``subtract_light``, sample by sample, without a GPU."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.errors import DeviceError, ModelError
from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
from dashcam_pipeline.inference import session
from dashcam_pipeline.inference.manifest import models_folder
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare import device
from dashcam_pipeline.stages.glare.device import DeviceRenderer
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.stage import GlareStage
from dashcam_pipeline.stages.glare.subtract import subtract_light

LIMITED, FULL = Color("bt601", full_range=False), Color("bt709", full_range=True)
BT709 = Color("bt709", full_range=False)


@pytest.fixture
def pretended(monkeypatch):
    """A "GPU" that is ONNX Runtime's CPU provider."""
    real = session.open_session

    def pretend(data, name, _device, threads):
        return real(data, name, "cpu", threads)

    monkeypatch.setattr(session, "open_session", pretend)
    monkeypatch.setattr(device, "open_session", pretend)


def night(index, size, color=BT709, *, seed=0):
    """A dark frame with noise, lamps that move, a streak and coloured light."""
    height, width = size
    rng = np.random.default_rng((seed, index))
    y, x = np.mgrid[0:height, 0:width] / height
    radius = np.hypot(x - 0.5 - 0.01 * index, y - 0.4)
    luma = 35 + 120 / (1 + (radius / 0.07) ** 2) + rng.normal(0, 3, size)
    luma[radius < 0.03] = 235
    streak = height // 2 + index
    luma[streak : streak + 2] += 60
    chroma_size = -(-height // 2), -(-width // 2)
    tint = 15 * np.sin(np.linspace(0, 9, chroma_size[1]))
    planes = [luma, 128 + tint + rng.normal(0, 2, chroma_size), 132 - tint]
    planes[2] = np.broadcast_to(planes[2], chroma_size)
    codes = tuple(np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in planes)
    return Frame(codes, index, Fraction(1, 30), index, color=color)


def random_frame(index, size, color=BT709):
    rng = np.random.default_rng(index)
    shapes = [size, *[(-(-size[0] // 2), -(-size[1] // 2))] * 2]
    codes = tuple(rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return Frame(codes, index, Fraction(1, 30), index, color=color)


def random_layer(seed, size=(64, 96)):
    """A share and a floor that is partly a veil, with a dark part where nothing is taken."""
    share, *floor, blown = np.random.default_rng(seed).random((5, *size), np.float32)
    layer = GlareLayer(
        share, np.stack(floor) ** 4 - np.float32(0.1), blown=None if seed % 2 else blown
    )
    layer.share[: size[0] // 3] = 0
    layer.floor[:, : size[0] // 3] = 0.0004
    return layer


def dark_layer(size=(64, 96)):
    return GlareLayer(np.zeros(size, np.float32), np.full((3, *size), 0.0004, np.float32))


def opened(frame, where, **options):
    context = StageContext(device=where, quality="best", threads=1)
    stage = GlareStage(GlareStage.Options(**options), context)
    stage._carrier.every = 1  # on a CPU, too: it is the subtraction that is compared
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    return stage


def differences(ours, theirs):
    """The largest difference of each plane, over all frames."""
    assert [f.pts for f in ours] == [f.pts for f in theirs]
    return [
        max(
            int(np.abs(a.planes[k].astype(int) - b.planes[k]).max())
            for a, b in zip(ours, theirs, strict=True)
        )
        for k in range(3)
    ]


@pytest.mark.parametrize(
    ("make", "size", "color"),
    [
        (night, (180, 320), LIMITED),
        (night, (181, 323), FULL),
        (night, (540, 962), LIMITED),
        (night, (240, 136), BT709),
        (random_frame, (90, 160), LIMITED),
        (random_frame, (271, 481), FULL),
        (random_frame, (1, 1), FULL),
    ],
)
@pytest.mark.parametrize("gains", [(1.0, 1.0), (1.6, 2.5)], ids=["as-is", "keep"])
def test_the_graph_is_subtract_light(make, size, color, gains):
    frames = [make(i, size, color) for i in range(2)]
    layers = [replace(random_layer(i), gain=gain) for i, gain in enumerate(gains)]
    here = [subtract_light(*each) for each in zip(frames, layers, strict=True)]
    there = DeviceRenderer(device="cpu", threads=1)(frames, layers)
    if size != (1, 1):
        assert max(differences(here, frames)) > 20, "something to agree on"
    assert max(differences(here, there)) <= 1
    share = np.mean([(a.planes[0] != b.planes[0]).mean() for a, b in zip(here, there, strict=True)])
    assert share < 1e-4, "hardly any sample is another at all"


def test_the_stage_gives_the_same_on_a_gpu(pretended):
    frames = [night(i, (180, 320)) for i in range(4)]
    done = {}
    for where in ("cpu", "cuda"):
        stage = opened(frames[0], where, glass="dirty")
        done[where] = list(stage.process(FrameBatch(tuple(frames))))
    assert max(differences(done["cpu"], frames)) > 2, "something to agree on"
    assert max(differences(done["cpu"], done["cuda"])) <= 1
    assert stage.report.facts["device_graph"] == "glare-render.onnx"
    assert stage.report.facts["frames_seen"] == stage.report.facts["frames_changed"] == 4


def test_the_brightness_is_kept_on_a_gpu_as_well(pretended):
    frames = [night(i, (180, 320)) for i in range(4)]
    done = {}
    for where in ("cpu", "cuda"):
        stage = opened(frames[0], where, glass="dirty", exposure="keep")
        done[where] = list(stage.process(FrameBatch(tuple(frames))))
    assert stage.report.facts["device_graph"] == "glare-render.onnx"
    assert max(differences(done["cpu"], done["cuda"])) <= 1
    darker = opened(frames[0], "cuda", glass="dirty").process(FrameBatch(tuple(frames)))
    for kept, dark in zip(done["cuda"], darker, strict=True):
        assert np.median(kept.planes[0]) > np.median(dark.planes[0]) + 2


def test_on_a_gpu_another_process_goes_on_after_a_pause(pretended):
    frames = [night(i, (180, 320)) for i in range(4)]
    whole = list(opened(frames[0], "cuda").process(FrameBatch(tuple(frames))))
    first, second = (opened(frames[0], "cuda") for _ in range(2))
    first.process(FrameBatch(tuple(frames[:2])))
    second.restore(first.state())
    again = second.process(FrameBatch(tuple(frames[2:])))
    assert max(differences(list(again), whole[2:])) == 0
    assert second.report.facts["frames_seen"] == 4


def test_frames_that_nothing_is_taken_from_are_handed_on():
    frames = [night(i, (90, 160)) for i in range(3)]
    dark = random_layer(0)
    dark.share[:] = 0
    dark.floor[:] = -(0.001**2)  # less than half a code
    cleaned = DeviceRenderer(device="cpu", threads=1)(frames, [dark_layer(), random_layer(1), dark])
    assert [new is old for new, old in zip(cleaned, frames, strict=True)] == [True, False, True]
    assert max(differences(cleaned[1:2], [subtract_light(frames[1], random_layer(1))])) <= 1


def test_other_layouts_are_rendered_without_it(pretended):
    frame = night(0, (180, 320))
    stage = opened(frame, "cuda")
    deep = PixelLayout(10, (1, 1))
    stage.open(StreamInfo(320, 180, deep, frame.color))
    planes = tuple(p.astype(np.uint16) << 2 for p in frame.planes)
    (done,) = stage.process(FrameBatch((Frame(planes, 0, Fraction(1, 30), 0, layout=deep),)))
    assert done.planes[0].dtype == np.uint16
    assert "device_graph" not in stage.report.facts


def short_of_memory(monkeypatch, room):
    """Make the graph fail for more rows than there is room for; the batches that were tried."""
    real, tried = DeviceRenderer._render, []

    def render(self, frames, layers):
        tried.append(len(frames))
        if tried[-1] > room:
            raise RuntimeError("CUDA failure 2: out of memory")
        return real(self, frames, layers)

    monkeypatch.setattr(DeviceRenderer, "_render", render)
    return tried


def test_short_memory_halves_the_batch(monkeypatch):
    frames = [night(i, (90, 160)) for i in range(7)]
    layers = [random_layer(i) for i in range(7)]
    whole = DeviceRenderer(device="cpu", threads=1)(frames, layers)
    tried = short_of_memory(monkeypatch, room=2)
    renderer = DeviceRenderer(device="cpu", threads=1)
    assert max(differences(renderer(frames, layers), whole)) == 0
    assert tried == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert "batches of 1" in renderer.notes[-1]
    renderer(frames[:2], layers[:2])
    assert tried[-2:] == [1, 1], "it stays so"


def test_without_memory_for_one_frame_the_stage_goes_on_on_the_cpu(pretended, monkeypatch):
    frames = [night(i, (90, 160)) for i in range(4)]
    whole = list(opened(frames[0], "cpu", glass="dirty").process(FrameBatch(tuple(frames))))
    stage = opened(frames[0], "cuda", glass="dirty")
    done = list(stage.process(FrameBatch(tuple(frames[:2]))))
    tried = short_of_memory(monkeypatch, room=0)
    done += stage.process(FrameBatch((frames[2],)))
    done += stage.process(FrameBatch((frames[3],)))
    assert max(differences(done, whole)) <= 1
    assert tried == [1], "it isn't tried again"
    assert any("not enough memory" in note for note in stage.report.facts["memory"])
    assert "device_graph" not in stage.report.facts
    assert stage.report.facts["frames_changed"] == 4


def test_the_report_says_that_memory_was_short(pretended, monkeypatch):
    short_of_memory(monkeypatch, room=1)
    frames = [night(i, (90, 160)) for i in range(2)]
    stage = opened(frames[0], "cuda", glass="dirty")
    stage.process(FrameBatch(tuple(frames)))
    assert "batches of 1" in stage.report.facts["memory"][-1]
    assert stage.report.facts["device_graph"] == "glare-render.onnx"


def test_other_failures_are_not_taken_for_memory(monkeypatch):
    def render(_self, _frames, _layers):
        raise RuntimeError("Got invalid dimensions")

    monkeypatch.setattr(DeviceRenderer, "_render", render)
    with pytest.raises(RuntimeError, match="invalid dimensions"):
        DeviceRenderer(device="cpu", threads=1)([night(0, (90, 160))], [random_layer(0)])


def test_a_missing_or_damaged_graph_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(device, "models_folder", lambda: tmp_path)
    with pytest.raises(ModelError, match="can't be read"):
        DeviceRenderer(device="cpu", threads=1)
    (tmp_path / device.FILE).write_bytes(b"no graph")
    with pytest.raises(ModelError, match="can't be loaded"):
        DeviceRenderer(device="cpu", threads=1)


def test_a_provider_that_cant_load_is_noticed():
    with pytest.raises(DeviceError, match="fell back to CPU"):
        DeviceRenderer(device="cuda:63", threads=1)


def test_the_file_is_what_the_command_writes():
    onnx = pytest.importorskip("onnx", reason="needs the extra train")
    from dashcam_pipeline.training.glare.render_graph import make_render_graph  # noqa: PLC0415 - after the skip

    shipped = onnx.load(models_folder() / device.FILE)
    assert shipped.graph == make_render_graph().graph, (
        "write it again: python -m dashcam_pipeline.training.glare.render_graph"
    )
