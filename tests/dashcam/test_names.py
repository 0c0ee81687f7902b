from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.dashcam.sidecars import is_hidden, is_sidecar
from dashcam_pipeline.media.containers import is_recording

NAMES = [
    ("20240101_120000_NF.mp4", "blackvue", "2024-01-01 12:00:00", "front", "normal"),
    ("Record/20181029_131513_ER.mp4", "blackvue", "2018-10-29 13:15:13", "rear", "event"),
    ("20211011_141314_PI.mp4", "blackvue", "2021-10-11 14:13:14", "interior", "parking"),
    ("20211011_141314_MFL.mp4", "blackvue", "2021-10-11 14:13:14", "front", "manual"),
    ("20240101_120000_N.gps", "blackvue", "2024-01-01 12:00:00", None, "normal"),
    ("Movie/2023_0516_192739_F.MP4", "viofo", "2023-05-16 19:27:39", "front", None),
    ("Movie/RO/2023_0516_192739_R.MP4", "viofo", "2023-05-16 19:27:39", "rear", "event"),
    ("20210703135233_000123PF.MP4", "viofo", "2021-07-03 13:52:33", "front", "parking"),
    ("2019_0312_174512_003.MP4", "viofo", "2019-03-12 17:45:12", None, None),
    ("NO20260101-120000-000001F.MP4", "70mai", "2026-01-01 12:00:00", "front", "normal"),
    ("EV20260101-120000-000001B.MP4", "70mai", "2026-01-01 12:00:00", "rear", "event"),
    ("NO20190527-072300-000001.MP4", "70mai", "2019-05-27 07:23:00", "front", "normal"),
    ("Normal/Back/NO20190527-072300-000001.MP4", "70mai", "2019-05-27 07:23:00", "rear", "normal"),
    ("cont_rec/REC_2024_01_01_12_00_00_F.MP4", "thinkware", "2024-01-01 12:00:00", "front",
     "normal"),
    ("EVT_2024_01_01_12_00_00_R.MP4", "thinkware", "2024-01-01 12:00:00", "rear", "event"),
    ("20240821_180010_0001_N_A.MP4", "vantrue", "2024-08-21 18:00:10", "front", "normal"),
    ("20260904_175735_00001_E_B.MP4", "vantrue", "2026-09-04 17:57:35", "interior", "event"),
    ("20260904_175735_00001_P_C.MP4", "vantrue", "2026-09-04 17:57:35", "rear", "parking"),
    ("2017_0101_060101_001A.MP4", "vantrue", "2017-01-01 06:01:01", "front", None),
    ("240915_143027_001_FH.MP4", "nextbase", "2024-09-15 14:30:27", "front", None),
    ("Protected/180719_141722_002_RL.MP4", "nextbase", "2018-07-19 14:17:22", "rear", "event"),
    ("DCIM/100EVENT/GRMN0012.MP4", "garmin", None, "front", "event"),
    ("DCIM/105UNSVD/GRMN0012.MP4", "garmin", None, "front", None),
    ("SavedClips/2024-01-01_12-00-30/2024-01-01_12-00-00-front.mp4", "tesla",
     "2024-01-01 12:00:00", "front", "event"),
    ("RecentClips/2024-01-01_12-00-00-back.mp4", "tesla", "2024-01-01 12:00:00", "rear", None),
    ("2024-01-01_12-00-00-left_repeater.mp4", "tesla", "2024-01-01 12:00:00", "left", None),
    ("REC_20190115_101112_F.mp4", "finevu", "2019-01-15 10:11:12", "front", "normal"),
    ("MDR1_20120730_093000.avi", "urive", "2012-07-30 09:30:00", "rear", "normal"),
    ("EDR0_20120730_093300.avi", "urive", "2012-07-30 09:33:00", "front", "event"),
    ("VID_20240101_120000.mp4", "plain", "2024-01-01 12:00:00", None, None),
    ("2024-01-01 12.00.00 rear.mp4", "plain", "2024-01-01 12:00:00", "rear", None),
    ("20240101_120000_F.mp4", "viofo", "2024-01-01 12:00:00", "front", None),
    ("holiday.mp4", "plain", None, None, None),
    ("MOV_0001.mp4", "plain", None, None, None),
    ("20249901_120000_NF.mp4", "plain", None, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "brand", "when", "camera", "mode"), NAMES)
def test_names_say_brand_time_camera_and_mode(path, brand, when, camera, mode):
    name = parse_name(PurePosixPath(path))
    expected = datetime.fromisoformat(when) if when else None
    found = (name.brand, name.recorded, name.camera, name.mode)
    assert found == (brand, expected, camera, mode)


@pytest.mark.parametrize(
    "paths",
    [
        ("20240101_120000_NF.mp4", "20240101_120000_NR.mp4", "20240101_120000_N.3gf"),
        ("Front/NO20260101-120000-000001F.MP4", "Back/NO20260101-120000-000001B.MP4"),
        ("2024-01-01_12-00-00-front.mp4", "2024-01-01_12-00-00-right_pillar.mp4"),
        ("MDR0_20120730_093000.avi", "MDR1_20120730_093000.avi"),
    ],
)
def test_cameras_of_one_moment_share_a_recording(paths):
    assert len({parse_name(PurePosixPath(path)).recording for path in paths}) == 1


def test_moments_are_told_apart():
    one = parse_name(PurePosixPath("20240101_120000_NF.mp4"))
    next_minute = parse_name(PurePosixPath("20240101_120100_NF.mp4"))
    assert one.recording != next_minute.recording


@pytest.mark.parametrize(
    ("path", "event"),
    [("20240101_120000_EF.mp4", True), ("RO/2023_0516_192739_F.MP4", True),
     ("20240101_120000_MF.mp4", True), ("20240101_120000_NF.mp4", False)],
)  # fmt: skip
def test_events_are_known(path, event):
    assert parse_name(PurePosixPath(path)).is_event is event


@given(st.text(st.characters(blacklist_characters="/\0"), min_size=1).filter(
    lambda t: t not in {".", ".."}))  # fmt: skip
def test_any_name_is_read(text):
    assert parse_name(PurePosixPath(text)).recording


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))  # noqa: DTZ001 - a camera's clock
def test_every_time_comes_back(when):
    name = parse_name(PurePosixPath(f"{when:%Y%m%d_%H%M%S}_NF.mp4"))
    assert name.recorded == when.replace(microsecond=0)


@pytest.mark.parametrize(
    "name", ["._20240101_120000_NF.mp4", ".Trashes", "Thumbs.db", "$RECYCLE.BIN"]
)
def test_leftovers_of_operating_systems_are_hidden(name):
    assert is_hidden(name)


def test_extensions_count_in_any_case():
    assert is_recording(PurePosixPath("A.MP4"))
    assert is_recording(PurePosixPath("a.Ts"))
    assert is_sidecar(PurePosixPath("A.GPS"))
    assert not is_sidecar(PurePosixPath("a.mp4"))
    assert not is_hidden("20240101_120000_NF.mp4")
