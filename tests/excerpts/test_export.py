from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import cv2
import pytest
from factory import blank, without_index
from journeys import make_card

from dashcam_pipeline import provenance
from dashcam_pipeline.drives import survey
from dashcam_pipeline.drives.finder import find_drives
from dashcam_pipeline.errors import DiskFullError
from dashcam_pipeline.excerpts import cut as cutting
from dashcam_pipeline.excerpts.export import export
from dashcam_pipeline.excerpts.plan import plan

NAME = "20240101-120002_braking_front"
ENDINGS = ("", ".gpx", ".jpg", ".provenance.json", ".telemetry.zip")


def run(card, out, before=0.5, after=0.5, **asked):
    drives = survey(card, telemetry="whole").drives
    return list(export(plan(drives, before=before, after=after), out, **asked))


def packets(path, kind="video"):
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [(float(p.pts * p.time_base), bytes(p)) for p in container.demux(stream) if p.size]


def pictures(path):
    with av.open(str(path)) as container:
        return [float(f.time) for f in container.decode(video=0)]


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """Six seconds in three clips; a key frame every second; it brakes from 2.5 to 3.1."""
    root = tmp_path_factory.mktemp("card")
    make_card(root / "card")
    return root / "card"


def test_packets_are_copied_from_key_frame_to_key_frame(card, tmp_path):
    (made,) = run(card, tmp_path / "out", before=0.2, after=0.1)
    assert made.fate == "made"
    source = packets(card / "Record/20240101_120002_NF.mp4")
    copied = packets(made.path)
    # of the drive, 2.3 to 3.2 is asked for; the groups of 2 to 3 and 3 to 4 show it
    assert [data for _, data in copied] == [data for _, data in source]
    assert [time for time, _ in copied] == pytest.approx([n / 30 for n in range(60)], abs=1e-3)
    assert len(pictures(made.path)) == 60


def test_the_group_that_shows_no_part_of_it_is_left_out(tmp_path):
    make_card(tmp_path / "card", seconds=6, clip_seconds=6, brake=(2.5, 3.2))
    (made,) = run(tmp_path / "card", tmp_path / "out", before=0.2, after=0.1)
    source = packets(tmp_path / "card/Record/20240101_120000_NF.mp4")
    assert [data for _, data in packets(made.path)] == [data for _, data in source[60:120]]
    assert pictures(made.path)[0] == pytest.approx(0)
    assert len(pictures(made.path)) == 60
    sound = packets(made.path, "audio")
    assert 0 <= sound[0][0] < 0.05
    assert sound[-1][0] < 2


def test_over_a_seam_it_is_one_recording(card, tmp_path):
    (made,) = run(card, tmp_path / "out", before=1.0, after=1.0)
    sources = [packets(p) for p in sorted((card / "Record").glob("*.mp4"))]
    expected = [data for _, data in [*sources[0][30:], *sources[1], *sources[2][:30]]]
    assert [data for _, data in packets(made.path)] == expected
    assert pictures(made.path) == pytest.approx([n / 30 for n in range(120)], abs=1e-3)
    record = json.loads((tmp_path / "out" / f"{made.path.name}.provenance.json").read_text())
    assert [c["name"] for c in record["clips"]] == [f"20240101_12000{n}_NF.mp4" for n in (0, 2, 4)]


@pytest.mark.parametrize(("before", "after", "count"), [(0.3, 0.2, 33), (1.0, 1.0, 78)])
def test_exact_means_to_the_picture(card, tmp_path, before, after, count):
    (made,) = run(card, tmp_path / "out", before=before, after=after, exact=True)
    times = pictures(made.path)
    assert len(times) == count
    assert times == pytest.approx([n / 30 for n in range(count)], abs=1e-3)


def test_a_transport_stream_stays_one(tmp_path):
    make_card(tmp_path / "card", suffix=".ts")
    (made,) = run(tmp_path / "card", tmp_path / "out", before=1.0, after=1.0)
    assert (made.fate, made.path.suffix) == ("made", ".ts")
    assert len(pictures(made.path)) == 120


def test_track_still_and_record_lie_beside_it(card, tmp_path):
    (made,) = run(card, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        f"{NAME}.mp4{ending}" for ending in ENDINGS
    )
    gpx = made.path.with_name(f"{made.path.name}.gpx").read_text()
    assert "<time>2024-01-01T03:00:02Z</time>" in gpx
    assert gpx.count("<trkpt") == 3
    picture = cv2.imread(str(made.path.with_name(f"{made.path.name}.jpg")))
    assert picture.shape == (72, 128, 3)
    assert zipfile.is_zipfile(made.path.with_name(f"{made.path.name}.telemetry.zip"))
    assert provenance.verify(made.path, source=card / "Record/20240101_120002_NF.mp4").passed


def test_a_second_run_makes_nothing_twice(card, tmp_path):
    (first,) = run(card, tmp_path / "out")
    before = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (tmp_path / "out").iterdir()}
    (second,) = run(card, tmp_path / "out")
    assert (second.fate, second.path) == ("there", first.path)
    assert before == {
        p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in (tmp_path / "out").iterdir()
    }


@pytest.mark.parametrize("asked", [{"exact": True}, {"before": 2.0}])
def test_another_part_of_that_name_is_not_taken_for_it(card, tmp_path, asked):
    run(card, tmp_path / "out")
    (other,) = run(card, tmp_path / "out", **asked)
    assert other.fate == "failed"
    assert "exists already" in other.reason
    (other,) = run(card, tmp_path / "out", overwrite=True, **asked)
    assert other.fate == "made"


@pytest.mark.parametrize("ending", ["", ".gpx", ".jpg"])
def test_somebody_elses_files_are_refused(card, tmp_path, ending):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / f"{NAME}.mp4{ending}"
    mine.write_text("mine")
    (failed,) = run(card, tmp_path / "out")
    assert failed.fate == "failed"
    assert [p.name for p in (tmp_path / "out").iterdir()] == [mine.name]
    assert mine.read_text() == "mine"


def test_a_lost_result_is_made_again_with_its_companions(card, tmp_path):
    (made,) = run(card, tmp_path / "out")
    made.path.unlink()
    (made,) = run(card, tmp_path / "out")
    assert made.fate == "made"
    assert len(list((tmp_path / "out").iterdir())) == len(ENDINGS)


def test_a_clip_that_broke_costs_itself_alone(tmp_path):
    clips = make_card(tmp_path / "card", seconds=8, clip_seconds=4, brake=(1.5, 2.5))
    drives = find_drives(tmp_path / "card", telemetry="whole")
    without_index(clips[0], tmp_path / "x")
    clips[0].write_bytes((tmp_path / "x").read_bytes())
    (failed,) = list(export(plan(drives, before=0, after=0), tmp_path / "out"))
    assert failed.fate == "failed"
    assert "index" in failed.reason
    assert list((tmp_path / "out").iterdir()) == []


def test_damage_in_the_pictures_is_copied_and_said_by_nobody_else(tmp_path):
    clips = make_card(tmp_path / "card", seconds=4, clip_seconds=4, brake=(1.5, 2.5))
    blank(clips[0], tmp_path / "x", 0.4, 2000)
    clips[0].write_bytes((tmp_path / "x").read_bytes())
    (made,) = run(tmp_path / "card", tmp_path / "out")
    assert made.fate == "made"


def test_a_full_disk_ends_it(card, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise DiskFullError("no space left for it.")

    monkeypatch.setattr(cutting.Run, "open", full)
    with pytest.raises(DiskFullError):
        run(card, tmp_path / "out")
    assert not (tmp_path / "out").exists()


KILLED = """
import os, sys
from pathlib import Path
from dashcam_pipeline.media import claim
named = claim.Claim._name
count = 0
def name(self, part, done):
    global count
    named(self, part, done)
    count += 1
    if count == int(sys.argv[3]):
        os._exit(9)
claim.Claim._name = name
from dashcam_pipeline.drives import survey
from dashcam_pipeline.excerpts.export import export
from dashcam_pipeline.excerpts.plan import plan
drives = survey(sys.argv[1], telemetry="whole").drives
list(export(plan(drives, before=0.5, after=0.5), Path(sys.argv[2])))
"""


@pytest.mark.parametrize("names", [1, 3])
def test_a_run_that_was_killed_while_it_gave_names_is_mended_by_the_next(card, tmp_path, names):
    out = tmp_path / "out"
    env = os.environ | {"PYTHONPATH": str(Path(provenance.__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(card), str(out), str(names)], env=env, check=False
    )
    assert ended.returncode == 9
    (made,) = run(card, out)
    assert made.fate == "made"
    assert sorted(p.name for p in out.iterdir()) == sorted(
        f"{NAME}.mp4{ending}" for ending in ENDINGS
    )
    assert provenance.verify(made.path).passed


def test_nothing_is_left_of_a_run_that_was_interrupted(card, tmp_path, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(cutting.Run, "report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(card, tmp_path / "out")
    assert not (tmp_path / "out").exists()
