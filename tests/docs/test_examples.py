"""The README's examples run as they are written, on a few frames of a sample."""

from __future__ import annotations

import re
import shutil

import av
import numpy as np
import pytest
from cameras import novatek_block, transplant
from documents import ROOT, command_lines, fenced, words

from dashcam_pipeline.cli import main

SAMPLE = ROOT / "samples" / "city" / "night-glare.mp4"
SECONDS = 0.2

CARD = "/media/SDCARD"


def commands_of(name):
    """Command lines of a document's blocks that take the recording night.mp4."""
    lines = [
        line
        for block in fenced((ROOT / name).read_text(encoding="utf-8"))
        for line in command_lines(block)
    ]
    found = [" ".join(words(line)) for line in lines if line.startswith("dashcam ")]
    return [line for line in dict.fromkeys(found) if "night" in line or CARD in line]


def readmes():
    """All but `dashcam app`, which serves until it is told to end: tests/app tries it."""
    found = dict.fromkeys(commands_of("README.md") + commands_of("README.ko.md"))
    return [line for line in found if not line.startswith("dashcam app")]


def beginning(source, target):
    """The first frames of a recording with all of its tracks, and positions as a camera writes."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        tracks = {track.index: new.add_stream_from_template(track) for track in old.streams}
        for packet in old.demux():
            if packet.dts is not None and packet.pts * packet.time_base < SECONDS:
                packet.stream = tracks[packet.stream.index]
                new.mux(packet)
    return transplant(target, blocks=[novatek_block(i) for i in range(2)])


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """night.mp4, and what the first example makes of it."""
    folder = tmp_path_factory.mktemp("recordings")
    night = beginning(SAMPLE, folder / "night.mp4")
    assert main(["clean", str(night), "-q"]) == 0
    return folder


@pytest.fixture
def place(recordings, tmp_path, monkeypatch):
    shutil.copytree(recordings, tmp_path, dirs_exist_ok=True)
    (tmp_path / "SDCARD").mkdir()
    shutil.copy(tmp_path / "night.mp4", tmp_path / "SDCARD")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", readmes())
def test_the_examples_of_the_readmes_run(line, place, capsys):
    args = words(line)[1:]
    if args[0] == "watch":
        args += ["--once", "--every", "0.1"]  # it would wait for more
    if args[0] == "clean" and "-o" not in args:
        for made in place.glob("night_clean*"):
            made.unlink()
    before = {path.name for path in place.iterdir()}
    assert main([arg.replace(CARD, "SDCARD") for arg in args]) == 0, capsys.readouterr().err
    made = {path.name for path in place.iterdir()} - before
    match args[0]:
        case "clean":
            assert (args[args.index("-o") + 1] if "-o" in args else "night_clean.mp4") in made
        case "batch" | "watch":
            assert (place / "clean" / "night.mp4").is_file()
        case "preview":
            assert "night_before_after.mp4" in made
        case "report":
            assert "night_clean_report.html" in made
        case _:
            assert capsys.readouterr().out


def test_every_command_for_users_is_among_the_examples():
    assert {words(line)[1] for line in readmes()} >= {
        *("clean", "batch", "watch", "preview", "report", "probe", "telemetry", "verify")
    }


def test_the_python_example_of_the_readme_runs(place, capsys):
    (place / "night_clean.mp4").unlink()
    for companion in place.glob("night_clean.mp4.*"):
        companion.unlink()
    (code,) = fenced((ROOT / "README.md").read_text(encoding="utf-8"), "python")
    with av.open("night.mp4") as night:
        frames = np.stack([f.to_ndarray(format="rgb24") for f in night.decode(video=0)][:2])
    names = {"frames": frames}
    exec(code, names)  # noqa: S102 - our own words
    assert "night_clean.mp4" in capsys.readouterr().out
    assert names["cleaned"].shape == frames.shape
    assert names["cleaned"].mean() < frames.mean()


CHANGING = {"wrote", "took"}
"""Lines with sizes, versions and times."""


@pytest.mark.slow
def test_the_summary_in_the_readme_is_what_the_sample_gives(tmp_path, monkeypatch, capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = next(b for b in fenced(text) if b.startswith("$ dashcam clean night.mp4"))
    shutil.copy(SAMPLE, tmp_path / "night.mp4")
    monkeypatch.chdir(tmp_path)
    assert main(["clean", "night.mp4"]) == 0

    def rows(lines):
        return dict(re.fullmatch(r"(.{9}) +(.*)", line).groups() for line in lines)

    documented, real = rows(shown.splitlines()[1:]), rows(capsys.readouterr().out.splitlines())
    assert list(documented) == list(real)
    for label, words_of_it in documented.items():
        if label.strip() not in CHANGING:
            assert real[label] == words_of_it
