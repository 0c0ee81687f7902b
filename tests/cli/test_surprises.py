"""What was asked for is done, or said not to be."""

from __future__ import annotations

import json

import av
import pytest
from cameras import novatek_block, transplant
from factory import Picture, Sound, make_clip
from toys import Dim

from dashcam_pipeline.stages.registry import BUILT_IN


class Dream(Dim):
    """A stage that makes up what it shows."""

    name = "dream"
    synthetic = True


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder to type commands in, with a recording and what was made of a part of it."""
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    monkeypatch.setitem(BUILT_IN, "toy", "toys:Toy")
    monkeypatch.setitem(BUILT_IN, "dream", f"{__name__}:Dream")
    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "night.mp4", Picture(frames=60), sounds=[Sound(seconds=2.0)])
    return tmp_path


@pytest.fixture
def part(dashcam):
    """Of the recording, from 0.7 s to 1.5 s."""
    args = ("clean", "night.mp4", "-o", "part.mp4", "--stage", "dim:amount=0.5")
    assert dashcam(*args, "--no-protect", "--start", "0.7", "--end", "1.5")[0] == 0
    return "part.mp4"


@pytest.mark.parametrize(
    "option",
    [
        ("--strength", "0.5"),
        ("--stage", "dim"),
        ("--no-stages",),
        ("--look", "strong"),
        ("--quality", "best"),
        ("--protect", "bottom:4%"),
        ("--no-protect",),
        ("--device", "cpu"),
    ],
)
@pytest.mark.parametrize("kind", [(), ("--frame", "0.5"), ("--contact-sheet", "2")])
def test_a_chains_settings_are_refused_where_none_runs(dashcam, place, option, kind):
    make_clip(place / "other.mp4", Picture(frames=60))
    before = sorted(place.iterdir())
    code, out, err = dashcam("preview", "night.mp4", "other.mp4", *option, *kind)
    assert (code, out) == (2, "")
    name = option[0].replace("--no-stages", "--stage").replace("--no-", "--")
    assert f"{name}: two recordings are compared as they are" in err
    assert sorted(place.iterdir()) == before


def test_a_preview_of_a_part_aligns_by_itself(dashcam, part, place):
    code, out, err = dashcam("preview", "night.mp4", part, "-o", "o.mp4", "--no-labels")
    assert (code, err) == (0, "")
    assert "24 frames" in out
    # Sides that show the same moment differ by the stage alone: the after is never brighter.
    with av.open(str(place / "o.mp4")) as container:
        for frame in container.decode(video=0):
            luma = frame.to_ndarray()[: frame.height].astype(int)
            half = (frame.width - 4) // 2
            before, after = luma[:, :half], luma[:, -half:]
            assert abs(after - (before - 16) // 2 - 16).mean() < 12


def test_a_piece_of_a_part_aligns_as_well(dashcam, part):
    args = ("preview", "night.mp4", part, "-o", "o.mp4", "--start", "0.9", "--end", "1.2")
    code, out, err = dashcam(*args)
    assert (code, err) == (0, "")
    assert "9 frames" in out


@pytest.mark.parametrize("kind", [("--frame", "1.0"), ("--contact-sheet", "3")])
def test_stills_of_a_part_align_as_well(dashcam, part, kind):
    assert dashcam("preview", "night.mp4", part, "-o", "o.png", *kind)[0] == 0


def test_without_its_record_a_part_asks_which_it_is(dashcam, part, place):
    (place / f"{part}.provenance.json").unlink()
    code, _, err = dashcam("preview", "night.mp4", part, "-o", "o.mp4")
    assert code == 2
    assert "--start and --end" in err
    assert dashcam("preview", "night.mp4", part, "-o", "o.mp4", "--start", ".7", "--end", "1.5")[
        0
    ] == 0  # fmt: skip


@pytest.mark.parametrize("form", ["--gpx", "--csv"])
def test_an_export_of_nothing_is_an_error(dashcam, place, form):
    code, out, err = dashcam("telemetry", "night.mp4", form, "-o", "t.out")
    assert (code, out) == (3, "")
    assert "positions" in err
    assert not (place / "t.out").exists()


def test_two_formats_at_once_are_an_error(dashcam, place):
    clip = make_clip(place / "n.mp4", Picture(frames=30, size=(160, 90)))
    transplant(clip, blocks=[novatek_block(i) for i in range(3)])
    code, out, err = dashcam("telemetry", "n.mp4", "--csv", "--gpx")
    assert (code, out) == (2, "")
    assert "exclude each other" in err
    assert dashcam("telemetry", "n.mp4", "--gpx", "-o", "new/t.gpx")[0] == 0
    assert "<trkpt" in (place / "new/t.gpx").read_text()


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (("dream", "dim"), "dream comes before dim, which then works on a synthetic picture"),
        (("dim", "dim"), "dim is in the chain more than once"),
        (("dim", "toy", "dim"), "dim is in the chain more than once"),
        (("dim", "dream"), ""),
    ],
)
@pytest.mark.parametrize("command", ["clean", "preview", "batch"])
def test_an_odd_chain_is_asked_about(dashcam, place, command, stages, said):
    chain = [word for stage in stages for word in ("--stage", stage)]
    card = place / "card"
    card.mkdir()
    make_clip(card / "a.mp4", Picture(frames=3))
    target = ("../out", "--dry-run") if command == "batch" else ()
    source = card if command == "batch" else card / "a.mp4"
    _, _, err = dashcam(command, source, *([place / "out", "--dry-run"] if target else []), *chain)
    assert err.count("Is that meant?") == bool(said)
    assert said in err


@pytest.mark.parametrize(
    "more", [(), ("--strength", "0"), ("--stage", "dim"), ("--look", "gentle", "-v")]
)
def test_a_synthetic_result_says_so(dashcam, more):
    code, out, _ = dashcam("clean", "night.mp4", "--stage", "dream", *more)
    assert code == 0
    assert "synthetic" in out.lower()


def test_a_synthetic_comparison_says_so(dashcam, place):
    assert dashcam("clean", "night.mp4", "--stage", "dream", "--no-protect")[0] == 0
    for args in (
        ("night.mp4", "night_clean.mp4", "-o", "a.mp4"),
        ("night.mp4", "--stage", "dream", "-o", "b.mp4", "--end", "0.3"),
        ("night.mp4", "night_clean.mp4", "-o", "a.png", "--frame", "1"),
        ("night.mp4", "night_clean.mp4", "-o", "b.png", "--contact-sheet", "2"),
    ):
        code, out, _ = dashcam("preview", *args)
        assert code == 0
        assert "synthetic" in out, args
    assert "synthetic" not in dashcam("preview", "night.mp4", "--no-stages", "-o", "c.mp4")[1]


def test_a_page_about_what_was_never_cleaned_is_refused(dashcam, place):
    before = sorted(place.iterdir())
    code, _, err = dashcam("report", "night.mp4")
    assert code == 2
    assert "night.mp4 was not cleaned" in err
    assert sorted(place.iterdir()) == before
    assert dashcam("clean", "night.mp4", "--no-stages", "-q")[0] == 0
    code, _, err = dashcam("report", "night.mp4")
    assert code == 2
    assert "Did you mean night_clean.mp4?" in err
    assert dashcam("report", "night_clean.mp4", "-q")[0] == 0


@pytest.mark.parametrize("name", ["page.html", "report.json", "fake.mp4"])
def test_a_page_about_what_is_no_video_is_refused(dashcam, place, name):
    (place / name).write_text("<!doctype html><title>dashcam_pipeline 0.1.0: x</title>")
    before = sorted(place.iterdir())
    code, _, err = dashcam("report", name)
    assert code == 3
    assert "not a video" in err
    assert sorted(place.iterdir()) == before


def test_a_record_that_is_not_ours_says_nothing_of_a_part(dashcam, part, place):
    record = place / f"{part}.provenance.json"
    data = json.loads(record.read_text())
    data["settings"] = ["start"]
    record.write_text(json.dumps(data))
    assert dashcam("preview", "night.mp4", part, "-o", "o.mp4")[0] == 2
