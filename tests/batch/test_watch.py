"""A folder that recordings come into, and a card that comes and goes."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import av.error
import judge
import pytest
from factory import Picture, cut_short, make_clip
from in_process import InProcess

from dashcam_pipeline.batch import driver, resumable, settling
from dashcam_pipeline.batch.discovery import Selection, Tree, discover
from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.batch.events import BatchFinished, BatchStarted, ClipDone, ClipLeft, Waiting
from dashcam_pipeline.batch.job import Outcome
from dashcam_pipeline.batch.journal import Journal, journal_path, work_folder
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.batch.settling import Settling
from dashcam_pipeline.batch.watch import watch
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import InputMissingError, OutputError, UsageError
from dashcam_pipeline.media.demuxer import Demuxer

PLAIN = CleanConfig(stages=(), threads=1)
SOON = 0.1
BOUND_SECONDS = 120.0


@pytest.fixture
def runner(monkeypatch):
    made = InProcess()
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (made, 2))
    return made


@pytest.fixture
def card(tmp_path):
    root = tmp_path / "card"
    root.mkdir()
    add(root / "a.mp4")
    return root


def add(path, frames=8):
    """A recording that appears whole, as a camera that renames it would make it."""
    make_clip(path.with_suffix(".part.mp4"), Picture(size=(64, 48), frames=frames))
    return path.with_suffix(".part.mp4").rename(path)


def once(card, **settings):
    return watch(card, card.parent / "out", config=PLAIN, every=SOON, once=True, **settings)


class Watched:
    """A watch in a thread of its own."""

    def __init__(self, card, **settings):
        self.told, self.control = [], Control()
        settings = {"config": PLAIN, "every": SOON, **settings}
        self.report = None

        def run():
            self.report = watch(
                card, card.parent / "out", observer=self.told.append, control=self.control,
                **settings,
            )  # fmt: skip

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def until(self, is_so):
        deadline = time.monotonic() + BOUND_SECONDS
        while not is_so(self.told):
            assert time.monotonic() < deadline
            assert self.thread.is_alive()
            time.sleep(0.02)

    def until_done(self, *paths):
        self.until(lambda told: set(paths) <= {e.path for e in told if isinstance(e, ClipDone)})

    def until_waiting(self, wanted="clips"):
        begin = len(self.told)
        self.until(
            lambda told: any(isinstance(e, Waiting) and e.wanted == wanted for e in told[begin:])
        )

    def end(self):
        self.control.cancel()
        self.thread.join(BOUND_SECONDS)
        assert not self.thread.is_alive()
        return self.report


def fates(report):
    return {clip.path: clip.status for clip in report.clips}


def test_what_comes_is_cleaned_and_nothing_twice(card, runner):
    watched = Watched(card)
    watched.until_done("a.mp4")
    add(card / "b.mp4")
    watched.until_done("a.mp4", "b.mp4")
    watched.until_waiting()
    report = watched.end()
    assert fates(report) == {"a.mp4": "done", "b.mp4": "done"}
    assert runner.jobs == ["a.mp4", "b.mp4"]
    assert len(judge.ticks(card.parent / "out/b.mp4")) == 8
    assert isinstance(watched.told[-1], BatchFinished)
    assert watched.told[-1].exit_code == 130
    assert run_batch(card, card.parent / "out", config=PLAIN).counts["skipped"] == 2


def test_a_recording_that_grows_is_left_alone_until_it_is_whole(card, runner):
    whole = make_clip(card.parent / "whole.mp4", Picture(size=(64, 48), frames=40))
    data = whole.read_bytes()
    growing = card / "b.mp4"
    growing.write_bytes(data[: len(data) // 3])
    watched = Watched(card)
    watched.until(lambda told: Waiting(wanted="clips", growing=1) in told)
    for end in (len(data) // 2, len(data) - 1):  # steady for long, and not whole
        growing.write_bytes(data[:end])
        time.sleep(4 * SOON)
    assert runner.jobs == ["a.mp4"]
    growing.write_bytes(data)
    watched.until_done("b.mp4")
    watched.end()
    assert len(judge.ticks(card.parent / "out/b.mp4")) == 40


@pytest.mark.parametrize("ending", ["ts", "mp4"])
def test_two_looks_have_to_see_the_same(tmp_path, ending):
    clip = make_clip(tmp_path / f"a.{ending}", Picture(size=(64, 48), frames=20))
    looks = Settling(apart=0.05)
    seen = []
    for change in (False, True, False, False):
        if change:
            os.utime(clip, ns=(1, time.time_ns() + 10**9))
        tree = discover(tmp_path)
        looks.look(tree)
        seen.append(len(looks.settled(tree.clips, tmp_path)))
        time.sleep(0.06)
    assert seen == [0, 0, 1, 1]


def test_what_was_cut_short_is_taken_once_nobody_writes_to_it(tmp_path, monkeypatch):
    whole = make_clip(tmp_path / "whole.mp4", Picture(size=(64, 48), frames=20))
    (tmp_path / "card").mkdir()
    cut = cut_short(whole, tmp_path / "card/a.mp4", 0.5)
    looks = Settling(apart=0.0)

    def settled():
        tree = discover(tmp_path / "card")
        looks.look(tree)
        return len(looks.settled(tree.clips, tree.root))

    assert settled() == 0
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + settling.CUT_SHORT_SECONDS + 1)
    assert settled() == 1
    monkeypatch.undo()
    assert settled() == 0
    before = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: before + settling.CUT_SHORT_SECONDS + 1)
    assert settled() == 1  # a camera may have no clock
    assert cut.exists()


def test_a_card_may_come_late_go_and_come_back(card, runner):
    away = card.rename(card.parent / "away")
    watched = Watched(card)
    watched.until_waiting("card")
    away.rename(card)
    watched.until_done("a.mp4")
    watched.until_waiting()
    card.rename(away)
    watched.until_waiting("card")
    add(away / "b.mp4")
    away.rename(card)
    watched.until_done("b.mp4")
    watched.until_waiting()
    assert fates(watched.end()) == {"a.mp4": "done", "b.mp4": "done"}
    assert runner.jobs == ["a.mp4", "b.mp4"]


def test_a_card_taken_out_in_the_middle_leaves_nothing_half(card, runner, monkeypatch):
    """Reads fail at once; the folder is gone a moment later."""
    clip = add(card / "long.mp4", frames=60)
    (card / "a.mp4").unlink()
    away = card.parent / "away"
    read = Demuxer._next
    monkeypatch.setattr(resumable, "GONE_SECONDS", 1.0)
    packets = iter(range(1000))

    def pulled(self):
        number = next(packets)
        if number == 30:
            threading.Timer(0.3, card.rename, [away]).start()
        if number >= 30:
            raise av.error.OSError(5, "Input/output error")
        return read(self)

    monkeypatch.setattr(Demuxer, "_next", pulled)
    options = BatchOptions(segment_seconds=0.5)
    # When the card is missed decides where a segment ends, which lossy pictures would show.
    lossless = PLAIN.model_copy(update={"codec": "libx264", "encoder_options": {"qp": "0"}})
    watched = Watched(card, options=options, config=lossless)
    watched.until_waiting("card")
    out = card.parent / "out"
    assert [e.path for e in watched.told if isinstance(e, ClipLeft)] == ["long.mp4"]
    assert [p.name for p in out.iterdir() if p.is_file()] == ["report.csv", "report.json"]
    assert not list(out.rglob("*.part"))
    monkeypatch.setattr(Demuxer, "_next", read)
    away.rename(card)
    watched.until_done("long.mp4")
    watched.end()
    monkeypatch.undo()
    run_batch(card, out.with_name("plain"), config=lossless, options=options)
    assert judge.ticks(out / clip.name) == judge.ticks(out.with_name("plain") / clip.name)
    assert judge.same_pictures(
        judge.frames(out / clip.name), judge.frames(out.with_name("plain") / clip.name)
    )


def test_what_fails_is_tried_again_only_when_it_changes(card, runner):
    bad = card / "bad.mp4"
    bad.write_text("no video")
    os.utime(bad, ns=(10**18, 10**18))
    assert fates(once(card)) == {"a.mp4": "done", "bad.mp4": "failed"}
    runner.jobs.clear()
    report = once(card)
    assert report.exit_code == 11
    assert "tried again when it changes" in report.clips[1].reason
    assert runner.jobs == []
    once(card, options=BatchOptions(selection=Selection(exclude=("a.mp4",))))
    assert runner.jobs == []
    os.utime(bad, ns=(2 * 10**18, 10**18 + 1))
    once(card)
    assert runner.jobs == ["bad.mp4"]
    watch(
        card, card.parent / "out", config=CleanConfig(stages=(), threads=1, crf=30), every=SOON,
        once=True,
    )  # fmt: skip
    assert runner.jobs.count("bad.mp4") == 2  # with other settings
    add(card / "new.mp4").replace(bad)
    assert fates(once(card))["bad.mp4"] == "done"


def test_a_failure_is_not_tried_for_ever_while_it_is_watched(card, runner):
    (card / "bad.mp4").write_text("no video")
    os.utime(card / "bad.mp4", ns=(10**18, 10**18))
    watched = Watched(card)
    watched.until_waiting()
    time.sleep(6 * SOON)
    assert fates(watched.end()) == {"a.mp4": "done", "bad.mp4": "failed"}
    assert sorted(runner.jobs) == ["a.mp4", "bad.mp4"]
    assert sum(isinstance(event, BatchStarted) for event in watched.told) == 1


def test_a_loop_recording_keeps_the_output_of_what_it_deletes(card, runner):
    watched = Watched(card)
    watched.until_done("a.mp4")
    (card / "a.mp4").unlink()
    add(card / "b.mp4")
    watched.until_done("b.mp4")
    report = watched.end()
    assert fates(report) == {"a.mp4": "done", "b.mp4": "done"}
    assert (card.parent / "out/a.mp4").exists()


def test_sidecars_come_along_whenever_they_come(card, runner):
    watched = Watched(card)
    watched.until_done("a.mp4")
    (card / "a.gps").write_text("$GPRMC")
    (card / "index.txt").write_text("card")
    out = card.parent / "out"
    watched.until(lambda _told: (out / "a.gps").exists() and (out / "index.txt").exists())
    report = watched.end()
    assert (out / "a.gps").read_text() == "$GPRMC"
    assert report.sidecars == 2
    assert report.warnings == []
    assert runner.jobs == ["a.mp4"]


def test_only_what_is_wanted_is_taken(card, runner):
    add(card / "b.mp4")
    report = once(card, options=BatchOptions(selection=Selection(include=("b*",))))
    assert fates(report) == {"b.mp4": "done"}
    assert report.refused == {"not included": 1}


def test_once_ends_also_where_there_is_nothing(card, runner):
    (card / "a.mp4").unlink()
    report = once(card)
    assert (report.exit_code, report.clips) == (0, [])
    shutil.rmtree(card)
    with pytest.raises(InputMissingError):
        once(card)


def test_once_leaves_what_still_grows(card, runner):
    (card / "b.mp4").write_bytes((card / "a.mp4").read_bytes()[:500])
    report = once(card)
    assert fates(report) == {"a.mp4": "done"}
    assert "1 recording is still being written" in report.warnings[0]
    assert report.exit_code == 0


def test_what_stands_in_the_way_is_kept(card, runner):
    out = card.parent / "out"
    out.mkdir()
    (out / "a.mp4").write_text("mine")
    report = once(card)
    assert fates(report) == {"a.mp4": "failed"}
    assert (out / "a.mp4").read_text() == "mine"
    assert runner.jobs == []


def test_folders_that_cannot_be_are_refused_at_once(card, tmp_path):
    with pytest.raises(UsageError, match="is a file"):
        watch(card / "a.mp4", tmp_path / "out")
    with pytest.raises(UsageError, match="lies in"):
        watch(card, card / "out")
    with pytest.raises(UsageError, match="lies in"):
        watch(tmp_path / "not there", tmp_path / "not there" / "out")


def test_another_run_into_the_folder_is_refused_meanwhile(card, runner):
    watched = Watched(card)
    watched.until_waiting()
    with pytest.raises(OutputError, match="in use by another run"):
        run_batch(card, card.parent / "out", config=PLAIN)
    watched.end()
    assert run_batch(card, card.parent / "out", config=PLAIN).counts["skipped"] == 1


def test_a_full_disk_ends_it(card, runner):
    runner.bend = lambda _job, _outcome: Outcome(status="failed", reason="full", disk_full=True)
    report = watch(card, card.parent / "out", config=PLAIN, every=SOON)
    assert "disk is full" in report.warnings[0]
    assert report.exit_code == 11
    runner.bend = lambda _job, outcome: outcome
    assert fates(once(card)) == {"a.mp4": "done"}  # there is space again


@pytest.mark.parametrize(
    ("facts", "again"),
    [
        ({"exit_code": 3}, False),
        ({"exit_code": 1, "retry": True}, False),  # it crashed its decoder
        ({"exit_code": 4}, False),  # too large for the disk's file system
        ({"exit_code": 4, "retry": True}, True),
        ({"exit_code": 6, "retry": True}, True),
        ({"exit_code": 9, "retry": True}, True),
    ],
)
def test_what_was_no_fault_of_the_recording_is_tried_by_the_next(card, runner, facts, again):
    runner.bend = lambda _job, _outcome: Outcome(status="failed", reason="why", **facts)
    once(card)
    runner.bend = lambda _job, outcome: outcome
    assert fates(once(card)) == {"a.mp4": "done" if again else "failed"}


def test_a_failure_just_before_the_card_was_gone_is_no_failure(card, runner):
    runner.bend = lambda _job, _outcome: Outcome(status="failed", reason="Input/output error")
    watched = Watched(card)
    watched.until_waiting()
    away = card.rename(card.parent / "away")
    watched.until_waiting("card")
    with Journal(journal_path(card.parent / "out"), writable=False) as journal:
        assert journal.get("a.mp4").status == "started"
    runner.bend = lambda _job, outcome: outcome
    away.rename(card)
    watched.until_done("a.mp4")
    assert fates(watched.end()) == {"a.mp4": "done"}


def test_a_paused_watch_begins_nothing(card, runner):
    away = card.rename(card.parent / "away")
    watched = Watched(card)
    watched.until_waiting("card")
    watched.control.pause()
    away.rename(card)
    time.sleep(6 * SOON)
    assert runner.jobs == []
    watched.control.resume()
    watched.until_done("a.mp4")
    watched.end()


def test_looks_are_rare_where_they_are_slow(card, runner, monkeypatch):
    looks = []

    def slow(root) -> Tree:
        looks.append(time.monotonic())
        time.sleep(0.2)
        return discover(root)

    monkeypatch.setattr("dashcam_pipeline.batch.watch.discover", slow)
    watched = Watched(card)
    watched.until(lambda _told: len(looks) > 1)
    watched.end()
    assert looks[1] - looks[0] > 9 * 0.2


def test_nothing_is_left_of_work_that_is_done(card, runner):
    once(card)
    assert not list((work_folder(card.parent / "out") / "segments").glob("*/*.seg"))
    assert Path(card / "a.mp4").exists()
