from __future__ import annotations

import json

import numpy as np
import pytest

from dashcam_pipeline.engine.report import (
    SCHEMA_VERSION,
    FileFacts,
    RunReport,
    StageFact,
    StreamFact,
)
from dashcam_pipeline.media.frame_counts import FrameCounts


def make_report(**changes):
    facts = {
        "input": FileFacts("a.mp4", 2_000_000, "mp4", "h264", 1920, 1080, 10.0),
        "output": FileFacts("a_clean.mp4", 1_234_567, "mp4", "libx264", 1920, 1080, 10.0),
        "frames": FrameCounts(read=300, written=300, expected=300),
        "carried": (StreamFact("#1 audio aac"),),
        "stages": (StageFact("glare", seconds=2.0, parts={"network": 1.5}, facts={"n": 3}),),
        "timings": {"decode": 1.0, "chain": 2.0, "encode": 3.0, "total": 5.0},
    }
    return RunReport(**{**facts, **changes})


def test_the_summary_says_what_was_done_and_kept():
    text = make_report().summary()
    assert "a_clean.mp4 (1.2 MB, mp4, libx264)" in text
    assert "300 of 300, every time kept" in text
    assert "glare, on cpu" in text
    assert "#1 audio aac" in text
    assert "5.0 s (60.0 frames a second)" in text


def test_the_summary_says_how_dirty_the_glass_was():
    facts = {"glass": {"words": "dirty, streaks at 57 degrees", "dirt": 1.0}}
    text = make_report(stages=(StageFact("glare", facts=facts),)).summary()
    rows = [line.split("  ", 1) for line in text.splitlines()]
    assert ["glass", "dirty, streaks at 57 degrees"] in [[k.strip(), v.strip()] for k, v in rows]
    assert "glass" not in make_report().summary(), "a stage that doesn't look says nothing"
    assert "glass" not in make_report(stages=()).summary()


def test_the_summary_says_what_was_lost():
    frames = FrameCounts(
        read=290, written=290, expected=300, damaged_packets=3, concealed=2, missing=10
    )
    text = make_report(
        frames=frames, not_carried=(StreamFact("#2 data gpmd", "mkv has no such track"),)
    ).summary()
    assert "290 of 300 (10 missing, 2 patched up by the decoder, 3 damaged packets)" in text
    assert "not kept" in text
    assert "#2 data gpmd: mkv has no such track" in text


@pytest.mark.parametrize(
    "counts",
    [
        {"damaged_packets": 1},
        {"damaged_sound": 1},
        {"concealed": 1},
        {"missing": 1},
        {"truncated": True},
    ],
)
def test_any_loss_is_damage(counts):
    assert FrameCounts(read=1, written=1, **counts).damaged
    assert not FrameCounts(read=1, written=1, converted=1, times_repaired=1).damaged


def test_the_json_has_a_schema_version_and_only_plain_data(tmp_path):
    stage = StageFact("glare", facts={"gain": np.float32(0.5), "count": np.int64(3)})
    report = make_report(stages=(stage,), timings={"total": 0.123456789}, holes=((1.0, 2.5),))
    data = report.to_dict()
    assert data["schema_version"] == SCHEMA_VERSION == 1
    assert data["exit_code"] == 0
    assert data["stages"][0]["facts"] == {"gain": 0.5, "count": 3}
    assert data["timings"]["total"] == 0.123457
    assert data["holes"] == [[1.0, 2.5]]
    path = tmp_path / "report.json"
    report.write_json(path)
    assert json.loads(path.read_text(encoding="utf-8")) == data


def test_file_names_in_any_script_or_none_are_written(tmp_path):
    odd = FileFacts("밤\udcff.mp4", 1, "mp4", "h264", 2, 2)
    path = tmp_path / "report.json"
    make_report(input=odd).write_json(path)
    assert json.loads(path.read_text(encoding="utf-8"))["input"]["path"] == "밤\udcff.mp4"


def test_details_tell_where_the_time_went():
    text = make_report(cuts=(7,), encoder_options={"crf": "20"}).details()
    assert "stage glare: 2.0 s (network 1.5 s)" in text
    assert "scene cuts at frames 7" in text
    assert "crf=20" in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(59.94, "59.9 s"), (61, "1:01 min"), (3725, "1:02:05")]
)
def test_durations(seconds, text):
    assert text in make_report(timings={"total": seconds}).summary()
