"""Hostile bytes: the corpus of past findings, and fresh damage to healthy seeds."""

from __future__ import annotations

import importlib.util
import io
import random
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import cameras
import pytest
from factory import Picture, make_clip
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline import clean
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.export import to_zip
from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, Limits
from dashcam_pipeline.errors import DashcamError, NotVideoError
from dashcam_pipeline.media import extent, opening
from dashcam_pipeline.media.probe import probe

HERE = Path(__file__).parent


def load(name):
    """A module beside this one; the tests are no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


MODULES = ("mutate", "records", "structures", "folders", "targets")
mutate, _, structures, folders, targets = map(load, MODULES)
mutate = mutate.mutate
QUICK = [name for name, target in targets.TARGETS.items() if not target.slow]
SLOW = [name for name, target in targets.TARGETS.items() if target.slow]
CORPUS = sorted((HERE / "corpus").glob("*-*"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.name)
def test_past_findings_stay_answered(path):
    name = path.name.rpartition("-")[0]
    targets.attempt(targets.TARGETS[name], path.read_bytes())


@pytest.mark.parametrize("name", targets.TARGETS)
def test_healthy_seeds_are_accepted(name):
    target = targets.TARGETS[name]
    for seed in target.seeds():
        if name == "recording" or not name.endswith(("mkv", "structure")):
            target.run(seed)


def damaged(name, seed):
    """A healthy input of a target with damage that depends on the seed alone."""
    chance = random.Random(f"{seed} {name}")  # noqa: S311 - no secret
    target = targets.TARGETS[name]
    return target.damaged(chance.choice(target.seeds()), chance)


def feed(name, seed):
    try:
        targets.attempt(targets.TARGETS[name], damaged(name, seed))
    except Exception as error:
        error.add_note(f"{name} answered damage of seed {seed} so; fuzz.py draws other ones")
        raise


@pytest.mark.parametrize("name", QUICK)
def test_damage_is_answered(name):
    for seed in range(40):
        feed(name, seed)


@pytest.mark.parametrize("name", SLOW)
def test_damage_is_answered_by_commands(name):
    for seed in range(4):
        feed(name, seed)


@pytest.mark.slow
def test_five_minutes_of_damage_are_answered(tmp_path):
    """Other damage each time, with its seed in what is printed.

    Longer: `python tests/hostile/fuzz.py --seconds 3600`.
    """
    done = subprocess.run(
        [sys.executable, HERE / "fuzz.py", "--seconds", "300", "--keep", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [n for n in targets.TARGETS if targets.TARGETS[n].reader])
def test_readers_know_their_formats(name):
    """A reader that finds nothing would leave its target to blind damage."""
    target = targets.TARGETS[name]
    for seed in target.seeds()[:1]:
        spans = list(target.reader(seed))
        assert len(spans) >= 20
        assert all(0 <= s.begin < s.end <= len(seed) for s in spans)
        reach = max(s.end for s in spans if s.kind != "unit") / len(seed)
        assert reach > 0.4


@pytest.mark.parametrize(
    "name", {t.reader: n for n, t in targets.TARGETS.items() if t.reader}.values()
)
def test_readers_find_fields_in_what_damage_leaves_of_a_file(name):
    for seed in range(60):
        data = damaged(name, seed)
        spans = list(targets.TARGETS[name].reader(data))
        assert all(0 <= s.begin < s.end <= len(data) for s in spans), f"{seed = }"


def test_damage_to_a_box_keeps_its_parents_true():
    """Else nothing behind it would ever be reached."""
    data = targets.clips()[0]
    boxes = [s for s in structures.boxes(data) if s.kind == "unit" and s.sizes]
    for span in boxes:
        mended = structures._mended(data, span, -(span.end - span.begin))
        without = mended[: span.begin] + mended[span.end :]
        kinds = [kind for kind, _, _ in cameras.top_level(without)]
        assert kinds == [kind for kind, _, _ in cameras.top_level(data)]


@pytest.mark.parametrize("name", ["nmea", "gpmf", "texts", "blackvue", "block", "log", "record"])
@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_answered(name, data):
    targets.attempt(targets.TARGETS[name], data)


def test_boxes_within_boxes_end(tmp_path):
    """A tower of ten thousand boxes is neither followed nor fatal."""
    data = b""
    for _ in range(10_000):
        data = cameras.box(b"moov", data)
    path = tmp_path / "tower.mp4"
    path.write_bytes(cameras.box(b"ftyp", b"isom\0\0\0\0isom") + data)
    assert not read_telemetry(path)
    with pytest.raises(DashcamError):
        probe(path)


def test_a_million_boxes_end(tmp_path):
    path = tmp_path / "many.mp4"
    path.write_bytes(
        cameras.box(b"ftyp", b"isom\0\0\0\0isom") + cameras.box(b"free", b"") * 110_000
    )
    assert len(extent.top_level(path)) == extent.MAX_ATOMS
    assert not read_telemetry(path)


def test_an_index_of_four_billion_blocks_ends(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=(64, 48)))
    cameras.transplant(clip, in_moov=[cameras.box(b"gps ", struct.pack(">II", 0, 2**32 - 1))])
    assert not read_telemetry(clip)


def test_raw_telemetry_is_bounded(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=(64, 48)))
    # the same bytes listed a hundred times: a small file must not become a large answer
    cameras.transplant(clip, extra_entries=[(0, 1000)] * 100)
    limits = Limits(total=64 * 1024)
    found = read_telemetry(clip, limits=limits)
    assert sum(len(raw.data) for raw in found.raws) <= limits.total
    assert "the rest was left" in " ".join(found.notes)
    assert LIMITS.total <= 256 << 20


def test_rows_are_bounded(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=(64, 48)))
    cameras.transplant(clip, boxes=[cameras.blackvue_free(20)])
    found = read_telemetry(clip, limits=Limits(rows=7))
    assert (len(found.fixes), len(found.accelerations)) == (7, 7)
    assert "more than 7 rows" in found.notes[0]


def test_a_picture_too_large_is_refused_before_it_is_decoded(tmp_path):
    clip = make_clip(
        tmp_path / "a.avi",
        Picture(frames=3, size=(160, 96), codec="mjpeg", pixel_format="yuvj420p"),
    )
    data = bytearray(clip.read_bytes())
    at = 0
    while (at := data.find(b"\xff\xc0", at)) >= 0:
        struct.pack_into(">HH", data, at + 5, 16000, 16000)
        at += 9
    struct.pack_into("<ii", data, data.find(b"strf") + 12, 16000, 16000)
    struct.pack_into("<II", data, data.find(b"avih") + 40, 16000, 16000)
    clip.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NotVideoError):
        probe(clip)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_too_many_tracks_are_refused(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "a.mkv", *[Picture(frames=2, size=(64, 48))] * 4)
    monkeypatch.setattr(opening, "MAX_STREAMS", 3)
    monkeypatch.setitem(opening._OPTIONS, "max_streams", "4")
    with pytest.raises(NotVideoError):
        probe(clip)


def test_names_in_a_file_lead_nowhere(tmp_path):
    inside = tmp_path / "out"
    inside.mkdir()
    clip = make_clip(
        tmp_path / "a.mkv",
        Picture(frames=4, size=(64, 48)),
        attachments=[("../../escaped.txt", "text/plain", b"x")],
        metadata={"title": "../../escaped", "comment": "/etc/escaped"},
    )
    clean(clip, inside / "b.mkv", config={"stages": ()})
    assert {p.name for p in inside.iterdir()} == {"b.mkv", "b.mkv.provenance.json"}
    assert {p.name for p in tmp_path.iterdir()} == {"a.mkv", "out"}


def test_names_in_the_archive_lead_nowhere(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=4, size=(64, 48)))
    cameras.transplant(clip, boxes=[cameras.box(b"../.", b"x"), cameras.box(b"/\\:\0", b"y")])
    with zipfile.ZipFile(io.BytesIO(to_zip(read_telemetry(clip)))) as archive:
        names = archive.namelist()
    assert len(names) == 2
    assert all(set(name) <= set("0123456789-_.abcdefghijklmnopqrstuvwxyz") for name in names)
    assert not any("/" in name or ".." in name for name in names)


def test_the_mutator_repeats_itself():
    first, again = random.Random(5), random.Random(5)  # noqa: S311 - no secret
    a, b = (mutate(b"abcdefgh" * 9, chance) for chance in (first, again))
    assert a == b
