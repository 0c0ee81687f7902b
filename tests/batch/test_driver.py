from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import av
import cameras
import judge
import pytest
from factory import Picture, Sound, cut_short, make_clip
from in_process import InProcess

import dashcam_pipeline
from dashcam_pipeline.batch import discovery, driver
from dashcam_pipeline.batch import estimate as estimate_module
from dashcam_pipeline.batch import job as job_module
from dashcam_pipeline.batch.discovery import Selection
from dashcam_pipeline.batch.driver import plan_batch, run_batch
from dashcam_pipeline.batch.estimate import estimate
from dashcam_pipeline.batch.job import Job, Outcome, run_job
from dashcam_pipeline.batch.journal import Journal, journal_path, work_folder
from dashcam_pipeline.batch.lock import FolderLock
from dashcam_pipeline.batch.pool import LocalRunner
from dashcam_pipeline.batch.products import LEFT_OUT
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import (
    InputMissingError,
    NotVideoError,
    OutputError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.media.part_file import PartFile
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.pipeline import clean
from dashcam_pipeline.provenance import verify

PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
PLAIN = CleanConfig(stages=(), threads=1)


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
    failed = next(clip for clip in report.clips if clip.status == "failed")
    told = json.loads((out / "report.json").read_text(encoding="utf-8"))["clips"]
    with pytest.raises(NotVideoError) as refused:
        probe(card / failed.path)
    assert failed.advice == refused.value.advice != ""
    entry = next(each for each in told if each["path"] == failed.path)
    assert (entry["reason"], entry["advice"]) == (failed.reason, failed.advice)
    assert failed.advice not in (out / "report.csv").read_text(encoding="utf-8")
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


def change(card, what):
    """Something else than what was done; returns the settings that it is done with."""
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"
    if what == "content":
        make_clip(card / "Movie/20240101_120000_NR.mp4", Picture(size=(128, 72), frames=9))
    elif what == "output gone":
        made.unlink()
    elif what == "output changed":
        made.write_bytes(b"mine")
    return {"crf": 30} if what == "settings" else {}


REFUSALS = {
    "content": "is the result of another recording of that name",
    "settings": "was made with other settings, weights or versions",
    "output changed": "was changed since it was made",
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_changed_is_kept_without_overwrite(card, runner, what):
    out = card.parent / "out"
    made = out / "Movie/20240101_120000_NR.mp4"
    run(card)
    settings = change(card, what)
    before = {path: path.read_bytes() for path in made.parent.iterdir() if path.is_file()}
    runner.jobs.clear()
    config = CleanConfig(stages=(), threads=1, **settings)
    (step,) = [s for s in plan_batch(card, out, config=config).steps if "NR" in s.clip.path]
    assert step.action == "refuse"
    assert REFUSALS[what] in step.reason
    report = run(card, config=config)
    (clip,) = [c for c in report.clips if "NR" in c.path]
    assert (clip.status, clip.reason) == ("failed", step.reason)
    assert report.exit_code == 11
    assert runner.jobs == ["Movie/20240103_120000_NF.mp4"]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("what", ["content", "settings", "output gone", "output changed"])
def test_what_changed_is_done_again_if_told(card, runner, what):
    out = card.parent / "out"
    made = out / "Movie/20240101_120000_NR.mp4"
    run(card)
    settings = change(card, what)
    runner.jobs.clear()
    config = CleanConfig(stages=(), threads=1, overwrite=what != "output gone", **settings)
    (step,) = [s for s in plan_batch(card, out, config=config).steps if "NR" in s.clip.path]
    assert step.action == "clean"
    assert (": it is replaced" in step.reason) == (what != "output gone")
    run(card, config=config)
    assert "Movie/20240101_120000_NR.mp4" in runner.jobs
    assert len(runner.jobs) == (4 if what == "settings" else 2)
    assert len(judge.ticks(made)) == (9 if what == "content" else 8)
    assert verify(made).passed
    runner.jobs.clear()
    run(card, config=config)
    assert runner.jobs == ["Movie/20240103_120000_NF.mp4"]


def test_other_versions_alone_keep_what_is_done(card, runner, monkeypatch):
    run(card)
    monkeypatch.setattr("dashcam_pipeline.batch.recipe.__version__", "99.0")
    runner.jobs.clear()
    report = run(card)
    assert report.counts["skipped"] == 3
    assert "other weights or versions" in report.clips[0].reason
    assert runner.jobs == ["Movie/20240103_120000_NF.mp4"]
    run(card, config=CleanConfig(stages=(), threads=1, overwrite=True))
    assert len(runner.jobs) == 5


def test_a_copied_output_folder_is_still_done(card, runner):
    """Its file times are new, its bytes are those on record."""
    run(card)
    for path in (card.parent / "out/Movie").rglob("*.*"):
        os.utime(path)
    assert run(card).counts["skipped"] == 3


@pytest.fixture
def second_card(card):
    """Another drive under the same names, sizes and file times."""
    other = card.parent / "other/card"
    shutil.copytree(card, other)
    for path in other.rglob("*.[mM][pP]4"):
        data = bytearray(path.read_bytes())
        data[-1] ^= 1  # in the metadata's last box
        path.write_bytes(data)
        os.utime(path, ns=(10**18, 10**18))
    (other / "Movie/20240101_120000_N.gps").write_text("$GPRMB")
    (other / "Movie/20240101_120000_NF.thm").write_text("second")
    os.utime(other / "Movie/20240101_120000_N.gps", ns=(10**18, 10**18))
    return other


def test_two_cards_with_the_same_names_never_mix(card, second_card, runner):
    out = card.parent / "out"
    run(card)
    before = snapshot(out / "Movie")
    report = run_batch(second_card, out, config=PLAIN)
    assert set(fates(report).values()) == {"failed"}
    assert report.exit_code == 11
    reasons = [clip.reason for clip in report.clips if "0103" not in clip.path]
    assert all("is the result of another recording of that name" in reason for reason in reasons)
    assert all(f"name another folder, such as {out}-2" in reason for reason in reasons)
    assert snapshot(out / "Movie") == before
    assert (out / "Movie/20240101_120000_N.gps").read_text() == "$GPRMC"
    # the first card is still done, wherever it is put in
    moved = card.rename(card.parent / "moved")
    assert run_batch(moved, out, config=PLAIN).counts["skipped"] == 3


def test_a_second_card_with_new_file_times_is_another_recording_too(card, second_card, runner):
    out = card.parent / "out"
    run(card)
    before = snapshot(out / "Movie")
    for path in second_card.rglob("*.[mM][pP]4"):
        os.utime(path)
    with Journal(journal_path(out)) as journal:  # as an older version left it
        for entry in list(journal):
            journal.put(replace(entry, fingerprint=""))
    report = run_batch(second_card, out, config=PLAIN)
    assert set(fates(report).values()) == {"failed"}
    assert snapshot(out / "Movie") == before


def test_segments_of_one_card_are_not_used_for_another(card, second_card, tmp_path):
    """The first card's segments are still there when the second one is put in."""
    name = "Movie/20240101_120000_NR.mp4"
    make_clip(second_card / name, Picture(size=(128, 72), frames=8, seed=5))
    clips = [root / name for root in (card, second_card)]
    whole = max(clip.stat().st_size for clip in clips) + 16
    for clip in clips:  # of one size
        room = whole - clip.stat().st_size
        clip.write_bytes(clip.read_bytes() + room.to_bytes(4, "big") + b"free" + bytes(room - 8))
        os.utime(clip, ns=(10**18, 10**18))
    config = CleanConfig(stages=(), threads=1, codec="libx264", encoder_options={"qp": "0"})
    for clip, folder in zip(clips, ("one", "two"), strict=True):
        job = Job(
            path=name, source=str(clip), folder=str(tmp_path / folder), recipe="r",
            work=str(tmp_path / "work"), config=config.model_dump(mode="json"), segment_seconds=0.1,
        )  # fmt: skip
        assert run_job(asdict(job))["status"] == "done"
        made = tmp_path / folder / clip.name
        assert judge.same_pictures(judge.frames(clip), judge.frames(made))


def test_a_file_in_the_place_of_a_companion_is_kept(card, runner):
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"
    made.parent.mkdir(parents=True)
    mine = made.with_name(made.name + ".provenance.json")
    mine.write_text("mine")
    for _ in range(2):
        report = run(card)
        assert fates(report)["20240101_120000_NR.mp4"] == "failed"
        assert "provenance.json is there already" in report.clips[1].reason
        assert mine.read_text() == "mine"
        assert not made.exists()
    run(card, config=CleanConfig(stages=(), threads=1, overwrite=True))
    assert verify(made).passed


def test_a_file_put_there_after_an_interruption_is_kept(card, runner):
    """The run was cut off before there was an output: what is there now is somebody's."""
    made = card.parent / "out/Movie/20240101_120000_NR.mp4"

    def lose(job, outcome):
        if job.path.endswith("NR.mp4"):
            raise KeyboardInterrupt
        return outcome

    runner.bend = lose
    with pytest.raises(KeyboardInterrupt):
        run(card)
    made.write_text("mine")
    runner.bend = lambda _job, outcome: outcome
    runner.queue.clear()
    assert fates(run(card))["20240101_120000_NR.mp4"] == "failed"
    assert made.read_text() == "mine"


KILLED = """
import os, sys
from pathlib import Path
from in_process import in_process
from dashcam_pipeline.batch.driver import run_batch
link, left = os.link, [None] * {at}
os.link = lambda *a, **k: (left.pop() if left else os._exit(9), link(*a, **k))
with in_process():
    run_batch(sys.argv[1], sys.argv[2], config={{"stages": (), "threads": 1, **{settings}}})
"""


@pytest.mark.parametrize(
    ("at", "former"),
    [
        (1, False),
        (3, False),
        (1, True),
        (3, True),
        *(
            pytest.param(*how, marks=pytest.mark.slow)
            for how in [(0, False), (2, False), (2, True)]
        ),
    ],
)
def test_a_batch_killed_while_names_are_given_is_tidied_up_by_the_next(
    tmp_path, runner, at, former
):
    """Without leave to overwrite, also where the killed one had it."""
    card = tmp_path / "card"
    card.mkdir()
    clip = make_clip(card / "a.mp4", Picture(size=(64, 48), frames=8))
    cameras.transplant(clip, blocks=[cameras.novatek_block(i) for i in range(2)])
    settings = {}
    if former:
        run(card, config=CleanConfig(stages=(), threads=1, crf=40))
        settings = {"overwrite": True}
    tests = str(Path(__file__).parents[1])
    code = KILLED.format(at=at, settings=settings)
    killed = subprocess.run(
        [sys.executable, "-B", "-c", code, card, tmp_path / "out"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE), tests))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == 9, killed.stderr

    report = run(card)

    assert fates(report) == {"a.mp4": "done"}, report.clips[0].reason
    names = {p.name for p in (tmp_path / "out").iterdir()} - {".dashcam"}
    beside = {f"a.mp4.{e}" for e in ("gpx", "telemetry.zip", "provenance.json")}
    assert names == {"a.mp4", *beside, "report.json", "report.csv"}
    assert verify(tmp_path / "out/a.mp4").passed
    assert fates(run(card)) == {"a.mp4": "skipped"}


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["report.json", "report.csv"])
def test_a_folder_in_the_place_of_a_report_is_said_before_any_work(card, runner, name, overwrite):
    (card.parent / "out" / name).mkdir(parents=True)
    with pytest.raises(OutputExistsError, match="is a folder"):
        run(card, config=CleanConfig(stages=(), overwrite=overwrite))
    assert runner.jobs == []


@pytest.mark.parametrize("name", ["report.json", "report.csv"])
def test_a_report_of_the_users_is_kept(card, runner, name):
    mine = card.parent / "out" / name
    mine.parent.mkdir()
    mine.write_text("{}")
    with pytest.raises(OutputExistsError, match=name):
        run(card)
    with pytest.raises(OutputExistsError, match=name):
        plan_batch(card, card.parent / "out", config=PLAIN)
    assert mine.read_text() == "{}"
    run(card, config=CleanConfig(stages=(), threads=1, overwrite=True))
    run(card)  # now it is ours
    assert mine.read_text() != "{}"


def test_a_link_out_of_the_output_folder_is_not_followed(card, runner):
    out, elsewhere = card.parent / "out", card.parent / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    (out / "Movie").symlink_to(elsewhere)
    report = run(card)
    assert set(fates(report).values()) == {"failed"}
    assert "leads out of the output folder" in report.clips[0].reason
    assert not list(elsewhere.iterdir())


def test_products_are_left_out_unless_asked_for(card, runner):
    made = card / "Movie/20240101_120000_NR_clean.mp4"
    clean(card / "Movie/20240101_120000_NR.mp4", made, config=PLAIN)
    shutil.copy(made, card / "Movie/renamed.mp4")  # only its mark tells
    make_clip(card / "Movie/20240101_120000_NR_before_after.mp4", Picture(size=(128, 72), frames=8))
    report = run(card)
    assert report.refused == {LEFT_OUT: 3}
    assert report.counts["done"] == 3
    assert "3  left out: made by dashcam" in report.table()
    assert not list((card.parent / "out").rglob("*_clean*"))
    report = run(card, options=BatchOptions(selection=Selection(results=True)))
    assert (report.counts["done"], report.counts["skipped"]) == (3, 3)
    assert verify(card.parent / "out/Movie/renamed.mp4").passed
    named = run_batch(made, card.parent / "named", config=PLAIN)
    assert named.counts["done"] == 1


def test_a_mark_that_only_opening_shows_is_found(card, runner, monkeypatch):
    clean(card / "Movie/20240101_120000_NR.mp4", card / "Movie/renamed.mp4", config=PLAIN)
    (card / "Movie/renamed.mp4.provenance.json").unlink()
    monkeypatch.setattr("dashcam_pipeline.batch.products._seems_marked", lambda _path: False)
    report = run(card)
    assert report.refused == {LEFT_OUT: 1}
    assert [clip.path for clip in report.clips if "renamed" in clip.path] == []
    assert "renamed" not in report.table()
    assert not (card.parent / "out/Movie/renamed.mp4").exists()


def test_tracks_that_no_result_can_hold_are_named(card, runner):
    """Nobody opens the record of each of hundreds of results."""
    sound = Sound(codec="adpcm_ima_wav", rate=8000)
    make_clip(card / "Movie/old.avi", Picture(size=(128, 72), frames=8), sounds=[sound])
    report = run(card)
    (old,) = [clip for clip in report.clips if clip.path == "Movie/old.avi"]
    assert old.status == "done"
    assert "adpcm_ima_wav: matroska can't hold" in old.not_kept
    assert f"not kept: Movie/old.avi: {old.not_kept}" in report.table()
    assert report.table().count("not kept:") == 1
    text = (card.parent / "out/report.csv").read_text(encoding="utf-8")
    assert old.not_kept in text
    unwanted = run(card, config=PLAIN.model_copy(update={"audio": False, "overwrite": True}))
    assert not any(clip.not_kept for clip in unwanted.clips)


def test_a_batch_over_a_batch_takes_no_record_for_a_sidecar(card, runner):
    run(card)
    first, second = card.parent / "out", card.parent / "second"
    report = run_batch(first, second, config=PLAIN)
    assert report.refused == {LEFT_OUT: 3}
    assert report.clips == []
    options = BatchOptions(selection=Selection(results=True))
    report = run_batch(first, second, config=PLAIN, options=options)
    assert report.counts["done"] == 3
    assert report.warnings == []
    results = list(second.rglob("*.mp4")) + list(second.rglob("*.MP4"))
    assert len(results) == 3
    assert all(verify(path).passed for path in results)
    again = run_batch(first, second, config=PLAIN, options=options)
    assert again.counts["skipped"] == 3
    assert all(verify(path).passed for path in results)


def test_sidecars_with_names_of_companions_are_named(card, runner):
    (card / "Movie/20240101_120000_NR.mp4.gpx").write_text("mine")
    (card / "report.json").write_text("{}")
    report = run(card)
    assert report.counts["done"] == 3
    assert sorted(w.partition(" ")[0] for w in report.warnings) == [
        "Movie/20240101_120000_NR.mp4.gpx",
        "report.json",
    ]
    assert json.loads((card.parent / "out/report.json").read_text())["counts"]["done"] == 3


def test_made_names_never_collide(card, runner):
    names = ["a.avi", "a.mp4", "a.mov", "a_mp4.mp4", "a_mov.mp4", "A.mp4",
             "caf\u00e9.mp4", "cafe\u0301.mp4"]  # fmt: skip
    for number, name in enumerate(names):
        codec = {"codec": "mpeg4"} if name.endswith("avi") else {}
        make_clip(card / "Movie" / name, Picture(size=(128, 72), frames=4 + number, **codec))
    options = BatchOptions(selection=Selection(include=("a*", "caf*")))
    report = run(card, options=options)
    assert report.counts["done"] == len(names)
    made = [clip.output for clip in report.clips]
    bare = {unicodedata.normalize("NFC", name.rpartition(".")[0]).lower() for name in made}
    assert len(bare) == len(names)
    out = card.parent / "out"
    assert [len(judge.ticks(out / clip.output)) for clip in report.clips] == [
        4 + names.index(clip.path.rpartition("/")[2]) for clip in report.clips
    ]
    make_clip(card / "Movie/A.avi", Picture(size=(128, 72), frames=3, codec="mpeg4"))
    again = run(card, options=options)
    assert (again.counts["skipped"], again.counts["done"]) == (len(names), 1)


ODD_NAMES = [b"caf\xe9.mp4", b"new\nline.mp4", b"\x1b[31mred.mp4", b"\xff\xfe.mp4", b"tab\t.mp4"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
def test_odd_names_stop_nothing(card, runner, capsys):
    for name in ODD_NAMES:
        shutil.copy(card / "Movie/20240101_120000_NR.mp4", card / "Movie" / os.fsdecode(name))
        (card / "Movie" / os.fsdecode(name.replace(b"mp4", b"gps"))).write_text("$GPRMC")
    report = run(card)
    assert report.counts["done"] == 3 + len(ODD_NAMES)
    out = card.parent / "out"
    for name in ODD_NAMES:
        assert judge.ticks(out / "Movie" / os.fsdecode(name))
        assert (out / "Movie" / os.fsdecode(name.replace(b"mp4", b"gps"))).exists()
    assert run(card).counts["skipped"] == 3 + len(ODD_NAMES)
    paths = {clip["path"] for clip in json.loads((out / "report.json").read_text())["clips"]}
    assert {f"Movie/{os.fsdecode(name)}" for name in ODD_NAMES} < paths
    with (out / "report.csv").open(newline="") as file:
        assert "Movie/new\nline.mp4" in [row["path"] for row in csv.DictReader(file)]


def test_what_only_has_the_name_of_a_recording_is_left_out_with_a_sentence(card, runner):
    folder = card / "Movie"
    (folder / "loop.mp4").symlink_to("loop.mp4")
    (folder / "gone.mp4").symlink_to(card.parent / "nowhere" / "a.mp4")
    (folder / "file.mp4").symlink_to("20240101_120000_NR.mp4/a.mp4")
    (folder / "inside.mp4").symlink_to("20240101_120000_NR.mp4")
    (folder / "again").symlink_to(folder)
    (folder / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(folder / "pipe.mp4")
    (folder / "20240103_120000_NF.mp4").unlink()

    report = run(card)

    assert report.exit_code == 0
    assert fates(report).get("inside.mp4") == "done"
    assert len(report.clips) == 4
    assert report.warnings == [
        "Movie/loop.txt is a link, which may lead anywhere; not copied.",
        "Movie/again is a link to a folder; left out.",
        "Movie/file.mp4 is a link that leads nowhere; left out.",
        "Movie/gone.mp4 is a link that leads nowhere; left out.",
        "Movie/loop.mp4 is a link that leads nowhere; left out.",
        "Movie/pipe.mp4 is no ordinary file; left out.",
    ]


@pytest.mark.parametrize("year", [-5, 1, 1901, 2262, 2300, 9999, 10_000, 100_000])
def test_odd_file_times_stop_nothing(card, runner, monkeypatch, year):
    ns = round((year - 1970) * 365.2425 * 86400) * 10**9
    found = discovery._found

    def dated(file, path):
        return replace(found(file, path), mtime_ns=ns)

    monkeypatch.setattr(discovery, "_found", dated)
    options = BatchOptions(selection=Selection(since=datetime(1, 1, 1), include=("*NR.mp4",)))  # noqa: DTZ001 - a camera's clock
    assert run(card, options=options).counts["done"] == 1
    assert run(card, options=options).counts["skipped"] == 1


def test_a_clips_own_fault_stays_with_it(card, runner, monkeypatch):
    def fault(path):
        if "NR" in path.name:
            raise UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed")
        return real(path)

    real = job_module.probe
    monkeypatch.setattr(job_module, "probe", fault)
    report = run(card)
    assert report.counts["done"] == 2
    assert "unexpected UnicodeEncodeError" in report.clips[1].reason


def test_a_file_too_large_fails_alone(card, runner, monkeypatch):
    """As on FAT32, whose files end at 4 GB."""
    write = PartFile.write

    def limited(self, data):
        if "NR.mp4" in self.name and self.tell() + len(data) > 4000:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return write(self, data)

    monkeypatch.setattr(PartFile, "write", limited)
    report = run(card)
    assert report.counts["done"] == 2
    assert report.counts["not reached"] == 0
    (clip,) = [c for c in report.clips if "NR" in c.path]
    assert (clip.status, clip.attempts) == ("failed", 1)
    assert "grew larger than a file may be there" in clip.reason
    assert report.warnings == []
    assert not list(work_folder(card.parent / "out").rglob("*.seg"))


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
    assert report.stopped_by == "disk"
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
    outcome = json.loads(json.dumps(run_job(json.loads(json.dumps(asdict(job))))))
    assert outcome["status"] == "done"
    assert outcome["frames"] == 8


def test_an_estimate_decodes_nothing_in_this_process(card, monkeypatch):
    """The largest recording is hostile: this process must not even open it."""

    def never(*_args, **_settings):
        raise AssertionError("a recording was opened here")

    monkeypatch.setattr(av, "open", never)
    plan = plan_batch(card, card.parent / "out", config=PLAIN)
    found = estimate(plan, card.parent / "out", config=PLAIN, options=BatchOptions())
    assert found is not None
    assert found.nbytes > 0
    assert found.fps > 0


class Dying(LocalRunner):
    """A runner one of whose recordings takes its process down."""

    def submit(self, job):
        self.worst = "NR" in job.path
        super().submit(job)

    def poll(self, timeout):
        events = super().poll(timeout)
        for worker in self._workers:
            if worker is not None and worker.job is not None and self.worst:
                worker.process.kill()
        return events


def test_an_estimate_survives_a_crash(card, monkeypatch):
    monkeypatch.setattr(estimate_module, "LocalRunner", Dying)
    options = BatchOptions(selection=Selection(include=("*NR*", "RO/*", "*/RO/*")))
    plan = plan_batch(card, card.parent / "out", config=PLAIN, options=options)
    found = estimate(plan, card.parent / "out", config=PLAIN, options=options)
    assert found is not None
    assert "RO" in found.trial


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


@pytest.fixture(scope="module")
def long_clips(tmp_path_factory):
    """Long enough to be stopped on the way, and a short one; read only."""
    root = tmp_path_factory.mktemp("long")
    make_clip(root / "20240101_120000_NF.mp4", Picture(size=(64, 48), frames=1800))
    make_clip(root / "20240101_120100_NF.mp4", Picture(size=(64, 48), frames=60))
    return root


@pytest.fixture
def long_card(long_clips, tmp_path):
    return shutil.copytree(long_clips, tmp_path / "card")


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
