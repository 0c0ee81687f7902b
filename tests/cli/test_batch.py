from __future__ import annotations

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
