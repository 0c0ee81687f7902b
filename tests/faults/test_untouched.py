"""After every command the source is what it was: bytes, time, permissions, name."""

from __future__ import annotations

import os

import burned
import cameras
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.app import COMMANDS
from dashcam_pipeline.stages.registry import BUILT_IN

RUNS = {
    "clean": ["clean", "{in}/a.mp4", "--stage", "dim", "-o", "{out}/b.mp4"],
    "clean, cut": ["clean", "{in}/a.mp4", "--no-stages", "--start", "0.5", "-o", "{out}/b.mp4"],
    "clean, refused": ["clean", "{in}/a.mp4", "-o", "{in}/a.mp4", "--overwrite"],
    "clean, damaged": ["clean", "{in}/damaged.mp4", "--no-stages", "-o", "{out}/b.mp4"],
    "clean, strict": ["clean", "{in}/damaged.mp4", "--no-stages", "--strict", "-o", "{out}/b.mp4"],
    "batch": ["batch", "{in}", "{out}/done", "--no-stages"],
    "watch": ["watch", "{in}", "{out}/done", "--no-stages", "--once", "--every", "0.1"],
    "drive": ["drive", "{in}"],
    "events": ["events", "{in}", "--export", "{out}/events"],
    "join": ["join", "{in}", "-o", "{out}/j.mp4"],
    "join, encoded": ["join", "{in}", "--reencode", "-o", "{out}/j.mp4"],
    "preview": ["preview", "{in}/a.mp4", "--stage", "dim", "-o", "{out}/p.mp4"],
    "probe": ["probe", "{in}/a.mp4", "--json"],
    "telemetry": ["telemetry", "{in}/a.mp4", "--gpx"],
    "verify": ["verify", "{in}/a.mp4"],
}
OF_NO_RECORDING = {
    "presets", "stages", "models", "train", "evaluate", "export", "simulate", "synth",
}  # fmt: skip


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


def snapshot(folder):
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.stat()
        content = path.read_bytes() if path.is_file() else b""
        found[path.name] = (content, status.st_mtime_ns, status.st_mode, status.st_ino)
    return found


@pytest.mark.parametrize("what", RUNS)
def test_the_source_is_untouched(tmp_path, what, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    clip = make_clip(source / "a.mp4", Picture(frames=40, size=(160, 90)), sounds=[Sound()])
    cameras.transplant(clip, blocks=[cameras.novatek_block(i) for i in range(2)])
    data = bytearray(clip.read_bytes())
    data[3000:3400] = bytes(400)
    (source / "damaged.mp4").write_bytes(data)
    (source / "damaged.gps").write_bytes(cameras.nmea(1, clock_ms=1))
    for number, path in enumerate(sorted(source.iterdir())):
        path.chmod(0o440)
        os.utime(path, ns=(10**18, 10**18 + number * 12345))
    before = snapshot(source)
    main([part.format(**{"in": source, "out": out}) for part in RUNS[what]])
    capsys.readouterr()
    assert snapshot(source) == before


def test_every_command_that_reads_recordings_is_here():
    tried = {args[0] for args in RUNS.values()}
    assert set(COMMANDS) - OF_NO_RECORDING - tried == {
        "report",
        "app",
    }  # of outputs; serves, and tests/app tries it


def test_burned_in_text_needs_no_write_either(tmp_path):
    clip = burned.write_street(tmp_path / "a.mkv", (320, 180))
    before = snapshot(tmp_path)
    main(["clean", str(clip), "--stage", "dim", "-o", str(tmp_path / "b.mkv"), "-q"])
    after = snapshot(tmp_path)
    assert after["a.mkv"] == before["a.mkv"]
