"""Jobs from the queue to their results, through cancels, restarts and failures."""

from __future__ import annotations

import json
import time

from asking import job, queue, wait_for

from dashcam_pipeline.app.overview import overview
from dashcam_pipeline.app.replies import said
from dashcam_pipeline.app.roots import id_of
from dashcam_pipeline.batch.journal import Journal, journal_path


def ended(server, identity):
    return wait_for(
        lambda: (
            (found := job(server, identity))["state"] in {"done", "failed", "cancelled"} and found
        )
    )


def rows(server, identity, language="en"):
    reply = server.client.get(f"api/jobs/{identity}", headers={"X-Language": language})
    return {row["name"]: row for row in reply.json()["clips"]}


def results(server):
    return server.root.with_name("card_clean")


def test_a_job_leads_to_results_a_report_and_a_check(server):
    names = ("night.mp4", "<img src=x onerror=1>.mp4", "broken.mp4")
    identity = queue(server, names)
    found = ended(server, identity)
    assert (found["state"], found["counts"]) == ("done", {"done": 2, "failed": 1})
    for name in names[:2]:
        assert (results(server) / name).stat().st_size > 1000
        assert rows(server, identity)[name]["status"] == "done"
    failed = rows(server, identity, "ko")["broken.mp4"]
    assert failed["status"] == "failed"
    assert any("가" <= letter <= "힣" for letter in failed["reason"])
    result = rows(server, identity)[names[1]]["result"]
    assert result == id_of(results(server) / names[1])
    asked = {"job": identity, "result": result}
    checked = server.client.post("api/verify", json=asked).json()
    assert checked["passed"]
    assert {row["role"] for row in checked["rows"]} >= {"output", "input"}
    address = server.client.post("api/report", json=asked).json()["address"]
    page = server.client.get(address)
    assert page.status_code == 200
    assert "&lt;img src=x onerror=1&gt;" in page.text
    with (results(server) / names[1]).open("r+b") as file:
        file.seek(600)
        file.write(b"changed")
    assert not server.client.post("api/verify", json=asked).json()["passed"]


def choose(server, *names):
    clips = [id_of(server.root / name) for name in names]
    asked = {"folder": id_of(server.root), "clips": clips, "choices": {"quality": "fast"}}
    return server.client.post("api/jobs", json=asked)


def test_of_a_choice_what_went_away_is_left_out_and_named(server):
    server.client.post("api/queue/pause")
    markup = "<img src=x onerror=1>.mp4"
    (server.root / markup).unlink()
    reply = choose(server, markup, "night.mp4")
    assert (reply.status_code, reply.json()["gone"]) == (200, [markup])
    assert [one.paths for one in server.app.foreman.queue.jobs] == [["night.mp4"]]
    assert choose(server, "night.mp4").json()["gone"] == []
    (server.root / "night.mp4").unlink()
    for names, sentence in (
        (("night.mp4",), "The recording is gone."),
        (("night.mp4", markup), "All 2 recordings are gone."),
    ):
        reply = choose(server, *names)
        assert (reply.status_code, reply.json()["error"]["message"]) == (422, sentence)
        assert "choose anew" in reply.json()["error"]["advice"]
    assert len(server.app.foreman.queue.jobs) == 2


def test_nothing_is_done_twice_and_replacing_is_said_in_the_pages_words(server):
    first = queue(server)
    ended(server, first)
    made = (results(server) / "night.mp4").stat()
    second = queue(server)
    assert ended(server, second)["counts"] == {"skipped": 1}
    third = queue(server, look="strong")
    refused = ended(server, third)
    assert (refused["error"], refused["counts"]) == ("", {"failed": 1})
    assert (results(server) / "night.mp4").stat().st_mtime_ns == made.st_mtime_ns
    reason = said(
        "x is there already, and no run on record made it; it is kept, "
        "unless `overwrite=True` is given",
        "en",
    )
    assert "`" not in reason
    fourth = queue(server, look="strong", replace=True)
    assert ended(server, fourth)["counts"] == {"done": 1}


def test_cancel_keeps_the_rest_and_going_on_finishes_it(server, clip_bytes):
    for n in range(4):
        (server.root / f"n{n}.mp4").write_bytes(clip_bytes)
    names = [f"n{n}.mp4" for n in range(4)]
    identity = queue(server, names)
    wait_for(lambda: job(server, identity)["running"] or job(server, identity)["done"])
    assert server.client.post(f"api/jobs/{identity}/cancel").status_code == 200
    assert ended(server, identity)["state"] == "cancelled"
    assert len(list(results(server).glob("*.mp4"))) < 4
    server.client.post(f"api/jobs/{identity}/again")
    assert ended(server, identity)["state"] == "done"
    assert len(list(results(server).glob("*.mp4"))) == 4


def test_a_paused_queue_stands_still_and_stays_so_after_a_restart(start):
    server = start()
    server.client.post("api/queue/pause")
    first, second = queue(server), queue(server, ["<img src=x onerror=1>.mp4"])
    time.sleep(0.5)
    assert [job(server, one)["state"] for one in (first, second)] == ["waiting", "waiting"]
    assert not results(server).exists()
    server.client.post(f"api/jobs/{second}/earlier")
    server.end()
    server = start()
    view = overview(server.app.foreman, "en")
    assert (view["paused"], [one["id"] for one in view["jobs"]]) == (True, [second, first])
    server.client.post(f"api/jobs/{first}/cancel")
    assert job(server, first)["state"] == "cancelled"
    server.client.post(f"api/jobs/{first}/remove")
    server.client.post("api/queue/resume")
    assert ended(server, second)["state"] == "done"
    assert job(server, first) is None


def test_a_server_that_ended_in_the_middle_is_gone_on_with(start):
    server = start()
    names = ["night.mp4", "<img src=x onerror=1>.mp4"]
    identity = queue(server, names)
    wait_for(lambda: job(server, identity)["running"])
    server.end()
    assert json.loads((server.state / "queue.json").read_text())["jobs"][0]["state"] == "running"
    server = start()
    assert ended(server, identity)["state"] == "done"
    with Journal(journal_path(results(server)), writable=False) as entries:
        assert {entry.path: entry.status for entry in entries} == dict.fromkeys(names, "done")


def test_by_the_journal_a_result_that_is_gone_is_gone(start):
    server = start()
    identity = queue(server)
    ended(server, identity)
    server.end()
    server = start()
    assert rows(server, identity)["night.mp4"]["status"] == "done"
    (results(server) / "night.mp4").unlink()
    assert rows(server, identity)["night.mp4"]["status"] == "gone"


def test_what_is_at_work_is_not_removed_and_what_is_no_action_is_refused(server):
    identity = queue(server)
    wait_for(lambda: job(server, identity)["state"] == "running")
    assert server.client.post(f"api/jobs/{identity}/remove").status_code == 422
    assert server.client.post(f"api/jobs/{identity}/explode").status_code == 422
    assert server.client.post("api/jobs/none/cancel").status_code == 422
    server.client.post(f"api/jobs/{identity}/cancel")
    ended(server, identity)


def test_a_folder_that_cannot_hold_results_is_said_with_advice(server):
    server.client.post("api/queue/pause")
    identity = queue(server)
    results(server).write_text("a file where a folder is needed")
    server.client.post("api/queue/resume")
    found = ended(server, identity)
    assert found["state"] == "failed"
    assert found["error"]
    assert found["advice"]
    (server.root / "dashcam_clean").mkdir()
    assert server.app.foreman.queue.find(queue(server)).output.startswith(str(server.root))


def test_time_is_foretold_from_what_was_measured(server):
    ended(server, queue(server))
    server.client.post("api/queue/pause")
    identity = queue(server, ["<img src=x onerror=1>.mp4"])
    assert job(server, identity)["left"] > 0
    assert job(server, queue(server, ["night.mp4"], day=True))["left"] is None
