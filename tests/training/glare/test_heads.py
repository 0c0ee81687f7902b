"""Weights of every head on their way from a checkpoint to the stage."""

from __future__ import annotations

import numpy as np
import torch
from dark_pictures import night

from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.inference.session import Network
from dashcam_pipeline.training.common import export as exporting
from dashcam_pipeline.training.common.export import export_run
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, cleaner
from dashcam_pipeline.training.glare.config import GlareTrainingConfig
from dashcam_pipeline.training.glare.nets import make_net


def make_checkpoint(folder, **settings):
    """A checkpoint of an untrained network with random weights, and the network."""
    torch.manual_seed(1)
    config = GlareTrainingConfig(data=("night:x",), encoder="tu-mobilenetv3_small_050", **settings)
    net = make_net(config, pretrained=False).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    stored = {f"average.module.{name}": value for name, value in net.state_dict().items()}
    path = folder / "last.ckpt"
    torch.save(
        {
            "state_dict": stored,
            "glare_config": config.model_dump(mode="json"),
            "global_step": 0,
            "spent": 0.0,
        },
        path,
    )
    return path, net


def export(checkpoint, folder, **options):
    path, _ = export_run(
        checkpoint, folder, "mine", licence="CC0-1.0", trained_on=["noise"], **options
    )
    return find_model(str(path))


def test_pruning_leaves_the_other_heads_out(tmp_path, monkeypatch):
    checkpoint, net = make_checkpoint(tmp_path, supervision="mean")
    written = []

    def write(exported, path, **_options):
        written.append(exported)
        path.write_bytes(b"weights")
        return 0.0

    monkeypatch.setattr(exporting, "export_onnx", write)
    whole, pruned = (export(checkpoint, tmp_path / "weights", prune=p) for p in (False, True))
    sides = sum(p.numel() for p in net.sides.parameters())
    assert pruned.parameters == whole.parameters - sides
    picture = torch.rand(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(written[1](picture), net.answers(picture)[-1])


def test_the_autoencoder_works_at_its_one_size_whatever_the_frame(tmp_path):
    checkpoint, net = make_checkpoint(tmp_path, model="autoencoder")
    entry = export(checkpoint, tmp_path / "weights")
    assert (entry.head, entry.maps, entry.size) == ("image", 3, (128, 224))
    assert entry.work_area == 128 * 224
    picture = torch.rand(3, 3, 128, 224)
    with torch.inference_mode():
        wanted = net(picture).numpy()
    assert np.abs(Network(entry).run(picture.numpy()) - wanted).max() < 1e-3
    frame = night(180, 240)
    with cleaner(str(entry.path), {"streaks": 1.0}) as pipeline:
        cleaned = clean_picture(pipeline, frame)
    assert cleaned.shape == frame.shape
    assert cleaned.astype(int).sum() < frame.astype(int).sum()
