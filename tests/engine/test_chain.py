from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import Delay, Dim, Toy, Twisted, brightened, make_frame, make_frames

from dashcam_pipeline.engine import chain as engine
from dashcam_pipeline.engine.chain import Chain, protected
from dashcam_pipeline.errors import StageError, UsageError
from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.stages.base import Box


def run(chain, frames):
    done = []
    for frame in frames:
        done += chain.feed(frame)
    return done + chain.finish()


def scene(seed, count, first=0):
    """Frames of one still scene, unlike that of another seed."""
    luma = np.random.default_rng(seed).integers(16, 235, (4, 6)).repeat(8, 0).repeat(8, 1)
    return [make_frame(first + i, luma=luma) for i in range(count)]


def test_an_empty_chain_returns_the_very_same_frames():
    frames = make_frames(5)
    chain = Chain([], protect=[Box.model_validate("0,0,4,4")])
    assert all(a is b for a, b in zip(run(chain, frames), frames, strict=True))


@given(
    sizes=st.lists(st.tuples(st.integers(1, 7), st.integers(0, 5)), min_size=1, max_size=3),
    count=st.integers(0, 20),
    max_bytes=st.integers(1, 20_000),
)
@settings(max_examples=60, deadline=None)
def test_every_frame_comes_out_once_in_order_whatever_the_stages_need(sizes, count, max_bytes):
    chain = Chain([Delay(batch_size=batch, lookahead=ahead) for batch, ahead in sizes])
    frames = make_frames(count, level=80)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "MAX_BATCH_BYTES", max_bytes)
        done = run(chain, frames)
    assert [f.index for f in done] == list(range(count))
    assert [f.pts for f in done] == [f.pts for f in frames]


def test_batches_have_the_size_that_a_stage_likes_and_the_last_one_the_rest():
    toy = Toy(batch_size=4)
    run(Chain([toy]), make_frames(10, level=80))
    assert toy.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_batches_stay_within_the_bound_of_bytes(monkeypatch):
    toy = Toy(batch_size=100)
    frames = make_frames(10, level=80)
    monkeypatch.setattr(engine, "MAX_BATCH_BYTES", 3 * frames[0].nbytes)
    run(Chain([toy]), frames)
    assert max(map(len, toy.batches)) == 3
    one = Toy(batch_size=100)
    monkeypatch.setattr(engine, "MAX_BATCH_BYTES", 1)
    run(Chain([one]), frames)
    assert max(map(len, one.batches)) == 1


def test_a_cut_ends_the_batch_and_the_stages_forget():
    stage = Delay(batch_size=4, lookahead=2)
    chain = Chain([stage])
    done = run(chain, scene(1, 6) + scene(2, 5, first=6))
    assert chain.cuts == [6]
    assert stage.batches == [[0, 1, 2, 3], [4, 5], [6, 7, 8, 9], [10]]
    cut = stage.diary.index([4, 5])
    assert stage.diary[cut + 1 : cut + 3] == ["flush", "reset"]
    assert [f.index for f in done] == list(range(11))


def test_a_new_size_opens_the_stages_anew_after_all_old_frames_are_out():
    stage = Delay(batch_size=3, lookahead=1)
    chain = Chain([stage])
    done = run(chain, [*make_frames(4, level=80), make_frame(4, size=(64, 16), level=80)])
    assert [f.index for f in done] == [0, 1, 2, 3, 4]
    opened = [e for e in stage.diary if isinstance(e, tuple)]
    assert opened == [("open", 48, 32), ("open", 64, 16)]
    second = stage.diary.index(("open", 64, 16))
    assert stage.diary[second - 2 : second] == ["flush", "reset"]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("drops", "returned frame 1 where 0 was due"),
        ("keeps the last", "never returned 1 of its frames, the first being 3"),
        ("adds", "a frame too many"),
        ("moves", "moved frame 0 from pts 0 to 1"),
        ("crops", "changed size, layout or colour of frame 0"),
        ("returns a list", "returned a list instead of a FrameBatch"),
        ("writes", "failed: ValueError"),
        ("raises", "failed: RuntimeError: out of luck"),
    ],
)
def test_a_broken_contract_names_the_stage(how, says):
    with pytest.raises(StageError, match="'twisted'") as caught:
        run(Chain([Toy(), Twisted(how)]), make_frames(4, level=80))
    assert says in str(caught.value)
    assert caught.value.advice


def test_a_stage_that_holds_back_too_much_is_named():
    stage = Delay(lookahead=3)
    stage.needs = type(stage.needs)(batch_size=1, lookahead=3)
    chain = Chain([stage])
    chain.feed(make_frame(0, level=80))
    chain._links[0]._lookahead = 0
    with pytest.raises(StageError, match="more than its look-ahead of 0"):
        chain.feed(make_frame(1, level=80))


@given(
    box=st.tuples(st.integers(0, 46), st.integers(0, 30), st.integers(1, 60), st.integers(1, 60)),
    chroma=st.sampled_from([(1, 1), (1, 0), (0, 0)]),
    odd=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_protected_boxes_come_out_as_they_went_in(box, chroma, odd):
    layout = PixelLayout(8, chroma)
    size = (47, 31) if odd else (48, 32)
    original = make_frame(0, size=size, layout=layout)
    luma, cb, cr = original.planes
    changed = original.with_planes((luma ^ 255, cb ^ 255, cr ^ 255))
    x, y, w, h = box
    result = protected(changed, original, [Box(x=x, y=y, width=w, height=h)])
    for index, (new, old) in enumerate(zip(result.planes, original.planes, strict=True)):
        same = new == old
        sx, sy = chroma if index else (0, 0)
        inside = np.zeros_like(same)
        inside[y >> sy : -(-(y + h) >> sy), x >> sx : -(-(x + w) >> sx)] = True
        assert same[inside].all()
        # rounded outward to the chroma grid, and not further
        outside = np.ones_like(same)
        cx, cy = chroma
        gx, gy = (cx, cy) if index == 0 else (0, 0)
        outside[
            (y >> cy) << gy : (-(-(y + h) >> cy)) << gy,
            (x >> cx) << gx : (-(-(x + w) >> cx)) << gx,
        ] = False
        assert not same[outside].any()


def test_boxes_are_restored_from_the_right_frame_despite_look_ahead():
    class Bright(Delay):
        def process(self, batch):
            return type(batch)(tuple(brightened(f) for f in super().process(batch)))

        def flush(self):
            held = super().flush()
            return held and type(held)(tuple(brightened(f) for f in held))

    frames = [make_frame(i, level=60 + i) for i in range(9)]
    chain = Chain([Bright(batch_size=2, lookahead=3)], protect=[Box.model_validate("8,8,8,8")])
    for old, new in zip(frames, run(chain, frames), strict=True):
        assert (new.planes[0][8:16, 8:16] == old.planes[0][8:16, 8:16]).all()
        assert (new.planes[0][:8] == old.planes[0][:8] + 1).all()


def test_an_untouched_frame_stays_the_same_object_under_protection():
    frames = make_frames(3, level=80)
    done = run(Chain([Toy()], protect=[Box.model_validate("0,0,8,8")]), frames)
    assert all(a is b for a, b in zip(done, frames, strict=True))


def test_a_box_outside_the_picture_is_refused_with_its_size():
    chain = Chain([Toy()], protect=[Box.model_validate("48,0,8,8")])
    with pytest.raises(UsageError, match="48x32"):
        chain.feed(make_frame(0))


def test_time_is_counted_by_stage_and_the_facts_are_handed_on():
    stage = Dim()
    chain = Chain([stage, Toy()])
    run(chain, make_frames(3, level=80))
    dim, toy = chain.stage_facts()
    assert (dim.name, dim.facts) == ("dim", {"frames": 3})
    assert dim.seconds > 0
    assert toy.facts == {}


def test_close_reaches_every_stage_even_if_one_raises():
    class Sticky(Toy):
        def close(self):
            raise OSError("stuck")

    last = Toy()
    chain = Chain([Sticky(), last])
    with pytest.raises(StageError, match="stuck"):
        chain.close()
    assert last.diary == ["close"]
    chain.close()


def test_after_discard_another_stream_starts_clean():
    stage = Delay(batch_size=4, lookahead=2)
    chain = Chain([stage])
    for frame in make_frames(6, level=80):
        chain.feed(frame)
    chain.discard()
    done = run(chain, make_frames(3, level=90))
    assert [f.index for f in done] == [0, 1, 2]


def test_stages_are_told_what_is_protected():
    class Told(Toy):
        def open(self, info):
            self.diary.append(info.protected)

    stage = Told()
    run(Chain([stage], protect=[Box.model_validate("8,8,8,8")], feather=2), make_frames(1))
    assert [str(box) for box in stage.diary[0]] == ["6,6,12,12"]
