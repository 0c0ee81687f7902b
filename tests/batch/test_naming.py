from __future__ import annotations

import unicodedata
from itertools import permutations
from pathlib import PurePosixPath

import pytest

from dashcam_pipeline.batch.discovery import TreeFile
from dashcam_pipeline.batch.journal import Entry
from dashcam_pipeline.batch.naming import name_results
from dashcam_pipeline.dashcam.names import parse_name


def clip(path):
    return TreeFile(path, 1, 1, parse_name(PurePosixPath(path)))


def stems(paths, entries=()):
    endings = name_results(map(clip, paths), {entry.path: entry for entry in entries})
    return {path: str(PurePosixPath(path).with_suffix("")) + endings[path] for path in paths}


def seen(stem):
    """As a file system that tells neither case nor composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


@pytest.mark.parametrize(
    "paths",
    [
        ["a.avi", "a.mp4", "a.mov", "a_mp4.mp4", "a_mov.mp4"],
        ["a.mp4", "a.avi", "a_mp4.avi", "a_mp4_2.mp4", "a_mp4_2.mov"],
        ["a.MP4", "A.mp4", "A.Mp4", "a.mp4"],
        ["Movie/a.mp4", "movie/a.mp4", "MOVIE/A.MP4"],
        ["caf\u00e9.mp4", "cafe\u0301.mp4", "CAF\u00c9.mov"],
        ["\ud55c.mp4", "\u1112\u1161\u11ab.mp4"],
        ["stra\u00dfe.mp4", "STRASSE.mp4"],
        ["a.avi", "a.mkv/b.mp4", "a.mkv/a.mp4"],
        ["caf\udce9.mp4", "caf\udce8.mp4"],
    ],
)
def test_no_two_names_are_alike(paths):
    made = stems(paths)
    folders = {str(p.with_suffix("")) for q in paths for p in PurePosixPath(q).parents if p.suffix}
    assert len({seen(stem) for stem in [*made.values(), *folders]}) == len(paths) + len(folders)
    assert all(stems(order) == made for order in list(permutations(paths))[:24])


def test_whoever_needs_no_ending_has_none():
    assert stems(["a.avi", "a.mp4", "a_mp4.mp4", "b/a.mp4"]) == {
        "a.avi": "a",
        "a.mp4": "a_mp4_2",
        "a_mp4.mp4": "a_mp4",
        "b/a.mp4": "b/a",
    }


def test_a_name_on_record_stays():
    """A recording that was added later takes no other one's name, also of another card."""
    known = [
        Entry("a.mp4", "done", 1, 1, "r", output="a.mp4"),
        Entry("b.mov", "failed", 1, 1, "r", output="b_mov.mkv"),
        Entry("gone.avi", "done", 1, 1, "r", output="c.mkv"),
        Entry("d.mp4", "started", 1, 1, "r"),
    ]
    assert stems(["a.avi", "a.mp4", "b.mov", "c.mp4", "d.avi", "d.mp4"], known) == {
        "a.avi": "a_avi",
        "a.mp4": "a",
        "b.mov": "b_mov",
        "c.mp4": "c_mp4",
        "d.avi": "d",
        "d.mp4": "d_mp4",
    }
