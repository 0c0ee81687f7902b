"""A training that starts, stops, goes on, and ends in weights that the stage can use."""

from __future__ import annotations

import csv
import json
import shutil
import warnings

import cv2
import numpy as np
import pytest
import torch
from dark_pictures import night, write_folders
from tiny_encoder import TINY

from dashcam_pipeline.errors import InputMissingError, ModelError
from dashcam_pipeline.inference.manifest import read_manifest
from dashcam_pipeline.inference.session import Network
from dashcam_pipeline.training.common import precision
from dashcam_pipeline.training.common.export import export_run
from dashcam_pipeline.training.evaluation.glare.metrics import PairScore, Regions
from dashcam_pipeline.training.evaluation.glare.nights import NightScore, measure_nights
from dashcam_pipeline.training.evaluation.glare.pair_folder import PairFolder
from dashcam_pipeline.training.evaluation.glare.pairs import measure_pairs, pairs_table
from dashcam_pipeline.training.evaluation.glare.stage import clean_picture, cleaner
from dashcam_pipeline.training.glare import export as glare_export
from dashcam_pipeline.training.glare import train as glare_train
from dashcam_pipeline.training.glare.config import GlareTrainingConfig
from dashcam_pipeline.training.glare.losses import GlareTargets, glare_loss
from dashcam_pipeline.training.glare.module import GlareModule
from dashcam_pipeline.training.glare.nets import LITE0, GlareNet, load_pretrained
from dashcam_pipeline.training.glare.train import load_start, resume_config, train_glare


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """What is trained on and looked at; read only."""
    return write_folders(tmp_path_factory.mktemp("scene"))


@pytest.fixture(scope="module")
def pairs(scene):
    folder = scene / "pairs"
    for side in ("flare", "clear"):
        (folder / side).mkdir(parents=True)
    clear = night(128, 192)
    flare = clear.copy()
    flare[30:34] = np.maximum(flare[30:34], 120)
    cv2.imwrite(str(folder / "clear" / "a.png"), clear)
    cv2.imwrite(str(folder / "flare" / "a.png"), flare)
    (folder / "some.txt").write_text("a.png scene-1\n")
    return folder


@pytest.fixture(scope="module")
def config(scene, pairs):
    return GlareTrainingConfig(
        data=(f"night:{scene / 'night'}", f"day:{scene / 'day'}"),
        hours=1e-6,
        batch=2,
        crop=(64, 64),
        whole_frames=0.0,
        epoch_steps=1,
        kernels=1,
        precision="32-true",
        pairs=pairs,
        pairs_list=pairs / "some.txt",
        look=scene / "night",
        model="unet",  # with this encoder quick to export
        encoder=TINY,
    )


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    """A run of one step; read only."""
    folder = tmp_path_factory.mktemp("run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's advice to its users
        train_glare(config, folder)
    return folder


TERMS = {"licence": "CC0-1.0", "trained_on": ["noise (CC0)"]}


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """Its weights ``mine``; read only."""
    folder = tmp_path_factory.mktemp("weights")
    return glare_export.export_glare(run / "last.ckpt", folder, "mine", **TERMS)


@pytest.fixture(scope="module")
def twins(run, exported, scene, tmp_path_factory):
    """The same with all that may come beside them; read only."""
    folder = tmp_path_factory.mktemp("twins")
    shutil.copytree(exported.path.parent, folder, dirs_exist_ok=True)
    there = folder / exported.path.name, exported.difference
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(glare_export, "export_run", lambda *_args, **_options: there)
        patch.setattr(glare_export, "LENSES", 1)
        patch.setattr(glare_export, "CALIBRATION", 2)
        patch.setattr(glare_export, "MEASURED", 2)
        patch.setattr(precision, "CALIBRATION", 2)
        return glare_export.export_glare(
            run / "last.ckpt",
            folder,
            "mine",
            **TERMS,
            precisions=("fp16", "int8"),
            calibration=[f"night:{scene / 'night'}"],
        )


@pytest.mark.filterwarnings("ignore")  # Lightning's advice to its users
def test_a_run_leaves_all_that_it_promises_and_goes_on(run, tmp_path):
    run = shutil.copytree(run, tmp_path / "run")
    record = json.loads((run / "config.json").read_text())
    assert record["versions"]["torch"] == torch.__version__
    rows = list(csv.DictReader((run / "pairs.csv").open()))
    assert {row["row"] for row in rows} == {"nothing", "structured", "default", "all"}
    assert list(run.glob("grid-*.jpg"))
    before = torch.load(run / "last.ckpt", weights_only=True)

    train_glare(resume_config(run, hours=2e-6), run)
    after = torch.load(run / "last.ckpt", weights_only=True)
    assert after["global_step"] > before["global_step"]
    assert after["spent"] > before["spent"]


@pytest.mark.filterwarnings("ignore")
def test_a_run_that_breaks_within_an_epoch_goes_on_from_minutes_before(
    config, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    often = config.model_copy(update={"epoch_steps": 5, "save_minutes": 1e-6, "epochs": 1})
    draw = GlareModule.batch

    def fail(self, step):
        if step == 3:
            raise RuntimeError("the power is gone")
        return draw(self, step)

    monkeypatch.setattr(GlareModule, "batch", fail)
    with pytest.raises(RuntimeError, match="power"):
        train_glare(often, folder)
    assert 2 <= torch.load(folder / "last.ckpt", weights_only=True)["global_step"] <= 3
    assert not list(folder.glob("*.part"))
    monkeypatch.setattr(GlareModule, "batch", draw)
    train_glare(resume_config(folder), folder)
    assert torch.load(folder / "last.ckpt", weights_only=True)["global_step"] == 5


@pytest.mark.filterwarnings("ignore")
def test_an_export_is_what_the_stage_runs(exported, tmp_path, pairs):
    path = exported.path
    assert exported.difference < 1e-4
    assert b"stack_trace" not in path.read_bytes(), "no folder of the machine it was made on"
    with cleaner(str(path), {}) as pipeline:
        picture = night()
        assert clean_picture(pipeline, picture).shape == picture.shape
        mine = {"mine": pipeline}
        rows = measure_pairs(PairFolder.open(pairs), mine, pictures=tmp_path / "seen").rows()
        assert [row.name for row in rows] == ["doing nothing", "mine"]
        assert "| doing nothing |" in pairs_table(rows)
        assert (tmp_path / "seen" / "pair-a.png").is_file()
        nights = measure_nights([pairs / "clear" / "a.png"], mine)
        assert set(nights.scores["mine"]) == {"a.png"}
        assert "haze in the ring" in nights.markdown()


@pytest.mark.filterwarnings("ignore")
def test_an_export_writes_twins_in_fewer_bits_and_a_card(run, twins, tmp_path, monkeypatch):
    done, weights = twins, twins.path.parent
    assert abs(done.losses["fp16"]) < 0.2
    assert abs(done.losses["int8"]) < 3
    entries = {entry.name: entry for entry in read_manifest(weights).models}
    assert {name: entry.precision for name, entry in entries.items()} == {
        "mine": "fp32",
        "mine-fp16": "fp16",
        "mine-int8": "int8",
    }
    assert entries["mine"].quick_twin() == entries["mine-int8"]
    assert entries["mine-int8"].quick_twin() == entries["mine-int8"]
    size = {name: entry.path.stat().st_size for name, entry in entries.items()}
    assert max(size["mine-int8"], size["mine-fp16"]) < size["mine"]
    picture = np.ascontiguousarray(night(64, 96)[..., ::-1].transpose(2, 0, 1), np.float32) / 255
    maps = {name: Network(entry).run(picture[None]) for name, entry in entries.items()}
    assert np.abs(maps["mine-fp16"] - maps["mine"]).max() < 0.02
    assert np.abs(maps["mine-int8"] - maps["mine"]).mean() < 0.03

    text = (weights / "mine.md").read_text()
    for fact in ("noise (CC0)", "dashcam train glare", "1 steps", "(doing nothing)", "int8"):
        assert fact in text
    for folder in (run, weights):
        assert str(folder) not in text, "no folder of the machine it was trained on"
    card = shutil.copytree(weights, tmp_path / "weights") / "mine.md"
    card.write_text(text + "\nIt can't see through fog.\n")
    there = done.path, done.difference
    monkeypatch.setattr(glare_export, "export_run", lambda *_args, **_options: there)
    glare_export.export_glare(run / "last.ckpt", card.parent, "mine", **TERMS)
    assert card.read_text().endswith("It can't see through fog.\n")


@pytest.mark.filterwarnings("ignore")
def test_a_run_can_start_from_what_fits_of_another_ones_weights(run, config, tmp_path):
    stored = torch.load(run / "last.ckpt", weights_only=True)["state_dict"]
    picture_head = GlareModule(config.model_copy(update={"head": "image"}), None)
    taken = load_start(picture_head, run / "last.ckpt")
    own = picture_head.net.state_dict()
    assert taken == len(own) - 2, "all but the last convolution, which has other maps"
    name = "net.encoder.model.conv_stem.weight"
    assert torch.equal(own[name], stored[f"average.module.{name}"])
    assert torch.equal(picture_head.average.module.state_dict()[name], own[name])
    with pytest.raises(InputMissingError):
        load_start(picture_head, tmp_path / "none.ckpt")
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match="nothing in"):
        load_start(picture_head, tmp_path / "other.ckpt")


@pytest.mark.filterwarnings("ignore")
def test_a_run_can_start_from_exported_weights(exported, config, tmp_path):
    path = exported.path
    module = glare_train._make_module(config)
    before = module.net.state_dict()["net.encoder.model.conv_stem.weight"].clone()
    picture = torch.from_numpy(night(64, 96)).permute(2, 0, 1)[None].float() / 255
    (wanted,) = Network(read_manifest(path.parent).get("mine")).run(picture.numpy())
    convolutions = [m for m in module.net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert load_start(module, path) == len(convolutions), "all of them"
    assert not torch.equal(module.net.state_dict()["net.encoder.model.conv_stem.weight"], before)
    for net in (module.net, module.average.module):
        with torch.no_grad():
            (found,) = net.eval()(picture)
        assert np.allclose(found, wanted, atol=1e-4)
    norms = [m for m in module.net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert all((norm.running_var != 1).any() for norm in norms), "each met pictures"

    other = tmp_path / "other.onnx"
    other.write_bytes(b"no weights")
    with pytest.raises(ModelError, match="not an ONNX file"):
        load_start(module, other)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("still", [False, True])
def test_batch_norms_may_stay_as_they_are(config, tmp_path, still):
    whole_run = {"still_norms": still, "cool_down": 0.0, "epochs": 1}
    checkpoint = train_glare(config.model_copy(update=whole_run), tmp_path)
    means = [
        tensor
        for name, tensor in torch.load(checkpoint, weights_only=True)["state_dict"].items()
        if name.startswith("net.") and name.endswith("running_mean")
    ]
    assert means
    assert all(not mean.any() for mean in means) == still


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_network_that_is_trained_unless_another_is_asked_for_exports_too(config, tmp_path):
    default = GlareTrainingConfig.model_fields["encoder"].default
    usual = {"model": "unetpp", "encoder": default}
    train_glare(config.model_copy(update=usual), tmp_path / "run")
    path, difference = export_run(
        tmp_path / "run" / "last.ckpt", tmp_path, "mine", licence="CC0-1.0", trained_on=["noise"]
    )
    assert difference < 1e-4
    with cleaner(str(path), {}) as pipeline:
        assert clean_picture(pipeline, night()).shape == night().shape


def test_no_run_no_resume(tmp_path):
    with pytest.raises(InputMissingError, match="no run to go on with"):
        resume_config(tmp_path)
    with pytest.raises(InputMissingError):
        export_run(tmp_path / "last.ckpt", tmp_path, "x", licence="x", trained_on=["x"])
    torch.save({}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match="not the checkpoint"):
        export_run(tmp_path / "other.ckpt", tmp_path, "x", licence="x", trained_on=["x"])


def test_the_encoder_starts_from_imagenet():
    net = GlareNet()
    fresh = GlareNet(pretrained=False)
    stem = "model.conv_stem.weight"
    own = net.net.encoder.state_dict()
    assert not torch.equal(own[stem], fresh.net.encoder.state_dict()[stem])
    assert load_pretrained(fresh.net.encoder, LITE0)
    assert all(torch.equal(own[k], v) for k, v in fresh.net.encoder.state_dict().items())
    assert sum(p.numel() for p in net.parameters()) < 5_000_000
    with torch.inference_mode():
        maps = net.eval()(torch.rand(1, 3, 64, 96))
    assert maps.shape == (1, 7, 64, 96)
    assert float(maps.min()) > 0
    assert float(maps.mean()) < 0.2, "a fresh net must not see glare everywhere"


def test_an_unknown_architecture_is_refused():
    with pytest.raises(ModelError, match="there are unetpp, unet"):
        GlareNet("transformer")


def test_the_right_answer_costs_least():
    g = torch.Generator().manual_seed(0)
    structured = torch.rand(2, 3, 32, 32, generator=g) * 0.2
    veil = torch.full((2, 3, 32, 32), 0.05)
    clean = torch.rand(2, 3, 32, 32, generator=g) * 0.3
    glare = (clean.square() + structured + veil).sqrt()
    lamps = torch.zeros(2, 1, 32, 32)
    targets = GlareTargets(glare, glare, structured, veil, lamps)
    right = torch.cat([structured.sqrt(), veil.sqrt(), lamps], dim=1)
    nothing = torch.zeros(2, 7, 32, 32)

    def total(maps):
        return float(torch.stack(list(glare_loss(maps, targets).values())).sum())

    assert total(right) < 0.01 < total(nothing)


def test_regions_and_scores():
    clear = np.full((64, 64, 3), 0.2, np.float32)
    clear[:4, :4] = 1.0
    flare = clear.copy()
    flare[20:40, 20:40] += 0.2
    regions = Regions.of(flare, clear)
    assert regions.glare[30, 30]
    assert not regions.rest[30, 30]
    assert regions.rest[60, 60]
    assert not regions.glare[0, 0]
    assert not regions.rest[0, 0]
    score = PairScore.of(flare, clear, regions)
    assert score.glare < score.whole < score.rest


def test_night_scores_see_haze_and_lamps():
    before = np.full((200, 200, 3), 40, np.uint8)
    cv2.circle(before, (60, 100), 30, (120, 120, 120), -1)
    cv2.circle(before, (60, 100), 6, (255, 255, 255), -1)
    after = before.copy()
    after[(after == 120).all(axis=2)] = 60
    score = NightScore.of(before, after)
    assert score.ring == pytest.approx(-0.5, abs=0.05)
    assert score.far == 0
    assert score.crushed == 0
    assert score.lamps == 1
