from __future__ import annotations

import json

import judge
import pytest
from drives import split, whole_drive
from factory import Picture, make_clip, without_index

from dashcam_pipeline.errors import BatchError


@pytest.fixture
def card(tmp_path):
    split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "card", again=1)
    return tmp_path / "card"


def test_the_summary_says_what_was_joined(dashcam, card, tmp_path):
    code, out, err = dashcam("join", card, "-o", tmp_path / "drive.mp4")
    assert (code, err) == (0, "")
    assert "copied)" in out.splitlines()[0]
    assert "joined     3 clips, 6.0 s" in out
    assert "overlaps   cut once: 1.0 s at 1.0 s, 1.0 s at 3.0 s" in out
    assert "chain      none: packets are copied as they are, and were looked through for" in out


def test_a_damaged_clip_shows_in_the_exit_code(dashcam, card, tmp_path):
    clip = sorted(card.iterdir())[1]
    without_index(clip, tmp_path / "x")
    (tmp_path / "x").replace(clip)
    report = tmp_path / "report.json"
    code, out, _err = dashcam("join", card, "-o", tmp_path / "drive.mp4", "--report", report)
    assert code == BatchError.exit_code
    assert f"left out   {clip}" in out
    assert judge.frames(tmp_path / "drive.mp4")
    said = json.loads(report.read_text())
    assert said["exit_code"] == BatchError.exit_code
    assert [bool(one["problem"]) for one in said["joined"]["clips"]] == [False, False, True]


def test_what_cannot_be_copied_is_told_with_the_flag_that_helps(dashcam, tmp_path):
    a = make_clip(tmp_path / "a.mp4", Picture(size=(128, 72)))
    b = make_clip(tmp_path / "b.mp4", Picture(size=(160, 90)))
    code, _out, err = dashcam("join", a, b, "-o", tmp_path / "drive.mp4")
    assert code == 2
    assert "picture size" in err
    assert "Pass --reencode to encode their pictures anew." in err
    assert not (tmp_path / "drive.mp4").exists()
    assert dashcam("join", a, b, "-o", tmp_path / "drive.mp4", "--reencode")[0] == 0


def test_stages_are_run_only_if_asked_for(dashcam, card, tmp_path):
    def chain(*options):
        target = tmp_path / f"{len(options)}.mp4"
        report = tmp_path / f"{len(options)}.json"
        small = ("--quality", "fast", "--threads", "1")
        more = small if options else ()
        assert dashcam("join", card, "-o", target, "--report", report, *options, *more)[0] == 0
        return [stage["name"] for stage in json.loads(report.read_text())["stages"]]

    assert chain() == []
    assert chain("--stage", "glare", "-q") == ["glare"]


def test_what_a_copy_has_no_use_for_is_said(dashcam, card, tmp_path):
    code, _out, err = dashcam("join", card, "-o", tmp_path / "a.mp4", "--crf", "20")
    assert code == 0
    assert "Pictures are copied: --crf has no effect without --reencode." in err
    code, out, err = dashcam("join", card, "-o", tmp_path / "b.mp4", "--crf", "20", "--no-stages")
    assert (code, err) == (0, "")
    assert "libx264" in out


def test_flags_that_contradict_each_other_are_refused(dashcam, card, tmp_path):
    code, _out, err = dashcam("join", card, "-o", tmp_path / "a.mp4", "--clean", "--stage", "glare")
    assert code == 2
    assert "exclude each other" in err


def test_which_drive_is_asked_with_the_flag_that_chooses(dashcam, tmp_path):
    split(whole_drive(tmp_path / "whole.mp4", seconds=4), tmp_path / "card", gap=2000)
    code, _out, err = dashcam("join", tmp_path / "card", "-o", tmp_path / "drive.mp4")
    assert code == 2
    assert "--drive 2: 2024-01-01 12:33:22" in err


def test_nothing_is_replaced_without_being_asked(dashcam, card, tmp_path):
    target = tmp_path / "drive.mp4"
    assert dashcam("join", card, "-o", target)[0] == 0
    before = target.read_bytes()
    code, _out, err = dashcam("join", card, "-o", target, "--gaps", "close")
    assert code == 4
    assert "--overwrite" in err
    assert target.read_bytes() == before
    assert dashcam("join", card, "-o", target, "--overwrite")[0] == 0
    assert dashcam("verify", target, "--source", card)[0] == 0


def test_a_program_is_told_how_far_it_is(dashcam, card, tmp_path):
    target = tmp_path / "drive.mp4"
    code, out, err = dashcam("join", card, "-o", target, "--progress", "json")
    events = [json.loads(line) for line in err.splitlines()]
    assert code == 0
    assert [event["event"] for event in events[:2]] == ["started", "clip_started"]
    assert [event["bytes"] for event in events[:2]] == [0, 0]  # not known, and no made-up 1
    assert events[-1] | {"seconds": 0} == {
        "event": "finished", "version": 1, "exit_code": 0, "interrupted": False, "seconds": 0,
        "counts": {"done": 1, "damaged": 0, "failed": 0},
    }  # fmt: skip
    (done,) = [event for event in events if event["event"] == "clip_done"]
    assert (done["path"], done["output"], done["frames"]) == (str(target), str(target), 180)
    assert "joined     3 clips" in out
