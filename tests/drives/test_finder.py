from __future__ import annotations

import os
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from factory import Picture, make_clip, without_index

from dashcam_pipeline.drives import find_drives, survey
from dashcam_pipeline.drives.cards import card_of
from dashcam_pipeline.errors import InputMissingError

SMALL = Picture(frames=40, size=(64, 48), rate=10)
"""Four seconds."""

DATA = Path(os.environ.get("DASHCAM_TEST_DATA", Path(__file__).parents[3] / "shared/data"))
REAL = DATA / "telemetry/70mai-multichannel"


def tree(root, *names, **asked):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        make_clip(root / name, SMALL, **asked)
    return root


def said(root, **asked):
    """Every drive as (kind, camera: names), the names without their folders."""
    return [
        (drive.kind, {r.camera: [c.path.name for c in r.clips] for r in drive.cameras})
        for drive in find_drives(root, **asked)
    ]


def test_clips_follow_one_another_and_cameras_go_together(tmp_path):
    tree(
        tmp_path,
        "Record/20240101_120000_NF.mp4",
        "Record/20240101_120000_NR.mp4",
        "Record/20240101_120004_NF.mp4",
        "Record/20240101_120005_NR.mp4",  # the rear camera begins a second later
        "Record/20240101_130000_NF.mp4",
    )
    first, second = find_drives(tmp_path)
    assert [run.camera for run in first.cameras] == ["front", "rear"]
    assert first.start == datetime(2024, 1, 1, 12)  # noqa: DTZ001 - a camera's clock
    assert (first.length, second.length) == (9.0, 4.0)
    assert [s.kind for run in first.cameras for s in run.seams] == ["touching", "touching"]
    assert [{k: c.path.name[9:15] for k, c in m.items()} for m in first.moments()] == [
        {"front": "120000", "rear": "120000"},
        {"front": "120004", "rear": "120005"},
    ]


def test_gaps_and_overlaps_are_named(tmp_path):
    tree(tmp_path, *(f"REC_20240101_1200{second}_F.mp4" for second in ("00", "20", "22", "26")))
    (drive,) = find_drives(tmp_path)
    seams = drive.cameras[0].seams
    assert [(s.kind, s.seconds) for s in seams] == [("gap", 16), ("overlap", 2), ("touching", 0)]
    assert drive.length == 30
    assert drive.recorded == 14


def test_a_pause_begins_another_drive(tmp_path):
    tree(tmp_path, "REC_20240101_120000_F.mp4", "REC_20240101_120504_F.mp4")
    assert len(find_drives(tmp_path)) == 1  # five minutes, but not longer
    assert len(find_drives(tmp_path, pause=299)) == 2
    tree(tmp_path, "REC_20240101_121009_F.mp4")
    assert len(find_drives(tmp_path)) == 2


def test_what_was_recorded_while_parked_is_no_drive(tmp_path):
    tree(
        tmp_path,
        "cont_rec/REC_2024_01_01_12_00_00_F.MP4",
        "parking_rec/PAK_2024_01_01_12_00_30_F.MP4",
        "parking_rec/PAK_2024_01_01_15_00_00_F.MP4",
        "cont_rec/REC_2024_01_01_18_00_00_F.MP4",
        "motion_timelapse_rec/TIM_2024_01_01_20_00_00_F.MP4",
    )
    assert [(kind, len(runs["front"])) for kind, runs in said(tmp_path)] == [
        ("drive", 1),
        ("parked", 2),
        ("drive", 1),
        ("parked", 1),
    ]


def test_a_locked_clip_keeps_its_place_and_one_saved_apart_is_a_copy(tmp_path):
    tree(
        tmp_path,
        "Movie/2024_0101_120000_F.MP4",
        "Movie/RO/2024_0101_120004_F.MP4",  # moved there
        "Movie/2024_0101_120008_F.MP4",
        "Event/EV20240101-120009-000001F.MP4",  # three of its four seconds are in another
    )
    (drive,) = find_drives(tmp_path)
    assert [c.mode for c in drive.cameras[0].clips] == ["normal", "event", "normal"]
    assert [c.name for c in drive.copies] == ["Event/EV20240101-120009-000001F.MP4"]


def test_results_give_way_to_their_originals(tmp_path):
    clean = tree(tmp_path / "a", "20240101_120000_NF_clean.mp4", "20240101_120000_NR_clean.mp4")
    (drive,) = find_drives(clean)
    assert [run.camera for run in drive.cameras] == ["front", "rear"]
    assert all(clip.result for clip in drive.clips)
    tree(clean, "20240101_120000_NF.mp4")
    (drive,) = find_drives(clean)
    assert [c.name for c in drive.copies] == ["20240101_120000_NF_clean.mp4"]
    assert not drive.run_of("front").clips[0].result


def test_results_without_a_time_give_way_to_what_they_were_made_of(tmp_path):
    """Names tell no time, and the file's own is that of the run."""
    tree(tmp_path, "a.mp4", "b.mp4", "a_clean.mkv", "c_clean.mp4", "a_clean_clean.mp4")
    (drive,) = find_drives(tmp_path)
    kept = [clip.name for clip in drive.clips]
    assert {"a.mp4", "b.mp4", "c_clean.mp4"} <= set(kept), "of c there is no original"
    assert "a_clean.mkv" in [c.name for c in drive.copies]
    at = {clip.name: clip.instant for clip in (*drive.clips, *drive.copies)}
    assert at["a_clean.mkv"] == at["a.mp4"]
    assert at["b.mp4"] >= at["a.mp4"] + 4


def test_two_cards_with_the_same_names_stay_apart(tmp_path):
    for card in ("blue car", "빨간 차"):
        tree(tmp_path, f"{card}/DCIM/Movie/2024_0101_120000_F.MP4")
    assert [drive.card for drive in find_drives(tmp_path)] == ["blue car", "빨간 차"]
    assert [len(drive.clips) for drive in find_drives(tmp_path)] == [1, 1]


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("a.mp4", "."),
        ("DCIM/Movie/RO/a.mp4", "."),
        ("DCIM/100EVENT/GRMN0001.MP4", "."),
        ("card/Normal/Front/a.mp4", "card"),
        ("holiday/day one/a.mp4", "holiday/day one"),
        ("TeslaCam/SavedClips/2024-01-01_12-00-00/a-front.mp4", "."),
        ("A/a.mp4", "A"),
        ("내 차/상시/전방/a.mp4", "내 차"),
        (unicodedata.normalize("NFD", "이벤트/후방/a.mp4"), "."),
    ],
)
def test_the_card_is_above_what_a_camera_makes(name, card):
    assert card_of(name) == card


def test_korean_folders_say_camera_and_reason(tmp_path):
    tree(
        tmp_path,
        "내 차/상시/전방/20240101_120000.mp4",
        "내 차/상시/후방/20240101_120000.mp4",
        "내 차/주차/전방/20240101_180000.mp4",
        "내 차/이벤트/전방/20240101_120004.mp4",
    )
    drive, parked = find_drives(tmp_path)
    assert [(r.camera, [c.mode for c in r.clips]) for r in drive.cameras] == [
        ("front", ["normal", "event"]),
        ("rear", ["normal"]),
    ]
    assert parked.kind == "parked"


def test_names_without_a_date_are_put_in_order_by_what_the_file_says(tmp_path):
    for number, second in ((2, 4), (10, 8), (1, 0)):
        created = f"2024-01-01T12:00:0{second}Z"
        tree(tmp_path, f"GRMN{number:04}.MP4", metadata={"creation_time": created})
    (drive,) = find_drives(tmp_path)
    assert [c.path.name for c in drive.clips] == ["GRMN0001.MP4", "GRMN0002.MP4", "GRMN0010.MP4"]
    assert {c.start_from for c in drive.clips} == {"container"}


def test_chapters_and_copied_files_lie_one_behind_the_other(tmp_path):
    tree(tmp_path, "clip9.mp4", "clip10.mp4", "clip11.mp4")
    for file in tmp_path.iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    (drive,) = find_drives(tmp_path)
    assert [c.path.name for c in drive.clips] == ["clip9.mp4", "clip10.mp4", "clip11.mp4"]
    assert [s.kind for s in drive.cameras[0].seams] == ["touching"] * 2
    assert drive.length == pytest.approx(12)


def test_a_damaged_clip_costs_itself_alone_and_is_named(tmp_path):
    tree(tmp_path, *(f"REC_20240101_1200{second}_F.mp4" for second in ("00", "04", "08")))
    broken = tmp_path / "REC_20240101_120004_F.mp4"
    broken.write_bytes(without_index(broken, tmp_path / "x").read_bytes())
    (tmp_path / "x").unlink()
    (tmp_path / "REC_20200101_120000_F.mp4").write_bytes(b"")
    found = survey(tmp_path)
    (drive,) = found.drives
    assert [c.path.name[13:19] for c in drive.clips] == ["120000", "120008"]
    assert drive.cameras[0].seams[0].kind == "gap"
    assert [d.name for d in drive.damaged] == [broken.name]
    assert "index" in drive.damaged[0].reason
    assert [d.name for d in found.damaged] == ["REC_20200101_120000_F.mp4", broken.name]


def test_a_file_that_was_cut_short_says_so(tmp_path):
    path = make_clip(
        tmp_path / "REC_20240101_120000_F.mp4", SMALL, options={"movflags": "faststart"}
    )
    data = path.read_bytes()
    assert find_drives(tmp_path)[0].clips[0].whole
    path.write_bytes(data[: len(data) * 2 // 3])
    assert not find_drives(tmp_path)[0].clips[0].whole


def test_an_empty_folder_has_no_drives_and_a_missing_one_is_said(tmp_path):
    assert find_drives(tmp_path) == []
    with pytest.raises(InputMissingError, match="mounted"):
        find_drives(tmp_path / "nothing")


def test_the_clip_of_an_instant(tmp_path):
    tree(tmp_path, "REC_20240101_120000_F.mp4", "REC_20240101_120020_F.mp4")
    (drive,) = find_drives(tmp_path)
    run = drive.cameras[0]
    assert run.at(drive.instant + 3.9) is run.clips[0]
    assert run.at(drive.instant + 4) is None
    assert run.at(drive.instant + 20) is run.clips[1]


def test_how_far_it_is_can_be_followed(tmp_path):
    tree(tmp_path, "a.mp4", "b.mp4")
    steps = []
    survey(tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.skipif(not REAL.is_dir(), reason="shared/ is not here")
def test_a_real_cards_three_cameras():
    (drive,) = find_drives(REAL)
    assert [(r.camera, len(r.clips)) for r in drive.cameras] == [
        ("front", 2),
        ("rear", 2),
        ("interior", 2),
    ]
    assert all(seam.kind == "touching" for run in drive.cameras for seam in run.seams)
    assert drive.end - drive.start == timedelta(seconds=4)
    assert [len(moment) for moment in drive.moments()] == [3, 3]
