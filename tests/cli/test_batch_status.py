from __future__ import annotations

import json

import pytest
from factory import Picture, make_clip
from in_process import InProcess

from dashcam_pipeline.batch import driver, status
from dashcam_pipeline.batch.events import (
    BatchFinished,
    BatchStarted,
    ClipFailed,
    ClipProgressed,
    ClipStarted,
)
from dashcam_pipeline.batch.journal import Journal, journal_path
from dashcam_pipeline.batch.status import NAMED, StateKeeper, read_status


@pytest.fixture
def card(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (InProcess(), 2))
    root = tmp_path / "card"
    root.mkdir()
    make_clip(root / "a.mp4", Picture(size=(64, 48), frames=6))
    (root / "bad.mp4").write_text("no video")
    return root


@pytest.fixture
def under_way(tmp_path):
    """A journal as a batch leaves it in the middle of its work."""
    out = tmp_path / "out"
    with Journal(journal_path(out)) as journal:
        keeper = StateKeeper(journal, tmp_path / "card")
        keeper(BatchStarted(clips=4, bytes=400, workers=1))
        keeper(ClipStarted(path="x.mp4", bytes=100))
        keeper(ClipFailed(path="x.mp4", reason="it is empty", attempts=1))
        keeper(ClipStarted(path="b\udce9\n.mp4", bytes=100))
        keeper(ClipProgressed(path="b\udce9\n.mp4", frames=30, expected=60))
        keeper._next = 0.0
        keeper(ClipProgressed(path="b\udce9\n.mp4", frames=30, expected=60))
        yield out


def test_while_it_runs(dashcam, under_way):
    code, said, _ = dashcam("batch", "--status", under_way)
    assert code == 0
    lines = said.splitlines()
    assert lines[0] == "running: 38%, 1/4 recordings, 1 failed"
    assert lines[3:] == [r"at work: b\xe9\n.mp4: 30/60 frames", "failed: x.mp4: it is empty"]
    facts = json.loads(dashcam("batch", "--status", under_way, "--json")[1])
    assert (facts["schema_version"], facts["state"], facts["share"]) == (1, "running", 0.375)
    assert facts["running"][0]["frames"] == 30


def test_after_it_was_killed(dashcam, under_way, monkeypatch):
    monkeypatch.setattr(status, "_lives", lambda _pid, _born: False)
    code, said, _ = dashcam("batch", "--status", under_way)
    assert code == 0
    assert said.startswith("ended without a word: 38%, 1/4 recordings")
    assert "goes on where it was" in said


def test_killed_before_it_knew_what_there_is_to_do(dashcam, tmp_path, monkeypatch):
    """A card of thousands of clips is looked at for minutes."""
    out = tmp_path / "out"
    with Journal(journal_path(out)) as journal:
        StateKeeper(journal, tmp_path / "card")
    code, said, _ = dashcam("batch", "--status", out)
    assert (code, said.splitlines()[0]) == (0, "running: looking at what there is to do")
    monkeypatch.setattr(status, "_lives", lambda _pid, _born: False)
    code, said, _ = dashcam("batch", "--status", out)
    lines = said.splitlines()
    assert code == 0
    assert lines[0] == "ended without a word: before it was known what there is to do"
    assert lines[1].startswith(f"of {tmp_path / 'card'}, since ")
    assert lines[2:] == ["Running the same command again goes on where it was."]
    assert not read_status(out).planned


def test_interrupted_while_it_looked(dashcam, card, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def pressed(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(driver, "_plan", pressed)
    assert dashcam("batch", card, out, "--no-stages")[0] == 130
    said = dashcam("batch", "--status", out)[1]
    assert said.startswith("interrupted: before it was known what there is to do\n")


def test_a_run_that_was_refused_leaves_the_word_to_the_one_before(dashcam, card, tmp_path):
    out = tmp_path / "out"
    dashcam("batch", card, out, "--no-stages")
    before = read_status(out)
    assert before.state == "finished"
    for clip in list(card.iterdir()):
        clip.unlink()
    assert dashcam("batch", card, out, "--no-stages")[0] not in {0, 1}
    assert read_status(out) == before


def test_on_another_machine_its_own_word_counts(under_way, monkeypatch):
    monkeypatch.setattr(status, "_lives", lambda _pid, _born: False)
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    assert read_status(under_way).state == "running"


def test_a_process_of_the_same_number_is_another(under_way, monkeypatch):
    state = read_status(under_way)
    assert status._lives(state.pid, state.born)
    assert not status._lives(state.pid, state.born - 60)


def test_when_it_is_done(dashcam, card, tmp_path):
    out = tmp_path / "out"
    assert dashcam("batch", card, out, "--no-stages", "-q")[0] == 11
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    code, said, _ = dashcam("batch", "--status", out)
    assert code == 0
    assert said.startswith("finished: 100%, 2/2 recordings, 1 failed\n")
    assert "failed: bad.mp4" in said
    facts = json.loads(dashcam("batch", "--status", out, "--json")[1])
    assert (facts["state"], facts["exit_code"]) == ("finished", 11)
    assert facts["counts"] == {"done": 1, "failed": 1}
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_failures_are_named_up_to_a_number(dashcam, under_way, tmp_path):
    with Journal(journal_path(tmp_path / "many")) as journal:
        keeper = StateKeeper(journal, tmp_path)
        for number in range(NAMED + 5):
            keeper(ClipFailed(path=f"{number}.mp4", reason="it is empty"))
        assert len(read_status(tmp_path / "many").failed) == NAMED
    said = dashcam("batch", "--status", tmp_path / "many")[1]
    assert f"and {NAMED + 5 - 20} more, all of them in report.csv" in said


def test_where_there_was_no_batch(dashcam, tmp_path):
    code, _, said = dashcam("batch", "--status", tmp_path)
    assert code == 3
    assert "holds no journal of a batch" in said


@pytest.mark.parametrize(
    "args", [["--status", "a", "b"], ["--json", "a", "b"], ["a"], []]
)  # fmt: skip
def test_what_does_not_go_together(dashcam, tmp_path, args):
    code, _, said = dashcam("batch", *args)
    assert code == 2
    assert "Error" in said or "dashcam:" in said


def test_every_line_on_stderr_is_an_event(dashcam, card, tmp_path):
    (card / "bad.mp4.gpx").write_text("mine")
    code, said, told = dashcam(
        "batch", card, tmp_path / "out", "--no-stages", "--progress", "json", "-v"
    )
    assert code == 11
    assert "1  cleaned" in said
    events = [json.loads(line) for line in told.splitlines()]
    assert [e["event"] for e in events if e["event"] != "clip_progress"] == [
        "started", "clip_started", "clip_done", "clip_started", "clip_failed", "warning", "finished"
    ]  # fmt: skip
    assert events[-1]["exit_code"] == 11
    assert all(event["version"] == 1 for event in events)


def test_clean_tells_the_same(dashcam, card, tmp_path):
    output = tmp_path / "CLEAN"
    code, _, told = dashcam(
        "clean", card / "a.mp4", card / "bad.mp4", "-o", f"{output}/", "--no-stages",
        "--progress", "json",
    )  # fmt: skip
    assert code == 11
    events = [json.loads(line) for line in told.splitlines()]
    kept = [e for e in events if e["event"] not in {"clip_progress", "warning"}]
    assert [e["event"] for e in kept] == [
        "started", "clip_started", "clip_done", "clip_started", "clip_failed", "finished"
    ]  # fmt: skip
    assert kept[2]["output"] == str(output / "a_clean.mp4")
    assert kept[-1]["counts"] == {"done": 1, "damaged": 0, "failed": 1}
    code, _, told = dashcam("clean", card / "bad.mp4", "--progress", "json")
    assert code == 3
    assert json.loads(told.splitlines()[-1])["exit_code"] == 3


def test_a_watched_folder_is_known_from_the_start_and_its_end_is_no_loss(dashcam, tmp_path):
    out = tmp_path / "out"
    with Journal(journal_path(out)) as journal:
        keeper = StateKeeper(journal, tmp_path / "card", watches=True)
        assert dashcam("batch", "--status", out)[1].startswith("running: nothing to do so far")
        keeper(BatchFinished(exit_code=130, interrupted=True))
        assert dashcam("batch", "--status", out)[1].startswith("watching was ended: ")
        keeper(BatchStarted(clips=2, bytes=2, workers=1))
        keeper(BatchFinished(exit_code=130, interrupted=True))
        assert dashcam("batch", "--status", out)[1].startswith("interrupted: 0%, 0/2 recordings")
