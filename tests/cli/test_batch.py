from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from factory import Picture, make_clip

from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.batch import batch


@pytest.fixture
def card(tmp_path):
    root = tmp_path / "card"
    (root / "RO").mkdir(parents=True)
    picture = Picture(size=(128, 72), frames=6)
    make_clip(root / "2024_0101_120000_F.MP4", picture)
    make_clip(root / "2024_0101_120000_R.MP4", picture)
    make_clip(root / "RO/2024_0102_120000_F.MP4", picture)
    return root


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


def test_a_failure_is_said_and_in_the_exit_code(card, capsys):
    (card / "2024_0103_120000_F.MP4").write_text("notes")
    assert run(card, "--include", "*0103*") == 11
    found = capsys.readouterr()
    assert "failed: 2024_0103_120000_F.MP4" in found.out
    assert "left out: not included" in found.out
    assert "2024_0103_120000_F.MP4" in found.err


def test_quiet_says_nothing(card, capsys):
    assert run(card, "-q", "--camera", "rear") == 0
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_verbose_names_every_recording(card, capsys):
    assert run(card, "-v", "--events-only") == 0
    assert "RO/2024_0102_120000_F.MP4: done" in capsys.readouterr().err


def test_a_dry_run_tells_and_writes_nothing(card, capsys):
    assert run(card, "--dry-run", "--until", "2024-01-02") == 0
    text = capsys.readouterr().out
    assert "clean  2024_0101_120000_F.MP4  (new)" in text
    assert "1 left out: not before 2024-01-02" in text
    assert "2 of 2 recordings to do (1 moments)" in text
    assert "About 0:00:0" in text
    assert not (card.parent / "out").exists()


def test_a_dry_run_tells_what_is_refused_and_what_replaced(card, capsys):
    assert run(card, "--camera", "rear") == 0
    made = card.parent / "out/2024_0101_120000_F.MP4"
    made.write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")}
    capsys.readouterr()
    assert run(card, "--dry-run", "--crf", "30") == 0
    text = capsys.readouterr().out
    assert "refuse  2024_0101_120000_F.MP4  (2024_0101_120000_F.MP4 is there already" in text
    assert "refuse  2024_0101_120000_R.MP4  (2024_0101_120000_R.MP4 was made with other" in text
    assert "clean  RO/2024_0102_120000_F.MP4  (new)" in text
    assert "1 of 3 recordings to do" in text
    assert "2 refused" in text
    assert run(card, "--dry-run", "--crf", "30", "--overwrite") == 0
    text = capsys.readouterr().out
    assert "clean  2024_0101_120000_F.MP4  (replaces 2024_0101_120000_F.MP4, which is th" in text
    assert "3 of 3 recordings to do" in text
    assert {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")} == before


def test_products_are_counted(card, capsys):
    (card / "a_clean.mp4").write_bytes(b"x")
    assert run(card, "--dry-run") == 0
    assert "1 left out: made by dashcam (--include-results" in capsys.readouterr().out
    assert run(card, "--dry-run", "--include-results") == 0
    assert "4 of 4 recordings to do" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="names are bytes there")
def test_odd_names_are_shown_in_one_line(card, capfdbinary):
    for name in (b"caf\xe9.mp4", b"new\nline.mp4", b"\x1b[31mred.mp4"):
        (card / os.fsdecode(name)).write_text("notes")
    shown = [rb"caf\xe9.mp4", rb"new\nline.mp4", rb"\x1b[31mred.mp4"]
    assert run(card, "--dry-run") == 0
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
