"""One clock for all tracks: wild times, clocks that are set again, and clocks that run over."""

from __future__ import annotations

import itertools
from fractions import Fraction
from types import SimpleNamespace
from typing import TYPE_CHECKING

import judge
import pytest
from factory import TICK, Picture, Sound, flip_time, joined, make_clip
from hypothesis import given
from hypothesis import strategies as st
from pump import pump

from dashcam_pipeline import CleanConfig, clean
from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.compare.page.build import write_page
from dashcam_pipeline.compare.preview import preview
from dashcam_pipeline.errors import DamagedError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.timeline import Timeline
from dashcam_pipeline.media.timing import Clock, jumps, wild_run

if TYPE_CHECKING:
    from pathlib import Path

TS_TICK = Fraction(1, 90_000)
FRAME, SOUND = 3000, 1920
"""Ticks of a picture and of 1024 samples."""

WRAP = 1 << 33


def ts(
    path: Path, start: int = 126_000, *, frames: int = 60, sound: float = 2.0, b_frames: int = 2
):
    """A transport stream whose picture and sound begin together."""
    times = [start + FRAME * i for i in range(frames)]
    picture = Picture(pts=times, time_base=TS_TICK, size=(64, 48), b_frames=b_frames)
    return make_clip(path, picture, sounds=[Sound(seconds=sound, start=start * TS_TICK)])


def read(path: Path, **span: float):
    """Times of the pictures and of the sound, and what was counted."""
    with Reader(path, **span) as reader:
        items = list(reader)
    pictures = [item.pts for item in items if isinstance(item, Frame)]
    others = [item.packet.pts for item in items if not isinstance(item, Frame)]
    return pictures, others, reader.counts


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return ts(tmp_path_factory.mktemp("clock") / "a.ts")


@pytest.mark.parametrize("bit", [14, 17, 22, 30, 32])
@pytest.mark.parametrize("number", [1, 20, 33])
@pytest.mark.parametrize(
    "field",
    [{"pid": 256}, {"pid": 256, "decoding": True}, {"pid": 257}],
    ids=["shown", "decoded", "sound"],
)
def test_a_time_that_jumps_and_returns_is_repaired_alone(tmp_path, healthy, field, number, bit):
    right = read(healthy)
    source = flip_time(healthy, tmp_path / "b.ts", number=number, bit=bit, **field)

    pictures, sound, counts = read(source)

    assert pictures == right[0]
    assert all(abs(a - b) <= 1 for a, b in zip(sound, right[1], strict=True))
    assert counts.repaired
    assert counts.clock_resets == []


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("pid", [256, 257])
@pytest.mark.parametrize("bit", [22, 30, 32])
def test_so_is_the_first_one_and_the_last_one(tmp_path, healthy, pid, number, bit):
    right = read(healthy)
    source = flip_time(healthy, tmp_path / "b.ts", pid=pid, number=number, bit=bit)

    pictures, sound, counts = read(source)

    assert pictures == right[0]
    assert sound == right[1]
    assert counts.repaired


def test_a_flipped_bit_makes_no_clip_longer(tmp_path, healthy):
    source = flip_time(healthy, tmp_path / "b.ts", pid=256, number=30, bit=30)

    report = clean(source, tmp_path / "out.mp4", config=CleanConfig(stages=()))

    assert judge.seconds(tmp_path / "out.mp4") == judge.seconds(healthy)
    assert any("the time of 1 frame was missing" in warning for warning in report.warnings)
    assert "every time kept" not in report.summary()
    with pytest.raises(DamagedError, match="times in"):
        clean(source, tmp_path / "strict.mp4", config=CleanConfig(stages=(), strict=True))


@pytest.mark.parametrize(
    "sounds", [(3.0, 2.0), (1.2, 2.0), (2.0, 2.0), (3.0, 1.2, 2.0), (0.5, 2.5, 0.4, 2.0)]
)
@pytest.mark.parametrize("suffix", [".ts", ".mp4", ".mkv"])
def test_sound_stays_with_its_picture_where_a_clock_is_set_again(tmp_path, sounds, suffix):
    parts = [ts(tmp_path / f"{i}.ts", sound=s) for i, s in enumerate(sounds)]
    source = joined(tmp_path / "in.ts", *parts)
    target = tmp_path / f"out{suffix}"

    counts, report = pump(source, target)

    assert len(counts.clock_resets) == len(parts) - 1
    assert counts.frames.missing == 0, "nothing was torn where two recordings meet"
    assert report.differences == ()
    times, sound = judge.seconds(target), heard(target)
    assert len(times) == 60 * len(parts)
    begin = 0
    for number, part in enumerate(parts):
        own = heard(part)
        distance = judge.seconds(part)[0] - own[0]
        moved = times[60 * number] - sound[begin]
        assert abs(moved - distance) <= (Fraction(1, 1000) if suffix == ".mkv" else 0)
        begin += len(own)
    assert len(sound) == begin
    assert all(a < b for a, b in itertools.pairwise(times))
    assert min(b - a for a, b in itertools.pairwise(sound)) >= Fraction(20, 1000)


@pytest.mark.parametrize("second", [20, 1, 970, 99_000])
def test_a_short_recording_between_two_others_is_not_drawn_out_between_them(second):
    """The third one's clock is ahead of the first one's: nothing comes back to where it was."""
    file = [
        place
        for begin in (300, second, 900)
        for place in merged([3000] * 59, [1920] * 92, begin * 90_000)
    ]

    given_out, timeline = mended(file, TS_TICK)

    assert len(timeline.resets) == 1
    for track, count in ((0, 60), (1, 93)):
        old = [time for place, time in file if place == track]
        new = [time for place, time in given_out if place == track]
        moved = [b - a for a, b in zip(old, new, strict=True)]
        for begin in range(0, len(old), count):
            assert len(set(moved[begin : begin + count])) == 1


def test_a_recording_of_a_clock_ahead_is_told_from_wild_times_by_its_sound(tmp_path):
    """The third one goes on about where the first one ended."""
    starts = 126_000, 300 * 90_000, 126_000 + 190_000
    parts = [ts(tmp_path / f"{i}.ts", start, sound=1.8) for i, start in enumerate(starts)]
    own, heard_alone, _ = read(parts[0])
    pictures, sound, _ = read(joined(tmp_path / "in.ts", *parts))

    assert pictures[119] - pictures[60] == own[-1] - own[0]
    for part in range(3):
        distance = pictures[60 * part] - sound[len(heard_alone) * part]
        assert abs(distance - (own[0] - heard_alone[0])) <= 1


def test_sound_that_begins_late_on_a_clock_set_a_little_back_follows_it():
    first = merged([3000] * 59, [1920] * 140, 0)
    second = [(t, time + 40_000 * t) for t, time in merged([3000] * 59, [1920] * 60, 150_000)]

    given_out, timeline = mended([*first, *second], TS_TICK)

    pictures, sound = ([t for place, t in given_out if place == track] for track in (0, 1))
    assert len(timeline.resets) == 1
    assert sound[-61] - pictures[60] == 40_000


@pytest.mark.parametrize("over", [300, 30])
def test_sound_that_falls_by_itself_takes_its_picture_along(over):
    """Two recordings on one clock, the first one's sound longer: an overlap of sound alone."""
    first, second = (
        merged([3000] * 59, [1920] * (93 + over), 0),
        merged([3000] * 59, [1920] * 92, 180_000),
    )

    given_out, timeline = mended([*first, *second], TS_TICK)

    assert len(timeline.resets) == 1
    pictures, sound = ([t for place, t in given_out if place == track] for track in (0, 1))
    assert pictures[:60] == list(range(0, 180_000, 3000))
    assert pictures[-1] - sound[-1] == 59 * 3000 - 92 * 1920
    assert sound == list(range(0, 1920 * len(sound), 1920))


@pytest.mark.parametrize("ahead", [0, 20])
def test_sound_that_rises_to_the_clock_to_which_its_picture_falls(ahead):
    """The first one's sound is shorter, and the second one begins between both ends."""
    first = merged([3000] * 59, [1920] * 50, 0)
    second = merged([3000] * 59, [1920] * 92, 130_000)
    sounds = [place for place in second if place[0]][:ahead]
    rest = [place for place in second if place not in sounds]

    given_out, timeline = mended([*first[:-5], *sounds, *first[-5:], *rest], TS_TICK)

    assert timeline.resets == [Fraction(180_000, 90_000)]
    pictures, sound = ([t for place, t in given_out if place == track] for track in (0, 1))
    assert pictures == list(range(0, 360_000, 3000))
    assert sound[51:] == [180_000 + 1920 * i for i in range(93)]


@pytest.mark.parametrize(("before", "after"), [(2, 0), (0, 2), (2, 2)])
def test_recordings_that_order_their_pictures_otherwise_keep_their_sound(tmp_path, before, after):
    parts = [
        ts(tmp_path / "a.ts", frames=30, sound=0.8, b_frames=before),
        ts(tmp_path / "b.ts", frames=30, sound=0.8, b_frames=after),
    ]
    own, heard_alone, _ = read(parts[1])
    pictures, sound, _ = read(joined(tmp_path / "in.ts", *parts))

    assert pictures[30] - sound[-len(heard_alone)] == own[0] - heard_alone[0]
    assert pictures[30] - pictures[29] >= FRAME


def heard(path: Path) -> list[Fraction]:
    """Times of all sound packets, in seconds."""
    base = {".mp4": Fraction(1, 48000), ".mkv": Fraction(1, 1000)}.get(path.suffix, TS_TICK)
    return [packet.pts * base for packet in judge.packets(path, 1)]


@pytest.mark.parametrize("second", [0, 126_000, 400 * 90_000, 2000 * 90_000])
def test_a_clock_set_again_is_told_from_one_that_ran_over(tmp_path, second):
    """The demuxer takes whatever lies a minute before the first time for a clock that ran over."""
    parts = [ts(tmp_path / "a.ts", 1000 * 90_000), ts(tmp_path / "b.ts", second + 126_000)]
    pictures, sound, counts = read(joined(tmp_path / "in.ts", *parts))

    assert len(pictures) == 120
    forward = second > 1000 * 90_000
    assert pictures[-1] - pictures[0] < (1000 * 90_000 if forward else 5 * 90_000) + 5 * 90_000
    assert len(counts.clock_resets) == (0 if forward else 1)
    assert sound[94 + 1] - pictures[60] == pytest.approx(sound[0] - pictures[0], abs=2 * SOUND)


def whole(source: Path, target: Path) -> list[str]:
    return list(clean(source, target, config=CleanConfig(stages=())).warnings)


def in_segments(source: Path, target: Path) -> list[str]:
    config = CleanConfig(stages=())
    work = target.with_name("work")
    made = clean_resumable(source, target, config=config, work=work, recipe="", segment_seconds=1.0)
    return list(made.warnings)


@pytest.mark.parametrize(
    ("sounds", "suffix", "run"),
    [
        ((3.0, 1.2), ".mp4", whole),
        ((1.2, 2.0), ".mov", whole),
        ((0.5, 2.5, 2.0), ".mp4", in_segments),
    ],
)
def test_a_gap_that_mp4_cannot_hold_is_closed_for_all_tracks(tmp_path, sounds, suffix, run):
    """The difference of two times has 31 bits there: at 90,000 ticks a second less than 7 hours."""
    hours = (0, 8, 20)
    parts = [
        ts(tmp_path / f"{i}.ts", 126_000 + hours[i] * 3600 * 90_000, sound=s)
        for i, s in enumerate(sounds)
    ]
    source = joined(tmp_path / "in.ts", *parts)
    target = tmp_path / f"out{suffix}"

    said = run(source, target)

    assert len(said) == 1, said
    assert any("jumps ahead by up to" in one and ".mkv" in one for one in said)
    times, sound = judge.seconds(target), judge.times(target, 1)
    assert len(times) == 60 * len(parts)
    begin = 0
    for number, part in enumerate(parts):
        own = judge.times(part, 1)
        moved = times[60 * number] - sound[begin]
        assert abs(moved - (judge.seconds(part)[0] - own[0])) <= Fraction(1, 48_000)
        begin += len(own)
    assert len(sound) == begin
    assert all(0 < b - a < 2 for a, b in itertools.pairwise(times))
    with pytest.raises(DamagedError, match="times in"):
        clean(source, tmp_path / f"b{suffix}", config=CleanConfig(stages=(), strict=True))


def test_a_recording_with_a_closed_gap_is_compared_with_its_source(tmp_path):
    """Also in a container that could hold the gap, and on a page, which has an MP4 of it."""
    parts = [ts(tmp_path / f"{i}.ts", 126_000 + i * 9 * 3600 * 90_000) for i in range(2)]
    source = joined(tmp_path / "in.ts", *parts)
    clean(source, tmp_path / "out.mp4", config=CleanConfig(stages=()))
    for name in ("p.mp4", "p.mkv"):
        report = preview(source, cleaned=tmp_path / "out.mp4", output=tmp_path / name)
        assert report.frames == 120
    assert write_page(tmp_path / "out.mp4", original=source).files > 10


@pytest.mark.parametrize(("suffix", "hours"), [(".mkv", 12), (".ts", 12), (".mp4", 5)])
def test_a_gap_that_a_container_can_hold_stays(tmp_path, suffix, hours):
    parts = [ts(tmp_path / f"{i}.ts", 126_000 + i * hours * 3600 * 90_000) for i in range(2)]
    source = joined(tmp_path / "in.ts", *parts)
    target = tmp_path / f"out{suffix}"

    clean(source, target, config=CleanConfig(stages=()))

    right = [time for part in parts for time in judge.seconds(part)]
    found = judge.seconds(target)
    assert all(abs(a - b) <= Fraction(1, 1000) for a, b in zip(found, right, strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts"])
@pytest.mark.parametrize("before", [30, 1, 59])
def test_a_clock_that_runs_over_loses_nothing(tmp_path, suffix, before):
    source = ts(tmp_path / "in.ts", WRAP - FRAME * before)
    target = tmp_path / f"out{suffix}"

    report = clean(source, target, config=CleanConfig(stages=()))

    times, there = judge.seconds(target), judge.seconds(source)
    assert len(times) == 60
    assert times[0] >= 0
    for a, b in zip(times, there, strict=True):
        assert abs((a - times[0]) - (b - there[0])) <= Fraction(1, 1000)
    assert abs((times[0] - heard(target)[0]) - (there[0] - heard(source)[0])) <= Fraction(1, 1000)
    assert not any(packet.discard for packet in judge.packets(target, 1))
    assert "all times moved by" in report.summary()
    assert report.warnings == ()


def test_texts_that_come_late_are_on_the_clock_that_was_set():
    """Their own times rise all the way; which clock they are on only the picture tells."""
    timeline = Timeline(
        dict.fromkeys(range(3), Fraction(1, 1000)),
        0,
        videos=frozenset((0,)),
        sounds=frozenset((1,)),
    )
    first = [(0, t) for t in range(0, 2000, 40)] + [(1, t) for t in range(0, 2000, 20)] + [(2, 100)]
    second = (
        [(0, t) for t in range(0, 2000, 40)] + [(1, t) for t in range(0, 2000, 20)] + [(2, 700)]
    )
    file = [*sorted(first, key=lambda p: p[1]), *sorted(second, key=lambda p: p[1])]

    given_out = [(p.stream_index, p.pts) for p in timeline.mend(map(packet, file))]

    assert [time for track, time in given_out if track == 2] == [100, 2700]
    assert [time for track, time in given_out if track == 1] == list(range(0, 4000, 20))


def packet(place: tuple[int, int], duration: int = 0) -> SimpleNamespace:
    """What a timeline asks of a packet."""
    track, time = place
    return SimpleNamespace(
        stream_index=track, pts=time, dts=time, size=100, duration=duration, is_keyframe=True
    )


def mended(file, tick: Fraction = TICK):
    tracks = {track for track, _ in file} | {0, 1}
    timeline = Timeline(
        dict.fromkeys(tracks, tick), 0, videos=frozenset((0,)), sounds=frozenset((1,))
    )
    return [(p.stream_index, p.pts) for p in timeline.mend(map(packet, file))], timeline


STEPS = st.lists(st.integers(1, 5000), min_size=2, max_size=60)


@given(STEPS, STEPS, st.integers(0, 10**6))
def test_clocks_that_rise_are_kept_bit_exactly(pictures, sounds, start):
    file = merged(pictures, sounds, start)
    given_out, timeline = mended(file)
    assert given_out == file
    assert (timeline.pictures_repaired, timeline.others_repaired) == (0, 0)


@given(STEPS, STEPS, st.integers(-(10**9), 10**9), st.integers(0, 120), st.integers(-9999, 9999))
def test_to_mend_and_to_move_all_times_commute(pictures, sounds, offset, place, flip):
    file = merged(pictures, sounds, 0)
    place %= len(file)
    file[place] = file[place][0], file[place][1] + flip
    moved = [(track, time + offset) for track, time in file]
    here, there = mended(file)[0], mended(moved)[0]
    assert [(track, time + offset) for track, time in here] == there


@given(st.integers(10, 90), st.integers(0, 32), st.integers(0, 1))
def test_any_one_flipped_bit_among_even_times_is_no_more_than_a_stutter(place, bit, track):
    file = merged([3000] * 100, [1920] * 150, 10**6)
    index = [i for i, (t, _) in enumerate(file) if t == track][place]
    flipped = list(file)
    flipped[index] = track, file[index][1] ^ 1 << bit
    given_out, _ = mended(flipped, TS_TICK)
    wrong = [(a, b) for a, b in zip(given_out, file, strict=True) if a != b]
    assert len(wrong) <= 3
    assert all(abs(a[1] - b[1]) <= 3 * 3000 for a, b in wrong)


@given(STEPS, st.integers(1, 1000))
def test_wild_is_no_time_that_rises(steps, step):
    times = list(itertools.accumulate(steps))
    assert not jumps(0, step, times[0]) or wild_run(0, step, times) == 0


@given(STEPS, st.integers(1, 5000))
def test_the_pictures_clock_looks_ahead_and_changes_nothing_that_rises(steps, step):
    found = list(itertools.accumulate(steps))
    clock, waiting, given_out = Clock(step), [], []
    for time in found:
        waiting.append(time)
        while waiting and (settled := clock.settle(waiting)):
            given_out += settled
            del waiting[: len(settled)]
    while waiting:
        settled = clock.settle(waiting, final=True)
        given_out += settled
        del waiting[: len(settled)]
    assert given_out == found
    assert clock.repaired == 0


def merged(pictures, sounds, start):
    """A file's order: (track, time), by time."""
    video = [(0, start + t) for t in itertools.accumulate([0, *pictures])]
    audio = [(1, start + t) for t in itertools.accumulate([0, *sounds])]
    return sorted([*video, *audio], key=lambda place: place[1])


@pytest.mark.parametrize(("start", "end"), [(1.0, 4.5), (3.5, None), (None, 2.5)])
def test_a_part_is_cut_by_the_clock_that_goes_on(tmp_path, start, end):
    """Both halves of the file have the same times; the second is the third to fifth second."""
    source = joined(tmp_path / "in.ts", ts(tmp_path / "a.ts", sound=3.0), ts(tmp_path / "b.ts"))
    whole, sound, _ = read(source)
    begin, stop = (start or 0) * 90_000, (end or 99) * 90_000

    pictures, others, counts = read(source, start=start, end=end)

    assert pictures == [t - begin for t in whole if begin <= t - whole[0] < stop]
    first = min(t for t in sound if not begin or t - whole[0] >= begin)
    assert others[0] == first - begin
    assert len(others) == sum(1 for t in sound if first <= t < whole[0] + stop)
    assert len(counts.clock_resets) == (0 if end == 2.5 else 1 if start == 1.0 else 0)
