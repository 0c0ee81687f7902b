"""Where a cut begins, and how much a run holds at once, as numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import Toy, make_frame

from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.engine.cuts import change, is_cut, rank_correlation
from dashcam_pipeline.engine.queues import ByteQueue
from dashcam_pipeline.engine.workers import QUEUE_BYTES
from dashcam_pipeline.frames import PixelLayout

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


@pytest.mark.parametrize(("size", "bits", "frames"), [((1920, 1080), 8, 16), ((3840, 2160), 10, 2)])
def test_48_mb_wait_between_two_threads(size, bits, frames):
    nbytes = large(0, size, bits).nbytes
    assert QUEUE_BYTES // nbytes == frames
    queue = ByteQueue(QUEUE_BYTES)
    for index in range(frames):
        queue.put(index, nbytes)
    assert queue.put_seconds < 1, "without waiting"
