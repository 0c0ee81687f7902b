from __future__ import annotations

import os
import signal
import time

import pytest
from factory import Picture, make_clip

from dashcam_pipeline.batch import pool, resources
from dashcam_pipeline.batch.job import Job
from dashcam_pipeline.batch.pool import LocalRunner
from dashcam_pipeline.batch.resources import Budget, plan_budget, resident_memory
from dashcam_pipeline.batch.runner import Finished, Progressed, Started
from dashcam_pipeline.config import CleanConfig


@pytest.fixture
def job(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(size=(128, 72), frames=400))
    config = CleanConfig(stages=()).model_dump(mode="json")
    return Job(
        path="a.mp4", source=str(clip), folder=str(tmp_path / "out"), work=str(tmp_path / "work"),
        config=config, recipe="r", segment_seconds=1.0,
    )  # fmt: skip


def events_of(runner, job, seconds=120.0):
    runner.submit(job)
    events, deadline = [], time.monotonic() + seconds
    while not any(isinstance(event, Finished) for event in events):
        assert time.monotonic() < deadline
        events += runner.poll(0.5)
    return events


def test_a_worker_tells_its_way(job):
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    try:
        assert runner.free == 1
        events = events_of(runner, job)
    finally:
        runner.close()
    assert events[0] == Started("a.mp4", 0)
    assert any(isinstance(event, Progressed) for event in events)
    assert events[-1].outcome.status == "done"
    assert events[-1].outcome.frames == 400


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals as POSIX has them")
def test_ctrl_c_ends_no_worker_that_only_begins(job, capfd):
    """It goes to the whole group of a terminal; a worker still imports then."""
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    try:
        runner.submit(job)
        events = runner.poll(0.0)
        os.kill(runner._workers[0].process.pid, signal.SIGINT)
        while not isinstance(events[-1:] and events[-1], Finished):
            events += runner.poll(1.0)
        assert events[-1].outcome.status == "done"
    finally:
        runner.close()
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.skipif(resident_memory(1) is None, reason="the system tells no process's memory")
def test_a_worker_that_takes_too_much_memory_is_ended(job, monkeypatch):
    monkeypatch.setattr(pool, "MEMORY_CHECK_SECONDS", 0.0)
    runner = LocalRunner(Budget(workers=1, threads=1, memory=1000, devices=("cpu",)))
    try:
        last = events_of(runner, job)[-1]
        assert runner.free == 1
    finally:
        runner.close()
    assert last.outcome.status == "failed"
    assert last.outcome.retry
    assert "memory" in last.outcome.reason


def test_a_worker_that_stands_still_is_ended(job, monkeypatch):
    monkeypatch.setattr(pool, "MEMORY_CHECK_SECONDS", 0.0)
    monkeypatch.setattr(pool, "STALL_SECONDS", 0.0)
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    try:
        last = events_of(runner, job)[-1]
    finally:
        runner.close()
    assert "stood still" in last.outcome.reason


def test_a_closed_runner_leaves_no_process(job):
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    runner.submit(job)
    runner.poll(0.5)
    process = runner._workers[0].process
    runner.close()
    assert not process.is_alive()
    runner.close()


@pytest.mark.parametrize(
    ("cores", "memory", "asked", "expected"),
    [
        (2, 24e9, {}, (1, 2)),
        (16, 64e9, {}, (4, 4)),
        (16, 4e9, {}, (2, 8)),
        (16, 64e9, {"jobs": 3}, (3, 5)),
        (16, 64e9, {"workers": 8}, (8, 2)),
        (16, 64e9, {"threads": 2}, (8, 2)),
        (2, 24e9, {"workers": 4}, (4, 1)),
        (64, None, {}, (16, 4)),
    ],
)
def test_the_machine_is_shared_out(monkeypatch, cores, memory, asked, expected):
    monkeypatch.setattr(resources, "available_threads", lambda: cores)
    monkeypatch.setattr(resources, "total_memory", lambda: memory)
    budget = plan_budget("cpu", **{"jobs": 1000, **asked})
    assert (budget.workers, budget.threads) == expected
    assert budget.memory is None or budget.memory * budget.workers <= memory


def test_gpus_are_taken_in_turn(monkeypatch):
    monkeypatch.setattr("dashcam_pipeline.inference.devices.cuda_devices", lambda: 2)
    monkeypatch.setattr("dashcam_pipeline.inference.devices.cuda_refusal", lambda _number: "")
    budget = plan_budget("auto", workers=3)
    assert [budget.device(slot) for slot in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert plan_budget("cuda:1", workers=2).device(1) == "cuda:1"


def test_workers_that_stand_still_because_they_were_told_to_do_not_hang(job, monkeypatch):
    monkeypatch.setattr(pool, "MEMORY_CHECK_SECONDS", 0.0)
    monkeypatch.setattr(pool, "STALL_SECONDS", 1.0)
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    try:
        runner.submit(job)
        events = []
        while not any(isinstance(e, Progressed) and e.frames for e in events):
            runner._workers[0] and setattr(runner._workers[0], "moved", time.monotonic())
            events += runner.poll(0.1)
        runner.pause()
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            events += runner.poll(0.1)
        assert not any(isinstance(e, Finished) for e in events)
        monkeypatch.setattr(pool, "STALL_SECONDS", 60.0)
        runner.resume()
        while not isinstance(events[-1], Finished):
            events += runner.poll(0.5)
    finally:
        runner.close()
    assert events[-1].outcome.status == "done"


def test_workers_that_stood_still_together_with_us_do_not_hang(job):
    """As by Ctrl-Z, or in a laptop that slept."""
    runner = LocalRunner(Budget(workers=1, threads=1, memory=None, devices=("cpu",)))
    try:
        runner.submit(job)
        runner.poll(0.0)
        hours = 3 * 3600.0
        runner._checked -= hours
        runner._workers[0].moved -= hours
        runner._next_check = 0.0
        runner.poll(0.0)
        assert not runner._workers[0].killed_because
    finally:
        runner.close()
