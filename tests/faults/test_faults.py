"""The faults of docs/faults.md, each made to happen."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import av.error
import cameras
import judge
import pytest
from factory import Picture, Sound, make_clip

import dashcam_pipeline
from dashcam_pipeline import clean
from dashcam_pipeline.cli import main
from dashcam_pipeline.errors import DamagedError, DiskFullError, OutputError
from dashcam_pipeline.media.demuxer import Demuxer
from dashcam_pipeline.media.part_file import PartFile
from dashcam_pipeline.provenance import keeper as keeper_module
from dashcam_pipeline.provenance import verify
from dashcam_pipeline.stages.registry import BUILT_IN

PACKAGE = Path(dashcam_pipeline.__file__).parent.parent
TESTS = Path(__file__).parents[1]
EMPTY = {"stages": ()}
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    for name in ("dim", "slow"):
        monkeypatch.setitem(BUILT_IN, name, f"toys:{name.title()}")


@pytest.fixture
def source(tmp_path):
    clip = make_clip(
        tmp_path / "a.mp4", Picture(frames=60, size=(160, 90)), sounds=[Sound(seconds=2)]
    )
    return cameras.transplant(clip, blocks=[cameras.novatek_block(i) for i in range(2)])


def files(folder):
    return sorted(p.name for p in folder.iterdir())


def start(*args, before="pass"):
    """The command line in a process of its own, with the toy stages."""
    code = (
        "import sys; from dashcam_pipeline.stages.registry import BUILT_IN; "
        f"BUILT_IN['slow'] = 'toys:Slow'; {before}; from dashcam_pipeline.cli import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    return subprocess.Popen(
        [sys.executable, "-B", "-c", code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(TESTS)))},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(folder, pattern, process):
    while not list(folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@posix
@pytest.mark.parametrize("room", [4_000, 30_000])
def test_file_too_large(source, tmp_path, room):
    """A file size limit of the system: writing the picture fails for real."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))"
    process = start("clean", source, "--no-stages", "--crf", "1", before=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "grew larger than a file may be there" in err
    assert "Traceback" not in err
    assert files(tmp_path) == ["a.mp4"]


@pytest.mark.parametrize("which", ["embed", ".gpx", ".zip", ".json"])
def test_disk_full_at_the_very_end(source, tmp_path, monkeypatch, which):
    """The picture is whole, but what goes along with it doesn't fit any more."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    write = PartFile.write

    def no_room(self, data):
        if self.target.suffix == which:
            raise full
        return write(self, data)

    def no_room_inside(*_):
        raise full

    monkeypatch.setattr(PartFile, "write", no_room)
    if which == "embed":
        monkeypatch.setattr(keeper_module, "embed", no_room_inside)
    with pytest.raises(DiskFullError):
        clean(source, tmp_path / "b.mp4", config=EMPTY)
    assert files(tmp_path) == ["a.mp4"]


def test_read_error_in_the_middle(source, tmp_path, monkeypatch):
    """The card fails: what was read before is kept, and counted."""
    following = Demuxer._next
    count = 0

    def failing(self):
        nonlocal count
        count += 1
        if count > 60:
            raise av.error.OSError(errno.EIO, os.strerror(errno.EIO))
        return following(self)

    monkeypatch.setattr(Demuxer, "_next", failing)
    report = clean(source, tmp_path / "b.mp4", config=EMPTY)
    assert 0 < report.frames.written < 60
    assert report.frames.written + report.frames.missing == 60
    assert "it ends too early" in report.warnings[0]
    assert judge.ticks(tmp_path / "b.mp4") == judge.ticks(source)[: report.frames.written]
    count = 0
    with pytest.raises(DamagedError):
        clean(source, tmp_path / "c.mp4", config={**EMPTY, "strict": True})
    assert not (tmp_path / "c.mp4").exists()


@posix
def test_output_folder_gone(source, tmp_path, monkeypatch):
    """The disk is pulled: its folder vanishes while pictures are written."""
    folder = tmp_path / "disk"
    folder.mkdir()
    write = PartFile.write
    gone = False

    def pulled(self, data):
        nonlocal gone
        if not gone and self.tell() > 2000:
            gone = True
            shutil.rmtree(folder)
        return write(self, data)

    monkeypatch.setattr(PartFile, "write", pulled)
    config = {**EMPTY, "crf": 1, "encoder_options": {"bf": "0"}}
    with pytest.raises(OutputError, match="does not exist"):
        clean(source, folder / "b.mp4", config=config)
    assert gone
    assert files(tmp_path) == ["a.mp4"]


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 130), ("SIGINT", 130)])
def test_terminated(tmp_path, name, code):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=150, size=(160, 90)))
    process = start("clean", clip, "--stage", "slow")
    wait_for(tmp_path, "a_clean.mp4.*.part", process)
    begin = time.monotonic()
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - begin < 10  # two seconds on a machine that is not busy
    assert "interrupted; nothing was written" in err
    assert files(tmp_path) == ["a.mp4"]


@posix
def test_killed(tmp_path):
    """SIGKILL, or a power cut: no output under its name, and the next run goes through."""
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=150, size=(160, 90)))
    before = clip.read_bytes()
    process = start("clean", clip, "--stage", "slow")
    wait_for(tmp_path, "a_clean.mp4.*.part", process)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert [Path(name).suffix for name in files(tmp_path)] == [".mp4", ".part", ".lock"]
    assert main(["clean", str(clip), "--no-stages", "-q"]) == 0
    assert files(tmp_path) == ["a.mp4", "a_clean.mp4", "a_clean.mp4.provenance.json"]
    assert verify(tmp_path / "a_clean.mp4").passed
    assert clip.read_bytes() == before


def test_source_changed_while_read(source, tmp_path, monkeypatch):
    """Something else writes to the source: the report says so."""
    following = Demuxer._next

    def touched(self):
        os.utime(source, ns=(1, 2))
        return following(self)

    monkeypatch.setattr(Demuxer, "_next", touched)
    report = clean(source, tmp_path / "b.mp4", config=EMPTY)
    assert any("changed by something else" in said for said in report.warnings)


def test_a_recording_without_its_index(tmp_path, capsys):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=20, size=(160, 90)))
    at = clip.read_bytes().rindex(b"moov")
    clip.write_bytes(clip.read_bytes()[: at - 4])
    assert main(["clean", str(clip)]) == 3
    err = capsys.readouterr().err
    assert re.search(r"index \(moov\) is missing", err)
    assert "untrunc" in err
    assert "healthy clip of the same camera" in err


def test_telemetry_without_pictures(tmp_path, capsys):
    """A file that holds positions only: telemetry reads it, clean says what it lacks."""
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=(64, 48)))
    cameras.transplant(clip, blocks=[cameras.mai_block(i) for i in range(3)])
    data = clip.read_bytes().replace(b"trak", b"skip")
    clip.write_bytes(data)
    assert main(["telemetry", str(clip)]) == 0
    assert "positions  3" in capsys.readouterr().out
    assert main(["clean", str(clip)]) == 3
    assert "video" in capsys.readouterr().err


def test_the_network_is_blocked_here():
    with pytest.raises(AssertionError, match="look-up"):
        socket.create_connection(("dashcam.invalid", 80), timeout=1)


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs namespaces of its own")
def test_a_machine_without_a_network(source, tmp_path):
    """The same command where there is no network at all."""
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("namespaces aren't allowed here")
    run = subprocess.run(
        ["unshare", "-n", sys.executable, "-m", "dashcam_pipeline", "clean", str(source),
         "-o", str(tmp_path / "b.mp4"), "--no-stages"],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
