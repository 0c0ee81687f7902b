"""Where reading starts for a part of a recording, and where it stops."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media import seeking
from dashcam_pipeline.media.packets import Packets
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.media.seeking import find_start

TS_TICK = Fraction(1, 90000)
SMALL = (64, 48)
FRAMES, RATE = 240, 4
"""A minute at four pictures a second."""
SOUND_RATE = 16000


def film(path, gop, **options):
    tick = TS_TICK if path.suffix == ".ts" else Fraction(1, 15360)
    step = round(1 / (RATE * tick))
    base = 130000 if path.suffix == ".ts" else 0
    picture = Picture(
        pts=[base + step * i for i in range(FRAMES)], time_base=tick, rate=Fraction(RATE),
        gop=gop, size=SMALL, **options,
    )  # fmt: skip
    sound = Sound(rate=SOUND_RATE, seconds=60, start=base * tick)
    return make_clip(path, picture, sounds=[sound])


@pytest.fixture(scope="module", params=[".mp4", ".mkv", ".ts"])
def minute(request, tmp_path_factory):
    """A minute with a key frame every two seconds."""
    return film(tmp_path_factory.mktemp("minute") / f"in{request.param}", gop=2 * RATE)


def read(path, **part):
    with Reader(path, **part) as reader:
        items = list(reader)
    return [item for item in items if isinstance(item, Frame)], reader.counts


def test_reading_stops_soon_after_the_end(minute, monkeypatch):
    taken, give = [], Packets.__iter__

    def counted(packets):
        for packet in give(packets):
            taken.append(packet.stream_index)
            yield packet

    monkeypatch.setattr(Packets, "__iter__", counted)
    frames, _ = read(minute, end=5)
    assert len(frames) == 5 * RATE
    assert taken.count(0) < 0.25 * FRAMES, "two seconds for the tracks to come together"
    with Reader(minute, end=5) as reader:
        carried = sum(1 for _ in reader.carried())
    assert carried == pytest.approx(5 * SOUND_RATE / 1024, abs=3), (
        "and not before the sound's own end"
    )


def test_reading_begins_shortly_before_the_start(minute):
    frames, counts = read(minute, start=50)
    assert len(frames) == 10 * RATE
    assert counts.video_packets < 0.4 * FRAMES, "not from the beginning"


@pytest.mark.parametrize(
    ("every", "read_at_most"), [(4, 0.35), (20, 0.8)], ids=["seconds", "half a minute"]
)
def test_a_key_frame_far_before_the_start_is_found_without_an_index(tmp_path, every, read_at_most):
    """Seeking lands beside the wanted time there, and the next key frame may be seconds away."""
    source = film(tmp_path / "in.ts", gop=every * RATE, options={"sc_threshold": "0"})
    frames, counts = read(source, start=47.5)
    assert len(frames) == 12.5 * RATE
    assert not counts.frames.concealed
    assert counts.video_packets < read_at_most * FRAMES


def test_every_picture_can_be_decoded_from_where_reading_starts(minute):
    """Also one right before a key frame, and the key frame itself."""
    with av.open(str(minute)) as container:
        stream = container.streams.video[0]
        times = sorted(p.pts for p in container.demux(stream) if p.size)
    for wanted in (times[0], times[79], times[80], times[81], times[-1]):
        target = find_start(minute, 0, wanted)
        with av.open(str(minute)) as container:
            stream = container.streams.video[0]
            if target is not None:
                container.seek(target, stream=stream)
            shown = [frame.pts for frame in container.decode(stream)]
        assert wanted in shown


def test_sound_is_no_track_to_seek_in(minute):
    assert find_start(minute, 1, 0) is None


def test_the_search_for_a_key_frame_is_bounded(tmp_path, monkeypatch):
    """A track that has but one isn't read to its end for each attempt."""
    source = film(tmp_path / "in.ts", gop=FRAMES, options={"sc_threshold": "0"})
    looked_at = []
    real = seeking.demux

    def counted(container, *streams):
        for packet in real(container, *streams):
            looked_at.append(packet.pts)
            yield packet

    monkeypatch.setattr(seeking, "demux", counted)
    monkeypatch.setattr(seeking, "MAX_PACKETS", 7)
    assert find_start(source, 0, 130000 + 45 * 90000) is None
    assert len(looked_at) == 3 * 8
