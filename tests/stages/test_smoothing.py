from __future__ import annotations

import numpy as np

from dashcam_pipeline.stages.smoothing import MotionGate


def maps(value):
    return np.full((7, 32, 32), value, np.float32)


def picture(value):
    return np.full((3, 32, 32), value, np.float32)


def test_a_still_place_is_averaged():
    gate = MotionGate(0.6)
    gate(picture(0.2), maps(1.0))
    assert np.allclose(gate(picture(0.2), maps(0.0)), 0.6)
    assert np.allclose(gate(picture(0.2), maps(0.0)), 0.36)


def test_a_moving_place_is_new_at_once():
    gate = MotionGate(0.6)
    gate(picture(0.2), maps(1.0))
    assert np.allclose(gate(picture(0.9), maps(0.0)), 0.0)


def test_movement_counts_only_where_it_is():
    gate = MotionGate(0.5)
    gate(picture(0.2), maps(1.0))
    moved = picture(0.2)
    moved[:, :, :8] = 0.9
    result = gate(moved, maps(0.0))
    assert np.allclose(result[:, :, :4], 0.0)
    assert np.allclose(result[:, :, 24:], 0.5)


def test_reset_and_a_new_size_forget():
    gate = MotionGate(0.9)
    gate(picture(0.2), maps(1.0))
    gate.reset()
    assert np.allclose(gate(picture(0.2), maps(0.0)), 0.0)
    assert gate(np.zeros((3, 64, 32), np.float32), np.ones((7, 64, 32), np.float32)).min() == 1.0
