"""The glare stage's graph for GPUs against the stage itself, sample by sample, without a GPU."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from weights import write_weights

from dashcam_pipeline.errors import DeviceError, ModelError
from dashcam_pipeline.frames import Color, Frame, FrameBatch, PixelLayout
from dashcam_pipeline.inference import device_graph, session
from dashcam_pipeline.inference.manifest import find_model, load_manifest
from dashcam_pipeline.stages import shrink
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare import device as device_glare
from dashcam_pipeline.stages.glare import stage as glare
from dashcam_pipeline.stages.glare.stage import GlareStage

onnx = pytest.importorskip("onnx", reason="needs the extra train")

from dashcam_pipeline.training.glare.device_graph import export_device_graph  # noqa: E402 - after the skip

LIMITED, FULL = Color("bt601", full_range=False), Color("bt709", full_range=True)


def tiny_network():
    """Two convolutions with fixed weights that claim glare where it is bright, and some lamps."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    rng = np.random.default_rng(5)
    tensors = {
        "w1": rng.normal(0, 0.4, (8, 3, 3, 3)),
        "b1": rng.normal(0, 0.1, 8),
        "w2": rng.normal(0, 0.5, (7, 8, 3, 3)),
        "b2": np.array([0.5] * 6 + [-2.0]),
    }
    nodes = [
        helper.make_node("Conv", ["picture", "w1", "b1"], ["c1"], pads=[1] * 4),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1] * 4),
        helper.make_node("Sigmoid", ["c2"], ["maps"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", kind, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("maps", kind, ["n", 7, "h", "w"])],
        [onnx.numpy_helper.from_array(a.astype(np.float32), n) for n, a in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write_tiny(folder, *, half=False):
    """The tiny network with its manifest and device graph; the ONNX file's path."""
    path = write_weights(folder, tiny_network(), "tiny")
    export_device_graph(find_model(str(path)), half=half)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return write_tiny(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def pretended(monkeypatch):
    """A "GPU" that is ONNX Runtime's CPU provider."""
    real = session.open_session

    def pretend(data, name, _device, threads, **_options):
        return real(data, name, "cpu", threads)

    monkeypatch.setattr(session, "open_session", pretend)
    monkeypatch.setattr(device_graph, "open_session", pretend)
    monkeypatch.setattr(device_graph, "device_place", lambda _device: ("cpu", 0))


def night(index, size, color=None, *, seed=0):
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
    return Frame(
        codes, index, Fraction(1, 30), index, color=color or Color("bt709", full_range=False)
    )


def random_frame(index, size, color=None):
    rng = np.random.default_rng(index)
    shapes = [size, *[(-(-size[0] // 2), -(-size[1] // 2))] * 2]
    codes = tuple(rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return Frame(
        codes, index, Fraction(1, 30), index, color=color or Color("bt709", full_range=False)
    )


def opened(weights, frame, device, *, strength=1.0, **options):
    context = StageContext(device=device, quality="best", threads=1, strength=strength)
    stage = GlareStage(GlareStage.Options(model=str(weights), **options), context)
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    return stage


def cleaned(stage, frames, batch, cuts=()):
    """Frames through a stage, in batches, with a new scene before each index in ``cuts``."""
    done, part = [], []
    for frame in [*frames, None]:
        if part and (frame is None or len(part) == batch or frame.index in cuts):
            done += stage.process(FrameBatch(tuple(part)))
            part = []
        if frame is None or frame.index in cuts:
            done += stage.flush() or ()
            stage.reset()
        part.append(frame)
    return done


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
        ("night", (180, 320), LIMITED),
        ("night", (181, 323), FULL),
        ("night", (270, 480), FULL),
        ("night", (540, 962), LIMITED),
        ("night", (240, 136), LIMITED),
        ("random", (90, 160), LIMITED),
        ("random", (271, 481), FULL),
    ],
)
def test_the_graph_is_the_stage(weights, pretended, size, make, color):
    make_frame = {"night": night, "random": random_frame}[make]
    frames = [make_frame(i, size, color) for i in range(2)]
    here = cleaned(opened(weights, frames[0], "cpu"), frames, 2)
    there = cleaned(opened(weights, frames[0], "cuda"), frames, 2)
    assert max(differences(here, frames)) > 2, "something to agree on"
    assert max(differences(here, there)) <= 1
    share = np.mean([(a.planes[0] != b.planes[0]).mean() for a, b in zip(here, there, strict=True)])
    assert share < 1e-4, "hardly any sample is another at all"


def test_half_precision_agrees_nearly_everywhere(tmp_path, pretended):
    half = write_tiny(tmp_path, half=True)
    frames = [night(i, (270, 480)) for i in range(3)]
    here = cleaned(opened(half, frames[0], "cpu"), frames, 3)
    there = cleaned(opened(half, frames[0], "cuda"), frames, 3)
    apart = np.abs(
        np.stack([a.planes[0].astype(int) - b.planes[0] for a, b in zip(here, there, strict=True)])
    )
    assert apart.max() > 0, "it is half precision"
    assert (apart > 1).mean() < 1e-4
    assert apart.max() <= 4, "where little light is left its root is steep"


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_over_time_with_a_cut_and_batches_of_any_size(weights, pretended, batch):
    frames = [night(i, (90, 160), seed=i // 5) for i in range(9)]
    here = cleaned(opened(weights, frames[0], "cpu", smoothing=0.9), frames, 1, cuts=(5,))
    there = cleaned(opened(weights, frames[0], "cuda", smoothing=0.9), frames, batch, cuts=(5,))
    assert max(differences(here, there)) <= 1
    uncut = cleaned(opened(weights, frames[0], "cuda", smoothing=0.9), frames, batch)
    assert max(differences(there, uncut)) > 1, "the cut counts"


def test_another_process_goes_on_after_a_pause(weights, pretended):
    frames = [night(i, (180, 320)) for i in range(6)]
    whole = cleaned(opened(weights, frames[0], "cuda"), frames, 3)
    first, second = (opened(weights, frames[0], "cuda") for _ in range(2))
    first.process(FrameBatch(tuple(frames[:3])))
    second.restore(first.state())
    again = second.process(FrameBatch(tuple(frames[3:])))
    assert max(differences(list(again), whole[3:])) == 0
    assert second.report.facts["frames_seen"] == 6


def test_a_frame_that_nothing_is_taken_from_is_handed_on(weights, pretended):
    frame = night(0, (180, 320))
    stage = opened(weights, frame, "cuda", strength=0.0)
    assert stage.process(FrameBatch((frame,)))[0] is frame
    assert stage.report.facts["frames_changed"] == 0
    assert stage.report.facts["device_graph"] == "tiny-device.onnx"
    assert set(stage.report.seconds) == {"graph"}


def test_other_layouts_are_rendered_without_it(weights, pretended):
    frame = night(0, (180, 320))
    stage = opened(weights, frame, "cuda")
    deep = PixelLayout(10, (1, 1))
    stage.open(StreamInfo(320, 180, deep, frame.color))
    planes = tuple(p.astype(np.uint16) << 2 for p in frame.planes)
    (done,) = stage.process(FrameBatch((Frame(planes, 0, Fraction(1, 30), 0, layout=deep),)))
    assert done.planes[0].dtype == np.uint16
    assert "network" in stage.report.seconds


def short_of_memory(monkeypatch, room):
    """Make graphs fail for more rows than there is room for; the batches that were tried."""
    real, tried = device_graph.DeviceGraph._run_whole, []

    def run(self, batch):
        tried.append(len(batch["luma"]))
        if tried[-1] > room:
            raise RuntimeError("CUDA failure 2: out of memory")
        return real(self, batch)

    monkeypatch.setattr(device_graph.DeviceGraph, "_run_whole", run)
    return tried


def test_short_memory_halves_the_batch(weights, pretended, monkeypatch):
    frames = [night(i, (90, 160)) for i in range(7)]
    whole = cleaned(opened(weights, frames[0], "cuda"), frames, 7)
    tried = short_of_memory(monkeypatch, room=2)
    stage = opened(weights, frames[0], "cuda")
    assert max(differences(cleaned(stage, frames, 7), whole)) == 0
    assert tried == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert "batches of 1" in stage.report.facts["memory"][-1]


def test_without_memory_for_one_frame_the_stage_goes_on_without_the_graph(
    weights, pretended, monkeypatch
):
    frames = [night(i, (90, 160)) for i in range(4)]
    whole = cleaned(opened(weights, frames[0], "cpu"), frames, 2)
    stage = opened(weights, frames[0], "cuda")
    done = list(stage.process(FrameBatch(tuple(frames[:2]))))
    short_of_memory(monkeypatch, room=0)
    done += stage.process(FrameBatch(tuple(frames[2:])))
    assert max(differences(done, whole)) <= 1, "also the past goes on"
    assert any("not enough memory" in note for note in stage.report.facts["memory"])
    assert "device_graph" not in stage.report.facts


def test_other_failures_are_not_taken_for_memory(weights, pretended, monkeypatch):
    def run(_self, _batch):
        raise RuntimeError("Got invalid dimensions")

    monkeypatch.setattr(device_graph.DeviceGraph, "_run_whole", run)
    frame = night(0, (90, 160))
    with pytest.raises(RuntimeError, match="invalid dimensions"):
        opened(weights, frame, "cuda").process(FrameBatch((frame,)))


def test_a_graph_of_other_weights_is_refused(weights, pretended):
    entry = find_model(str(weights)).model_copy(update={"sha256": "0" * 64})
    with pytest.raises(ModelError, match="other weights"):
        device_glare.DeviceGlare(entry, device="cpu", threads=1)


def test_a_damaged_graph_is_refused(tmp_path):
    weights = write_tiny(tmp_path)
    entry = find_model(str(weights))
    path = tmp_path / "tiny-device.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="not those of the manifest"):
        entry.read_device_graph()
    with pytest.raises(ModelError, match="no device graph"):
        entry.model_copy(update={"device_graph": None}).read_device_graph()


@pytest.mark.parametrize(
    "change", [{"head": "image"}, {"size": (256, 256)}, {"precision": "int8"}], ids=str
)
def test_other_kinds_of_models_have_no_graph(weights, change):
    entry = find_model(str(weights)).model_copy(update=change)
    with pytest.raises(ModelError, match="can't have a device graph"):
        export_device_graph(entry)


def test_a_provider_that_cant_load_is_noticed(weights):
    entry = find_model(str(weights))
    with pytest.raises(DeviceError, match="fell back to CPU"):
        device_glare.DeviceGlare(entry, device="cuda:63", threads=1)


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 900), st.integers(3, 900), st.integers(0, 1 << 30))
def test_taps_sample_bytes_as_opencv_does(rows, columns, seed):
    plane = np.random.default_rng(seed).integers(0, 256, (rows, columns), dtype=np.uint8)
    (i, j), (a, b) = device_glare.taps(columns, 96, inside=True)
    (k, m), (c, d) = device_glare.taps(rows, 64, inside=False)
    lines = (plane[:, i] * a + plane[:, j] * b).astype(np.int64) >> 4
    c, d = (w.astype(np.int64)[:, None] for w in (c, d))
    ours = ((lines[k] * c >> 16) + (lines[m] * d >> 16) + 2) >> 2
    assert np.abs(ours - cv2.resize(plane, (96, 64))).max() == 0


@pytest.mark.parametrize("sigma", [0.375, 0.875, 2.4, 3, 3.625])
def test_the_kernel_is_that_of_opencvs_blur(sigma):
    spike = np.zeros((99, 99), np.float32)
    spike[49, 49] = 1
    kernel = device_glare.gaussian(sigma)
    reach = len(kernel) // 2
    row = cv2.GaussianBlur(spike, (0, 0), sigma)[49 - reach : 50 + reach].sum(axis=1)
    assert row == pytest.approx(kernel, abs=1e-6)


def test_halvings_are_those_of_the_shrunk_frame():
    assert [shrink.halvings(p, (288, 512)) for p in [(540, 960), (1080, 1920), (2160, 3840)]] == [
        0,
        1,
        2,
    ]


@pytest.mark.parametrize("model", [e.name for e in load_manifest().models if e.device_graph])
def test_the_shipped_graphs_are_the_shipped_weights(pretended, model):
    frames = [night(i, (180, 320)) for i in range(2)]
    here, there = (
        cleaned(opened(model, frames[0], device), frames, 2) for device in ("cpu", "cuda")
    )
    apart = np.abs(
        np.stack([a.planes[0].astype(int) - b.planes[0] for a, b in zip(here, there, strict=True)])
    )
    assert (apart > 1).mean() < 1e-4, f"export it again: {glare.__name__} or the weights changed"
