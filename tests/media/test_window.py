"""A part of a recording: --start and --end."""

from __future__ import annotations

from fractions import Fraction

import judge
import numpy as np
import pytest
from factory import Picture, Sound, Text, make_clip
from pump import pump

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.describe import probe
from dashcam_pipeline.media.reader import Reader

TS_TICK = Fraction(1, 90000)


@pytest.fixture(scope="module", params=[".mp4", ".mkv", ".ts"])
def source(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("window") / f"in{request.param}"
    if request.param == ".ts":
        picture = Picture(pts=[130000 + 3000 * i for i in range(90)], time_base=TS_TICK, gop=20)
        return make_clip(path, picture, sounds=[Sound(seconds=3, start=Fraction(13, 9))])
    text = Text(
        "mov_text" if request.param == ".mp4" else "subrip",
        lines=[(0.2, 0.3, "one"), (2, 0.5, "two")],
    )
    return make_clip(
        path,
        Picture(frames=90, gop=20),
        sounds=[Sound(seconds=3)],
        texts=[text],
        chapters=[(0, 1, "a"), (1, 2, "b"), (2, 3, "c")],
    )


@pytest.mark.parametrize(("start", "end"), [(None, 1.0), (1.05, None), (0.5, 2.0), (0, 3)])
def test_just_the_pictures_asked_for_are_read(source, start, end):
    everything = judge.frames(source)
    times = judge.seconds(source)
    begin = times[0]
    wanted = [
        i
        for i, time in enumerate(times)
        if (time - begin) >= Fraction(start or 0) - Fraction(1, 2000)
        and (end is None or (time - begin) < Fraction(end) - Fraction(1, 2000))
    ]

    with Reader(source, start=start, end=end) as reader:
        frames = [item for item in reader if isinstance(item, Frame)]

    assert len(frames) == len(wanted)
    for frame, index in zip(frames, wanted, strict=True):
        assert np.array_equal(frame.planes[0], judge.samples(everything[index])[0])
        shown = frame.pts * frame.time_base
        there = times[index] - Fraction(start or 0)
        assert abs(shown - there) <= Fraction(1, 1000)
    assert frames[0].index == 0
    assert not reader.counts.frames.damaged
    assert reader.counts.frames.missing == 0


def test_sound_stays_in_step(source, tmp_path):
    target = tmp_path / f"out{source.suffix}"

    pump(source, target, start=1.05, end=2.5)

    before = {p.payload: p.pts for p in judge.packets(source, 1)}
    rate_in, rate_out = (probe(p).tracks[1].time_base for p in (source, target))
    copied = judge.packets(target, 1)
    assert 60 < len(copied) < 75
    for packet in copied:
        moved = before[packet.payload] * rate_in - packet.pts * rate_out
        assert abs(moved - Fraction(105, 100)) <= Fraction(1, 1000)
    picture = judge.seconds(target)
    assert abs(judge.first_time(target, 1) - picture[0]) < Fraction(1, 20)


@pytest.mark.parametrize("source", [".mp4", ".mkv"], indirect=True)
def test_chapters_and_texts_are_cut_along(source, tmp_path):
    target = tmp_path / f"out{source.suffix}"

    pump(source, target, start=1.5)

    times = [
        (float(c.start * c.time_base), float(c.end * c.time_base), c.metadata["title"])
        for c in probe(target).chapters
    ]
    assert times == [(0, 0.5, "b"), (0.5, pytest.approx(1.5, abs=0.05), "c")]
    texts = [p for p in judge.packets(target, 2) if b"two" in p.payload]
    assert len(texts) == 1
    assert not any(b"one" in p.payload for p in judge.packets(target, 2))
    assert texts[0].pts * probe(target).tracks[2].time_base == Fraction(1, 2)


@pytest.mark.parametrize(("start", "end"), [(-1, None), (2, 2), (3, 1), (None, 0)])
def test_times_that_hold_nothing_are_refused(source, start, end):
    with pytest.raises(UsageError, match="nothing between"):
        Reader(source, start=start, end=end)


@pytest.mark.parametrize("later", [-2.5, -0.9, 0.9, 2.5])
@pytest.mark.parametrize(("start", "end"), [(None, 2.0), (3.0, None), (3.05, 4.5)])
@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_sound_is_kept_however_far_from_its_picture_it_lies(tmp_path, suffix, later, start, end):
    tick, first = (TS_TICK, 130000) if suffix == ".ts" else (Fraction(1, 1000), 0)
    times = [first + round(i / 30 / tick) for i in range(180)]
    source = make_clip(
        tmp_path / f"in{suffix}",
        Picture(pts=times, time_base=tick, size=(64, 48), gop=20),
        sounds=[Sound(seconds=6, start=first * tick)],
        sound_later=later,
    )
    assert apart(source) == pytest.approx(later, abs=0.75), "the muxer left them so far apart"

    with Reader(source, start=start, end=end) as reader:
        items = [item for item in reader if not isinstance(item, Frame)]

    base = probe(source).tracks[1].time_base
    begin = first * tick + Fraction(start or 0)
    stop = first * tick + Fraction(6 if end is None else end)
    wanted = [
        p.pts * base
        for p in judge.packets(source, 1)
        if (start is None or p.pts * base >= begin) and (end is None or p.pts * base < stop)
    ]
    kept = [i.packet.pts * i.packet.time_base + Fraction(start or 0) for i in items]
    assert len(kept) == len(wanted) > 60
    assert all(abs(a - b) <= Fraction(1, 1000) for a, b in zip(kept, wanted, strict=True))


def apart(path):
    """Seconds that sound lies later in a file than its picture."""
    import av  # noqa: PLC0415

    picture, distances = 0.0, []
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.dts is not None and packet.stream_index == 0:
                picture = float(packet.dts * packet.time_base)
            elif packet.dts is not None and packet.size:
                distances.append(picture - float(packet.dts * packet.time_base))
    return sorted(distances)[len(distances) // 2]
