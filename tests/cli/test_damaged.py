"""Bad inputs and outputs end to end: one or two sentences, the right exit code, nothing lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from factory import Picture, Sound, make_clip

import dashcam_pipeline
from dashcam_pipeline.cli import main
from dashcam_pipeline.media import part_file

FAST_START = {"movflags": "faststart"}


def whole(path: Path) -> Path:
    return make_clip(
        path, Picture(frames=60), sounds=[Sound(seconds=2)],
        options=FAST_START if path.suffix == ".mp4" else None,
    )  # fmt: skip


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}


def frames_in(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def missing(folder):
    return folder / "in.mp4"


def empty(folder):
    path = folder / "in.mp4"
    path.touch()
    return path


def text(folder):
    path = folder / "in.mp4"
    path.write_text("dear diary, today I drove\n" * 100)
    return path


def a_folder(folder):
    path = folder / "in.mp4"
    path.mkdir()
    return path


def sound_only(folder):
    path = folder / "in.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return path


def no_index(folder):
    path = make_clip(folder / "in.mp4", Picture(frames=30))
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moov") - 4])
    return path


def cover_only(folder):
    path = folder / "in.mp4"
    path.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    return path


BAD_INPUTS = [missing, empty, text, a_folder, sound_only, no_index, cover_only]


@pytest.mark.parametrize("make", BAD_INPUTS)
@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_what_is_no_recording_is_exit_code_3_and_a_sentence(make, strict, tmp_path, capsys):
    path = make(tmp_path)
    before = files_in(tmp_path)
    assert main(["clean", str(path), "--no-stages", *strict]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("dashcam: ")
    assert "in.mp4" in captured.err
    assert len(captured.err.splitlines()) >= 2  # what is wrong, and what to do
    assert "Traceback" not in captured.err
    assert files_in(tmp_path) == before


@pytest.mark.unprivileged
@pytest.mark.parametrize("command", ["clean", "preview", "probe", "telemetry", "verify"])
def test_no_permission_to_read(command, tmp_path, capsys):
    path = whole(tmp_path / "in.mp4")
    path.chmod(0)
    assert main([command, str(path), *(["--no-stages"] if command == "clean" else [])]) == 3
    assert "ermission" in capsys.readouterr().err


def half(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def flipped(path):
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") if b"mdat" in data else len(data) // 8
    rng = np.random.default_rng(5)
    for place in rng.integers(start + len(data) // 5, len(data) // 2, 80):
        data[place] ^= 0xFF
    path.write_bytes(data)


# Half a transport stream is one like any other: it promises no length.
@pytest.mark.parametrize(
    ("harm", "suffix"),
    [(half, ".mp4"), (half, ".mkv"), (flipped, ".mp4"), (flipped, ".mkv"), (flipped, ".ts")],
)
def test_a_damaged_recording_gives_what_can_be_decoded(harm, suffix, tmp_path, capsys):
    path = whole(tmp_path / f"in{suffix}")
    harm(path)
    before = path.read_bytes()
    assert main(["clean", str(path), "--no-stages"]) == 0
    captured = capsys.readouterr()
    assert "warning: the source is damaged" in captured.err
    assert "Traceback" not in captured.err
    assert frames_in(tmp_path / f"in_clean{suffix}") >= 20
    assert path.read_bytes() == before


@pytest.mark.parametrize(("harm", "suffix"), [(half, ".mp4"), (flipped, ".mp4"), (flipped, ".ts")])
def test_strict_is_exit_code_5_and_no_output(harm, suffix, tmp_path, capsys):
    path = whole(tmp_path / f"in{suffix}")
    harm(path)
    assert main(["clean", str(path), "--no-stages", "--strict"]) == 5
    assert "without --strict" in capsys.readouterr().err
    assert list(files_in(tmp_path)) == [path.name]


@pytest.mark.parametrize("link", ["itself", "symlink", "hard link", "dots"])
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_the_source_is_never_the_output(link, overwrite, tmp_path, capsys):
    source = whole(tmp_path / "in.mp4")
    target = tmp_path / "other.mp4"
    match link:
        case "itself":
            target = source
        case "symlink":
            target.symlink_to(source)
        case "hard link":
            target.hardlink_to(source)
        case "dots":
            (tmp_path / "sub").mkdir()
            target = tmp_path / "sub" / ".." / "in.mp4"
    before = source.read_bytes()
    assert main(["clean", str(source), "-o", str(target), "--no-stages", *overwrite]) == 4
    assert "is the recording itself" in capsys.readouterr().err
    assert source.read_bytes() == before


def test_an_existing_output_stays_unless_overwritten(tmp_path, capsys):
    source, target = whole(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    target.write_bytes(b"mine")
    assert main(["clean", str(source), "-o", str(target), "--no-stages"]) == 4
    assert "--overwrite" in capsys.readouterr().err
    assert target.read_bytes() == b"mine"
    assert main(["clean", str(source), "-o", str(target), "--no-stages", "--overwrite"]) == 0
    assert frames_in(target) == 60


@pytest.mark.parametrize("target", ["in.mp4/out.mp4", "out.xyz"])
def test_an_output_that_can_not_be(target, tmp_path, capsys):
    source = whole(tmp_path / "in.mp4")
    assert main(["clean", str(source), "-o", str(tmp_path / target), "--no-stages"]) == 4
    assert "Traceback" not in capsys.readouterr().err
    assert list(files_in(tmp_path)) == ["in.mp4"]


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody can write")
def test_a_folder_that_can_not_be_written(tmp_path, capsys):
    source = whole(tmp_path / "in.mp4")
    assert main(["clean", str(source), "-o", "/proc/out.mp4", "--no-stages"]) == 4
    assert "/proc" in capsys.readouterr().err


@pytest.mark.parametrize("room", [0, 3000, 40_000])
def test_a_full_disk_is_exit_code_4_and_leaves_nothing(room, tmp_path, capsys, monkeypatch):
    source = whole(tmp_path / "in.mp4")
    written = 0
    write = part_file.PartFile.write

    def fill(self, data):
        nonlocal written
        written += len(data)
        if written > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    monkeypatch.setattr(part_file.PartFile, "write", fill)
    code = main(["clean", str(source), "--no-stages", "--codec", "libx264", "--crf", "1"])
    err = capsys.readouterr().err
    assert code == 4
    assert "no space left" in err
    assert "Traceback" not in err
    assert list(files_in(tmp_path)) == ["in.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_file_that_grows_too_large(tmp_path):
    source = whole(tmp_path / "in.mp4")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "from dashcam_pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", code, "clean", str(source), "--no-stages", "--crf", "1"],
        env={**os.environ, "PYTHONPATH": str(Path(dashcam_pipeline.__file__).parent.parent)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 4, run.stderr
    assert "grew larger than a file may be there" in run.stderr
    assert list(files_in(tmp_path)) == ["in.mp4"]
