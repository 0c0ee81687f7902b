"""With a thread to spare, the network sees the next frames while the last ones are cleaned."""

from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
import pytest

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.errors import StageError
from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare.stage import GlareStage

SIZE = (120, 160)


def make_frames(count):
    """A grey street that gets lighter, with a lamp."""
    frames = []
    for index in range(count):
        luma = np.full(SIZE, 60 + index, np.uint8)
        luma[:12, -12:] = 235
        luma[-9:] = 16
        chroma = np.full((SIZE[0] // 2, SIZE[1] // 2), 128, np.uint8)
        frames.append(Frame((luma, chroma, chroma.copy()), index, Fraction(1, 30), index))
    return frames


def half_is_haze(pictures):
    maps = np.zeros((len(pictures), 7, *pictures.shape[2:]), np.float32)
    maps[:, 3:6] = np.sqrt(0.5) * pictures
    return maps


def make_stage(threads, quality="fast", network=half_is_haze, **options):
    stage = GlareStage(
        GlareStage.Options(**options), StageContext(quality=quality, threads=threads)
    )
    stage._network.run = network
    return stage


def cleaned(stage, frames):
    """What a chain, which holds a stage to its word, makes of frames."""
    chain = Chain([stage])
    done = [out for frame in frames for out in chain.feed(frame)] + chain.finish()
    chain.close()
    return done


@pytest.mark.parametrize("quality", ["fast", "best"])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_the_same_frames_come_out(quality, count):
    frames = make_frames(count)
    alone, ahead = (cleaned(make_stage(threads, quality), frames) for threads in (1, 2))
    assert [f.index for f in ahead] == list(range(count))
    for a, b in zip(alone, ahead, strict=True):
        assert all(np.array_equal(p, q) for p, q in zip(a.planes, b.planes, strict=True))
    assert any(a.planes[0].sum() < f.planes[0].sum() for a, f in zip(alone, frames, strict=True))


def test_frames_are_cleaned_while_the_network_works():
    """The third question is under way when the answer to the second one is put to use.

    The first one's is waited for: a run that cleans one picture shows it sooner.
    """
    frames, goes_on, asked = make_frames(6), threading.Event(), []

    def network(pictures):
        asked.append(threading.current_thread())
        if len(asked) == 3:
            assert goes_on.wait(10)
        return half_is_haze(pictures)

    stage = make_stage(2, "best", network=network)
    stage.open(StreamInfo(SIZE[1], SIZE[0], frames[0].layout, frames[0].color))
    assert [f.index for f in stage.process(FrameBatch(tuple(frames[:2])))] == [0]
    assert len(stage.process(FrameBatch(tuple(frames[2:4])))) == 0
    assert [f.index for f in stage.process(FrameBatch(tuple(frames[4:])))] == [1, 2]
    goes_on.set()
    assert [f.index for f in stage.flush()] == [3, 4, 5]
    assert threading.current_thread() not in asked
    stage.close()
    assert not any(thread.is_alive() for thread in asked)


def test_what_fails_there_fails_the_stage():
    def network(_pictures):
        raise RuntimeError("no such kernel")

    with pytest.raises(StageError, match="no such kernel"):
        cleaned(make_stage(2, network=network), make_frames(3))


def test_a_cut_forgets_what_was_asked():
    frames = make_frames(8)
    stage, fresh = (make_stage(2, glass="dirty", smoothing=0.9) for _ in range(2))
    for each in (stage, fresh):
        each.open(StreamInfo(SIZE[1], SIZE[0], frames[0].layout, frames[0].color))
    stage.process(FrameBatch(tuple(frames[4:])))
    stage.reset()
    fresh.restore({**fresh.state(), **{k: v for k, v in stage.state().items() if "glass" in k}})
    for each in (stage, fresh):
        each.done = [*each.process(FrameBatch(tuple(frames[:4]))), *(each.flush() or ())]
        each.close()
    assert [f.index for f in stage.done] == [0, 1, 2, 3]
    for a, b in zip(stage.done, fresh.done, strict=True):
        assert np.array_equal(a.planes[0], b.planes[0])
