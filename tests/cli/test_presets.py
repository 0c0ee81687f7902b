from __future__ import annotations

import json
import re

import pytest
from factory import Picture, make_clip

from dashcam_pipeline.presets import find
from dashcam_pipeline.presets.find import BUILT_IN, own_folder
from dashcam_pipeline.stages.registry import BUILT_IN as STAGES


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(find, "user_config_path", lambda *_, **__: tmp_path / "config")


@pytest.fixture
def clip(tmp_path):
    (tmp_path / "card").mkdir()
    return make_clip(tmp_path / "card" / "night.mp4", Picture(frames=5, size=(128, 96)))


def own(name, text):
    own_folder().mkdir(parents=True, exist_ok=True)
    (own_folder() / f"{name}.toml").write_text(text, encoding="utf-8")


def test_the_list_says_what_each_is_for_and_sets(dashcam):
    own("mine", 'summary = "For me."\ncrf = 17\n')
    code, out, err = dashcam("presets")
    assert (code, err) == (0, "")
    for name, summary in BUILT_IN.items():
        assert f"{name}  {summary}" in out
    assert '    max_size  "1x"' in out
    assert "mine  For me.\n    crf  17\n" in out
    assert out.splitlines()[-1] == f"Your own: {own_folder() / 'NAME.toml'}"


def test_the_list_as_json(dashcam):
    found = {preset["name"]: preset for preset in json.loads(dashcam("presets", "--json")[1])}
    assert found.keys() == BUILT_IN.keys()
    assert found["evidence"]["settings"]["synthetic"] is False


def test_a_broken_one_is_said_and_hides_no_other(dashcam):
    own("bad", "crf = 99\n")
    own("evidence", "crf = 40\n")
    own("mine", "crf = 17\n")
    code, out, err = dashcam("presets")
    assert code == 0
    assert "mine\n" in out
    assert "bad.toml: crf = 99 is not possible" in err
    assert "evidence.toml is never used: the preset evidence is built in." in err


def test_a_preset_sets_what_is_not_said(dashcam, clip, tmp_path):
    report = tmp_path / "r.json"
    code, out, err = dashcam(
        "clean", clip, "--no-stages", "--preset", "evidence", "--crf", "19", "--report", report
    )
    assert code == 0
    assert "note: --crf: as you say, not as the preset evidence has it." in err
    assert re.search(r"^preset +evidence$", out, re.MULTILINE)
    data = json.loads(report.read_text(encoding="utf-8"))
    assert data["settings"]["preset"] == "evidence"
    assert data["settings"]["deterministic"]
    assert data["encoder_options"]["crf"] == "19"


def test_evidence_refuses_what_no_camera_saw_unless_it_is_said_twice(dashcam, clip, monkeypatch):
    monkeypatch.setitem(STAGES, "dream", "toys:Dream")
    beside = sorted(clip.parent.iterdir())
    code, _, err = dashcam("clean", clip, "--preset", "evidence", "--stage", "dream")
    assert code == 2
    assert "the preset evidence allows no such stage" in err
    assert "pass --synthetic" in err
    assert sorted(clip.parent.iterdir()) == beside
    code, _, err = dashcam("clean", clip, "--no-synthetic", "--stage", "dream")
    assert code == 2
    assert "--no-synthetic allows no such stage" in err
    code, _, err = dashcam("clean", clip, "--preset", "evidence", "--stage", "dream", "--synthetic")
    assert code == 0
    assert "--synthetic" in err


def test_a_batch_refuses_it_before_anything_runs(dashcam, clip, tmp_path, monkeypatch):
    monkeypatch.setitem(STAGES, "dream", "toys:Dream")
    code, _, err = dashcam(
        "batch", clip.parent, tmp_path / "out", "--preset", "evidence", "--stage", "dream"
    )
    assert code == 2
    assert "the preset evidence allows no such stage" in err
    assert not list((tmp_path / "out").rglob("*.mp4"))


def test_quiet_keeps_quiet(dashcam, clip):
    args = ("clean", clip, "--no-stages", "--preset", "evidence", "--crf", "19", "-q")
    assert dashcam(*args) == (0, "", "")


def test_what_is_no_preset_but_a_speed_of_the_encoder(dashcam, clip):
    code, _, err = dashcam("clean", clip, "--preset", "veryfast")
    assert code == 2
    assert "There is no preset 'veryfast'." in err
    assert "--encoder-preset" in err


def test_a_preview_takes_it_and_leaves_a_chain_out_where_none_runs(dashcam, clip, tmp_path):
    after, target = clip.with_name("after.mp4"), tmp_path / "p.mp4"
    after.write_bytes(clip.read_bytes())
    assert dashcam("preview", clip, after, "-o", target, "--preset", "evidence")[0] == 0
    assert target.is_file()


def test_a_batch_that_is_resumed_knows_a_preset_by_what_it_sets(dashcam, clip, tmp_path):
    out = tmp_path / "out"
    own("mine", "crf = 30\n")
    args = ("batch", clip.parent, out, "--no-stages", "--preset")
    assert "1  cleaned" in dashcam(*args, "mine")[1]
    assert "1  done before" in dashcam(*args, "mine")[1]
    own("theirs", "crf = 30\n")
    assert "1  done before" in dashcam(*args, "theirs")[1]
    assert json.loads((out / "report.json").read_text())["settings"]["crf"] == 30
    own("mine", "crf = 31\n")
    assert "1  done before" not in dashcam(*args, "mine", "--overwrite")[1]
    assert json.loads((out / "report.json").read_text())["settings"]["crf"] == 31
