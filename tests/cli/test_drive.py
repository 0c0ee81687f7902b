from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest
from drives import split, whole_drive
from factory import without_index
from journeys import make_card

from dashcam_pipeline.cli import main
from dashcam_pipeline.drives import find_drives, shared
from dashcam_pipeline.drives.finder import survey


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    root = tmp_path_factory.mktemp("card") / "card"
    make_card(root)
    return root


def test_drives_are_listed_for_people(card, dashcam):
    code, out, err = dashcam("drive", card)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "drive 1  2024-01-01 12:00:00 to 12:00:06, 6.0 s, 90 m",
        "  cameras  front 3 clips",
        "  events   1",
    ]


def test_json_says_all_of_it(card, dashcam):
    code, out, _err = dashcam("drive", card, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["schema_version"] == 1
    (drive,) = found["drives"]
    assert drive["start"] == "2024-01-01T12:00:00"
    assert drive["utc"] == "2024-01-01T03:00:00.000Z"
    assert drive["length_s"] == 6
    assert drive["distance_whole"]
    assert [c["path"] for c in drive["cameras"][0]["clips"]][:1] == [
        "Record/20240101_120000_NF.mp4"
    ]
    assert drive["events"][0]["kind"] == "braking"


def test_gaps_and_damaged_clips_are_named(tmp_path, dashcam):
    clips = make_card(tmp_path / "card", seconds=12)
    without_index(clips[1], tmp_path / "x")
    clips[1].write_bytes((tmp_path / "x").read_bytes())
    clips[4].unlink()
    clips[5].write_bytes(clips[5].read_bytes() + b"\0\x10\0\0mdat")
    code, out, err = dashcam("drive", tmp_path / "card")
    assert code == 0
    assert "gap      2.0 s after Record/20240101_120000_NF.mp4" in out
    assert "gap      2.0 s after Record/20240101_120006_NF.mp4" in out
    assert "damaged  Record/20240101_120002_NF.mp4" in out
    assert "damaged  Record/20240101_120010_NF.mp4: cut short" in out
    assert err.startswith("dashcam: warning: ")
    assert "moov" in err


def test_a_pause_in_minutes(card, dashcam, tmp_path):
    clips = make_card(tmp_path / "card")
    clips[2].rename(clips[2].with_name("20240101_120404_NF.mp4"))
    for ending in (".gps", ".3gf"):
        clips[2].with_name(f"20240101_120004_N{ending}").unlink()
    assert dashcam("drive", tmp_path / "card")[1].count("drive ") == 1
    assert dashcam("drive", tmp_path / "card", "--pause", "3")[1].count("drive ") == 2
    assert dashcam("drive", tmp_path / "card", "--pause", "-1")[0] == 2


def test_nothing_is_said_to_be_nothing(tmp_path, dashcam):
    assert dashcam("drive", tmp_path) == (0, "no recordings\n", "")
    assert dashcam("events", tmp_path) == (0, "no recordings\n", "")
    code, _out, err = dashcam("drive", tmp_path / "nothing")
    assert code == 3
    assert "mounted" in err


def test_events_are_listed_with_time_place_and_file(card, dashcam):
    code, out, err = dashcam("events", card)
    assert (code, err) == (0, "")
    assert out == (
        "2024-01-01 12:00:02  hard braking  0.60 g, 72 > 36 km/h  37.50036 127.00000  "
        "Record/20240101_120002_NF.mp4 0.5 s\n"
    )
    assert dashcam("events", card, "--kind", "event")[1] == "no events\n"


def test_events_are_cut_out_once(card, dashcam, tmp_path):
    asked = ("events", card, "--export", tmp_path / "out", "--before", "0.5", "--after", "0.5")
    code, out, err = dashcam(*asked)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == f"1 excerpt cut out into {tmp_path / 'out'}"
    assert (tmp_path / "out/20240101-120002_braking_front.mp4").is_file()
    code, out, _err = dashcam(*asked)
    assert code == 0
    assert out.splitlines()[-1].endswith(", 1 was there already")
    found = json.loads(dashcam(*asked, "--json")[1])
    assert [one["fate"] for one in found["excerpts"]] == ["there"]


def test_a_refused_overwrite_is_named_and_counts(card, dashcam, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out/20240101-120002_braking_front.mp4"
    mine.write_text("mine")
    code, out, err = dashcam("events", card, "--export", tmp_path / "out")
    assert code == 11
    assert "1 failed" in out
    assert "exists already" in err
    assert "--overwrite" in err
    assert mine.read_text() == "mine"
    assert dashcam("events", card, "--export", tmp_path / "out", "--overwrite")[0] == 0


def test_nothing_is_written_into_the_card(card, dashcam):
    before = sorted(card.rglob("*"))
    code, _out, err = dashcam("events", card, "--export", card / "events")
    assert code == 2
    assert "nothing is ever written into the input" in err
    assert sorted(card.rglob("*")) == before


def test_what_was_cut_out_is_found_again_as_a_result(card, dashcam, tmp_path):
    assert dashcam("events", card, "--export", tmp_path / "out", "--before", "0")[0] == 0
    (drive,) = find_drives(tmp_path / "out")
    assert all(clip.result for clip in drive.clips)


def test_a_name_that_is_no_utf_8_is_shown_all_the_same(tmp_path, capsysbinary):
    clips = make_card(tmp_path / "card")
    clips[0].rename(clips[0].with_name("2024\udcff\n.mp4"))
    assert main(["drive", str(tmp_path / "card"), "--json"]) == 0
    assert main(["drive", str(tmp_path / "card")]) == 0
    assert main(["events", str(tmp_path / "card")]) == 0


@pytest.mark.parametrize("again", ["0.5", "0.7"])
def test_it_names_the_overlap_that_join_cuts(tmp_path, dashcam, again):
    """Below a second: names can't tell it, packets can."""
    card = tmp_path / "card"
    split(whole_drive(tmp_path / "whole.mp4", seconds=8, gop=3), card, again=Fraction(again))
    code, out, err = dashcam("drive", card)
    assert (code, err) == (0, "")
    named = re.findall(r"overlap  (\S+ s) at the end of", out)
    assert named == [f"{again} s"] * 3
    assert "about" not in out
    code, out, _err = dashcam("join", card, "-o", tmp_path / "drive.mp4")
    cut = re.search("cut once: (.*)", out).group(1)
    assert (code, [one.split(" at ")[0] for one in cut.split(", ")]) == (0, named)


def test_a_camera_whose_first_clips_share_nothing_is_not_read_further(tmp_path, monkeypatch):
    card = tmp_path / "card"
    split(whole_drive(tmp_path / "whole.mp4", seconds=8), card, clip_seconds=1)
    looked, look = [], shared.look_at

    def noted(path, **options):
        looked.append(path.name)
        return look(path, **options)

    monkeypatch.setattr(shared, "look_at", noted)
    found = shared.with_shared(survey(card))
    assert {seam.kind for seam in found.drives[0].cameras[0].seams} == {"touching"}
    assert len(looked) == 3 < len(found.drives[0].clips)
