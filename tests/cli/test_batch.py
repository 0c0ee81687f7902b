from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from factory import Picture, cut_short, make_clip
from in_process import InProcess

from dashcam_pipeline.batch import driver
from dashcam_pipeline.batch.events import BatchStarted, ClipFailed, ClipProgressed, ClipStarted
from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.batch import batch
from dashcam_pipeline.cli.batch_progress import BatchBars
from dashcam_pipeline.engine.control import Control


@pytest.fixture
def card(tmp_path):
    root = tmp_path / "card"
    (root / "RO").mkdir(parents=True)
    picture = Picture(size=(128, 72), frames=6)
    make_clip(root / "2024_0101_120000_F.MP4", picture)
    make_clip(root / "2024_0101_120000_R.MP4", picture)
    make_clip(root / "RO/2024_0102_120000_F.MP4", picture)
    return root


@pytest.fixture
def at_once(monkeypatch):
    """No processes of their own for the workers, whose words are the same."""
    monkeypatch.setattr(driver, "make_runner", lambda *_a, **_k: (InProcess(), 2))


def run(card, *options):
    return main(
        ["batch", str(card), str(card.parent / "out"), "--no-stages", "--threads", "1", *options]
    )


def test_it_cleans_then_skips(card, capsys):
    assert run(card) == 0
    assert "3  cleaned" in capsys.readouterr().out
    assert run(card) == 0
    assert "3  done before" in capsys.readouterr().out
    assert (card.parent / "out/RO/2024_0102_120000_F.MP4").exists()
    assert (card.parent / "out/report.json").exists()


def test_a_failure_is_said_and_in_the_exit_code(card, at_once, capsys):
    (card / "2024_0103_120000_F.MP4").write_text("notes")
    assert run(card, "--include", "*0103*") == 11
    found = capsys.readouterr()
    assert "failed: 2024_0103_120000_F.MP4" in found.out
    assert "left out: not included" in found.out
    assert found.err == ""


@pytest.mark.parametrize("option", [(), ("-q",), ("-v",)])
def test_a_failure_is_said_once(card, at_once, capsys, option):
    (card / "2024_0103_120000_F.MP4").touch()
    assert run(card, *option) == 11
    found = capsys.readouterr()
    said = [line for line in (found.out + found.err).splitlines() if "is empty" in line]
    assert len(said) == 1
    assert "2024_0103_120000_F.MP4" in said[0]


def test_a_failure_before_an_end_by_ctrl_c_is_said(capsys):
    bars = BatchBars(Control())
    bars(ClipFailed(path="a.mp4", reason="it is empty", attempts=1))
    assert capsys.readouterr().err == ""
    bars.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == "dashcam: a.mp4: it is empty\n"


def test_off_a_terminal_there_is_a_line_every_ten_seconds(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    bars = BatchBars(Control())
    bars(BatchStarted(clips=2, bytes=2000, workers=1))
    bars(ClipStarted(path="a.mp4", bytes=1000))
    for second in range(1, 41):
        now[0] += 1
        bars(ClipProgressed(path="a.mp4", frames=10 * second, expected=800))
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "dashcam: 1 at a time: 6%, 0/2 recordings, 9.0 frames a second, 2:30 min left",
        "dashcam: 1 at a time: 12%, 0/2 recordings, 9.5 frames a second, 2:20 min left",
        "dashcam: 1 at a time: 19%, 0/2 recordings, 9.7 frames a second, 2:10 min left",
        "dashcam: 1 at a time: 25%, 0/2 recordings, 9.8 frames a second, 2:00 min left",
    ]


def test_a_dry_run_finds_what_will_fail_as_the_batch_does(card, at_once, capsys):
    (card / "2024_0103_120000_F.MP4").touch()
    make_clip(card / "whole.mkv", Picture(frames=60))
    cut_short(card / "whole.mkv", card / "cut.mkv", 0.5)
    whole = make_clip(card / "whole.mp4", Picture(frames=30))
    cut_short(whole, card / "cut.mp4", 0.5)
    assert run(card, "--dry-run") == 11
    text = capsys.readouterr().out
    failing = {"2024_0103_120000_F.MP4", "cut.mp4"}
    assert {line.split(": ")[1] for line in text.splitlines() if "will fail: " in line} == failing
    assert "2 recordings will fail." in text
    assert "damaged: cut.mkv: it is cut short" in text
    assert "1 recording is cut short, and will be cleaned as far as it goes." in text
    assert run(card) == 11
    text = capsys.readouterr().out
    assert {line.split(": ")[1] for line in text.splitlines() if "failed: " in line} == failing
    assert "damaged: cut.mkv" in text


def test_one_is_no_plural(card, at_once, capsys):
    (card / "2024_0101_120000_F.gpx").write_text("<gpx/>")
    assert run(card, "--dry-run", "--include", "*0101*F*") == 0
    text = capsys.readouterr().out
    assert "1 of 1 recording to do." in text
    assert "1 sidecar comes along." in text
    assert run(card, "--include", "*0101*F*") == 0
    assert "1  sidecar copied along" in capsys.readouterr().out


def test_quiet_says_nothing(card, at_once, capsys):
    assert run(card, "-q", "--camera", "rear") == 0
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_verbose_names_every_recording(card, at_once, capsys):
    assert run(card, "-v", "--events-only") == 0
    assert "RO/2024_0102_120000_F.MP4: done" in capsys.readouterr().err


def test_a_dry_run_tells_and_writes_nothing(card, capsys):
    assert run(card, "--dry-run", "--until", "2024-01-02") == 0
    text = capsys.readouterr().out
    assert "clean  2024_0101_120000_F.MP4  (new)" in text
    assert "1 left out: not before 2024-01-02" in text
    assert "2 of 2 recordings to do." in text
    assert "About " in text
    assert not (card.parent / "out").exists()


def test_a_dry_run_tells_what_is_refused_and_what_replaced(card, at_once, capsys):
    assert run(card, "--camera", "rear") == 0
    made = card.parent / "out/2024_0101_120000_F.MP4"
    made.write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")}
    capsys.readouterr()
    assert run(card, "--dry-run", "--crf", "30") == 11
    text = capsys.readouterr().out
    assert "refuse  2024_0101_120000_F.MP4  (2024_0101_120000_F.MP4 is there already" in text
    assert "refuse  2024_0101_120000_R.MP4  (2024_0101_120000_R.MP4 was made with other" in text
    assert "clean  RO/2024_0102_120000_F.MP4  (new)" in text
    assert "1 of 3 recordings to do" in text
    assert "2 refused" in text
    assert run(card, "--dry-run", "--crf", "30", "--overwrite") == 0
    text = capsys.readouterr().out
    assert "clean  2024_0101_120000_F.MP4  (2024_0101_120000_F.MP4 is there already, and" in text
    assert "no run on record made it: it is replaced)" in text
    assert "3 of 3 recordings to do" in text
    assert {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")} == before


def test_products_are_counted(card, at_once, capsys):
    (card / "a_clean.mp4").write_bytes(b"x")
    assert run(card, "--dry-run") == 0
    assert "1 left out: made by dashcam (--include-results" in capsys.readouterr().out
    assert run(card, "--dry-run", "--include-results") == 11
    assert "4 of 4 recordings to do" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="names are bytes there")
def test_odd_names_are_shown_in_one_line(card, capfdbinary):
    for name in (b"caf\xe9.mp4", b"new\nline.mp4", b"\x1b[31mred.mp4"):
        (card / os.fsdecode(name)).write_text("notes")
    shown = [rb"caf\xe9.mp4", rb"new\nline.mp4", rb"\x1b[31mred.mp4"]
    assert run(card, "--dry-run") == 11
    text = capfdbinary.readouterr().out
    assert all(b"clean  " + name + b"  (new)\n" in text for name in shown)
    assert run(card, "-v", "--include", "*.mp4") == 11
    found = capfdbinary.readouterr()
    assert all(b"failed: " + name + b": " in found.out for name in shown)
    assert all(name + b": failed" in found.err for name in shown)
    assert b"\x1b" not in found.out + found.err


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_limit_on_file_sizes_fails_that_clip_alone(card):
    make_clip(card / "2024_0101_110000_F.MP4", Picture(size=(320, 180), frames=90))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000)); "
        "from dashcam_pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "batch", card, card.parent / "out", "--no-stages",
         "--threads", "1", "--crf", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 11, done.stderr
    assert "3  cleaned\n" in done.stdout
    assert "failed: 2024_0101_110000_F.MP4" in done.stdout
    assert "grew larger than a file may be there" in done.stdout
    assert "disk is full" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--camera", "top"), ("--since", "yesterday"), ("--workers", "-1"), ("-q", "-v"),
     ("--address", "auto"), ("--segment-seconds", "0"), ("--crf", "99")],
)  # fmt: skip
def test_what_can_not_be_is_refused(card, options, capsys):
    assert run(card, *options) == 2
    assert not (card.parent / "out").exists()
    assert capsys.readouterr().err


def test_an_output_in_the_input_is_refused(card, capsys):
    assert main(["batch", str(card), str(card / "out"), "--no-stages"]) == 2
    assert "nothing is ever written into the input" in capsys.readouterr().err


def test_every_option_of_clean_is_there():
    text = CliRunner().invoke(batch, ["--help"]).output
    for option in ("--stage", "--strength", "--codec", "--crf", "--protect", "--start", "--config"):
        assert option in text
    assert text.index("Which recordings") < text.index("Stages:")
