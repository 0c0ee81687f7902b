"""The record of a run, and its check."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from pathlib import Path

import av
import cameras
import judge
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.errors import (
    DiskFullError,
    InputError,
    InputMissingError,
    ModelError,
    OutputExistsError,
)
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.media.look_back import look_back
from dashcam_pipeline.media.part_file import PartFile
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.side_data import Said
from dashcam_pipeline.media.write_report import WriteReport
from dashcam_pipeline.provenance import record_path, sha256_of, verify

EMPTY = {"stages": ()}


@pytest.fixture
def source(tmp_path):
    clip = make_clip(
        tmp_path / "a.mp4", Picture(frames=60, size=(160, 90)), sounds=[Sound(seconds=2)]
    )
    return cameras.transplant(clip, blocks=[cameras.novatek_block(i) for i in range(2)])


@pytest.fixture
def output(source, tmp_path):
    clean(source, tmp_path / "b.mp4", config=EMPTY)
    return tmp_path / "b.mp4"


def record_of(output):
    return json.loads(record_path(output).read_text())


def test_the_record_accounts_for_everything(source, output):
    record = record_of(output)
    assert record["input"]["sha256"] == sha256_of(source)
    assert record["output"]["sha256"] == sha256_of(output)
    assert record["frames"]["read"] == record["frames"]["written"] == 60
    assert record["frames"]["concealed_at_s"] == []
    assert [c["name"] for c in record["companions"]] == ["b.mp4.gpx", "b.mp4.telemetry.zip"]
    assert record["telemetry"]["embedded"] == ["moov/gps"]
    assert record["telemetry"]["fixes"] == 2
    assert "#1 audio aac" in [s["track"] for s in record["streams"]["carried"]]
    assert [s["second"] for s in record["change_per_second"]] == [0, 1]
    assert record["change_per_second"][0]["mean_abs_luma"] == 0
    assert record["settings"]["stages"] == []
    assert record["machine"]["threads"] >= 1
    assert record["versions"]["av"]


def test_the_record_names_no_folder(source, output):
    assert str(source.parent) not in record_path(output).read_text()


def test_an_untouched_output_passes(output):
    result = verify(output)
    assert result.passed
    assert {c.role: c.state for c in result.checks} == {
        "output": "same",
        "companion": "same",
        "input": "same",
    }


@pytest.mark.parametrize("where", [0, 9999 % 5000, -1])
def test_one_changed_byte_is_found(output, where):
    data = bytearray(output.read_bytes())
    data[where] ^= 1
    output.write_bytes(data)
    result = verify(output)
    assert not result.passed
    assert [c.role for c in result.checks if c.failed] == ["output"]


def test_a_changed_source_and_a_changed_companion_are_told_apart(source, output, tmp_path):
    with source.open("ab") as file:
        file.write(b"x")
    (tmp_path / "b.mp4.gpx").unlink()
    failed = {(c.role, c.state) for c in verify(output).checks if c.failed}
    assert failed == {("input", "changed"), ("companion", "missing")}


def test_a_source_that_is_elsewhere_is_no_failure(source, output, tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    source.rename(archive / source.name)
    assert verify(output).passed
    result = verify(output, source=archive / source.name)
    assert [c.state for c in result.checks if c.role == "input"] == ["same"]


def test_a_source_that_was_named_must_be_there(source, output, tmp_path):
    """A slip in a script isn't a check that was passed."""
    with pytest.raises(InputMissingError, match="does not exist"):
        verify(output, source=tmp_path / "nosuch.mp4")


def test_an_output_of_the_same_name_is_not_taken_for_its_source(source, tmp_path):
    (tmp_path / "clean").mkdir()
    output = tmp_path / "clean" / source.name
    clean(source, output, config={"stages": ()})
    result = verify(output)
    assert result.passed
    assert [c.state for c in result.checks if c.role == "input"] == ["missing"]


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(schema="other"),
        lambda r: r.update(schema_version=99),
        lambda r: r.update(output=None),
        lambda r: r["output"].pop("sha256"),
        lambda r: r.update(companions=[{"name": "../secret", "sha256": "0"}]),
        lambda r: r.update(companions=[{"name": "/etc/passwd", "sha256": "0"}]),
        lambda r: r["input"].update(name="..\\x"),
        lambda r: r.update(weights=[1]),
    ],
)
def test_a_forged_record_is_refused(output, change):
    record = record_of(output)
    change(record)
    record_path(output).write_text(json.dumps(record))
    with pytest.raises(InputError):
        verify(output)


def test_no_record_no_verdict(tmp_path, output):
    record_path(output).write_text("{nonsense")
    with pytest.raises(InputError):
        verify(output)
    record_path(output).unlink()
    with pytest.raises(InputMissingError, match="no record"):
        verify(output)
    with pytest.raises(InputMissingError):
        verify(tmp_path / "none.mp4")


def test_on_the_command_line(output, capsys):
    assert main(["verify", str(output)]) == 0
    assert "as recorded" in capsys.readouterr().out
    with output.open("r+b") as file:
        file.seek(4000)
        byte = file.read(1)
        file.seek(4000)
        file.write(bytes([byte[0] ^ 255]))
    assert main(["verify", str(output)]) == 10
    said = capsys.readouterr()
    assert "CHANGED" in said.out
    assert "output b.mp4 changed" in said.err
    assert main(["verify", str(output), "--json"]) == 10
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_damage_is_on_record(tmp_path):
    clip = make_clip(tmp_path / "a.ts", Picture(frames=60, size=(160, 90)))
    data = bytearray(clip.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    clip.write_bytes(data)
    clean(clip, tmp_path / "b.ts", config=EMPTY)
    frames = record_of(tmp_path / "b.ts")["frames"]
    assert frames["written"] < 60 or frames["concealed"]
    assert len(frames["concealed_at_s"]) == frames["concealed"]


def test_the_users_own_files_are_not_replaced(source, tmp_path):
    mine = tmp_path / "b.mp4.gpx"
    mine.write_text("mine")
    with pytest.raises(OutputExistsError, match="goes along"):
        clean(source, tmp_path / "b.mp4", config=EMPTY)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "b.mp4").exists()
    clean(source, tmp_path / "b.mp4", config={**EMPTY, "overwrite": True})
    assert mine.read_text().startswith("<?xml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
@pytest.mark.parametrize("ending", [".provenance.json", ".gpx"])
def test_nothing_waits_for_a_pipe_in_the_place_of_a_companion(source, output, ending):
    pipe = output.with_name(output.name + ending)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    read_at_all = threading.Timer(5, lambda: pipe.write_bytes(b"{}"))
    read_at_all.start()
    assert main(["verify", str(output)]) != 0
    clean(source, output, config={"stages": (), "overwrite": True})
    assert read_at_all.is_alive(), "somebody waited for it"
    read_at_all.cancel()
    assert verify(output).passed


def test_an_earlier_outputs_own_files_are(source, output):
    output.unlink()
    clean(source, output, config=EMPTY)
    assert verify(output).passed


def test_no_output_without_its_record(source, tmp_path, monkeypatch):
    write = PartFile.write

    def full(self, data):
        if self.target.name.endswith(".provenance.json"):
            raise OSError(28, os.strerror(28))
        return write(self, data)

    monkeypatch.setattr(PartFile, "write", full)
    with pytest.raises(DiskFullError):
        clean(source, tmp_path / "b.mp4", config=EMPTY)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_the_output_is_tagged(output):
    with av.open(str(output)) as container:
        assert re.search(r"dashcam_pipeline \d.*: no stages", container.metadata["comment"])


def test_the_same_run_gives_the_same_essence(source, tmp_path):
    config = {**EMPTY, "deterministic": True, "threads": 2}
    for name in ("x.mp4", "y.mp4"):
        clean(source, tmp_path / name, config=config)
    assert judge.packets(tmp_path / "x.mp4", 0) == judge.packets(tmp_path / "y.mp4", 0)
    essences = {
        record_of(tmp_path / n)["output"]["video_essence_sha256"] for n in ("x.mp4", "y.mp4")
    }
    payload = b"".join(p.payload for p in judge.packets(tmp_path / "x.mp4", 0))
    assert essences == {hashlib.sha256(payload).hexdigest()}


def test_glare_gives_the_same_essence_twice(tmp_path):
    try:
        find_model("glare").read()
    except ModelError:
        pytest.skip("the weights aren't here")
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=10, size=(320, 180)))
    config = {
        "stages": ("glare:model=glare",),
        "quality": "fast",
        "deterministic": True,
        "threads": 2,
    }
    records = []
    for name in ("x.mp4", "y.mp4"):
        clean(clip, tmp_path / name, config=config)
        records.append(record_of(tmp_path / name))
    assert judge.packets(tmp_path / "x.mp4", 0) == judge.packets(tmp_path / "y.mp4", 0)
    assert records[0]["weights"][0]["sha256"] == find_model("glare").quick_twin().sha256
    assert records[0]["change_per_second"] == records[1]["change_per_second"]
    assert records[0]["change_per_second"][0]["mean_abs_luma"] > 0
    assert {c.role: c.state for c in verify(tmp_path / "x.mp4").checks}["weights"] == "same"


def test_the_source_is_as_it_was(source, tmp_path):
    source.chmod(0o444)
    os.utime(source, ns=(10**18, 10**18 + 1))
    before = (source.read_bytes(), source.stat().st_mtime_ns, source.stat().st_mode)
    clean(source, tmp_path / "b.mp4", config=EMPTY)
    for command in (["telemetry"], ["probe"], ["verify"]):
        main([*command, str(source)])
    assert (source.read_bytes(), source.stat().st_mtime_ns, source.stat().st_mode) == before
    assert {p.name for p in Path(tmp_path).iterdir()} == {
        "a.mp4",
        "b.mp4",
        "b.mp4.gpx",
        "b.mp4.telemetry.zip",
        "b.mp4.provenance.json",
    }


def test_an_output_that_ffmpeg_does_not_know_again_has_no_essence(tmp_path):
    """It takes some transport streams of ten packets for something else."""
    stream = tmp_path / "a.ts"
    stream.write_bytes((b"\x47\x1f\xff\x10" + b"\xff" * 184) * 10)
    written = WriteReport(stream, 4, 1880, "mpegts", "libx264", {}, copied=(0,))
    info = probe(make_clip(tmp_path / "b.ts", Picture(frames=4)))

    found = look_back(Said(), info, written, stream)

    assert found.essence is None
    assert "can't be read back" in found.lost[0].what
