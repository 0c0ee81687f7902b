from __future__ import annotations

import gc
import itertools
import weakref
from fractions import Fraction

import judge
import numpy as np
import pytest
from drives import SMALL, split, whole_drive
from factory import Picture, Sound, Text, make_clip, without_index

from dashcam_pipeline import clean
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.joined.clip import look_at
from dashcam_pipeline.media.joined.likeness import tracks_of, why_not_copied
from dashcam_pipeline.media.joined.overlap import closed_place, same_packets, same_pictures
from dashcam_pipeline.media.joined.place import Seam, place
from dashcam_pipeline.media.joined.reader import JoinedReader
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.writer import Writer


def joined(paths, gaps=()):
    clips = [look_at(path) for path in paths]
    pairs = itertools.pairwise(clips)
    seams = [Seam(cut=same_packets(a, b)) for a, b in pairs]
    for number, gap in enumerate(gaps):
        seams[number] = Seam(gap=Fraction(gap))
    return place(clips, seams)


def copied(paths, target, gaps=()):
    with (
        JoinedReader(joined(paths, gaps)) as reader,
        Writer(target, reader.info, None) as writer,
    ):
        for item in reader.copied():
            writer.write(item)
        return writer.finish(), reader


def payloads(path, kind):
    (index,) = judge.indices(path, kind)[:1]
    return [(p.pts, p.payload) for p in judge.packets(path, index)]


@pytest.mark.parametrize("again", [0, 1])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_clips_of_one_recording_become_that_recording(tmp_path, suffix, b_frames, again):
    whole = whole_drive(tmp_path / f"whole{suffix}", b_frames=b_frames)
    clips = split(whole, tmp_path / "clips", again=again)
    assert len(clips) == 3
    written, _reader = copied(clips, tmp_path / f"joined{suffix}")
    assert written.differences == ()
    assert (written.packets_refused, written.packets_repaired) == (0, 0)
    assert payloads(tmp_path / f"joined{suffix}", "video") == payloads(whole, "video")
    before, after = (payloads(p, "audio") for p in (whole, tmp_path / f"joined{suffix}"))
    assert [p for _, p in after] == [p for _, p in before]
    tick = 1 if suffix == ".mkv" else 0  # its clock counts milliseconds
    assert max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True)) <= tick


def test_decoded_clips_are_the_recordings_pictures(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", b_frames=2)
    clips = split(whole, tmp_path / "clips", again=1)
    with JoinedReader(joined(clips)) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert [frame.pts for frame in frames] == judge.ticks(whole)
    assert [frame.index for frame in frames] == list(range(180))
    for frame, picture in zip(frames, judge.frames(whole), strict=True):
        assert np.array_equal(frame.planes[0], judge.samples(picture)[0])
    assert reader.counts.frames.read == reader.info.video.expected_frames == 180
    assert not reader.counts.frames.damaged


def test_a_gap_moves_everything_behind_it(tmp_path):
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4)
    clips = split(whole, tmp_path / "clips")
    written, reader = copied(clips, tmp_path / "joined.mp4", gaps=[Fraction(5, 2)])
    assert written.differences == ()
    times = judge.seconds(tmp_path / "joined.mp4")
    assert times[60] - times[59] == Fraction(5, 2) + Fraction(1, 30)
    audio = judge.packets(
        tmp_path / "joined.mp4", judge.indices(tmp_path / "joined.mp4", "audio")[0]
    )
    assert all(b.pts == a.pts + 1024 for a, b in itertools.pairwise(audio))
    (patched,) = [line.patched for line in reader.sounds.values()]
    assert patched.filled + patched.held == pytest.approx(2.5 * 48000 / 1024, abs=1)
    assert [c.start for c in reader.info.chapters] == [0, round(4.5 * 15360)]


def test_texts_move_with_their_clip(tmp_path):
    clips = [
        make_clip(tmp_path / f"{n}.mp4", Picture(size=SMALL), texts=[Text()]) for n in range(3)
    ]
    copied(clips, tmp_path / "joined.mp4")
    (index,) = judge.indices(tmp_path / "joined.mp4", "subtitle")
    said = [p for p in judge.packets(tmp_path / "joined.mp4", index) if p.payload != b"\0\0"]
    assert [p.pts for p in said] == [100, 500, 1100, 1500, 2100, 2500]


@pytest.fixture
def encoded_twice(tmp_path):
    """Two clips; the second begins a second early, and was encoded by another encoder."""
    whole = whole_drive(tmp_path / "whole.mp4", seconds=4, sound=None)
    options = {"g": "30", "x264-params": "scenecut=0"}
    clean(whole, tmp_path / "other.mp4", config={"stages": (), "encoder_options": options})
    first = split(whole, tmp_path / "a", again=1)[0]
    second = split(tmp_path / "other.mp4", tmp_path / "b", again=1)[1]
    return look_at(first), look_at(second)


def test_what_was_encoded_twice_is_found_by_its_pictures(encoded_twice):
    before, after = encoded_twice
    assert same_packets(before, after) is None
    pts = same_pictures(before, after, 1.0)
    assert pts == 30 * 512
    assert before.tail[closed_place(before.tail, pts)].pts == pts


def test_a_clock_that_says_otherwise_is_believed(encoded_twice):
    assert same_pictures(*encoded_twice, 5.0) is None


def test_a_copy_is_no_overlap(tmp_path):
    clip = look_at(make_clip(tmp_path / "a.mp4", Picture(size=SMALL)))
    assert same_packets(clip, clip) is None
    assert same_pictures(clip, clip, 1.0) is None


def test_nothing_is_cut_that_a_picture_needs():
    from dashcam_pipeline.media.joined.clip import Shot  # noqa: PLC0415

    # decoded: I0 P3 B1 B2 P6 B4 B5
    order = [0, 3, 1, 2, 6, 4, 5]
    tail = [Shot(pts, number, (1, pts)) for number, pts in enumerate(order)]
    assert closed_place(tail, 4) == 4  # P6 B4 B5 go together
    assert closed_place(tail, 5) is None  # B5 alone can't go: B4 needs P6
    assert closed_place(tail, 2) == 4
    assert closed_place(tail, 1) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [({"size": (160, 90)}, "picture size"), ({"codec": "libx265"}, "codec")],
)
def test_it_says_what_clips_differ_in(tmp_path, change, word):
    a = make_clip(tmp_path / "a.mp4", Picture(size=SMALL), sounds=[Sound()])
    b = make_clip(tmp_path / "b.mp4", Picture(**{"size": SMALL} | change), sounds=[Sound()])
    assert why_not_copied([look_at(a), look_at(a)]) == ""
    assert word in why_not_copied([look_at(a), look_at(b)])


def test_tracks_go_on_in_their_like(tmp_path):
    a = make_clip(tmp_path / "a.mp4", Picture(size=SMALL), sounds=[Sound()], texts=[Text()])
    b = make_clip(
        tmp_path / "b.mp4",
        Picture(size=SMALL),
        texts=[Text()],
        sounds=[Sound(rate=32000)],
        sound_first=True,
    )
    first, second = look_at(a), look_at(b)
    kinds = {t.index: t.kind for t in second.info.tracks}
    own = {t.kind: t.index for t in first.info.tracks}
    pairs = {kinds[k]: v for k, v in tracks_of(first, second).items()}
    assert pairs == {"video": own["video"], "subtitle": own["subtitle"]}  # sound is another


def test_pictures_of_another_size_become_the_first_ones(tmp_path):
    a = make_clip(tmp_path / "a.mp4", Picture(size=SMALL))
    b = make_clip(tmp_path / "b.mp4", Picture(size=(160, 90)))
    with JoinedReader(joined([a, b])) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert {frame.planes[0].shape for frame in frames} == {(72, 128)}
    assert reader.counts.frames.converted == 30


def test_a_clip_that_vanishes_costs_itself_alone(tmp_path):
    clips = split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "clips")
    placed = joined(clips)
    without_index(clips[1], tmp_path / "x")
    (tmp_path / "x").replace(clips[1])
    with JoinedReader(placed) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]
    assert len(frames) == 120
    assert [bool(clip.problem) for clip in reader.clips] == [False, True, False]
    assert frames[60].pts == 4 * 15360  # in its place
    assert reader.counts.frames.missing == 60


def test_a_card_that_is_pulled_costs_what_is_not_read_yet(tmp_path):
    clips = split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "clips")
    with JoinedReader(joined(clips)) as reader:
        items = iter(reader)
        first = next(items)
        for clip in clips:
            clip.unlink()
        frames = [item for item in (first, *items) if isinstance(item, Frame)]
    assert len(frames) == 60  # of the clip that was open
    assert all(clip.problem for clip in reader.clips[1:])
    assert reader.counts.frames.truncated


def test_closing_ends_it_from_another_thread(tmp_path):
    clips = split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "clips")
    reader = JoinedReader(joined(clips))
    items = iter(reader)
    next(items)
    reader.close()
    assert len(list(items)) < 100
    assert not reader.counts.frames.damaged


def test_a_clip_that_is_read_leaves_nothing_in_memory(tmp_path, monkeypatch):
    """Its decoder is part of a circle; without the collector each clip's pictures would stay."""
    clips = split(whole_drive(tmp_path / "whole.mp4"), tmp_path / "clips")
    opened = []

    def noted(*arguments, **options):
        assert [seen for seen in opened if seen() is not None] == [], "an earlier one lives"
        made = Reader(*arguments, **options)
        opened.append(weakref.ref(made))
        return made

    monkeypatch.setattr("dashcam_pipeline.media.joined.reader.Reader", noted)
    gc.disable()
    try:
        with JoinedReader(joined(clips)) as reader:
            assert sum(isinstance(item, Frame) for item in reader) > 0
    finally:
        gc.enable()
    assert len(opened) == len(clips) == 3
