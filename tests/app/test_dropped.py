"""Dropped files: used where they lie, sent once if they lie elsewhere."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from asking import queue

from dashcam_pipeline.app.roots import path_of
from dashcam_pipeline.batch.fingerprint import fingerprint


def wanted(path, **more):
    return {"name": path.name, "size": path.stat().st_size, "print": fingerprint(path), **more}


def sent(server, path, data=None, **more):
    query = urlencode(wanted(path, **more))
    return server.client.put(f"api/dropped?{query}", content=data or path.read_bytes())


def inbox(server):
    return sorted(p.name for p in server.inbox.iterdir()) if server.inbox.exists() else []


def test_a_file_below_a_root_is_found_where_it_lies(server):
    deep = server.root / "DCIM" / "Movie"
    deep.mkdir(parents=True)
    moved = (server.root / "night.mp4").rename(deep / "night.mp4")
    found = server.client.post("api/found", json=wanted(moved)).json()
    assert path_of(found["id"]) == moved
    assert path_of(found["folder"]) == deep
    assert inbox(server) == []


@pytest.mark.parametrize("change", [{"size": 5}, {"print": "0" * 64}, {"name": "day.mp4"}])
def test_another_file_of_that_name_is_not_taken_for_it(server, change):
    asked = wanted(server.root / "night.mp4", **change)
    assert server.client.post("api/found", json=asked).json() == {"id": None}


def test_what_lies_outside_is_not_found_but_sent_and_only_once(server):
    other = server.secret / "other.mp4"
    (server.root / "night.mp4").write_bytes(b"another")
    assert server.client.post("api/found", json=wanted(other)).json() == {"id": None}
    first = sent(server, other)
    assert first.status_code == 200
    assert inbox(server) == ["other.mp4"]
    assert server.client.post("api/found", json=wanted(other)).json()["id"] == first.json()["id"]
    assert sent(server, other, name="again.mp4").json()["id"] == first.json()["id"]
    assert inbox(server) == ["other.mp4"]
    assert server.client.get(f"api/facts?id={first.json()['id']}").json()["duration"] > 0
    roots = server.client.get("api/begin").json()["roots"]
    assert [root.get("dropped", False) for root in roots] == [False, True]


def test_two_files_of_one_name_are_both_kept(server):
    other = server.secret / "other.mp4"
    sent(server, other)
    other.write_bytes(other.read_bytes() + b"\0")
    sent(server, other)
    assert inbox(server) == ["other (2).mp4", "other.mp4"]


@pytest.mark.parametrize(
    ("change", "data", "said"),
    [
        ({"name": "../other.mp4"}, None, "is no recording"),
        ({"name": "..\\other.mp4"}, None, "is no recording"),
        ({"name": ".other.mp4"}, None, "is no recording"),
        ({"name": "other.sh"}, None, "is no recording"),
        ({}, b"too short", "didn't arrive whole"),
        ({}, b"x" * 5_000_000, "didn't arrive whole"),
        ({"size": 10**15}, None, "no space"),
    ],
)
def test_what_is_no_recording_or_not_whole_leaves_nothing_behind(server, change, data, said):
    reply = sent(server, server.secret / "other.mp4", data, **change)
    assert reply.status_code == 422
    assert said in reply.json()["error"]["message"]
    assert inbox(server) == []


def test_results_of_what_was_sent_go_below_a_root(server):
    found = sent(server, server.secret / "other.mp4").json()
    server.app.foreman.pause()
    reply = server.client.post(
        "api/jobs", json={"folder": found["folder"], "clips": [found["id"]], "choices": {}}
    )
    job = server.app.foreman.queue.find(reply.json()["id"])
    assert job.output == str(server.root / "dashcam_clean" / "in")
    assert queue(server)
