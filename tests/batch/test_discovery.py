from __future__ import annotations

import os
from datetime import datetime
from pathlib import PurePosixPath

import pytest

from dashcam_pipeline.batch import products
from dashcam_pipeline.batch.discovery import Selection, TreeFile, check_folders, discover, select
from dashcam_pipeline.batch.products import companion_of, is_product
from dashcam_pipeline.compare import preview as compare_preview
from dashcam_pipeline.compare.page import finding
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.errors import InputMissingError, UsageError

CARD = (
    "Movie/2024_0101_120000_F.MP4",
    "Movie/2024_0101_120000_R.MP4",
    "Movie/RO/2024_0102_120000_F.MP4",
    "Movie/._2024_0101_120000_F.MP4",
    "Record/20240103_120000_NF.mp4",
    "Record/20240103_120000_NR.mp4",
    "Record/20240103_120000_N.gps",
    "Record/20240103_120000_N.3gf",
    "Record/20240103_120000_NF.thm",
    "Normal/Interior/NO20240104-120000-000001I.MP4",
    "GPSData000001.txt",
    "System Volume Information/IndexerVolumeGuid",
    ".Trashes/x.mp4",
    "firmware.bin",
    "long.Ts",
)


@pytest.fixture
def card(tmp_path):
    for name in CARD:
        path = tmp_path / "card" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "card"


def chosen(card, **selection):
    return [clip.path for clip in select(discover(card), Selection(**selection)).clips]


def test_recordings_are_found_in_any_case_and_leftovers_are_not(card):
    tree = discover(card)
    assert len(tree.clips) == 7
    assert {c.path.rpartition("/")[2] for c in tree.clips} >= {"long.Ts", "2024_0101_120000_F.MP4"}
    assert len(tree.sidecars) == 4
    assert tree.others == 1


def test_one_file_is_a_tree(card):
    tree = discover(card / "long.Ts")
    assert [c.path for c in tree.clips] == ["long.Ts"]
    assert tree.root == card


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(InputMissingError, match="mounted"):
        discover(tmp_path / "nothing")


def test_by_camera(card):
    assert chosen(card, camera="rear") == [
        "Movie/2024_0101_120000_R.MP4",
        "Record/20240103_120000_NR.mp4",
    ]
    assert chosen(card, camera="interior") == ["Normal/Interior/NO20240104-120000-000001I.MP4"]
    # a name without a camera is that of a camera with one lens
    assert "long.Ts" in chosen(card, camera="front")


def test_by_time(card):
    os.utime(card / "long.Ts", (0, 0))
    since, until = datetime(2024, 1, 2), datetime(2024, 1, 4)  # noqa: DTZ001 - a camera's clock
    assert chosen(card, since=since, until=until) == [
        "Movie/RO/2024_0102_120000_F.MP4",
        "Record/20240103_120000_NF.mp4",
        "Record/20240103_120000_NR.mp4",
    ]


def test_by_event(card):
    assert chosen(card, events_only=True) == ["Movie/RO/2024_0102_120000_F.MP4"]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"include": ("movie/*",)}, 3),
        ({"include": ("*.mp4",)}, 6),
        ({"exclude": ("*_R.MP4", "*NR.mp4")}, 5),
        ({"include": ("Record/*",), "exclude": ("*NR*",)}, 1),
    ],
)
def test_by_pattern(card, settings, count):
    assert len(chosen(card, **settings)) == count


def test_refusals_are_counted(card):
    assert select(discover(card), Selection(events_only=True)).refused == {"no event": 6}


def test_sidecars_go_with_their_recording(card):
    found = select(discover(card), Selection()).sidecars
    mine = {s.path for s in found["Record/20240103_120000_NF.mp4"]}
    assert mine == {f"Record/20240103_120000_N{end}" for end in (".gps", ".3gf", "F.thm")}
    assert [s.path for s in found[""]] == ["GPSData000001.txt"]


def test_sidecars_of_refused_recordings_stay(card):
    found = select(discover(card), Selection(include=("Movie/*",))).sidecars
    assert set(found) == {""}


def test_what_belongs_to_a_page_is_no_recording_and_no_sidecar(card):
    for folder in ("Record/drive_report_files", "Record/drive_files"):
        (card / folder).mkdir()
        for name in ("proxy-20240103_120000_NF.mp4", "20240103_120000_NF.thm"):
            (card / folder / name).write_bytes(b"x")
    (card / "Record/drive_report.html").write_bytes(b"x")
    tree = discover(card)
    here = [f.path for f in (*tree.clips, *tree.sidecars) if f.folder.endswith("_files")]
    assert {path.split("/")[1] for path in here} == {"drive_files"}, "which no page is beside"
    assert len(here) == 2


def test_stills_of_comparisons_are_no_sidecars(card):
    (card / "Record/20240103_120000_NF_before_after.png").write_bytes(b"x")
    (card / "Record/20240103_120000_NF.png").write_bytes(b"x")
    (card / "Record/20240103_120000_NR_clean.png").write_bytes(b"x")
    found = select(discover(card), Selection()).sidecars
    pictures = [s.path for each in found.values() for s in each if s.path.endswith(".png")]
    assert sorted(pictures) == [
        "Record/20240103_120000_NF.png",
        "Record/20240103_120000_NR_clean.png",  # a user's own
    ]


def test_links_to_folders_are_not_followed(card):
    (card / "loop").symlink_to(card, target_is_directory=True)
    assert len(discover(card).clips) == 7


def test_sidecars_that_are_links_are_named_and_not_taken(card, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (card / "Record/20240103_120000_NR.gps").symlink_to(tmp_path / "secret")
    (card / "index.txt").symlink_to(card / "GPSData000001.txt")
    tree = discover(card)
    assert tree.links == ["Record/20240103_120000_NR.gps", "index.txt"]
    assert len(tree.sidecars) == 4


@pytest.mark.parametrize(
    ("year", "said"),
    [(-100, 1), (0, 1), (1900, 1900), (2300, 2300), (12_000, 9999), (10**9, 9999)],
)
def test_every_file_time_is_a_date(year, said):
    ns = round((year - 1970) * 365.2425 * 86400) * 10**9
    clip = TreeFile("a.mp4", 1, ns, parse_name(PurePosixPath("a.mp4")))
    assert clip.recorded.year == said
    assert clip.recorded.isoformat()
    assert not Selection(since=datetime(1, 1, 1), until=datetime.max).refuses(clip)  # noqa: DTZ001, DTZ901 - a camera's clock


@pytest.mark.parametrize(
    ("name", "product"),
    [("a_clean.mp4", True), ("A_CLEAN.MP4", True), ("b_before_after.mkv", True),
     ("clean.mp4", False), ("a_cleaner.mp4", False), ("before_after.mp4", False)],
)  # fmt: skip
def test_names_of_products(tmp_path, name, product):
    (tmp_path / name).write_bytes(b"x")
    assert is_product(tmp_path / name) is product


def test_products_are_named_as_they_are_made():
    assert {compare_preview.ENDING, *finding.ENDINGS, *finding.OURS} == set(products.ENDINGS)
    assert finding.FILES == products.FILES


@pytest.mark.parametrize(
    ("name", "owner"),
    [("d/a.mp4.gpx", "d/a.mp4"), ("a.TS.provenance.json", "a.TS"), ("a.mkv.telemetry.zip", "a.mkv"),
     ("a.gpx", ""), ("a.txt.gpx", ""), ("provenance.json", "")],
)  # fmt: skip
def test_companions_name_their_recording(name, owner):
    assert companion_of(name) == owner


@pytest.mark.unprivileged
def test_an_unreadable_folder_is_named(card):
    (card / "Movie").chmod(0)
    tree = discover(card)
    (card / "Movie").chmod(0o755)
    assert tree.unreadable
    assert len(tree.clips) == 4


@pytest.mark.parametrize("output", ["card", "card/out", "."])
def test_outputs_in_or_around_the_input_are_refused(card, output):
    with pytest.raises(UsageError):
        check_folders(card, card.parent / output)


def test_an_output_beside_the_input_is_fine(card):
    check_folders(card, card.parent / "card-clean")


def test_recordings_that_are_named_are_taken_and_only_their_folders_looked_at(card):
    named = frozenset(("Movie/2024_0101_120000_F.MP4", "Record/20240103_120000_NF.mp4"))
    tree = discover(card, named)
    assert "Movie/RO/2024_0102_120000_F.MP4" not in [clip.path for clip in tree.clips]
    assert "long.Ts" not in [clip.path for clip in tree.clips]
    chosen = select(tree, Selection(paths=named))
    assert {clip.path for clip in chosen.clips} == named
    assert sum(chosen.refused.values()) == len(tree.clips) - len(named)
    moved = [one.path for one in chosen.sidecars["Record/20240103_120000_NF.mp4"]]
    assert "Record/20240103_120000_NF.thm" in moved


@pytest.mark.parametrize("path", ["../x.mp4", "/x.mp4", "a/../../x.mp4"])
def test_named_recordings_lie_within_the_folder(path):
    with pytest.raises(UsageError, match="leads out"):
        Selection(paths=frozenset((path,)))


def test_results_of_named_recordings_may_go_below_the_folder_but_not_among_them(card):
    named = ("Movie/2024_0101_120000_F.MP4",)
    check_folders(card, card / "clean", named)
    for output in (card / "Movie", card, card.parent):
        with pytest.raises(UsageError, match="among the originals"):
            check_folders(card, output, named)
    with pytest.raises(UsageError, match="nothing is ever written into the input"):
        check_folders(card, card / "clean")
