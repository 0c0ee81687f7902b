"""What may happen to a queue: full disks, pulled cards, files that others replace or take away."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import time
from types import SimpleNamespace

import pytest
from asking import job, queue, wait_for
from factory import Picture, make_clip

from dashcam_pipeline.app import running
from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.batch import driver
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import DiskFullError, InputMissingError


def ended(server, identity):
    def is_ended():
        found = job(server, identity)
        return found if found["state"] in {"done", "failed", "cancelled"} else None

    return wait_for(is_ended)


def rows(server, identity):
    clips = server.client.get(f"api/jobs/{identity}").json()["clips"]
    return {row["name"]: row for row in clips}


def again(server, identity):
    assert server.client.post(f"api/jobs/{identity}/again").status_code == 200
    return ended(server, identity)


def paused(server):
    server.client.post("api/queue/pause")


def resumed(server):
    server.client.post("api/queue/resume")


@pytest.fixture
def small_disk(place):
    """A disk of its own, nearly full, where results go."""
    folder = place.root.with_name("card_clean")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)]
    if (
        not shutil.which("mount")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("a small disk can't be mounted here: needs root")
    filler = folder / "filler"
    free = shutil.disk_usage(folder).free
    filler.write_bytes(bytes(free - (200 << 10)))
    yield filler
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_the_queue_goes_on_and_nothing_is_lost(start, place, small_disk):
    make_clip(place.root / "large.mp4", Picture(frames=30, size=(640, 360)))
    (place.root / "trip").mkdir()
    shutil.copy(place.root / "night.mp4", place.root / "trip" / "other.mp4")
    server = start()
    full = queue(server, ["large.mp4", "night.mp4"])
    reply = server.client.post(
        "api/jobs",
        json={
            "folder": id_of(server.root / "trip"),
            "clips": [id_of(server.root / "trip" / "other.mp4")],
            "choices": {"quality": "fast"},
        },
    )
    found = ended(server, full)
    assert found["state"] == "failed"
    assert "space" in found["error"] + found["advice"]
    assert found["advice"]
    assert ended(server, reply.json()["id"])["state"] == "done"  # on another disk
    small_disk.unlink()
    found = again(server, full)
    assert (found["state"], found["error"], found["counts"]) == ("done", "", {"done": 2})
    assert {row["status"] for row in rows(server, full).values()} == {"done"}


@pytest.mark.parametrize(
    ("stopped_by", "error", "said"),
    [("disk", DiskFullError, "no space"), ("card", InputMissingError, "card is gone")],
)
def test_what_stops_a_batch_is_said_with_advice(place, monkeypatch, stopped_by, error, said):
    report = SimpleNamespace(stopped_by=stopped_by, interrupted=True)
    monkeypatch.setattr(driver, "run_batch", lambda *_a, **_k: report)
    work = {"folder": str(place.root), "output": str(place.root / "out"), "settings": {}}
    with pytest.raises(error, match=said) as caught:
        running._clean(None, work, ["night.mp4"], Control())
    assert "go on" in caught.value.advice


def test_a_card_that_was_pulled_is_said_and_gone_on_with_once_it_is_back(server):
    paused(server)
    first, second = queue(server), queue(server, ["<img src=x onerror=1>.mp4"])
    away = server.root.with_name("away")
    server.root.rename(away)
    resumed(server)
    for one in (first, second):
        found = ended(server, one)
        assert (found["state"], found["error"]) == ("failed", "card is gone, or empty.")
        assert "Put the card back" in found["advice"]
        assert found["counts"] == {}
    assert not server.root.with_name("card_clean").exists()
    server.root.mkdir()  # as where it was mounted
    assert again(server, first)["state"] == "failed"
    server.root.rmdir()
    away.rename(server.root)
    for one in (first, second):
        assert again(server, one)["state"] == "done"


def test_a_recording_that_went_away_while_it_waited_is_said_and_the_others_are_cleaned(start):
    server = start()
    paused(server)
    identity = queue(server, ["night.mp4", "<img src=x onerror=1>.mp4"])
    (server.root / "night.mp4").rename(server.root / "taken")
    resumed(server)
    found = ended(server, identity)
    assert (found["state"], found["counts"]) == ("done", {"failed": 1, "done": 1})

    def is_said():
        row = rows(server, identity)["night.mp4"]
        assert (row["status"], row["reason"]) == ("failed", "It is no longer in its folder.")
        assert row["advice"]

    is_said()
    server.end()
    server = start()
    is_said()
    (server.root / "taken").rename(server.root / "night.mp4")
    assert again(server, identity)["counts"] == {"done": 1, "skipped": 1}


def test_a_recording_that_was_replaced_while_it_waited_is_said(server):
    paused(server)
    identity = queue(server, ["night.mp4", "<img src=x onerror=1>.mp4"])
    make_clip(server.root / "night.mp4", Picture(frames=8, seed=9))
    resumed(server)
    found = ended(server, identity)
    assert (found["state"], found["replaced"]) == ("done", 1)
    found = rows(server, identity)
    assert "replaced by another recording" in found["night.mp4"]["note"]
    assert found["<img src=x onerror=1>.mp4"]["note"] == ""


def test_a_file_system_with_coarse_times_replaces_nothing(server):
    paused(server)
    identity = queue(server)
    status = (server.root / "night.mp4").stat()
    os.utime(server.root / "night.mp4", (status.st_atime, status.st_mtime + 1.5))
    resumed(server)
    assert ended(server, identity)["replaced"] == 0


def test_a_failed_recording_comes_with_advice_also_after_a_restart(start):
    server = start()
    identity = queue(server, ["broken.mp4"])
    ended(server, identity)
    first = rows(server, identity)["broken.mp4"]
    assert first["reason"]
    assert first["advice"]
    server.end()
    server = start()
    assert rows(server, identity)["broken.mp4"] == {**first, "share": 1.0}


def test_a_run_whose_server_was_killed_says_nothing_and_ends_in_order(place, monkeypatch, capsys):
    ours, theirs = multiprocessing.Pipe()
    ours.close()  # as when it is killed
    monkeypatch.setattr(running, "_obey", lambda *_: None)
    monkeypatch.setattr(running.signal, "signal", lambda *_: None)
    status = (place.root / "night.mp4").stat()
    work = {
        "folder": str(place.root), "output": str(place.root / "out"),
        "settings": {"quality": "fast"},
        "stamps": {"night.mp4": (status.st_size, status.st_mtime), "none.mp4": (1, 1.0)},
    }  # fmt: skip
    running._run(theirs, work)
    assert (place.root / "out" / "night.mp4").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_queue_that_cannot_be_written_goes_on_and_says_so(server):
    path = server.state / "queue.json"
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)  # nothing can be written over a folder
    identity = queue(server)
    assert ended(server, identity)["state"] == "done"
    assert "can't be written" in server.app.foreman.queue.fault
    path.rmdir()
    paused(server)
    assert server.app.foreman.queue.fault == ""
    assert path.is_file()


def test_time_is_foretold_before_the_first_run(server):
    asked = {"id": id_of(server.root / "night.mp4"), "choices": {"quality": "fast"}}
    wait_for(lambda: server.client.post("api/pace", json=asked).json()["pace"])
    pace = server.client.post("api/pace", json=asked).json()["pace"]
    size = (server.root / "night.mp4").stat().st_size
    assert 0.01 < pace * size < 300
    paused(server)
    identity = queue(server)
    assert job(server, identity)["left"] == pytest.approx(pace * size)
    assert server.app.foreman.queue.pace == {}
    resumed(server)
    ended(server, identity)
    assert server.client.post("api/pace", json=asked).json()["pace"] != pace  # as it really was


def test_nothing_is_tried_while_a_job_is_at_work(server):
    identity = queue(server)
    asked = {"id": id_of(server.root / "night.mp4"), "choices": {"quality": "best"}}
    assert job(server, identity)["state"] == "running"
    assert server.client.post("api/pace", json=asked).json() == {"pace": None}
    ended(server, identity)


def test_what_cannot_be_tried_is_refused_with_a_reason(server):
    asked = {"id": id_of(server.root / "broken.mp4"), "choices": {}}
    deadline = time.monotonic() + 60
    while (reply := server.client.post("api/pace", json=asked)).status_code == 200:
        assert reply.json() == {"pace": None}  # the page's first look is ahead of it
        assert time.monotonic() < deadline
    assert reply.status_code == 422
    assert "broken.mp4" in reply.json()["error"]["message"]
