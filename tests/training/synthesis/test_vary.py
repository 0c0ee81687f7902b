"""What a varied kernel keeps, and what it may not be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.training.synthesis.glare import FRAME_HEIGHT, KernelBank
from dashcam_pipeline.training.synthesis.lens import BRIGHTEST
from dashcam_pipeline.training.synthesis.polar import Polar
from dashcam_pipeline.training.synthesis.vary import vary

SIZE = 320


@pytest.fixture(scope="module")
def kernel() -> torch.Tensor:
    return KernelBank(seed=3, count=1, size=SIZE).kernels[0]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_varied_kernel_is_a_kernel(kernel: torch.Tensor, seed: int) -> None:
    varied = vary(np.random.default_rng(seed), kernel, FRAME_HEIGHT)
    ring = torch.from_numpy(Polar.square(SIZE, FRAME_HEIGHT).ring)
    assert varied.shape == kernel.shape
    assert varied.dtype == torch.float32
    assert float(varied.min()) >= 0
    assert float(varied.max()) <= BRIGHTEST
    assert float(varied[:, ring].mean()) == pytest.approx(1, abs=0.02)


def test_source_stays_in_the_middle() -> None:
    point = torch.ones(3, SIZE, SIZE)
    point[:, SIZE // 2, SIZE // 2] = 1000
    for seed in range(8):
        varied = vary(np.random.default_rng(seed), point, FRAME_HEIGHT)
        assert int(varied[0].argmax()) == SIZE // 2 * SIZE + SIZE // 2


def test_a_streak_turns() -> None:
    streak = torch.full((3, SIZE, SIZE), 1e-3)
    streak[:, SIZE // 2 - 1 : SIZE // 2 + 2] = 1
    angles = []
    for seed in range(12):
        varied = vary(np.random.default_rng(seed), streak, FRAME_HEIGHT)[0].numpy()
        y, x = np.nonzero(varied > varied.max() / 2)
        moments = np.cov(x, y)
        angles.append(0.5 * np.arctan2(2 * moments[0, 1], moments[0, 0] - moments[1, 1]))
    assert np.std(angles) > 0.2


def test_bank_varies_only_where_asked() -> None:
    plain = KernelBank(seed=3, count=1, size=SIZE)
    varied = KernelBank(seed=3, count=1, size=SIZE, varied=True)
    again = varied.draw(np.random.default_rng(5))
    assert torch.equal(again, varied.draw(np.random.default_rng(5)))
    assert not torch.equal(again, varied.draw(np.random.default_rng(6)))
    # a plain bank shows its one kernel, mirrored or not: four pictures at most
    shown = {plain.draw(np.random.default_rng(seed)).numpy().tobytes() for seed in range(40)}
    assert len(shown) <= 4
