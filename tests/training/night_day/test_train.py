"""A run starts, is killed, goes on to the very same weights, and ends in usable weights."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial

import cv2
import numpy as np
import onnxruntime as ort
import pytest
import torch
from tiny_encoder import TINY

from dashcam_pipeline.cli import main
from dashcam_pipeline.errors import InputMissingError, ModelError
from dashcam_pipeline.inference.manifest import read_manifest
from dashcam_pipeline.training.common.card import OWN_WORDS, write_card
from dashcam_pipeline.training.common.export import export_onnx
from dashcam_pipeline.training.glare.nets import LITE0, load_pretrained
from dashcam_pipeline.training.night_day import export as night_day_export
from dashcam_pipeline.training.night_day import generators
from dashcam_pipeline.training.night_day.batches import Batches, Side
from dashcam_pipeline.training.night_day.config import NightDayConfig
from dashcam_pipeline.training.night_day.data import DomainSource, load_domain
from dashcam_pipeline.training.night_day.export import Run, card_facts, export_night_day
from dashcam_pipeline.training.night_day.generators import make_generator
from dashcam_pipeline.training.night_day.objectives import LIFT, Nets, classic
from dashcam_pipeline.training.night_day.pairs import PairMaker
from dashcam_pipeline.training.night_day.train import resume_config, train_night_day
from dashcam_pipeline.training.night_day.trainer import NightDayTrainer, decay

from .conftest import make_bdd100k, make_town


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """``town/night`` and ``town/day``, three pictures each; read only."""
    return make_town(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def config(town):
    return NightDayConfig(
        a=(f"{town / 'night'}@-1",),
        b=(f"{town / 'day'}@-1",),
        size=(32, 64),
        epochs=2,
        epoch_steps=2,
        batch=1,
        warm_up=0.2,
        precision="32",
        threads=1,
    )


@pytest.fixture(autouse=True, scope="module")
def small():
    """Two small lenses, and an encoder that is quick to export; tests don't need more."""
    from dashcam_pipeline.training.night_day import pairs  # noqa: PLC0415 - patched here
    from dashcam_pipeline.training.synthesis.glare import KernelBank  # noqa: PLC0415 - wrapped here

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generators, "LITE0", TINY)
        patch.setattr(generators, "load_pretrained", pretend_pretrained)
        patch.setattr(
            pairs,
            "KernelBank",
            lambda **options: KernelBank(**(options | {"count": 2, "size": 64})),
        )
        yield


def pretend_pretrained(encoder, _name):
    """No two tensors alike, as after a training: an export keeps one of equal ones."""
    generator = torch.Generator().manual_seed(0)
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.bias, -0.1, 0.1, generator=generator)


@pytest.fixture
def full_size(small, monkeypatch):
    """The encoder as it is outside of these tests."""
    monkeypatch.setattr(generators, "LITE0", LITE0)
    monkeypatch.setattr(generators, "load_pretrained", load_pretrained)


@pytest.fixture(scope="module")
def run(config, small, tmp_path_factory):
    """The folder of a run to its end; read only."""
    return train_night_day(config, tmp_path_factory.mktemp("trained") / "run").parent


def export(run, folder):
    arguments = ["export", str(run / "last.ckpt"), "--out", str(folder), "--licence", "CC0-1.0"]
    assert main([*arguments, "--trained-on", "a made-up town (CC0)"]) == 0
    return folder


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    """The weights of that run, for pictures of 64x32 alone, which is quicker; read only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(night_day_export, "export_onnx", partial(export_onnx, size=(64, 32)))
        return export(run, tmp_path_factory.mktemp("exported") / "weights")


def weights(path):
    stored = torch.load(path, weights_only=True)
    return {key: stored[key] for key in ("g", "f", "average_g", "judge_b")}


def same(a, b):
    return all(torch.equal(a[part][key], b[part][key]) for part in a for key in a[part])


TINY_RUN = """
import sys
from tiny_encoder import TINY
from dashcam_pipeline.cli import main
from dashcam_pipeline.training.night_day import generators
generators.LITE0, generators.load_pretrained = TINY, lambda *_: False
sys.exit(main(sys.argv[1:]))
"""
"""The command, with the small encoder of these tests."""


class KilledError(Exception):
    pass


def killed(_line):
    raise KilledError


def test_a_run_leaves_all_that_it_promises(run):
    rows = list(csv.DictReader((run / "curves.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"pair", "adversarial_b", "cycle_a", "judge_a"} <= set(rows[-1])
    grid = cv2.imread(str(run / "grid-0002.jpg"))
    assert grid.shape[1] == 4 * 384
    # Real day, day to night, real night, night to day: the first is bright, the third dark.
    cells = [grid[:, i * 384 : (i + 1) * 384].mean() for i in range(4)]
    assert cells[0] > 100 > cells[2]
    assert (run / "curves.png").is_file()
    assert not list(run.glob("*.part"))


def test_a_killed_run_goes_on_to_the_same_weights(run, config, tmp_path):
    with pytest.raises(KilledError):
        train_night_day(config, tmp_path / "killed", tell=killed)
    stored = torch.load(tmp_path / "killed" / "last.ckpt", weights_only=True)
    assert stored["step"] == 2
    path = train_night_day(resume_config(tmp_path / "killed"), tmp_path / "killed")
    assert same(weights(run / "last.ckpt"), weights(path))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_kill_9_leaves_a_whole_checkpoint(config, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-c", TINY_RUN, "train", "night-day", "--out", str(run)]
    command += ["--a", config.a[0], "--b", config.b[0], "--size", "32x64", "--batch", "1"]
    command += ["--no-darken", "--epochs", "400", "--threads", "1"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    limit = time.monotonic() + 300
    while not (run / "grid-0001.jpg").is_file() and process.poll() is None:
        assert time.monotonic() < limit
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    stored = torch.load(run / "last.ckpt", weights_only=True)
    assert stored["step"] >= 2
    done = stored["step"] // 2
    path = train_night_day(resume_config(run, epochs=done + 1), run)
    assert torch.load(path, weights_only=True)["step"] == 2 * (done + 1)


def test_the_budget_of_hours_ends_a_run(config, tmp_path):
    short = config.model_copy(update={"hours": 1e-9, "epochs": 10_000})
    path = train_night_day(short, tmp_path / "run")
    assert torch.load(path, weights_only=True)["step"] == 1


def test_the_rate_falls_over_the_second_half():
    assert [decay(p) for p in (0, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]


@pytest.fixture
def classic_trainer(config, town, monkeypatch):
    few = partial(generators.ResnetGenerator, width=32, blocks=3)
    monkeypatch.setattr(generators, "ResnetGenerator", few)
    settings = config.model_copy(update={"generator": "resnet9"})
    a, b = (load_domain([DomainSource.parse(str(town / side))], [""]) for side in ("night", "day"))
    return NightDayTrainer(settings, a, b, None)


def test_the_papers_losses_are_nothing_for_perfect_networks(classic_trainer):
    """With G = F = identity on equal domains and judges that say 1, every term is zero."""
    picture = torch.rand(1, 3, 32, 64, generator=torch.Generator().manual_seed(0))
    side = Side(picture, torch.tensor([0]))
    sure = torch.nn.Module()
    sure.forward = lambda *_: [torch.ones(1, 1, 2, 2)]
    nothing = torch.nn.Identity()
    outcome = classic(Nets(nothing, nothing, sure, sure, None), side, side, torch.Generator())
    assert {name: float(value) for name, value in outcome.terms.items()} == dict.fromkeys(
        (
            *("adversarial_b", "adversarial_a", "cycle_a", "cycle_b"),
            *("identity_b", "identity_a"),
        ),
        0.0,
    )


def test_the_classic_run_steps_and_learns_to_reconstruct(classic_trainer):
    first = classic_trainer.advance(0.0)
    classic_trainer.advance(0.0)
    assert set(first) == {
        *("adversarial_b", "adversarial_a", "cycle_a", "cycle_b"),
        *("identity_b", "identity_a", "judge_a", "judge_b"),
    }
    later = [classic_trainer.advance(0.0) for _ in range(10)][-1]
    keys = ("cycle_a", "cycle_b", "identity_a", "identity_b")
    assert sum(later[k] for k in keys) < 0.8 * sum(first[k] for k in keys)
    assert len(classic_trainer.buffer_a.pictures) == 12


def test_judges_do_not_learn_in_the_generators_part(config, town, tmp_path):
    a, b = (load_domain([DomainSource.parse(str(town / side))], [""]) for side in ("night", "day"))
    trainer = NightDayTrainer(config, a, b, None, pretrained=False)
    for group in trainer.judge_optimizer.param_groups:
        group["params"] = []  # whatever moves a judge now is the generators' step
    before = {k: v.clone() for k, v in trainer.judge_b.named_parameters()}
    generator = {k: v.clone() for k, v in trainer.g.named_parameters() if v.requires_grad}
    trainer.advance(0.5)
    assert all(torch.equal(before[k], v) for k, v in trainer.judge_b.named_parameters())
    assert any(
        not torch.equal(v, dict(trainer.g.named_parameters())[k]) for k, v in generator.items()
    )


def test_an_export_gives_both_directions_and_cards(run, exported, tmp_path):
    weights_folder = shutil.copytree(exported, tmp_path / "weights")
    manifest = read_manifest(weights_folder)
    assert {(e.name, e.stage, e.maps) for e in manifest.models} == {
        ("night-to-day", "night-to-day", 3),
        ("day-to-night", "day-to-night", 3),
    }
    for entry in manifest.models:
        session = ort.InferenceSession(entry.read(), providers=["CPUExecutionProvider"])
        (source,) = session.get_inputs()
        picture = np.random.default_rng(0).random((2, 3, 64, 32), np.float32)
        (made,) = session.run(None, {source.name: picture})
        assert made.shape == picture.shape
        assert 0 <= made.min() <= made.max() <= 1
        assert entry.path.stat().st_size < 2.5 * entry.parameters  # half precision
        card = weights_folder / entry.card
        assert "a made-up town (CC0)" in card.read_text()
        assert str(run.parent) not in card.read_text()
        assert str(exported.parent) not in card.read_text()
        head, _ = card.read_text().split(OWN_WORDS)
        card.write_text(f"old{OWN_WORDS}\nIt can't see round corners.\n")
        write_card(card, card_facts(entry, Run.load(run / "last.ckpt")))
        assert card.read_text() == f"{head}{OWN_WORDS}\nIt can't see round corners.\n"


def test_a_run_begins_with_exported_weights(run, exported, config, tmp_path):
    stored = torch.load(run / "last.ckpt", weights_only=True)
    exported = shutil.copytree(exported, tmp_path / "weights")
    later = config.model_copy(update={"start": exported, "epochs": 1, "epoch_steps": 1})
    begun = later.model_copy(update={"rate": 1e-12})
    again = torch.load(train_night_day(begun, tmp_path / "begun"), weights_only=True)
    for part, average in (("g", "average_g"), ("f", "average_f")):
        for key, value in again[part].items():
            torch.testing.assert_close(
                value, stored[average][f"module.{key}"], rtol=1e-3, atol=1e-5
            )
    entry = read_manifest(exported).get("night-to-day")
    assert "(`--start weights`)" in card_facts(entry, Run.load(tmp_path / "begun" / "last.ckpt"))
    # They know their task: no warm-up, the judges are there from the first step.
    assert "judge_b" in next(csv.DictReader((tmp_path / "begun" / "curves.csv").open()))
    with pytest.raises(ModelError, match="does not fit a generator of kind unet"):
        train_night_day(later.model_copy(update={"generator": "unet"}), tmp_path / "other")
    (exported / "day-to-night.onnx").unlink()
    with pytest.raises(InputMissingError, match=r"day-to-night\.onnx is not a file"):
        train_night_day(later, tmp_path / "none")


def test_nights_are_filmed_by_other_cameras_where_g_is_alone(config, town):
    """Those cameras have no days of their own: their nights are to become any camera's days."""
    a, b = (
        load_domain([DomainSource.parse(str(town / side))], ["", "town"])
        for side in ("night", "day")
    )
    b.pictures.append(np.full((96, 160, 3), 255, np.uint8))
    b.families.append(0)
    batches = Batches(config, a, b, None, torch.device("cpu"))
    varied = 0
    for step in range(20):
        plain, other = batches.nights(step), batches.nights(step, varied=True)
        assert torch.equal(other.picture, batches.nights(step, varied=True).picture)
        assert other.picture.shape == plain.picture.shape
        assert 0 <= float(other.picture.min()) <= float(other.picture.max()) <= 1
        differs = not torch.equal(plain.picture, other.picture)
        assert (plain.family.tolist(), other.family.tolist()) == ([1], [0 if differs else 1])
        day = batches.days(step, like=other)
        assert day.family.tolist() == other.family.tolist()
        assert (float(day.picture.min()) == 1) == differs
        varied += differs
    assert 3 < varied < 17


@pytest.mark.slow
def test_exported_weights_take_pictures_of_any_size(run, tmp_path):
    for entry in read_manifest(export(run, tmp_path / "weights")).models:
        session = ort.InferenceSession(entry.read(), providers=["CPUExecutionProvider"])
        (source,) = session.get_inputs()
        for shape in ((2, 3, 64, 32), (1, 3, 96, 160)):
            (made,) = session.run(None, {source.name: np.zeros(shape, np.float32)})
            assert made.shape == shape


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "lift"), [("grid", 1.0), ("grid", LIFT), ("unet", 1.0), ("resnet9", 1.0)]
)
def test_every_generator_exports_at_its_full_size(kind, lift, full_size, tmp_path):
    net = make_generator(kind, lift=lift).eval()
    assert export_onnx(net, tmp_path / "net.onnx", output="translated", half=True) < 1 / 255


def test_the_unet_takes_both_kinds_of_step(config, town):
    settings = config.model_copy(update={"generator": "unet"})
    a, b = (load_domain([DomainSource.parse(str(town / side))], [""]) for side in ("night", "day"))
    trainer = NightDayTrainer(settings, a, b, PairMaker([], b.pictures), pretrained=False)
    assert set(trainer.advance(0.0)) == {"pair", "pair_features", "pair_night"}
    half, whole = trainer.advance(0.5), trainer.advance(0.5)
    assert {"adversarial_b", "judge_b", "pair"} <= set(half)
    assert "judge_a" not in half
    assert {"adversarial_a", "judge_a", "cycle_a", "cycle_b", "pair_night"} <= set(whole)


def test_other_checkpoints_are_refused(config, tmp_path):
    other = tmp_path / "run" / "last.ckpt"
    other.parent.mkdir()
    torch.save({"glare_config": {}}, other)
    with pytest.raises(ModelError, match="not the checkpoint of a night-to-day"):
        export_night_day(other, tmp_path, licence="x", trained_on=["y"])
    with pytest.raises(ModelError, match="not the checkpoint of a night-to-day"):
        train_night_day(config, other.parent)
    with pytest.raises(InputMissingError, match="no run to go on with"):
        resume_config(tmp_path)


def test_bdd100k_trains(tmp_path):
    make_bdd100k(tmp_path / "images/100k", tmp_path / "labels/bdd100k_labels_images_train.json")
    config = NightDayConfig(
        bdd100k=tmp_path, size=(32, 64), epochs=1, epoch_steps=1, batch=1, threads=1
    )
    assert train_night_day(config, tmp_path / "run").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "either --out"),
        (["--out", "x", "--resume", "y"], "either --out"),
        (["--resume", "x", "--a", "y"], "keeps its settings"),
        (["--out", "x", "--a", "y"], "both domains need pictures"),
        (["--out", "x", "--a", "y", "--b", "z", "--size", "100x100"], "multiples of 32"),
        (["--out", "x", "--a", "y", "--b", "z", "--size", "big"], "HEIGHTxWIDTH"),
        (["--out", "x", "--a", "nowhere", "--b", "z"], "nowhere is not a folder"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "night-day", *arguments]) != 0
    assert message in capsys.readouterr().err
