"""Order, closing, and other tracks of the reader."""

from __future__ import annotations

import gc
import threading
import weakref

import av
import pytest
from factory import Data, Picture, Sound, Text, make_clip

from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.carried import CarriedPacket
from dashcam_pipeline.media.reader import Reader


@pytest.fixture
def source(tmp_path):
    return make_clip(
        tmp_path / "in.mp4",
        Picture(frames=60),
        sounds=[Sound(seconds=2)],
        texts=[Text()],
        data=[Data()],
    )


def test_items_come_in_order_and_are_counted(source):
    with Reader(source) as reader:
        items = list(reader)
    frames = [i for i in items if isinstance(i, Frame)]
    others = [i for i in items if isinstance(i, CarriedPacket)]
    assert [f.index for f in frames] == list(range(60))
    assert {o.stream_index for o in others} == {1, 2, 3}
    assert reader.counts.carried_packets == len(others)
    assert reader.counts.video_packets == reader.counts.frames.read == 60
    assert all(o.nbytes == o.packet.size > 0 for o in others)
    assert sum(f.nbytes for f in frames) == 60 * 320 * 180 * 3 // 2


def test_closing_from_another_thread_ends_the_iteration(source):
    reader = Reader(source)
    seen = []
    closed = threading.Event()

    def read() -> None:
        for item in reader:
            seen.append(item)
            if len(seen) == 5:
                closed.wait(5)

    worker = threading.Thread(target=read)
    worker.start()
    reader.close()
    closed.set()
    worker.join(5)
    reader.close()
    assert not worker.is_alive()
    assert len(seen) < 60


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_any_number_of_threads_gives_the_same_frames(source, threads):
    with Reader(source, threads=threads) as reader:
        frames = [i for i in reader if isinstance(i, Frame)]
    assert [f.pts for f in frames] == [512 * i for i in range(60)]
    assert not any(f.concealed for f in frames)


def test_a_picture_goes_with_its_frame(source):
    gc.collect()
    gc.disable()
    try:
        with Reader(source, threads=1) as reader:
            for _ in reader:
                pass
            kept = [one for one in gc.get_objects() if type(one) is av.VideoFrame]
    finally:
        gc.enable()
    assert len(kept) < 5


def seen_whole(reader):
    assert list(reader)


def seen_in_part(reader):
    next(iter(reader))


def copied(reader):
    assert list(reader.copied(check=True))


@pytest.mark.parametrize("ending", ["mp4", "ts", "mkv"])
@pytest.mark.parametrize("use", [seen_whole, seen_in_part, copied])
@pytest.mark.parametrize("start", [None, 1.0])
def test_a_reader_goes_as_soon_as_nobody_holds_it(tmp_path, ending, use, start):
    """Without the collector: in a circle, its decoder's pictures would wait for it to come by."""
    clip = make_clip(tmp_path / f"in.{ending}", Picture(frames=60, gop=15))
    gc.collect()
    gc.disable()
    try:
        with Reader(clip, start=start, threads=1) as reader:
            use(reader)
        gone = weakref.ref(reader)
        del reader
        assert gone() is None
    finally:
        gc.enable()
