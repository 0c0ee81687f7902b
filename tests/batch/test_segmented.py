from __future__ import annotations

import gc
import json
from fractions import Fraction

import numpy as np
import pytest
from av.container import OutputContainer
from factory import Picture, make_clip
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.batch.segmented import (
    SegmentPlan,
    SegmentSink,
    SegmentStore,
    pack_state,
    unpack_state,
)
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.chain import ChainState
from dashcam_pipeline.media.segments import EncodedPacket
from dashcam_pipeline.stages.smoothing import MotionGate


@given(
    st.integers(-(10**9), 10**9),
    st.integers(1, 10**6),
    st.lists(st.integers(-(10**12), 10**12), min_size=2),
)
def test_later_frames_never_lie_in_earlier_segments(origin, ticks, times):
    plan = SegmentPlan(origin, ticks)
    numbers = [plan.number(time) for time in sorted(times)]
    assert numbers == sorted(numbers)
    assert plan.number(origin) == 0
    assert plan.number(origin + ticks - 1) == 0
    assert plan.number(origin + ticks) == 1


arrays = st.dictionaries(
    st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True),
    st.integers(0, 5).map(lambda n: np.arange(n, dtype=np.float32)),
    max_size=3,
)


@given(st.lists(arrays, max_size=3), st.lists(st.integers(0, 10**6)), st.booleans())
def test_a_memory_comes_back_as_it_was(stages, cuts, seen):
    thumbnail = np.ones((18, 32), np.float32) if seen else None
    state = ChainState("geometry", tuple(cuts), thumbnail, tuple(stages))
    meta, packed = pack_state(state)
    found = unpack_state(json.loads(json.dumps(meta)), packed)
    assert (found.geometry, found.cuts) == (state.geometry, state.cuts)
    assert (found.thumbnail is None) is not seen
    assert [set(stage) for stage in found.stages] == [set(stage) for stage in stages]
    for before, after in zip(stages, found.stages, strict=True):
        assert all(np.array_equal(before[name], after[name]) for name in before)


def fill(store, number, frames=1):
    file = store.begin(number, b"headers", 2)
    for index in range(frames):
        file.add(EncodedPacket(index, index, 1, is_keyframe=not index, payload=b"x"))
    file.finish({}, {})
    store.admit(number)


def test_a_store_finds_what_it_kept(tmp_path):
    store = SegmentStore(tmp_path / "deep" / "a", "key")
    assert (store.last, store.frames, store.threads) == (None, 0, None)
    for number in (-1, 0, 4):  # a hole in the recording is no hole in the row
        fill(store, number, frames=3)
    again = SegmentStore(tmp_path / "deep" / "a", "key")
    assert (again.last, again.frames, again.threads) == (4, 9, 2)


def test_a_store_keeps_the_memory_of_its_last_segment_alone(tmp_path):
    """A chain's is megabytes, and an hour has a hundred segments."""
    store = SegmentStore(tmp_path, "key")
    for number in range(4):
        begun = store.begin(number, b"", 1)
        begun.add(EncodedPacket(number, number, 1, is_keyframe=True, payload=b"x"))
        begun.finish({"notes": number}, {"past": np.full(9, number)})
        store.admit(number)
    for one in (store, SegmentStore(tmp_path, "key")):
        assert [list(segment.arrays) for segment in one.whole] == [[], [], [], ["past"]]
        assert [segment.meta for segment in one.whole] == [{}, {}, {}, {"notes": 3}]
        assert one.whole[-1].arrays["past"][0] == 3
        assert one.frames == 4


@pytest.mark.parametrize("key", ["key", "other"])
def test_a_store_goes_on_only_from_its_own(tmp_path, key):
    fill(SegmentStore(tmp_path, "key"), 0)
    store = SegmentStore(tmp_path, key)
    assert store.last == (0 if key == "key" else None)
    assert len(list(tmp_path.glob("*.seg"))) == len(store.whole)


def test_the_smoothing_goes_on_to_the_last_bit():
    rng = np.random.default_rng(0)
    pictures = 0.5 + rng.normal(0, 0.01, (6, 3, 8, 8)).astype(np.float32)
    maps = rng.random((6, 7, 8, 8)).astype(np.float32)
    through, before, after = MotionGate(0.6), MotionGate(0.6), MotionGate(0.6)
    expected = [through(p, m) for p, m in zip(pictures, maps, strict=True)]
    for p, m in zip(pictures[:3], maps[:3], strict=True):
        before(p, m)
    after.restore(before.state())
    for p, m, e in zip(pictures[3:], maps[3:], expected[3:], strict=True):
        assert np.array_equal(after(p, m), e)
    assert MotionGate(0.6).state() == {}


def test_a_segment_s_encoder_goes_with_it(tmp_path, monkeypatch):
    """Without the collector: an open output is a circle, and its encoder holds dozens of frames."""
    clip = make_clip(tmp_path / "a.mp4", Picture(size=(64, 48), frames=30, rate=Fraction(10)))
    most, begin = 0, SegmentSink._begin

    def noted(self, number):
        nonlocal most
        begin(self, number)
        most = max(most, sum(type(one) is OutputContainer for one in gc.get_objects()))

    monkeypatch.setattr(SegmentSink, "_begin", noted)
    gc.collect()
    gc.disable()
    try:
        clean_resumable(
            clip,
            tmp_path / "b.mp4",
            config=CleanConfig(stages=()),
            work=tmp_path / "work",
            recipe="",
            segment_seconds=0.5,
        )
    finally:
        gc.enable()
    assert len(list((tmp_path / "work").glob("*.seg"))) == 6
    assert most == 1
