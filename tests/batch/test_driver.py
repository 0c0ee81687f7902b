from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import judge
import pytest
from factory import Picture, Sound, cut_short, make_clip

from dashcam_pipeline.batch import driver
from dashcam_pipeline.batch.discovery import Selection
from dashcam_pipeline.batch.driver import plan_batch, run_batch
from dashcam_pipeline.batch.estimate import estimate
from dashcam_pipeline.batch.job import Job, Outcome, run_job
from dashcam_pipeline.batch.journal import Journal, journal_path, work_folder
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.runner import Finished, Started
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import InputMissingError, OutputError, UsageError

PLAIN = CleanConfig(stages=(), threads=1)


class InProcess:
    """A runner without processes: fast, and every outcome can be bent."""

    def __init__(self, bend=None):
        self.queue, self.jobs, self.bend = [], [], bend or (lambda _job, outcome: outcome)
        self.closed = False

    @property
    def free(self):
        return 2 - len(self.queue)

    def submit(self, job):
        self.queue.append(job)

    def poll(self, timeout):  # noqa: ARG002 - as runners have it
        if not self.queue:
            return []
        job = self.queue.pop(0)
        self.jobs.append(job.path)
        from dataclasses import asdict  # noqa: PLC0415 - only here

        outcome = self.bend(job, Outcome(**run_job(asdict(job))))
        return [Started(job.path, 0), Finished(job.path, 0, outcome)]

    def close(self):
        self.closed = True


@pytest.fixture
def runner(monkeypatch):
    made = InProcess()
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (made, 2))
    return made


@pytest.fixture
def card(tmp_path):
    """Three good recordings in two folders, one that is no video, and sidecars."""
    root = tmp_path / "card"
    (root / "Movie/RO").mkdir(parents=True)
    picture = Picture(size=(128, 72), frames=8)
    make_clip(root / "Movie/20240101_120000_NF.MP4", picture, sounds=[Sound(seconds=0.2)])
    make_clip(root / "Movie/20240101_120000_NR.mp4", picture)
    make_clip(root / "Movie/RO/2024_0102_120000_F.mp4", picture)
    (root / "Movie/20240103_120000_NF.mp4").write_text("no video")
    (root / "Movie/20240101_120000_N.gps").write_text("$GPRMC")
    (root / "index.txt").write_text("card")
    for path in root.rglob("*.*"):
        os.utime(path, ns=(10**18, 10**18))
    return root


def run(card, **settings):
    settings = {"config": PLAIN, **settings}
    return run_batch(card, card.parent / "out", **settings)


def fates(report):
    return {clip.path.rpartition("/")[2]: clip.status for clip in report.clips}


def snapshot(folder):
    return {
        str(p.relative_to(folder)): (p.stat().st_mtime_ns, p.stat().st_size)
        for p in sorted(folder.rglob("*"))
    }


def test_the_tree_is_mirrored_and_one_bad_clip_stops_nothing(card, runner):
    before = snapshot(card)
    report = run(card)
    out = card.parent / "out"
    assert fates(report) == {
        "20240101_120000_NF.MP4": "done",
        "20240101_120000_NR.mp4": "done",
        "2024_0102_120000_F.mp4": "done",
        "20240103_120000_NF.mp4": "failed",
    }
    assert report.exit_code == 11
    assert judge.ticks(out / "Movie/RO/2024_0102_120000_F.mp4")
    assert (out / "Movie/20240101_120000_N.gps").read_text() == "$GPRMC"
    assert (out / "index.txt").stat().st_mtime_ns == 10**18
    assert (out / "Movie/20240101_120000_NF.MP4").stat().st_mtime_ns == 10**18
    assert not (out / "Movie/20240103_120000_NF.mp4").exists()
    assert not list((work_folder(out) / "segments").glob("*/*.seg"))
    assert snapshot(card) == before
    assert runner.closed


def test_a_second_run_skips_what_is_done(card, runner):
    run(card)
    runner.jobs.clear()
    report = run(card)
    assert runner.jobs == ["Movie/20240103_120000_NF.mp4"]  # tried anew, once: it is no video
    assert sorted(fates(report).values()) == ["failed", "skipped", "skipped", "skipped"]
    assert report.sidecars == 0


@pytest.mark.parametrize("change", ["content", "settings", "output gone", "output changed"])
def test_what_changed_is_done_again(card, runner, change):
    config = PLAIN
    clip = card / "Movie/20240101_120000_NR.mp4"
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"
    run(card)
    runner.jobs.clear()
    if change == "content":
        make_clip(clip, Picture(size=(128, 72), frames=9))
    elif change == "settings":
        config = CleanConfig(stages=(), threads=1, crf=30)
    elif change == "output gone":
        made.unlink()
    else:
        made.write_bytes(b"x")
    run(card, config=config)
    assert "Movie/20240101_120000_NR.mp4" in runner.jobs
    assert len(runner.jobs) == (4 if change == "settings" else 2)
    assert len(judge.ticks(made)) == (9 if change == "content" else 8)


def test_a_new_file_time_alone_costs_no_work(card, runner):
    run(card)
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"
    before = made.stat().st_mtime_ns
    os.utime(card / "Movie/20240101_120000_NR.mp4")
    assert fates(run(card))["20240101_120000_NR.mp4"] == "skipped"
    assert made.stat().st_mtime_ns == before
    runner.jobs.clear()
    run(card)
    assert runner.jobs == ["Movie/20240103_120000_NF.mp4"]


def test_threads_and_device_redo_nothing(card, runner):
    run(card)
    runner.jobs.clear()
    run(card, config=CleanConfig(stages=(), threads=2, device="cpu"))
    assert len(runner.jobs) == 1


def test_a_foreign_output_is_kept_unless_told(card, runner):
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"
    made.parent.mkdir(parents=True)
    made.write_text("mine")
    report = run(card)
    assert fates(report)["20240101_120000_NR.mp4"] == "failed"
    assert made.read_text() == "mine"
    run(card)  # having failed once, it is still not ours
    assert made.read_text() == "mine"
    run(card, config=CleanConfig(stages=(), threads=1, overwrite=True))
    assert judge.ticks(made)


def test_an_output_that_never_reached_the_journal_is_ours(card, runner):
    """Cut off between the output's appearance and its entry."""

    def lose(_job, outcome):
        raise KeyboardInterrupt

    runner.bend = lose
    with pytest.raises(KeyboardInterrupt):
        run(card)
    assert list((card.parent / "out").rglob("*.MP4"))
    runner.bend = lambda _job, outcome: outcome
    runner.queue.clear()
    assert sorted(fates(run(card)).values()) == ["done", "done", "done", "failed"]


def test_failures_that_may_pass_are_tried_twice(card, runner):
    tries = []

    def fail_once(job, outcome):
        tries.append(job.path)
        first = tries.count(job.path) == 1
        return Outcome(status="failed", reason="hiccup", retry=True) if first else outcome

    runner.bend = fail_once
    report = run(card, options=BatchOptions(selection=Selection(include=("*NR.mp4",))))
    assert fates(report) == {"20240101_120000_NR.mp4": "done"}
    assert report.clips[0].attempts == 2
    assert report.exit_code == 0


def test_failures_that_stay_are_given_up(card, runner):
    runner.bend = lambda _job, _outcome: Outcome(status="failed", reason="always", retry=True)
    report = run(card, options=BatchOptions(selection=Selection(include=("*NR.mp4",))))
    assert (report.clips[0].status, report.clips[0].attempts) == ("failed", 2)


def test_a_full_disk_ends_the_run_and_the_next_goes_on(card, runner):
    runner.bend = lambda _job, _outcome: Outcome(status="failed", reason="full", disk_full=True)
    report = run(card)
    assert "not reached" in fates(report).values()
    assert report.exit_code == 11
    assert "disk is full" in report.warnings[0]
    runner.bend = lambda _job, outcome: outcome
    runner.queue.clear()
    (card.parent / "out/Movie/20240101_120000_NF.MP4").unlink()
    assert sorted(fates(run(card)).values()) == ["done", "done", "done", "failed"]


def test_damage_is_told_and_done(card, runner):
    clip = card / "Movie/20240101_120000_NR.mkv"
    whole = make_clip(card.parent / "whole.mkv", Picture(size=(128, 72), frames=40))
    cut_short(whole, clip, 0.6)
    options = BatchOptions(selection=Selection(include=("*.mkv",)))
    report = run(card, options=options)
    assert report.counts["damaged"] == 1
    assert report.exit_code == 0
    assert "damaged" in report.clips[0].reason
    assert run(card, options=options).counts["skipped"] == 1


def test_names_that_differ_in_their_extension_alone(card, runner):
    picture = Picture(size=(128, 72), frames=8)
    make_clip(card / "Movie/20240101_120000_NR.mkv", picture)
    options = BatchOptions(selection=Selection(include=("*NR.*",)))
    run(card, options=options)
    made = {p.name for p in (card.parent / "out/Movie").glob("*NR*.m[kp][v4]")}
    assert made == {"20240101_120000_NR.mkv", "20240101_120000_NR_mp4.mp4"}


def test_night_only_leaves_days_out_and_remembers(card, runner, monkeypatch):
    monkeypatch.setattr("dashcam_pipeline.batch.job.is_bright", lambda path: "NR" in path.name)
    options = BatchOptions(night_only=True, selection=Selection(exclude=("*0103*",)))
    report = run(card, options=options)
    assert fates(report)["20240101_120000_NR.mp4"] == "bright"
    assert report.exit_code == 0
    runner.jobs.clear()
    run(card, options=options)
    assert runner.jobs == []
    without = BatchOptions(selection=Selection(exclude=("*0103*",)))
    assert fates(run(card, options=without))["20240101_120000_NR.mp4"] == "done"


def test_reports_say_the_same(card, runner):
    report = run(card)
    out = card.parent / "out"
    data = json.loads((out / "report.json").read_text())
    with (out / "report.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert data["counts"]["done"] == 3
    assert data["exit_code"] == report.exit_code == 11
    assert [row["path"] for row in rows] == [clip["path"] for clip in data["clips"]]
    assert rows[0]["camera"] == "front"
    assert rows[0]["recorded"] == "2024-01-01T12:00:00"
    assert "failed: Movie/20240103_120000_NF.mp4" in report.table()


def test_two_runs_on_one_output_are_refused(card, runner):
    out = card.parent / "out"
    with (
        FolderLock(work_folder(out) / "lock", str(out)),
        pytest.raises(OutputError, match="in use"),
    ):
        run(card)


def test_nothing_to_find_is_said(tmp_path, runner):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissingError, match="no recording"):
        run_batch(tmp_path / "empty", tmp_path / "out", config=PLAIN)


def test_an_output_in_the_input_is_refused_before_anything_is_made(card, runner):
    with pytest.raises(UsageError):
        run_batch(card, card / "out", config=PLAIN)
    assert not (card / "out").exists()


def test_a_plan_writes_nothing(card):
    out = card.parent / "out"
    plan = plan_batch(card, out, config=PLAIN)
    assert plan.todo == 4
    assert not out.exists()
    found = estimate(plan, out, config=PLAIN, options=BatchOptions())
    assert found is not None
    assert found.fits
    assert found.seconds > 0
    assert not out.exists()


def test_a_read_only_input_works(card, runner):
    for path in [card, *card.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert run(card).counts["done"] == 3
    finally:
        for path in [card, *card.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_jobs_are_plain_data(card, tmp_path):
    job = Job(
        path="a", source=str(card / "Movie/20240101_120000_NR.mp4"), folder=str(tmp_path / "o"),
        work=str(tmp_path / "w"), config=PLAIN.model_dump(mode="json"), recipe="r",
        segment_seconds=1.0,
    )  # fmt: skip
    from dataclasses import asdict  # noqa: PLC0415 - only here

    outcome = json.loads(json.dumps(run_job(json.loads(json.dumps(asdict(job))))))
    assert outcome["status"] == "done"
    assert outcome["frames"] == 8


# From here on with real processes.


def test_workers_share_the_work(card):
    report = run(card, options=BatchOptions(workers=2))
    assert report.counts["done"] == 3
    assert report.workers == 2


def start(card, *options):
    code = "import sys; from dashcam_pipeline.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "batch", card, card.parent / "out", "--no-stages",
               "--threads", "1", "--segment-seconds", "0.5", *options]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except OSError:
        return False


def wait_for(what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@pytest.fixture
def long_card(tmp_path):
    root = tmp_path / "card"
    root.mkdir()
    make_clip(root / "20240101_120000_NF.mp4", Picture(size=(128, 72), frames=1800))
    make_clip(root / "20240101_120100_NF.mp4", Picture(size=(128, 72), frames=60))
    return root


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
def test_a_crashed_worker_costs_one_try(long_card):
    segments = work_folder(long_card.parent / "out") / "segments"
    process = start(long_card, "--workers", "1")
    wait_for(lambda: list(segments.glob("*/*.seg")))
    for child in children(process.pid):
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(child, signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    data = json.loads((long_card.parent / "out/report.json").read_text())
    assert {clip["status"] for clip in data["clips"]} == {"done"}
    assert sorted(clip["attempts"] for clip in data["clips"]) == [1, 2]


@linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_leaves_no_process_and_goes_on(long_card, number):
    out = long_card.parent / "out"
    segments = work_folder(out) / "segments"
    process = start(long_card, "--workers", "1")
    wait_for(lambda: list(segments.glob("*/*.seg")))
    workers = children(process.pid)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=30)
    wait_for(lambda: not any(alive(worker) for worker in workers), 10)
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert "run it again" in said
        assert not list(out.glob("*.part"))
    kept = len(list(segments.glob("*/*.seg")))
    assert kept
    assert not (out / "20240101_120000_NF.mp4").exists()
    again = start(long_card, "--workers", "2")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert len(judge.ticks(out / "20240101_120000_NF.mp4")) == 1800
    with Journal(journal_path(out)) as journal:
        assert {entry.status for entry in journal} == {"done"}
    assert not list(out.rglob("*.part"))
