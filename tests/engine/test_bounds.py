"""Where a cut begins, and how much a run holds at once, as numbers."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import Toy, make_frame

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.engine.cuts import change, is_cut, rank_correlation, thumbnail
from dashcam_pipeline.engine.protection import protected
from dashcam_pipeline.engine.queues import ByteQueue
from dashcam_pipeline.engine.workers import QUEUE_BYTES
from dashcam_pipeline.frames import PixelLayout
from dashcam_pipeline.stages.base import Box

CELLS = (18, 32)


def pair(stops, correlation, seed=0):
    """Two thumbnails whose middle cell changes by so many stops, and whose ranks correlate so."""
    rng = np.random.default_rng(seed)
    order, change_of = rng.permutation(np.linspace(0, 1, 576)), rng.normal(0, 1, 576)
    moved = change_of - np.median(change_of)
    moved *= stops / np.median(np.abs(moved))

    def cells(spread):
        dark = 2 ** (5 + spread * order) - 4
        bright = (dark + 4) * 2**moved - 4
        return [side.reshape(CELLS).astype(np.float32) for side in (dark, bright)]

    low, high = 0.0, 12.0  # the more the cells differ, the less their order changes
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if rank_correlation(*cells(middle)) < correlation else (low, middle)
        )
    return cells(high)


@pytest.mark.parametrize(
    ("stops", "correlation", "cut"),
    [(0.17, 0.68, True), (0.12, 0.82, True), (0.10, 0.60, False), (0.30, 0.84, False),
     (0.07, 0.84, False), (0.115, 0.5, True)],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_a_cut_changes_the_middle_cell_by_a_ninth_of_a_stop_and_the_order(
    stops, correlation, cut, seed
):
    dark, bright = pair(stops, correlation, seed)
    assert change(dark, bright) == pytest.approx(stops, abs=1e-3)
    assert rank_correlation(dark, bright) == pytest.approx(correlation, abs=5e-3)
    assert is_cut(dark, bright) == cut
    assert is_cut(bright, dark) == cut


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.floats(-2, 2))
def test_what_all_cells_share_is_no_change(seed, exposure):
    rng = np.random.default_rng(seed)
    cells = rng.uniform(20, 60, CELLS).astype(np.float32)
    assert change(cells, (cells + 4) * 2**exposure - 4) == pytest.approx(0, abs=1e-4)


def test_cells_nearer_than_a_quarter_of_a_code_share_a_rank():
    rng = np.random.default_rng(0)
    pattern = rng.permutation(np.repeat([0.0, 1.0], 288)).reshape(CELLS).astype(np.float32)
    noise, coarse = 60 + 0.1 * pattern, 60 + 0.4 * pattern
    assert rank_correlation(noise, 60.1 - (noise - 60)) == pytest.approx(1), "both are flat"
    assert rank_correlation(coarse, 120.4 - coarse) == pytest.approx(-1), "an order of its own"


@pytest.mark.parametrize("size", [(1920, 1080), (1290, 730), (640, 360), (3840, 2160)])
def test_a_cell_is_the_mean_of_its_part_of_the_picture(size):
    width, height = size
    luma = np.linspace(16, 116, width)[None, :] + np.linspace(0, 100, height)[:, None]
    cells = thumbnail(make_frame(luma=np.rint(luma)))
    columns, rows = ((np.arange(n) + 0.5) / n for n in (32, 18))
    assert cells == pytest.approx(16 + 100 * columns[None, :] + 100 * rows[:, None], abs=1)


def test_one_code_near_black_is_a_small_change():
    """Noise there: by its own logarithm it would be a whole stop."""
    pattern = np.indices(CELLS).sum(axis=0) % 2
    one, other = (1 + side.astype(np.float32) for side in (pattern, 1 - pattern))
    assert change(one, other) == pytest.approx(np.log2(6 / 5), abs=1e-3)


def large(index, size, bits=8):
    """A large frame; all share their planes."""
    if (size, bits) not in PLANES:
        level = 60 << (bits - 8)
        PLANES[size, bits] = make_frame(size=size, layout=PixelLayout(bits), level=level)
    frame = PLANES[size, bits]
    return replace(frame, index=index, pts=index * 3003)


PLANES = {}


@pytest.mark.parametrize(("size", "bits", "frames"), [((1920, 1080), 8, 21), ((3840, 2160), 10, 2)])
def test_64_mb_wait_for_a_batch(size, bits, frames):
    stage = Toy(batch_size=100)
    chain = Chain([stage])
    for index in range(frames + 1):
        chain.feed(large(index, size, bits))
    chain.finish()
    chain.close()
    assert [len(batch) for batch in stage.batches] == [frames, 1]


@pytest.mark.parametrize(("size", "bits", "frames"), [((1920, 1080), 8, 8), ((3840, 2160), 8, 2)])
def test_24_mb_wait_between_two_threads(size, bits, frames):
    nbytes = large(0, size, bits).nbytes
    assert QUEUE_BYTES // nbytes == frames
    queue = ByteQueue(QUEUE_BYTES)
    for index in range(frames):
        queue.put(index, nbytes)
    assert queue.put_seconds < 1, "without waiting"


def test_what_fits_exactly_needs_no_waiting():
    queue = ByteQueue(10)
    assert (queue.put_seconds, queue.get_seconds) == (0, 0)
    giver = threading.Thread(target=lambda: [queue.put(size, size) for size in (4, 6)], daemon=True)
    giver.start()
    giver.join(5)
    assert not giver.is_alive()


def test_a_stage_that_nothing_was_given_to_took_no_time():
    chain = Chain([Toy()])
    assert [outcome.seconds for outcome in chain.stage_facts()] == [0]
    chain.close()


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(0, 60), st.integers(0, 44), st.integers(1, 70), st.integers(1, 50)),
    st.sampled_from([(1, 1), (1, 0), (0, 0)]),
)
def test_without_a_rim_colour_too_is_put_back_in_the_box_and_nowhere_else(place, log2):
    """Whole chroma samples: each that the box touches."""
    x, y, width, height = place
    old, new = (make_frame(i, layout=PixelLayout(8, log2), size=(64, 48)) for i in (0, 1))
    result = protected(new, old, [Box(x=x, y=y, width=width, height=height)])
    for plane, before, after in list(zip(result.planes, old.planes, new.planes, strict=True))[1:]:
        inside = np.zeros(plane.shape, bool)
        rows = slice(y >> log2[1], -(-(y + height) >> log2[1]))
        inside[rows, x >> log2[0] : -(-(x + width) >> log2[0])] = True
        assert np.array_equal(plane, np.where(inside, before, after))


@pytest.mark.parametrize("axis", [0, 1], ids=["from above", "from the left"])
def test_a_rim_fades_up_to_the_pictures_edge(axis):
    size = (64, 64)
    dark, light = (
        make_frame(0, size=size, level=level).with_planes(
            tuple(np.full_like(plane, level) for plane in make_frame(0, size=size).planes)
        )
        for level in (60, 200)
    )
    box = Box(x=4, y=4, width=16, height=16)
    luma = protected(dark, light, [box], feather=8).planes[0].astype(int)
    towards = luma[:5, 10] if axis == 0 else luma[10, :5]
    assert towards[4] == 200
    assert np.diff(towards) == pytest.approx([140 / 9] * 4, abs=1)
