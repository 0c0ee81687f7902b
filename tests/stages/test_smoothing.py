"""What stands still is averaged over time, and what moves is new at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.stages.smoothing import MotionGate


def maps(value):
    return np.full((7, 32, 32), value, np.float32)


def picture(value):
    return np.full((3, 32, 32), value, np.float32)


def share_of_the_past(change, size=(32, 32), amount=1.0):
    """How much of the past each place keeps after a change of the picture, (H, W)."""
    gate = MotionGate(amount)
    gate(np.zeros((3, *size), np.float32), np.ones((1, *size), np.float32))
    return gate(np.broadcast_to(np.float32(change), (3, *size)), np.zeros((1, *size), np.float32))[
        0
    ]


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


@pytest.mark.parametrize(
    ("change", "share"),
    [(0.0, 1.0), (0.019, 1.0), (0.04, 0.75), (0.06, 0.5), (0.08, 0.25), (0.101, 0.0), (0.5, 0.0)],
)
def test_five_codes_of_noise_are_still_and_a_tenth_of_the_range_is_movement(change, share):
    """Between both the past fades out evenly."""
    assert share_of_the_past(change) == pytest.approx(share, abs=1e-3)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.95))
def test_the_more_a_place_changes_the_less_of_its_past_counts(one, other, amount):
    less, more = sorted((one, other))
    shares = [share_of_the_past(change, amount=amount)[16, 16] for change in (less, more)]
    assert amount + 1e-6 >= shares[0] >= shares[1] >= 0


def test_any_colour_may_show_the_movement():
    for channel in range(3):
        change = np.zeros((3, 32, 32), np.float32)
        change[channel] = -0.3
        assert share_of_the_past(change).max() == 0


def test_a_speck_of_noise_moves_nothing():
    change = np.zeros((3, 48, 48), np.float32)
    change[:, 24, 24] = 1.0
    assert share_of_the_past(change, (48, 48)).min() == 1


def test_a_thing_of_sixteen_samples_moves_itself_and_not_what_is_beside_it():
    change = np.zeros((3, 64, 64), np.float32)
    change[:, 24:40, 24:40] = 0.2
    share = share_of_the_past(change, (64, 64))
    assert share[27:37, 27:37].max() == 0
    assert share[24:40, 24:40].max() < 1, "its corners too"
    assert share[:, :14].min() == 1
    assert share[:, 50:].min() == 1


def test_another_gate_goes_on_from_the_state():
    rng = np.random.default_rng(0)
    frames = [
        (picture(0.2) + rng.normal(0, 0.03, (3, 32, 32)), rng.random((7, 32, 32))) for _ in range(6)
    ]
    whole, first, second = (MotionGate(0.8) for _ in range(3))
    assert first.state() == {}
    wanted = [whole(*frame) for frame in frames]
    for frame in frames[:3]:
        first(*frame)
    second.restore(first.state())
    assert all(
        np.array_equal(second(*frame), result)
        for frame, result in zip(frames[3:], wanted[3:], strict=True)
    )
    second.restore({})
    assert np.array_equal(second(*frames[0]), frames[0][1]), "an empty state is no past"
