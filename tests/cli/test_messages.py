"""What is said of mistakes: what is wrong with which value, and what to type instead."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from factory import Picture, make_clip

from dashcam_pipeline import errors, pipeline
from dashcam_pipeline.cli.app import COMMANDS, HELP_GROUPS, exit_codes
from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder of its own to type commands in, with a recording in it."""
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    folder = tmp_path / "card"
    folder.mkdir()
    monkeypatch.chdir(folder)
    make_clip(folder / "night.mp4", Picture(frames=12))
    return folder


def test_verify_of_a_folder(dashcam, place):
    code, _, err = dashcam("verify", place)
    assert code == 3
    assert f"{place} is a folder" in err
    assert "does not exist" not in err


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody can write")
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_batch_into_what_can_not_be_written(dashcam, place, more):
    code, _, err = dashcam("batch", place, "/proc/x", "--no-stages", *more)
    if more:  # a plan alone may be made: what /proc takes is only known by trying
        return
    assert code == 4
    assert "/proc/x can't be written" in err
    assert "does not exist" not in err


@pytest.mark.parametrize("target", ["file.mp4", "file.mp4/inside", "link"])
@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_a_batch_into_a_file(dashcam, place, target, more):
    file = make_clip(place.parent / "file.mp4", Picture(frames=2))
    (place.parent / "link").symlink_to(file)
    code, _, err = dashcam("batch", place, place.parent / target, "--no-stages", *more)
    assert code == 4
    assert "is a file, and results go into a folder" in err
    assert "Errno" not in err


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["night.mp4"], "dashcam clean night.mp4"),
        (["night.mp4", "--strength", "0.5"], "dashcam clean night.mp4 --strength 0.5"),
        (["gone.MOV"], "dashcam clean gone.MOV"),
        (["my night.mp4"], "dashcam clean 'my night.mp4'"),
        (["."], "dashcam batch . ../card_clean"),
        (["celan"], "dashcam clean"),
        (["CLEAN"], "dashcam clean"),
        (["ba"], "dashcam batch"),
        (["verfy", "x"], "dashcam verify"),
    ],
)
def test_a_command_that_is_none(dashcam, words, meant):
    code, _, err = dashcam(*words)
    assert code == 2
    assert f"Did you mean `{meant}`?" in err


def test_a_command_that_is_near_none(dashcam):
    code, _, err = dashcam("zebra")
    assert code == 2
    assert "zebra" in err
    assert "Did you mean" not in err


def test_several_recordings_into_a_folder_that_is_made(dashcam, place):
    make_clip(place / "b.mp4", Picture(frames=3))
    code, out, err = dashcam("clean", "night.mp4", "b.mp4", "-o", "new/CLEAN/", "--no-stages")
    assert (code, err) == (0, "")
    made = {p.name for p in (place / "new/CLEAN").iterdir() if p.suffix == ".mp4"}
    assert made == {"night_clean.mp4", "b_clean.mp4"}
    assert out.count("wrote ") == 2


def test_several_recordings_beside_themselves(dashcam, place):
    make_clip(place / "b.mp4", Picture(frames=3))
    assert dashcam("clean", "night.mp4", "b.mp4", "--no-stages", "-q") == (0, "", "")
    assert {"night_clean.mp4", "b_clean.mp4"} <= {p.name for p in place.iterdir()}


@pytest.mark.parametrize("folder", ["out/", "there"])
def test_one_recording_into_a_folder(dashcam, place, folder):
    (place / "there").mkdir()
    assert dashcam("clean", "night.mp4", "-o", folder, "--no-stages", "-q")[0] == 0
    assert (place / folder / "night_clean.mp4").is_file()


def test_one_of_several_that_fails_stops_no_other(dashcam, place):
    (place / "empty.mp4").touch()
    code, out, err = dashcam("clean", "empty.mp4", "night.mp4", "-o", "out/", "--no-stages")
    assert code == errors.BatchError.exit_code
    assert "out/night_clean.mp4" in out
    assert err.count("empty.mp4") == 1
    assert "1 of 2 recordings failed; 1 is done." in err


@pytest.mark.parametrize(
    "args",
    [
        (
            "clean",
            "night.mp4",
            "-o",
            "new/CLEAN/a.mp4",
            "--stage",
            "dim",
            "--protect",
            "9000,0,9,9",
        ),
        ("preview", "night.mp4", "-o", "new/a.png", "--no-stages", "--frame", "99"),
        ("clean", "night.mp4", "--report", "new/b/r.json", "--codec", "zebra"),
    ],
)
def test_a_failure_leaves_no_folder_that_was_made(dashcam, place, args):
    before = sorted(place.rglob("*"))
    assert dashcam(*args)[0] != 0
    assert sorted(place.rglob("*")) == before


def test_ctrl_c_among_several_says_what_is_whole(dashcam, place, monkeypatch):
    make_clip(place / "b.mp4", Picture(frames=3))
    run = pipeline.clean

    def clean(source, *args, **settings):
        if source.name == "b.mp4":
            raise KeyboardInterrupt
        return run(source, *args, **settings)

    monkeypatch.setattr(pipeline, "clean", clean)
    code, _, err = dashcam("clean", "night.mp4", "b.mp4", "-o", "out/", "--no-stages", "-q")
    assert code == 130
    assert "interrupted; written before that, and whole: out/night_clean.mp4" in err


def test_advice_of_one_of_several_names_flags(dashcam, place):
    (place / "out").mkdir()
    make_clip(place / "out" / "night_clean.mp4", Picture(frames=2))
    make_clip(place / "b.mp4", Picture(frames=3))
    code, _, err = dashcam("clean", "night.mp4", "b.mp4", "-o", "out/", "--no-stages")
    assert code == errors.BatchError.exit_code
    assert "Pass --overwrite" in err


def test_several_recordings_of_one_name_never_replace_each_other(dashcam, place):
    (place / "other").mkdir()
    make_clip(place / "other/night.mp4", Picture(frames=5))
    args = ("clean", "night.mp4", "other/night.mp4", "-o", "out", "--no-stages", "--overwrite")
    code, out, err = dashcam(*args)
    assert code == errors.BatchError.exit_code
    assert "12 of 12" in out
    assert "5 of 5" not in out
    assert "is the result of another recording of that name" in err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-o", "one.mp4"), "names one file for several recordings"),
        (("-o", "night.mp4"), "names one file for several recordings"),
        (("--report", "r.json"), "--report takes the report of one recording"),
        (("--strength", "2"), "0 to 1"),
    ],
)
def test_what_several_recordings_can_not_share(dashcam, place, args, said):
    make_clip(place / "b.mp4", Picture(frames=3))
    before = sorted(place.iterdir())
    code, out, err = dashcam("clean", "night.mp4", "b.mp4", *args)
    assert (code, out) == (2, "")
    assert said in err
    assert sorted(place.iterdir()) == before


def test_cleaning_a_folder_says_the_whole_command(dashcam, place):
    code, _, err = dashcam("clean", place)
    assert code == 3
    assert f"`dashcam batch {place} {place}_clean`" in err
    assert "`dashcam batch . ../card_clean`" in dashcam("clean", ".")[2]
    (place / "a b").mkdir()
    assert "`dashcam batch 'a b' 'a b_clean'`" in dashcam("clean", "a b")[2]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tiff", ".webp"])
@pytest.mark.parametrize("name", ["picture{}", "picture.mp4"])
def test_a_picture_is_called_a_picture(dashcam, place, suffix, name):
    path = place / name.format(suffix)
    data = cv2.imencode(suffix, np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
    path.write_bytes(data)
    code, _, err = dashcam("clean", path)
    assert code == 3
    assert "is a picture" in err
    assert "preview RECORDING --frame" in err
    assert "damaged" not in err


@pytest.mark.parametrize("args", [("clean",), ("preview",), ("clean", "--no-stages")])
def test_a_beginning_behind_the_end_says_how_long_it_lasts(dashcam, place, args):
    make_clip(place / "long.mp4", Picture(size=(64, 48), frames=36, rate=1))
    command, *options = args
    code, _, err = dashcam(command, "long.mp4", "--start", "100", *options)
    assert code == 3
    assert "long.mp4 has no picture at 100 s or later: the recording lasts 36 s." in err
    assert [p.name for p in place.iterdir() if "long_" in p.name] == []


def test_a_moment_behind_the_end_says_how_long_it_lasts(dashcam, place):
    make_clip(place / "long.mp4", Picture(size=(64, 48), frames=36, rate=1))
    code, _, err = dashcam("preview", "long.mp4", "--frame", "1:40", "--no-stages")
    assert code == 2
    assert "long.mp4 has no picture at 100 s or later: the recording lasts 36 s." in err


@pytest.mark.parametrize("option", ["--start", "--end"])
@pytest.mark.parametrize("value", ["-1", "-0:01", "-00:00:01.5"])
def test_a_negative_time(dashcam, option, value):
    code, _, err = dashcam("clean", "night.mp4", option, value)
    assert code == 2
    assert f"{option} = '{value}' is not possible; allowed: " in err
    assert ("at least 0" if option == "--start" else "more than 0") in err


def test_a_negative_moment(dashcam):
    code, _, err = dashcam("preview", "night.mp4", "--frame", "-1")
    assert code == 2
    assert "at least 0" in err


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("day", "night-to-day"),
        ("night", "day-to-night"),
        ("night2day", "night-to-day"),
        ("Glare", "glare"),
        ("glair", "glare"),
    ],
)
def test_a_stage_that_is_none(dashcam, word, meant):
    code, _, err = dashcam("clean", "night.mp4", "--stage", word)
    assert code == 2
    assert f"Did you mean {meant}" in err


@pytest.mark.parametrize("text", ['stage = "dim"', '[stage]\nname = "dim"', 'stages = "dim"'])
def test_a_stage_in_a_file_that_is_no_table(dashcam, place, text):
    (place / "p.toml").write_text(text)
    code, _, err = dashcam("clean", "night.mp4", "--config", "p.toml")
    assert code == 2
    assert '[[stage]]\nname = "dim"' in err
    assert "tuple" not in err


def test_one_value_where_a_list_belongs(dashcam, place):
    (place / "p.toml").write_text('protect = "0,0,8,8"')
    code, _, err = dashcam("clean", "night.mp4", "--config", "p.toml")
    assert code == 2
    assert "it should be a list of X,Y,W,H|EDGE:H." in err


def test_codes_in_help_are_those_of_the_one_table(dashcam):
    table = dict(exit_codes())
    said = 0
    for command in COMMANDS:
        text = " ".join(dashcam(command, "--help")[1].split())
        for code in re.findall(r"exit code(?: is)?(?: then)? (\d+)", text, re.IGNORECASE):
            assert code in table, command
            said += 1
    assert said >= 6
    text = " ".join(dashcam("batch", "--help")[1].split())
    assert f"{errors.BatchError.exit_code} that some are not" in text


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_help_shows_whole_sentences_in_groups(dashcam, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, _ = dashcam("--help")
    assert code == 0
    assert "..." not in out.partition("[ARGS]...")[2]
    assert all(len(line) <= columns for line in out.splitlines())
    places = [out.index(f"\n{heading}:\n") for heading in HELP_GROUPS]
    assert places == sorted(places)
    assert sorted(name for names in HELP_GROUPS.values() for name in names) == sorted(COMMANDS)
    assert "Clean a folder of recordings, or a whole card, into another folder." in " ".join(
        out.split()
    )


def test_advice_names_the_command_that_was_run(dashcam, place):
    _, _, err = dashcam("batch", place, place.parent / "out", "--crf", "99")
    assert "`dashcam batch --help` explains every option." in err


@pytest.mark.parametrize(
    ("args", "made"),
    [
        (("clean", "night.mp4", "--no-stages", "-o", "new/a/o.mp4"), "new/a/o.mp4"),
        (("preview", "night.mp4", "--no-stages", "-o", "new/a/o.mp4"), "new/a/o.mp4"),
        (("preview", "night.mp4", "--no-stages", "--frame", "0", "-o", "new/o.png"), "new/o.png"),
        (
            ("clean", "night.mp4", "--no-stages", "-o", "new/o.mp4", "--report", "new/r.json"),
            "new/r.json",
        ),
        (("clean", "night.mp4", "--no-stages", "--report", "new/a/r.json"), "new/a/r.json"),
        (
            ("clean", "night.mp4", "--no-stages", "-o", "new/o.mp4", "--report", "r/r.json"),
            "r/r.json",
        ),
    ],
)
def test_a_missing_folder_is_made(dashcam, place, args, made):
    assert dashcam(*args)[0] == 0
    assert (place / made).is_file()
