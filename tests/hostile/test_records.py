"""`dashcam report` and `verify` beside JSON that others wrote."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from factory import Picture, make_clip
from pydantic import ValidationError

from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.compare.page import record as page_record
from dashcam_pipeline.compare.page.build import write_page
from dashcam_pipeline.compare.page.finding import find_clips
from dashcam_pipeline.compare.page.options import PageOptions
from dashcam_pipeline.errors import InputError, UsageError
from dashcam_pipeline.inference import manifest
from dashcam_pipeline.provenance import record_path, verify
from dashcam_pipeline.provenance.untrusted import MAX_BYTES, inside, printable, read_object
from dashcam_pipeline.provenance.verify import Provenance, read_record

spec = importlib.util.spec_from_file_location("records", Path(__file__).parent / "records.py")
records = importlib.util.module_from_spec(spec)
spec.loader.exec_module(records)

ONE = PageOptions(threads=1)
TINY = Picture(frames=3, size=(64, 48))
LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A recording, what was made of it, the run's report and the record."""
    folder = tmp_path_factory.mktemp("made")
    source = make_clip(folder / "a.mp4", TINY)
    report = clean(source, folder / "a_clean.mp4", config={"stages": ()})
    report.write_json(folder / "run.json")
    return folder


@pytest.fixture
def folder(made, tmp_path):
    place = tmp_path / "shared"
    shutil.copytree(made, place)
    return place


@pytest.fixture
def dashcam(capsys):
    def run(*args):
        code = main([str(arg) for arg in args])
        said = capsys.readouterr()
        assert "unexpected" not in said.err
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def batch_report(folder, *clips, source="/nowhere"):
    report = {"input": str(source), "clips": list(clips)}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def test_every_place_of_a_record_may_hold_anything(folder):
    path = record_path(folder / "a_clean.mp4")
    record = json.loads(path.read_text())
    del record["settings"], record["versions"], record["change_per_second"], record["telemetry"]
    refused = 0
    for where, data in records.spoiled(record):
        path.write_bytes(data)
        try:
            Provenance.model_validate(read_record(path))
        except InputError as error:
            refused += 1
            said = str(error)
        else:
            said = ""
        assert "\n" not in said.partition("\nUse the version")[0], where
        assert len(said) < 600, where
        with contextlib.suppress(ValidationError):
            page_record.as_run(json.loads(data))
    assert refused > 100


def test_every_place_of_a_runs_report_may_hold_anything(folder):
    path = folder / "run.json"
    record = json.loads(path.read_text())
    del record["versions"], record["telemetry"], record["companions"]
    record["settings"] = {"start": None, "end": None, "track": None}
    noted = 0
    for where, data in records.spoiled(record):
        path.write_bytes(data)
        (clip,), notes = find_clips(folder / "a_clean.mp4")
        noted += len(notes)
        assert clip.cleaned == folder / "a_clean.mp4", where
        assert clip.source in {None, folder / "a.mp4"}, where
    assert noted > 100


def test_every_place_of_a_batchs_report_may_hold_anything(folder):
    entry = {"path": "a.mp4", "output": "a_clean.mp4", "status": "done", "seconds": 1.5}
    report = {"input": str(folder), "clips": [{**entry, "reason": ""}]}
    for where, data in records.spoiled(report):
        (folder / "report.json").write_bytes(data)
        try:
            clips, _ = find_clips(folder)
        except UsageError as error:
            assert "lists no clip" in str(error), where  # noqa: PT017 - others end the test
            continue
        for clip in clips:
            assert clip.cleaned in {None, folder / "a_clean.mp4"}, where
            assert clip.source in {None, folder / "a.mp4"}, where


@pytest.mark.parametrize("data", records.NO_JSON, ids=range(len(records.NO_JSON)))
@pytest.mark.parametrize("name", ["report.json", "run.json", "a_clean.mp4.provenance.json"])
def test_what_is_no_record_is_a_sentence(folder, dashcam, data, name):
    (folder / name).write_bytes(data)
    _, notes = find_clips(folder)
    assert all("\n" not in note for note in notes)
    if name.endswith("provenance.json"):
        code, _, err = dashcam("verify", folder / "a_clean.mp4")
        assert (code, err.count("\n")) == (3, 1)


@pytest.mark.parametrize("name", ["report.json", "run.json"])
def test_a_page_is_made_beside_files_that_are_no_records(folder, dashcam, name):
    (folder / name).write_bytes(b"[" * records.DEEP)
    code, out, err = dashcam("report", folder, "-o", folder / "p.html")
    assert (code, "1 clip" in out) == (0, True)
    assert f"{name} is no report of a run: nested too deeply." in err


def test_the_depth_is_bounded_where_the_parser_bounds_nothing(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": ' + "[" * 31 + "]" * 31 + "}")
    assert read_object(path)
    path.write_text('{"a": ' + "[" * 32 + "]" * 32 + "}")
    with pytest.raises(ValueError, match="deeply"):
        read_object(path)


def test_the_size_is_bounded(tmp_path, made):
    path = tmp_path / "b.mp4.provenance.json"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(ValueError, match="more than 16 MiB"):
        read_object(path)
    with pytest.raises(InputError, match="16 MiB"):
        read_record(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_not_waited_for(folder, dashcam):
    os.mkfifo(folder / "x.json")
    _, notes = find_clips(folder)
    assert notes == (f"{folder / 'x.json'} is no report of a run: no ordinary file.",)
    record = record_path(folder / "a_clean.mp4")
    (folder / "a.mp4").unlink()
    os.mkfifo(folder / "a.mp4")
    assert [c.state for c in verify(folder / "a_clean.mp4").checks] == ["same", "missing"]
    record.unlink()
    os.mkfifo(record)
    assert dashcam("verify", folder / "a_clean.mp4")[0] == 3


@pytest.fixture
def private(tmp_path, folder):
    """A recording of somebody's, outside the folder that came from a stranger."""
    place = tmp_path / "secret"
    place.mkdir()
    path = Path(shutil.copy(folder / "a.mp4", place / "private.mp4"))
    with path.open("ab") as file:
        file.write(bytes(8))
    return path


def ways(folder, private):
    return ["../secret/private.mp4", str(private), f"{folder}/../secret/private.mp4"]


@pytest.mark.parametrize("way", range(3))
def test_a_batchs_report_shows_no_file_outside_its_folder(folder, private, way):
    name = ways(folder, private)[way]
    batch_report(folder, {"path": "x.mp4", "output": name, "status": "done"})
    result = write_page(folder, options=ONE)
    text = result.path.read_text(encoding="utf-8")
    assert "is not in this folder" in text
    assert [path.name for path in (folder / "report_files").iterdir()] == ["texts.woff2"]
    assert not re_links(text, "private")


@pytest.mark.parametrize("way", range(3))
def test_a_batchs_report_compares_with_no_file_outside_its_folder(folder, private, way):
    (folder / "a.mp4").unlink()
    entry = {"path": ways(folder, private)[way], "output": "a_clean.mp4", "status": "done"}
    record_path(folder / "a_clean.mp4").unlink()
    (folder / "run.json").unlink()
    for source in ("", private.parent, "../secret", "/"):
        batch_report(folder, entry, source=source)
        (clip,), _ = find_clips(folder)
        assert clip.source is None


@pytest.mark.parametrize("way", range(3))
@pytest.mark.parametrize("kind", ["run", "provenance"])
def test_a_runs_report_leads_to_no_file_outside_its_folder(folder, private, way, kind):
    (folder / "a.mp4").unlink()
    run, provenance = folder / "run.json", record_path(folder / "a_clean.mp4")
    path = run if kind == "run" else provenance
    record = json.loads(path.read_text())
    record["input"].update(path=ways(folder, private)[way], name=ways(folder, private)[way])
    record["input"]["sha256"] = "0" * 64
    (provenance if kind == "run" else run).unlink()
    path.write_text(json.dumps(record))
    (clip,), _ = find_clips(folder / "a_clean.mp4")
    assert clip.source is None


def re_links(text, word):
    return [part for part in text.split('"') if word in part and "/" in part and "<" not in part]


@LINKS
def test_links_lead_to_no_file_outside_the_folder(folder, private):
    record = json.loads((folder / "run.json").read_text())
    record["input"]["path"] = "a.mp4"
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "a.mp4").unlink()
    (folder / "a.mp4").symlink_to(private)
    (folder / "b_clean.mp4").symlink_to(private)
    (clip,), notes = find_clips(folder)
    assert (clip.cleaned, clip.source) == (folder / "a_clean.mp4", None)
    assert len(notes) == 2
    assert "b_clean.mp4 is a link that leads to another folder" in notes[1]
    batch_report(folder, {"path": "a.mp4", "output": "b_clean.mp4", "status": "done"})
    (clip,), _ = find_clips(folder)
    assert (clip.cleaned, clip.status) == (None, "failed")
    results = verify(folder / "a_clean.mp4")
    assert [c.state for c in results.checks if c.role == "input"] == ["missing"]


@LINKS
def test_links_within_the_folder_are_followed(folder):
    (folder / "a.mp4").rename(folder / "kept.bin")
    (folder / "a.mp4").symlink_to("kept.bin")
    (clip,), notes = find_clips(folder / "a_clean.mp4")
    assert (clip.source, notes) == (folder / "a.mp4", ())


def test_the_recording_of_the_record_is_found_where_it_was(made, tmp_path):
    """Elsewhere, but bit for bit what the output was made of."""
    source = Path(shutil.copy(made / "a.mp4", tmp_path / "a.mp4"))
    clean_folder = tmp_path / "out"
    clean_folder.mkdir()
    report = clean(source, clean_folder / "b.mp4", config={"stages": ()})
    report.write_json(clean_folder / "b.json")
    (clip,), _ = find_clips(clean_folder / "b.mp4")
    assert clip.source == source
    batch_report(
        clean_folder, {"path": "a.mp4", "output": "b.mp4", "status": "done"}, source=tmp_path
    )
    (clip,), _ = find_clips(clean_folder)
    assert clip.source == source
    with source.open("ab") as file:
        file.write(b"x")
    (clip,), _ = find_clips(clean_folder)
    assert clip.source is None
    (clip,), _ = find_clips(clean_folder, tmp_path)
    assert clip.source == source


def test_a_record_of_another_folders_file_of_that_name_is_not_taken(folder):
    (folder / "deep").mkdir()
    shutil.move(folder / "run.json", folder / "deep/run.json")
    record = json.loads((folder / "deep/run.json").read_text())
    record["output"]["path"] = str(folder / "deep/a_clean.mp4")
    record["warnings"] = ["of another clip"]
    (folder / "deep/run.json").write_text(json.dumps(record))
    (clip,), _ = find_clips(folder)
    assert clip.record.warnings == []
    record["output"]["path"] = str(folder / "a_clean.mp4")
    (folder / "deep/run.json").write_text(json.dumps(record))
    (clip,), _ = find_clips(folder)
    assert clip.record.warnings == ["of another clip"]


def test_what_a_record_says_is_text_in_the_page(folder):
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    record = json.loads((folder / "run.json").read_text())
    record.update(device=evil, warnings=[evil], versions={evil: evil}, encoder_options={evil: evil})
    record["output"]["codec"] = evil
    record["stages"] = [{"name": evil, "options": {evil: evil}, "facts": {evil: [evil]}}]
    record["not_carried"] = [{"track": evil, "reason": evil}]
    (folder / "run.json").write_text(json.dumps(record))
    batch_report(
        folder,
        {"path": evil, "output": "a_clean.mp4", "status": evil, "reason": evil},
        {"path": evil, "status": "failed", "reason": evil},
    )
    result = write_page(folder, options=ONE)
    text = result.path.read_text(encoding="utf-8")
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 10


def test_numbers_of_a_record_make_no_page_that_cannot_be_read(folder):
    record = json.loads((folder / "run.json").read_text())
    for total in (1e308, float("inf"), float("nan"), -5, 10**400):
        record["timings"] = {"total": total}
        (folder / "run.json").write_text(json.dumps(record))
        _, notes = find_clips(folder / "a_clean.mp4")
        assert "timings.total" in notes[0]
    record["timings"] = {"total": 1e-300}
    record["pace"] = [[1e300, 1e300]] * 2
    (folder / "run.json").write_text(json.dumps(record))
    page = write_page(folder / "a_clean.mp4", options=ONE).path.read_text(encoding="utf-8")
    assert "Infinity" not in page.split('id="data">')[1].split("</script>")[0]


def test_weights_are_looked_up_by_name_alone(folder, tmp_path, monkeypatch):
    """A record that names a path makes nothing of that path be opened."""
    place = tmp_path / "weights"
    place.mkdir()
    (place / "manifest.toml").write_text("[[model]]\n")
    record = json.loads(record_path(folder / "a_clean.mp4").read_text())
    names = [str(place / "x.onnx"), "../../weights/x.onnx", "x.onnx", "", "a\0b", None]
    record["weights"] = [{"model": name, "sha256": "00"} for name in names]
    record["weights"].append({"model": manifest.GLARE, "sha256": "00"})
    record_path(folder / "a_clean.mp4").write_text(json.dumps(record))
    opened = []
    read = manifest.read_manifest
    monkeypatch.setattr(manifest, "read_manifest", lambda f: opened.append(f) or read(f))
    result = verify(folder / "a_clean.mp4")
    assert result.passed
    states = [c.state for c in result.checks if c.role == "weights"]
    assert states == ["missing"] * 6 + ["other"]
    assert set(opened) <= {manifest.models_folder()}


def test_what_verify_says_controls_no_terminal(folder, dashcam):
    record = json.loads(record_path(folder / "a_clean.mp4").read_text())
    record["companions"] = [{"name": "\x1b]0;x\x07\n\udce9", "sha256": "\x1b[2J"}]
    record["software"] = "\x1b[31m"
    record_path(folder / "a_clean.mp4").write_text(json.dumps(record))
    code, out, err = dashcam("verify", folder / "a_clean.mp4")
    assert code == 10
    assert "\x1b" not in out + err
    assert "\\x1b]0;x\\x07\\n\\udce9 missing" in err


def test_printable_text_stays_as_it_is():
    assert printable("야간 é.mp4 1") == "야간 é.mp4 1"
    assert printable("\u202egpj\udcff") == "\\u202egpj\\udcff"


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_name_that_is_no_utf_8_on_a_real_terminal(folder):
    """Standard output refuses what isn't UTF-8 there."""
    (folder / "a.mp4").rename(folder / os.fsdecode(b"\xe9.mp4"))
    names = [folder / os.fsdecode(name) for name in (b"\xe9.mp4", b"\xe9b.mp4")]
    clean(*names, config={"stages": ()})
    for command in (["verify"], ["report", "--overwrite"]):
        done = subprocess.run(
            [sys.executable, "-m", "dashcam_pipeline", *command, os.fsdecode(b"\xe9b.mp4")],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout


@pytest.mark.parametrize("name", ["..", ".", "", "x\0y", "n" * 300, "a/../../b", "missing"])
def test_inside_is_a_file_or_nothing(folder, name):
    assert inside(folder, name) is None
    assert inside(folder, "a.mp4") == folder / "a.mp4"


def test_reports_of_ours_are_accepted_whole(folder):
    """The models know everything that the package itself writes."""
    record = page_record.as_run(json.loads((folder / "run.json").read_text()))
    assert (record.frames.read, record.frames.written) == (3, 3)
    assert record.timings.total > 0
    beside = page_record.as_run(json.loads(record_path(folder / "a_clean.mp4").read_text()))
    assert beside.input.sha256 == digest(folder / "a.mp4")
    assert beside.input.path == "a.mp4"
