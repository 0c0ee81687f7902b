"""The queue on the disk, and what choices mean."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.queue import REMEMBERED, Job, Queue, in_order
from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.errors import UsageError


def job(name, state="waiting", ended=0.0):
    return Job(
        id=name, folder="/f", paths=["a.mp4"], sizes=[1], times=[2.0], output="/o", choices={},
        state=state, ended=ended,
    )  # fmt: skip


def test_what_was_saved_is_loaded_and_what_was_at_work_waits(tmp_path):
    path = tmp_path / "state" / "queue.json"
    queue = Queue(path)
    queue.jobs = [job("a", "running"), job("b"), job("c", "cancelled", 3.0), job("d", "done", 4.0)]
    queue.paused = True
    queue.learn("balanced night", 10.0, 100)
    queue.save()
    again = Queue(path)
    assert [(one.id, one.state) for one in again.jobs] == [
        ("a", "waiting"), ("b", "waiting"), ("c", "cancelled"), ("d", "done"),
    ]  # fmt: skip
    assert (again.paused, again.pace, again.fault) == (True, {"balanced night": 0.1}, "")
    assert again.next().id == "a"
    assert [one.id for one in in_order(again.jobs)] == ["a", "b", "d", "c"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1, "jobs": [{}]}'])
def test_a_file_that_is_no_queue_is_named_and_not_lost(tmp_path, text):
    path = tmp_path / "queue.json"
    path.write_text(text)
    queue = Queue(path)
    assert queue.jobs == []
    assert str(path) in queue.fault
    assert path.read_text() == text
    queue.save()
    (aside,) = path.parent.glob("queue-*.json")
    assert aside.read_text() == text
    assert Queue(path).fault == ""


def test_a_queue_of_an_older_version_replaces_nothing(tmp_path):
    path = tmp_path / "queue.json"
    queue = Queue(path)
    queue.jobs = [job("a")]
    queue.save()
    data = json.loads(path.read_text())
    del data["trials"], data["jobs"][0]["times"], data["jobs"][0]["replaced"]
    path.write_text(json.dumps(data))
    (size, seconds) = Queue(path).jobs[0].stamps["a.mp4"]
    assert size == 1
    assert not abs(seconds - 5) > 2


def test_names_of_any_bytes_are_kept(tmp_path):
    path = tmp_path / "queue.json"
    queue = Queue(path)
    queue.jobs = [job("a")]
    queue.jobs[0].paths = [os.fsdecode(b"night\xff.mp4")]
    queue.save()
    assert Queue(path).jobs[0].paths == [os.fsdecode(b"night\xff.mp4")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([-1, 1])), max_size=12))
def test_moving_keeps_all_jobs_and_goes_no_further_than_the_ends(tmp_path_factory, moves):
    queue = Queue(tmp_path_factory.mktemp("q") / "queue.json")
    states = ["waiting", "done", "waiting", "waiting", "running"]
    queue.jobs = [job(str(n), state) for n, state in enumerate(states)]
    for which, by in moves:
        queue.move(queue.find(str(which)), by)
    assert sorted(one.id for one in queue.jobs) == ["0", "1", "2", "3", "4"]
    assert queue.jobs[1].id == "1"
    assert queue.jobs[4].id == "4"


def test_a_job_moves_one_place(tmp_path):
    queue = Queue(tmp_path / "queue.json")
    queue.jobs = [job("a"), job("b"), job("c")]
    queue.move(queue.jobs[2], -1)
    assert [one.id for one in queue.jobs] == ["a", "c", "b"]
    with pytest.raises(UsageError, match="no longer"):
        queue.find("z")


def test_only_the_last_jobs_that_ended_are_remembered(tmp_path):
    queue = Queue(tmp_path / "queue.json")
    queue.jobs = [job(f"{n}", "done", float(n + 1)) for n in range(REMEMBERED + 7)] + [job("w")]
    queue.save()
    assert len(queue.jobs) == REMEMBERED + 1
    assert queue.jobs[0].id == "7"
    assert len(json.loads((tmp_path / "queue.json").read_text())["jobs"]) == REMEMBERED + 1


def test_the_usual_choices_are_the_usual_run():
    assert make_config(Choices().settings()) == CleanConfig()


def test_choices_reach_the_stages():
    choices = Choices(look="strong", streaks=0.5, haze=1.2, brightness=0.4, day=True, replace=True)
    config = make_config(choices.settings())
    assert (config.look, config.overwrite) == ("strong", True)
    assert [str(spec) for spec in config.stages] == [
        "glare:streaks=0.5,veil=1.2,exposure=0.4",
        "night-to-day",
    ]
    assert "overwrite" not in choices.picture()


@pytest.mark.parametrize("wrong", [{"haze": 2}, {"look": "mad"}, {"device": "cuda"}, {"haze": "x"}])
def test_other_choices_are_refused(wrong):
    with pytest.raises(UsageError):
        Choices.of(wrong)
