"""What a batch tells, and how it is paused and cancelled while it does."""

from __future__ import annotations

import json
import threading
from dataclasses import fields

import judge
import pytest
from factory import Picture, make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import InProcess

from dashcam_pipeline.batch import driver, events
from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipDone,
    ClipFailed,
    ClipLeft,
    ClipProgressed,
    ClipRetried,
    ClipStarted,
    Paused,
    Resumed,
)
from dashcam_pipeline.batch.job import Outcome
from dashcam_pipeline.batch.journal import Journal, journal_path
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.control import Control

PLAIN = CleanConfig(stages=(), threads=1)
ONE = BatchOptions(workers=1)


@pytest.fixture
def card(tmp_path):
    root = tmp_path / "card"
    root.mkdir()
    for name in "abc":
        make_clip(root / f"{name}.mp4", Picture(size=(64, 48), frames=8))
    return root


@pytest.fixture
def runner(monkeypatch):
    made = InProcess()
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (made, 2))
    return made


def run(card, **settings):
    told = []
    report = run_batch(
        card, card.parent / "out", config=PLAIN, **{"observer": told.append, **settings}
    )
    return report, told


def kinds(told):
    return [event.kind for event in told]


def test_every_recording_begins_and_ends_once(card, runner):
    (card / "bad.mp4").write_text("no video")
    report, told = run(card)
    assert told[0] == BatchStarted(
        clips=4, bytes=sum(path.stat().st_size for path in card.iterdir()), workers=2
    )
    assert kinds(told[1:-1]) == [
        "clip_started", "clip_done", "clip_started", "clip_done", "clip_started", "clip_failed",
        "clip_started", "clip_done",
    ]  # fmt: skip
    (failed,) = [event for event in told if isinstance(event, ClipFailed)]
    assert failed.path == "bad.mp4"
    assert failed.reason == next(c.reason for c in report.clips if c.status == "failed")
    done = next(event for event in told if isinstance(event, ClipDone))
    assert (done.path, done.output, done.frames, done.attempts) == ("a.mp4", "a.mp4", 8, 1)
    assert told[-1] == BatchFinished(exit_code=11, counts=report.counts, seconds=report.seconds)
    again = run(card)[1]
    assert [e.status for e in again if isinstance(e, ClipDone)] == ["skipped"] * 3
    assert again[0].clips == 1


def test_a_second_try_is_told(card, runner):
    tries = []

    def fail_once(job, outcome):
        tries.append(job.path)
        return Outcome(status="failed", reason="hiccup", retry=True) if len(tries) == 1 else outcome

    runner.bend = fail_once
    told = run(card)[1]
    assert ClipRetried(path="a.mp4", reason="hiccup") in told
    begun = sorted(e.path for e in told if isinstance(e, ClipStarted))
    assert begun == ["a.mp4", "a.mp4", "b.mp4", "c.mp4"]


def test_a_cancelled_batch_says_what_is_left_and_another_goes_on(card, runner):
    control = Control()

    def cancel(event):
        told.append(event)
        if isinstance(event, ClipDone):
            control.cancel()

    told = []
    report, _ = run(card, observer=cancel, control=control)
    assert report.interrupted
    assert report.counts["not reached"] == 2
    assert told[-1].interrupted
    assert told[-1].exit_code == 130
    assert [e.path for e in told if isinstance(e, ClipLeft)] == ["b.mp4"]  # it was handed out
    runner.queue.clear()
    report, _ = run(card)
    assert (report.counts["done"], report.counts["skipped"]) == (2, 1)


def test_a_paused_batch_begins_nothing(card, runner):
    control = Control()
    control.pause()
    threading.Timer(1.2, control.resume).start()
    report, told = run(card, control=control)
    assert kinds(told[:4]) == ["started", "paused", "resumed", "clip_started"]
    assert runner.jobs == ["pause", "resume", "a.mp4", "b.mp4", "c.mp4"]
    assert report.counts["done"] == 3
    assert report.seconds < 1.2 + told[-1].seconds


def test_workers_stand_still_and_go_on_to_the_same_result(tmp_path):
    card = tmp_path / "card"
    card.mkdir()
    make_clip(card / "a.mp4", Picture(size=(160, 90), frames=300))
    control, told, stood = Control(), [], []

    def watch(event):
        told.append(event)
        if isinstance(event, ClipProgressed) and event.frames and not stood:
            stood.append(event)
            control.pause()
            threading.Timer(2.0, control.resume).start()

    report, _ = run(card, observer=watch, control=control, options=ONE)
    assert report.counts["done"] == 1
    assert len(judge.ticks(tmp_path / "out/a.mp4")) == 300
    begin, end = (
        next(i for i, e in enumerate(told) if isinstance(e, kind)) for kind in (Paused, Resumed)
    )
    frames = [e.frames for e in told[begin:end] if isinstance(e, ClipProgressed)]
    assert len(frames) > 2  # it still says how far it is
    assert len(set(frames[len(frames) // 2 :])) == 1
    assert frames[-1] < 300
    with Journal(journal_path(tmp_path / "out")) as journal:
        assert [entry.status for entry in journal] == ["done"]


@settings(max_examples=20)
@given(st.text(), st.text())
def test_every_event_is_one_line_of_ascii_json(path, reason):
    path += "\udce9\n"
    for event in (
        ClipFailed(path=path, reason=reason),
        ClipProgressed(path=path, frames=1, expected=None),
        Paused(),
    ):
        line = events.line(event)
        assert line.isascii()
        assert len(line.splitlines()) == 1
        read = json.loads(line)
        assert (read.pop("event"), read.pop("version")) == (event.kind, 1)
        assert read == {f.name: getattr(event, f.name) for f in fields(event)}
