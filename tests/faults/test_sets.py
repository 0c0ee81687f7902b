"""An output and what goes along with it: one set, one owner, all of it or nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import cameras
import judge
import pytest
from factory import Picture, make_clip
from in_process import InProcess
from striker import Striker

import dashcam_pipeline
from dashcam_pipeline import clean
from dashcam_pipeline.batch import driver
from dashcam_pipeline.batch.discovery import Selection, discover, select
from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.cli import main
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.part_file import PartFile
from dashcam_pipeline.provenance import verify
from dashcam_pipeline.stages.registry import BUILT_IN

PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
TESTS = Path(__file__).parents[1]
SET = ["b.mp4", "b.mp4.gpx", "b.mp4.provenance.json", "b.mp4.telemetry.zip"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and links as POSIX has them")


def make(path, *, positions=2, frames=20):
    clip = make_clip(path, Picture(frames=frames, size=(160, 90)))
    blocks = [cameras.novatek_block(i) for i in range(positions)]
    return cameras.transplant(clip, blocks=blocks) if blocks else clip


@pytest.fixture
def source(tmp_path):
    (tmp_path / "card").mkdir()
    return make(tmp_path / "card" / "a.mp4")


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def cleaned(source, target, *options):
    return main(["clean", str(source), "-o", str(target), "--no-stages", "-q", *options])


# Two runs


def start(*args, before="pass"):
    code = (
        f"{before}\n"
        "import sys; from dashcam_pipeline.stages.registry import BUILT_IN; "
        "BUILT_IN['slow'] = 'toys:Slow'; from dashcam_pipeline.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-B", "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(TESTS)))},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_a_second_run_on_a_target_is_refused_and_the_first_is_whole(
    tmp_path, out, capsys, overwrite
):
    source = make(tmp_path / "a.mp4", frames=60)
    first = start("clean", source, "-o", out / "b.mp4", "--stage", "slow", *overwrite)
    while not list(out.glob("b.mp4.*.part")):
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    assert cleaned(source, out / "b.mp4", *overwrite) == 4
    said = capsys.readouterr().err
    assert f"{out / 'b.mp4'} is being written by another run." in said
    assert "does not exist" not in said
    _, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert sorted(files(out)) == SET
    assert len(judge.frames(out / "b.mp4")) == 60
    assert verify(out / "b.mp4").passed


def test_many_runs_at_once_give_one_whole_output(source, out):
    """In one process, where locks of processes would not help."""
    ends = []

    def run():
        try:
            ends.append(clean(source, out / "b.mp4", config={"stages": ()}).frames.written)
        except OutputError as error:
            ends.append(type(error).exit_code)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [4, 4, 4, 20]
    assert sorted(files(out)) == SET
    assert verify(out / "b.mp4").passed


@posix
@pytest.mark.parametrize("ending", ["", ".gpx", ".telemetry.zip", ".provenance.json"])
def test_a_link_in_the_place_of_a_part_is_not_followed(source, out, tmp_path, ending):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (out / f"b.mp4{ending}.part").symlink_to(victim)
    assert cleaned(source, out / "b.mp4") == 0
    assert victim.read_bytes() == b"precious"
    assert verify(out / "b.mp4").passed


# Interrupts


@posix
@pytest.mark.parametrize(
    ("overwrite", "step"),
    [
        (False, 19),
        (True, 19),
        pytest.param(False, 1, marks=pytest.mark.slow),
        pytest.param(True, 1, marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_at_any_step_leaves_the_whole_set_or_nothing_new(
    source, out, monkeypatch, capsys, *, overwrite, step
):
    """At every call that makes, fills, names or removes a file, and before and after each."""
    target = out / "b.mp4"
    options = ["--overwrite"] if overwrite else []
    old = {}
    if overwrite:
        assert cleaned(make(source.with_name("old.mp4"), frames=12), target) == 0
        old = files(out)
    striker = Striker(monkeypatch)
    monkeypatch.setattr(PartFile, "write", striker.watched(PartFile.write))
    codes = []

    def run():
        codes.append(cleaned(source, target, *options))

    striker.during(run)
    calls, ends = striker.count, set()
    assert calls > 40
    for at in [*range(1, calls + 1), *range(-calls, 0)][::step]:
        for name in files(out):
            (out / name).unlink()
        for name, data in old.items():
            (out / name).write_bytes(data)
        capsys.readouterr()
        striker.during(run, at)
        said = capsys.readouterr().err
        if codes[-1] == 130 and "nothing was written" in said:
            assert files(out) == old, at
        else:
            assert codes[-1] == 0 or f"and whole: {target}," in said, said
            assert sorted(files(out)) == SET, at
            assert verify(target).passed
            assert files(out)["b.mp4"] != old.get("b.mp4")
        ends.add((codes[-1], "nothing" in said))
    assert (130, True) in ends
    assert step > 1 or (130, False) in ends


# Companions


def test_companions_of_the_former_recording_go_with_it(source, out, tmp_path):
    target = out / "b.mp4"
    assert cleaned(source, target) == 0
    assert sorted(files(out)) == SET
    assert cleaned(make(tmp_path / "nogps.mp4", positions=0), target, "--overwrite") == 0
    assert sorted(files(out)) == ["b.mp4", "b.mp4.provenance.json"]
    assert verify(target).passed


def test_they_go_too_where_a_preview_replaces_a_result(source, out, tmp_path):
    """Else they would go on saying of another video where it was taken."""
    target = out / "b.mp4"
    assert cleaned(source, target) == 0
    args = ["preview", str(source), "--no-stages", "-o", str(target), "-q"]
    assert main(args) == 4
    assert sorted(files(out)) == SET
    assert main([*args, "--overwrite"]) == 0
    assert sorted(files(out)) == ["b.mp4"]


@pytest.mark.parametrize("what", ["changed", "never listed"])
def test_with_overwrite_a_users_own_file_that_is_not_replaced_stays(
    source, out, tmp_path, capsys, what
):
    target = out / "b.mp4"
    if what == "changed":
        assert cleaned(source, target) == 0
    (out / "b.mp4.gpx").write_bytes(b"corrected by hand")
    capsys.readouterr()
    nogps = make(tmp_path / "nogps.mp4", positions=0)
    assert main(["clean", str(nogps), "-o", str(target), "--no-stages", "--overwrite"]) == 0
    assert "b.mp4.gpx was there before, and is not of this output" in capsys.readouterr().err
    assert (out / "b.mp4.gpx").read_bytes() == b"corrected by hand"
    assert not (out / "b.mp4.telemetry.zip").exists()


@pytest.mark.parametrize("ending", [".gpx", ".telemetry.zip", ".provenance.json"])
def test_a_users_own_file_in_a_companions_place_needs_leave(source, out, capsys, ending):
    mine = out / f"b.mp4{ending}"
    mine.write_bytes(b"mine")
    assert cleaned(source, out / "b.mp4") == 4
    said = capsys.readouterr().err
    assert f"{mine}, which goes along with the output, exists already" in said
    assert "--overwrite" in said
    assert files(out) == {mine.name: b"mine"}
    assert cleaned(source, out / "b.mp4", "--overwrite") == 0
    assert verify(out / "b.mp4").passed


def test_a_record_that_lists_other_files_lets_none_of_them_go(source, out, tmp_path):
    """Whoever wrote the record: only companions' own names count."""
    target = out / "b.mp4"
    assert cleaned(source, target) == 0
    (out / "other.mp4").write_bytes(b"another recording")
    record = out / "b.mp4.provenance.json"
    facts = json.loads(record.read_text())
    facts["companions"].append(
        {"name": "other.mp4", "bytes": 17, "sha256": __import__("hashlib").sha256(
            b"another recording").hexdigest()}
    )  # fmt: skip
    record.write_text(json.dumps(facts))
    assert cleaned(make(tmp_path / "nogps.mp4", positions=0), target, "--overwrite") == 0
    assert (out / "other.mp4").read_bytes() == b"another recording"
    assert sorted(files(out)) == ["b.mp4", "b.mp4.provenance.json", "other.mp4"]


@posix
@pytest.mark.parametrize("at", [2, *(pytest.param(at, marks=pytest.mark.slow) for at in (0, 1, 3))])
def test_a_run_killed_while_names_are_given_loses_nothing_and_the_next_is_whole(source, out, at):
    """At each of the names; without --overwrite where there was nothing before."""
    target = out / "b.mp4"
    killing = (
        f"import os; link, left = os.link, [None] * {at}; "
        "os.link = lambda *a, **k: (left.pop() if left else os._exit(9), link(*a, **k))"
    )
    process = start("clean", source, "-o", target, "--no-stages", before=killing)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 9, err
    assert target.exists() == (at > 0)
    assert not (out / "b.mp4.provenance.json").exists()
    assert cleaned(source, target, *["--overwrite"] * target.exists()) == 0
    assert sorted(files(out)) == SET
    assert verify(target).passed


@pytest.fixture
def at_once(monkeypatch):
    """Batches without processes of their own."""
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (InProcess(), 2))


def test_a_batch_leaves_the_users_own_files_alone(source, out, at_once):
    mine = out / "a.mp4.provenance.json"
    mine.write_bytes(b"mine")
    options = BatchOptions(workers=1)
    report = run_batch(source.parent, out, config=CleanConfig(stages=()), options=options)
    assert [clip.status for clip in report.clips] == ["failed"]
    assert "a.mp4.provenance.json is there already" in report.clips[0].reason
    assert mine.read_bytes() == b"mine"
    assert not (out / "a.mp4").exists()


def test_a_batch_over_a_batch_s_output_takes_no_companion_for_a_sidecar(
    source, out, tmp_path, at_once
):
    (source.parent / "a.txt").write_text("a note of the camera")
    options = BatchOptions(workers=1)
    config = CleanConfig(stages=())
    assert run_batch(source.parent, out, config=config, options=options).exit_code == 0
    wanted = Selection(results=True)
    sidecars = select(discover(out), wanted).sidecars
    assert [f.path for f in sidecars["a.mp4"]] == ["a.txt"]
    again = tmp_path / "again"
    options = BatchOptions(workers=1, selection=wanted)
    report = run_batch(out, again, config=config, options=options)
    assert report.exit_code == 0
    assert report.warnings == []
    assert verify(again / "a.mp4").passed


# Names


@pytest.mark.parametrize(
    ("stem", "code"),
    [("a" * 226, 0), ("a" * 229, 0), ("a" * 230, 4), ("a" * 232, 4), ("a" * 248, 4), ("밤" * 75, 0),
     ("밤" * 77, 4), ("밤" * 83, 4)],
)  # fmt: skip
def test_long_names_are_written_or_refused_before_the_work(
    tmp_path, monkeypatch, capsys, stem, code
):
    """The longest name is the record's: NAME_clean.mp4.provenance.json."""
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    source = make(tmp_path / f"{stem}.mp4")
    frames = []
    monkeypatch.setattr("toys.Dim.process", lambda _, batch: frames.append(batch) or batch)
    assert main(["clean", str(source), "--stage", "dim", "-q"]) == code
    if not code:
        assert verify(tmp_path / f"{stem}_clean.mp4").passed
        return
    err = capsys.readouterr().err
    assert "fault of dashcam" not in err
    assert not frames
    assert list(files(tmp_path)) == [source.name]
    offered = re.search(r"such as (.*)\.$", err.strip()).group(1)
    assert main(["clean", str(source), "--stage", "dim", "-q", "-o", offered]) == 0
    assert verify(Path(offered)).passed


@pytest.mark.parametrize("command", [["preview"], ["preview", "--frame", "0"], ["clean"]])
def test_a_name_that_was_given_and_is_too_long(source, out, capsys, command):
    ending = ".png" if "--frame" in command else ".mp4"
    target = out / f"{'a' * 252}{ending}"
    args = [str(source), "-o", str(target), "--no-stages", "-q"]
    assert main([*command[:1], *args, *command[1:]]) == 4
    assert "Name a shorter output" in capsys.readouterr().err
    assert files(out) == {}


# Every path that is written obeys --overwrite


@pytest.mark.parametrize(
    "args",
    [
        ["clean", "LONG.mp4"],
        ["clean", "SOURCE", "-o", "OUT/b.mp4", "--no-stages", "--report", "LONG.json"],
        ["verify", "LONG.mp4"],
        ["probe", "LONG.mp4"],
        ["telemetry", "SOURCE", "--gpx", "-o", "LONG.gpx"],
        ["preview", "SOURCE", "LONG.mp4"],
        ["report", "LONG.mp4"],
        ["report", "SOURCE", "--original", "LONG.mp4"],
        ["report", "SOURCE", "--original", "SOURCE", "-o", "LONG.html"],
        ["batch", "CARD", "LONG", "--no-stages"],
        ["batch", "LONG", "SOURCE.d"],
    ],
    ids=lambda args: " ".join(args)[:40],
)
def test_a_name_that_no_file_can_have_is_no_fault_of_ours(source, out, capsys, args):
    words = {"SOURCE": source, "CARD": source.parent, "OUT": out, "LONG": out / ("a" * 260)}
    for word, path in words.items():
        args = [arg.replace(word, str(path)) for arg in args]
    assert main(args) in {2, 3, 4}
    said = capsys.readouterr().err
    assert "long" in said or "more than fit here" in said
    assert "fault of dashcam" not in said
    assert files(out) == {}


def test_a_report_destroys_no_other_file(source, out, capsys):
    other = make(out / "other.mp4")
    before = other.read_bytes()
    for options in ((), ("--overwrite",)):
        assert cleaned(source, out / "b.mp4", "--report", str(other), *options) == 2
        assert "has the name of a recording" in capsys.readouterr().err
    note = out / "notes.json"
    note.write_bytes(b"mine")
    assert cleaned(source, out / "b.mp4", "--report", str(note)) == 4
    assert f"{note} exists already" in capsys.readouterr().err
    assert files(out) == {"other.mp4": before, "notes.json": b"mine"}
    assert cleaned(source, out / "b.mp4", "--report", str(note), "--overwrite") == 0
    assert json.loads(note.read_text())["frames"]["written"] == 20
    record = out / "b.mp4.provenance.json"
    assert cleaned(source, out / "b.mp4", "--report", str(record), "--overwrite") == 0
    assert "the output itself has that name" in capsys.readouterr().err
    assert verify(out / "b.mp4").passed


def test_telemetry_replaces_a_file_only_with_leave(source, out, capsys):
    target = out / "way.gpx"
    target.write_bytes(b"mine")
    args = ["telemetry", str(source), "--gpx", "-o", str(target)]
    assert main(args) == 4
    assert "exists already" in capsys.readouterr().err
    assert files(out) == {"way.gpx": b"mine"}
    assert main([*args, "--overwrite"]) == 0
    assert b"<gpx" in target.read_bytes()
    assert main(["telemetry", str(source), "--gpx", "-o", str(source), "--overwrite"]) == 4
    assert "is the recording itself" in capsys.readouterr().err


def test_a_page_writes_into_no_folder_of_somebody_else(source, out, capsys):
    assert cleaned(source, out / "b.mp4") == 0
    folder = out / "b_report_files"
    folder.mkdir()
    mine = folder / "clip-0-0-before.jpg"
    mine.write_bytes(b"mine")
    args = ["report", str(out / "b.mp4"), "--original", str(source), "-q"]
    assert main(args) == 4
    assert "is not of a page of this tool" in capsys.readouterr().err
    assert mine.read_bytes() == b"mine"
    assert not (out / "b_report.html").exists()
    assert main([*args, "--overwrite"]) == 0
    assert main(args) == 0  # a page of ours is written anew
    assert mine.read_bytes() != b"mine"


@posix
def test_a_page_that_was_interrupted_leaves_no_folder_in_the_way(source, out, monkeypatch, capsys):
    assert cleaned(source, out / "b.mp4") == 0
    before = files(out)

    def struck(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dashcam_pipeline.compare.page.build.render", struck)
        args = ["report", str(out / "b.mp4"), "--original", str(source)]
        assert main([*args, "-o", str(out / "p.html")]) == 130
    assert "interrupted; nothing was written" in capsys.readouterr().err
    assert {p.name for p in out.iterdir()} == set(before)
    assert main(["report", str(out / "b.mp4"), "-o", str(out / "p.html")]) == 0


@pytest.mark.parametrize("where", ["before", "within"])
def test_a_page_that_was_killed_is_made_by_the_next_run(source, out, where):
    """Without --overwrite: before it has its name, and between its name and its folder's."""
    assert cleaned(source, out / "b.mp4") == 0
    before = set(files(out))
    killing = {
        "before": "from dashcam_pipeline.compare.page import build; build.render = end",
        "within": "from pathlib import Path; Path.rename = end",
    }
    args = ["report", out / "b.mp4", "--original", source, "-o", out / "p.html"]
    process = start(*args, before=f"import os; end = lambda *_: os._exit(9); {killing[where]}")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 9, err
    assert not (out / "p_files").exists()

    assert main([*map(str, args), "-q"]) == 0

    assert {p.name for p in out.iterdir()} == before | {"p.html", "p_files"}
    assert any((out / "p_files").iterdir())


def test_a_page_s_folder_that_is_a_link_is_not_followed(source, out, tmp_path, capsys):
    assert cleaned(source, out / "b.mp4") == 0
    away = tmp_path / "away"
    away.mkdir()
    (out / "b_report_files").symlink_to(away)
    args = ["report", str(out / "b.mp4"), "--original", str(source), "-q", "--overwrite"]
    assert main(args) == 4
    assert files(away) == {}


def test_a_page_whose_folder_has_too_long_a_name_is_refused_at_once(source, out, capsys):
    args = ["report", str(source), "--original", str(source), "-q", "-o"]
    assert main([*args, str(out / f"{'a' * 250}.html")]) == 4
    said = capsys.readouterr().err
    assert f"{'a' * 250}_files can't be written: its name has 256 bytes" in said
    assert files(out) == {}
    assert re.search(r"output, such as .*a\.html\.$", said.strip())


def test_a_part_that_a_thread_is_stuck_in_is_not_closed_under_its_hands(out):
    """Its descriptor could be another file's by then."""
    reached, go_on = threading.Event(), threading.Event()

    class Slow:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            reached.set()
            go_on.wait(10)
            return self.file.write(data)

        def __getattr__(self, name):
            return getattr(self.file, name)

    with Claim(out / "b.mp4", overwrite=False) as claim:
        part = claim.part()
        part._file = Slow(part._file)
        stuck = threading.Thread(target=part.write, args=(b"late",))
        stuck.start()
        assert reached.wait(10)
    assert files(out) == {}
    assert not part.closed
    go_on.set()
    stuck.join()
    assert files(out) == {}
