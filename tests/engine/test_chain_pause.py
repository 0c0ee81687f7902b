"""A chain that pauses and one that goes on elsewhere give the same frames, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toys import Delay, Toy, make_frame

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.frames import FrameBatch


class Trail(Toy):
    """A running mean: every frame shows all those before it."""

    name = "trail"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = None

    def process(self, batch):
        return FrameBatch(tuple(self._mix(frame) for frame in batch))

    def _mix(self, frame):
        luma, cb, cr = frame.planes
        past = luma.astype(np.float64) if self.mean is None else self.mean
        self.mean = 0.8 * past + 0.2 * luma
        return frame.with_planes((np.rint(self.mean).astype(np.uint8), cb, cr))

    def reset(self):
        self.mean = None

    def state(self):
        return {} if self.mean is None else {"mean": self.mean}

    def restore(self, state):
        self.mean = state.get("mean")


def make_chain():
    return Chain([Trail(batch_size=3), Delay(lookahead=2, batch_size=2)])


def scenes(count, cut):
    """Frames of two unlike scenes."""
    ramp = np.tile(np.linspace(20, 230, 64), (36, 1))
    rng = np.random.default_rng(0)
    pictures = [ramp if i < cut else ramp[:, ::-1] for i in range(count)]
    return [make_frame(i, luma=p + rng.integers(0, 9, p.shape)) for i, p in enumerate(pictures)]


def run(frames, pauses, resumed_at=None):
    """Feed frames, pausing before some of them; with a new chain at one of these."""
    chain, done = make_chain(), []
    for frame in frames:
        if frame.index in pauses:
            ready, state = chain.pause()
            done += ready
            if frame.index == resumed_at:
                chain.close()
                chain = make_chain()
                chain.resume(state)
        done += chain.feed(frame)
    return done + chain.finish(), chain.cuts


@given(
    pauses=st.sets(st.integers(1, 19), min_size=1, max_size=4),
    cut=st.integers(1, 20),
    data=st.data(),
)
def test_another_chain_goes_on_where_one_paused(pauses, cut, data):
    frames = scenes(20, cut)
    through, cuts = run(frames, pauses)
    resumed_at = data.draw(st.sampled_from(sorted(pauses)))
    again, cuts_again = run(frames, pauses, resumed_at)
    assert [f.index for f in again] == list(range(20))
    assert cuts_again == cuts
    for a, b in zip(through, again, strict=True):
        assert np.array_equal(a.planes[0], b.planes[0])


def test_a_pause_alone_changes_nothing():
    frames = scenes(20, 20)
    (through, _), (paused, _) = run(frames, set()), run(frames, {7, 12})
    for a, b in zip(through, paused, strict=True):
        assert np.array_equal(a.planes[0], b.planes[0])


def test_the_past_would_be_missed():
    """The test above could not fail if nothing depended on the past."""
    frames = scenes(20, 20)
    chain = make_chain()
    fresh = [f for frame in frames[10:] for f in chain.feed(frame)] + chain.finish()
    through, _ = run(frames, set())
    assert not np.array_equal(fresh[0].planes[0], through[10].planes[0])


def test_the_empty_chain_pauses_too():
    chain = Chain([])
    chain.feed(make_frame(0))
    assert chain.pause()[0] == []
