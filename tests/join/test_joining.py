from __future__ import annotations

import itertools
import json
from fractions import Fraction

import av
import judge
import numpy as np
import pytest
from drives import split, whole_drive
from factory import Picture, Sound, blank, make_clip, without_index
from remembering import register

from dashcam_pipeline import clean
from dashcam_pipeline.errors import (
    BatchError,
    DamagedError,
    InputMissingError,
    NotVideoError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.join.joining import join
from dashcam_pipeline.provenance import verify
from dashcam_pipeline.stages import registry

LOSSLESS = {"codec": "libx264", "encoder_options": {"qp": "0"}, "threads": 1}


@pytest.fixture
def remember(monkeypatch):
    """A stage with a memory, known during one test."""
    monkeypatch.setattr(registry, "BUILT_IN", dict(registry.BUILT_IN))
    register()


@pytest.fixture
def drive(tmp_path):
    """A recording of six seconds, and the folder of clips that a camera makes of it."""
    whole = whole_drive(tmp_path / "whole.mp4")
    split(whole, tmp_path / "card")
    return whole, tmp_path / "card"


def sound(path):
    """Decoded samples of the first sound track, as players hear them."""
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray().ravel() for f in container.decode(audio=0)])


def test_a_folder_becomes_one_recording(drive, tmp_path):
    whole, card = drive
    report = join([card], tmp_path / "drive.mp4")
    assert report.exit_code == 0
    assert report.output.codec == "copied"
    assert report.frames.written == 180
    for kind in ("video", "audio"):
        (index,) = judge.indices(whole, kind)
        packets = judge.packets(tmp_path / "drive.mp4", index)
        assert [(p.pts, p.dts, p.payload) for p in packets] == [
            (p.pts, p.dts, p.payload) for p in judge.packets(whole, index)
        ]
    assert np.array_equal(sound(whole), sound(tmp_path / "drive.mp4"))
    assert report.joined is not None
    assert [(c.begin_s, c.end_s, c.frames) for c in report.joined.clips] == [
        (0.0, 2.0, 60), (2.0, 4.0, 60), (4.0, 6.0, 60)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("timecode", "rate"),
    [("10:31:06:01", Fraction(30)), ("10:31:06;02", Fraction(30_000, 1001))],
    ids=["whole rate", "drop frame"],
)
def test_clips_with_a_timecode_are_joined_as_they_are_and_keep_the_first_ones(
    tmp_path, timecode, rate
):
    clips = []
    for number in range(2):
        said = timecode if number == 0 else "10:31:36:01"
        picture = Picture(frames=30, rate=rate, metadata={"timecode": said}, seed=number)
        clips.append(make_clip(tmp_path / f"{number}.mp4", picture, sounds=[Sound()]))
    report = join(clips, tmp_path / "drive.mp4")
    assert report.output.codec == "copied"
    assert report.frames.written == 60
    with av.open(str(tmp_path / "drive.mp4")) as container:
        codes = [s.metadata.get("timecode") for s in container.streams.data]
    assert timecode in codes


def test_chapters_mark_the_clips(drive, tmp_path):
    _whole, card = drive
    join([card], tmp_path / "drive.mp4")
    with av.open(str(tmp_path / "drive.mp4")) as container:
        chapters = container.chapters()
    names = sorted(path.name for path in card.iterdir())
    assert [c["metadata"]["title"] for c in chapters] == names
    assert [float(c["start"] * c["time_base"]) for c in chapters] == [0.0, 2.0, 4.0]


def test_a_container_without_chapters_is_said_to_have_none(drive, tmp_path):
    _whole, card = drive
    assert "chapters" in join([card], tmp_path / "drive.ts").summary()
    for suffix in (".mp4", ".mkv"):
        assert "chapters" not in join([card], tmp_path / f"drive{suffix}").summary()


def test_the_record_names_every_clip(drive, tmp_path):
    _whole, card = drive
    join([card], tmp_path / "drive.mp4")
    record = json.loads((tmp_path / "drive.mp4.provenance.json").read_text())
    clips = sorted(card.iterdir())
    assert [entry["name"] for entry in record["clips"]] == [path.name for path in clips]
    assert all(len(entry["sha256"]) == 64 for entry in record["clips"])
    assert record["joined"]["copied"] is True
    assert record["change_complete"] is True
    assert str(tmp_path) not in json.dumps(record["joined"])
    assert verify(tmp_path / "drive.mp4", source=card).passed
    clips[1].write_bytes(b"other")
    found = verify(tmp_path / "drive.mp4", source=card)
    assert [check.state for check in found.checks if check.role == "input"] == [
        "same", "changed", "same"
    ]  # fmt: skip


def test_verify_finds_the_clips_in_the_folders_of_a_card(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4)
    clips = split(whole, tmp_path / "card/Normal/Front")
    target = tmp_path / "drive.mp4"
    join([tmp_path / "card"], target)

    def states():
        found = verify(target, source=tmp_path / "card")
        return [check.state for check in found.checks if check.role == "input"]

    assert states() == ["same", "same"]
    (tmp_path / "card/Event").mkdir()
    (tmp_path / "card/Event" / clips[0].name).write_bytes(b"another one of that name")
    assert states() == ["same", "same"]
    clips[0].write_bytes(b"other")
    clips[1].rename(tmp_path / clips[1].name)
    clips[1].symlink_to(tmp_path / clips[1].name)  # leads out of the card
    assert states() == ["changed", "missing"]


def test_what_a_camera_wrote_twice_is_cut_once(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", b_frames=2)
    split(whole, tmp_path / "card", again=1)
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert judge.ticks(tmp_path / "drive.mp4") == judge.ticks(whole)
    assert np.array_equal(sound(whole), sound(tmp_path / "drive.mp4"))
    assert [clip.overlap_s for clip in report.joined.clips] == [1.0, 1.0, 0.0]
    assert "cut once: 1.0 s at 1.0 s, 1.0 s at 3.0 s" in report.summary()


@pytest.mark.parametrize("gaps", ["keep", "close"])
def test_gaps_are_kept_or_closed_and_said(tmp_path, gaps):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4)
    split(whole, tmp_path / "card", gap=7)
    report = join([tmp_path / "card"], tmp_path / "drive.mp4", options={"gaps": gaps})
    times = judge.seconds(tmp_path / "drive.mp4")
    step = Fraction(1, 30)
    assert times[60] - times[59] == (7 + step if gaps == "keep" else step)
    audio = judge.times(tmp_path / "drive.mp4", 1)
    steps = [b - a for a, b in itertools.pairwise(audio)]
    assert set(steps) == {Fraction(1024, 48000)}  # sound goes on in any case
    said = "kept" if gaps == "keep" else "closed"
    assert f"{said}: 7.0 s before" in report.summary()
    if gaps == "keep":
        heard = sound(tmp_path / "drive.mp4")
        assert abs(heard[3 * 48000 : 8 * 48000]).max() < 1e-4
        jumps = abs(np.diff(heard))
        assert jumps.max() < 2 * abs(np.diff(sound(whole))).max()  # no click


def test_a_gap_longer_than_an_hour_is_not_kept(tmp_path):
    split(whole_drive(tmp_path / "whole.mp4", seconds=4), tmp_path / "card", gap=4000)
    clips = sorted((tmp_path / "card").iterdir())
    with pytest.raises(UsageError, match='gaps="close"'):
        join(clips, tmp_path / "drive.mp4")
    assert join(clips, tmp_path / "drive.mp4", options={"gaps": "close"}).frames.written == 120


@pytest.mark.parametrize("spoil", ["no index", "empty", "no video"])
def test_a_clip_that_cannot_be_read_costs_itself_alone(drive, tmp_path, spoil):
    whole, card = drive
    clip = sorted(card.iterdir())[1]
    if spoil == "no index":
        without_index(clip, tmp_path / "x")
        (tmp_path / "x").replace(clip)
    else:
        clip.write_bytes(b"" if spoil == "empty" else b"no video at all" * 100)
    report = join([card], tmp_path / "drive.mp4")
    assert report.exit_code == BatchError.exit_code
    assert judge.ticks(tmp_path / "drive.mp4") == [
        t for t in judge.ticks(whole) if not 60 * 512 <= t < 120 * 512
    ]
    (faulty,) = report.joined.faulty
    assert faulty.path == str(clip)
    assert f"left out   {clip}" in report.summary()
    with pytest.raises(DamagedError):
        join([card], tmp_path / "strict.mp4", config={"stages": (), "strict": True})
    assert not (tmp_path / "strict.mp4").exists()


def test_a_damaged_clip_is_named(drive, tmp_path):
    _whole, card = drive
    clip = sorted(card.iterdir())[1]
    blank(clip, clip, 0.4, 20_000)
    report = join(
        [card], tmp_path / "drive.mp4", options={"reencode": True}, config=LOSSLESS | {"stages": ()}
    )
    assert report.exit_code == BatchError.exit_code
    (faulty,) = report.joined.faulty
    assert faulty.path == str(clip)
    assert f"damaged    {clip.name}: " in report.summary()
    times = judge.ticks(tmp_path / "drive.mp4")
    assert times[:60] == [k * 512 for k in range(60)]
    assert times[-60:] == [(120 + k) * 512 for k in range(60)]


def test_the_chain_keeps_its_memory_over_the_seams(drive, tmp_path, remember):
    whole, card = drive
    config = LOSSLESS | {"stages": ("remember",)}
    join([card], tmp_path / "drive.mp4", config=config, options={"segment_seconds": 1.5})
    clean(whole, tmp_path / "clean.mp4", config=config)
    assert judge.same_pictures(
        judge.frames(tmp_path / "drive.mp4"), judge.frames(tmp_path / "clean.mp4")
    )
    assert judge.ticks(tmp_path / "drive.mp4") == judge.ticks(whole)
    assert not list(tmp_path.glob(".*"))


class StopError(Exception):
    pass


def test_a_run_through_the_chain_goes_on_where_it_was(drive, tmp_path, remember):
    _whole, card = drive
    config = LOSSLESS | {"stages": ("remember",)}
    options = {"segment_seconds": 0.5}

    def stop(progress):
        if progress.frames > 60:
            raise StopError

    with pytest.raises(StopError):
        join([card], tmp_path / "drive.mp4", config=config, options=options, progress=stop)
    assert not (tmp_path / "drive.mp4").exists()
    assert list((tmp_path / ".drive.mp4.join").glob("*.seg"))
    seen = []
    join(
        [card], tmp_path / "drive.mp4", config=config, options=options,
        progress=lambda progress: seen.append(progress.frames),
    )  # fmt: skip
    assert seen[0] >= 30  # frames of the first run
    join([card], tmp_path / "again.mp4", config=config, options=options)
    assert judge.same_pictures(
        judge.frames(tmp_path / "drive.mp4"), judge.frames(tmp_path / "again.mp4")
    )
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_other_clips_or_gaps_begin_anew(drive, tmp_path, remember):
    _whole, card = drive
    config = LOSSLESS | {"stages": ("remember",)}

    def stop(progress):
        if progress.frames > 60:
            raise StopError

    options = {"segment_seconds": 0.5}
    with pytest.raises(StopError):
        join([card], tmp_path / "drive.mp4", config=config, options=options, progress=stop)
    clips = sorted(card.iterdir())[1:]
    report = join(clips, tmp_path / "drive.mp4", config=config, options=options)
    assert report.frames.written == 120
    assert len(judge.ticks(tmp_path / "drive.mp4")) == 120


def test_what_differs_is_said_and_can_be_encoded_anew(tmp_path):
    card = tmp_path / "card"
    card.mkdir()
    make_clip(card / "NO20240101-120000-000001F.mp4", Picture(size=(320, 180)), sounds=[Sound()])
    make_clip(card / "NO20240101-120001-000002F.mp4", Picture(size=(160, 90)), sounds=[Sound()])
    with pytest.raises(UsageError, match=r"picture size.*\n.*reencode=True"):
        join([card], tmp_path / "drive.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card"]
    report = join([card], tmp_path / "drive.mp4", options={"reencode": True})
    assert {(f.width, f.height) for f in judge.frames(tmp_path / "drive.mp4")} == {(320, 180)}
    assert report.frames.converted == 30


def test_sources_and_strangers_are_never_replaced(drive, tmp_path):
    _whole, card = drive
    clips = sorted(card.iterdir())
    before = [clip.read_bytes() for clip in clips]
    with pytest.raises(OutputExistsError):
        join([card], clips[1], config={"stages": (), "overwrite": True})
    (tmp_path / "drive.mp4").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        join([card], tmp_path / "drive.mp4")
    (tmp_path / "other.mp4.gpx").write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        join([card], tmp_path / "other.mp4")
    assert [clip.read_bytes() for clip in clips] == before
    assert (tmp_path / "drive.mp4").read_bytes() == b"mine"
    assert not list(tmp_path.glob("*.part"))


def test_clips_are_put_in_order_by_their_names(drive, tmp_path):
    whole, card = drive
    clips = sorted(card.iterdir(), reverse=True)
    join(clips, tmp_path / "drive.mp4")
    assert judge.ticks(tmp_path / "drive.mp4") == judge.ticks(whole)


def test_clips_without_a_time_stay_in_the_order_given(tmp_path):
    a = make_clip(tmp_path / "z.mp4", Picture(frames=30), sounds=[Sound()])
    b = make_clip(tmp_path / "a.mp4", Picture(frames=45), sounds=[Sound(seconds=1.5)])
    report = join([a, b], tmp_path / "drive.mp4")
    assert [clip.frames for clip in report.joined.clips] == [30, 45]
    assert report.joined.clips[1].gap_s == 0


def test_it_asks_which_drive(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4)
    split(whole, tmp_path / "card", gap=2000)
    with pytest.raises(UsageError, match=r"2 drives[\s\S]*`drive=1`: 2024-01-01 12:00:00"):
        join([tmp_path / "card"], tmp_path / "drive.mp4")
    report = join([tmp_path / "card"], tmp_path / "drive.mp4", options={"drive": 2})
    assert report.frames.written == 60
    with pytest.raises(UsageError, match="no number 3"):
        join([tmp_path / "card"], tmp_path / "x.mp4", options={"drive": 3})


def test_one_camera_is_joined(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4)
    split(whole, tmp_path / "card/Front")
    split(whole, tmp_path / "card/Back", camera="B")
    report = join([tmp_path / "card"], tmp_path / "front.mp4")
    assert {clip.path[-5] for clip in report.joined.clips} == {"F"}
    assert "rear" in report.joined.notes[0]
    report = join([tmp_path / "card"], tmp_path / "rear.mp4", options={"camera": "rear"})
    assert {clip.path[-5] for clip in report.joined.clips} == {"B"}
    with pytest.raises(UsageError, match="interior"):
        join([tmp_path / "card"], tmp_path / "x.mp4", options={"camera": "interior"})


def test_nothing_to_join_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotVideoError, match="no recording"):
        join([tmp_path / "empty"], tmp_path / "x.mp4")
    with pytest.raises(InputMissingError):
        join([tmp_path / "nowhere.mp4"], tmp_path / "x.mp4")
    with pytest.raises(UsageError, match="one folder"):
        join([tmp_path / "empty", tmp_path / "a.mp4"], tmp_path / "x.mp4")


def test_what_was_named_twice_or_out_of_order_is_said(drive, tmp_path):
    _whole, card = drive
    first, second, _third = sorted(card.iterdir())
    (tmp_path / "link.mp4").symlink_to(first)
    report = join([second, first, tmp_path / "card" / ".." / "card" / first.name],
                  tmp_path / "drive.mp4")  # fmt: skip
    assert [clip.path for clip in report.joined.clips] == [str(first), str(second)]
    assert any("named twice" in note for note in report.joined.notes)
    assert any("put in order" in note for note in report.joined.notes)
    report = join([first, second], tmp_path / "again.mp4")
    assert report.joined.notes == ()


def test_a_clip_of_another_shape_keeps_it_and_that_is_said(tmp_path):
    a = make_clip(tmp_path / "a.mp4", Picture(size=(320, 180), frames=5))
    b = make_clip(tmp_path / "b.mp4", Picture(size=(240, 180), frames=5))
    report = join([a, b], tmp_path / "drive.mp4", options={"reencode": True}, config=LOSSLESS)
    last = judge.samples(judge.frames(tmp_path / "drive.mp4")[-1])[0]
    assert last[:, :40].max() == last[:, 280:].max() == 16
    assert last[:, 40:280].max() > 100
    assert "b.mp4 has another shape (240x180)" in report.summary()


def test_clips_that_are_turned_otherwise_are_refused(tmp_path):
    upside_down = [-65536, 0, 0, 0, -65536, 0, 0, 0, 1 << 30]
    a = make_clip(tmp_path / "a.mp4", Picture(frames=5))
    b = make_clip(tmp_path / "b.mp4", Picture(frames=5, matrix=upside_down))
    for options in ({}, {"reencode": True}):
        with pytest.raises(UsageError, match="turned by 180 degrees"):
            join([a, b], tmp_path / "drive.mp4", options=options)
    assert not (tmp_path / "drive.mp4").exists()


@pytest.mark.parametrize("gaps", ["keep", "close"])
def test_a_clock_that_runs_on_tells_less_than_a_second_exactly(tmp_path, gaps):
    whole = whole_drive(tmp_path / "whole.ts", seconds=6)
    split(whole, tmp_path / "card", clip_seconds=3, jump=0.4)
    report = join([tmp_path / "card"], tmp_path / "drive.mp4", options={"gaps": gaps})
    times = judge.seconds(tmp_path / "drive.mp4")
    step = Fraction(1, 30)
    assert times[90] - times[89] == (step + Fraction(2, 5) if gaps == "keep" else step)
    said = "kept" if gaps == "keep" else "closed"
    assert f"{said}: 0.4 s before" in report.summary()
    assert "may lack" not in report.summary()
    assert report.joined.clips[1].gap_s == 0.4


def test_a_clock_that_runs_on_tells_that_nothing_lacks(tmp_path):
    whole = whole_drive(tmp_path / "whole.ts", seconds=7, gop=15)
    split(whole, tmp_path / "card", clip_seconds=3.5, jump=0)  # names tell 0 and 3 s
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert {b - a for a, b in itertools.pairwise(judge.seconds(tmp_path / "drive.mp4"))} == {
        Fraction(1, 30)
    }
    assert report.joined.loose_s == 0
    assert "may lack" not in report.summary()


def test_a_clock_that_runs_on_cuts_nothing_that_pictures_do_not_show(tmp_path):
    whole = whole_drive(tmp_path / "whole.ts", seconds=6)
    split(whole, tmp_path / "card", clip_seconds=3, jump=-0.4)
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert report.frames.written == 180
    assert "overlap by 0.4 s" in report.joined.notes[0]


def test_less_than_a_second_between_clips_is_said(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=3)
    split(whole, tmp_path / "card", clip_seconds=1.5)  # names tell 0 and 1 s
    report = join([tmp_path / "card"], tmp_path / "drive.mp4")
    assert "about 0.5 s may lack between clips, or be in both" in report.summary()
