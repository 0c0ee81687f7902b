"""Answers carried between two pictures that a network saw."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.stages.glare.carry import Carrier

HEIGHT, WIDTH = 96, 160


def texture(seed, channels, sigma):
    noise = np.random.default_rng(seed).random((HEIGHT + 80, WIDTH + 80, channels))
    soft = cv2.GaussianBlur(noise.astype(np.float32), (0, 0), sigma).reshape(noise.shape)
    return cv2.normalize(soft, None, 0, 1, cv2.NORM_MINMAX).reshape(noise.shape).transpose(2, 0, 1)


STREET, GLARE = texture(0, 1, 3), texture(1, 7, 6)


def crop(big, x, y=20):
    return np.ascontiguousarray(big[:, y : y + HEIGHT, x : x + WIDTH])


def picture(x):
    return np.repeat(crop(STREET, x), 3, axis=0)


def run(carrier, places):
    """What is carried for pictures of a pan, and which of them were keys."""
    answers, waiting, keys = [], [], []
    for x in places:
        look = carrier.look(picture(x))
        waiting.append(look)
        keys.append(look.key)
        if look.key:
            answers += carrier.answers(waiting, crop(GLARE, x))
            waiting = []
    return answers, keys


def test_what_moves_takes_its_answer_along():
    places = [10, 12, 14, 16, 18, 20, 22]
    answers, keys = run(Carrier(3, surprise=1.0), places)
    assert keys == [True, False, False, True, False, False, True]
    inside = (slice(None), slice(12, -12), slice(12, -12))
    for x, answer in zip(places, answers, strict=True):
        error = np.abs(answer - crop(GLARE, x))[inside]
        held = np.abs(crop(GLARE, x + 2) - crop(GLARE, x))[inside]
        assert error.mean() < 0.1 * held.mean(), "far nearer than the answer of a neighbour"


def test_without_a_past_and_every_picture_nothing_is_carried():
    carrier = Carrier(1, surprise=1.0)
    answers, keys = run(carrier, [10, 30, 50])
    assert keys == [True] * 3
    assert all(
        np.array_equal(a, crop(GLARE, x)) for a, x in zip(answers, [10, 30, 50], strict=True)
    )


def test_what_the_key_before_does_not_explain_becomes_a_key():
    carrier = Carrier(4, surprise=0.25)
    dark = np.full((3, HEIGHT, WIDTH), 0.1, np.float32)
    lamp = dark.copy()
    lamp[:, 40:46, 60:66] = 0.9
    looks = [carrier.look(p) for p in (dark, dark, lamp, lamp)]
    assert [look.key for look in looks] == [True, False, True, False]


def test_what_comes_into_view_takes_the_answer_of_the_key_after():
    carrier = Carrier(2, surprise=1.0)
    dark = np.full((3, HEIGHT, WIDTH), 0.1, np.float32)
    lamp = dark.copy()
    lamp[:, 40:60, 60:80] = 0.9
    first, between, last = (carrier.look(p) for p in (dark, lamp, lamp))
    carrier.answers([first], np.zeros((7, HEIGHT, WIDTH), np.float32))
    carried, _ = carrier.answers([between, last], np.ones((7, HEIGHT, WIDTH), np.float32))
    assert carried[:, 45:55, 65:75].min() > 0.95
    assert abs(carried[:, :20].mean() - 0.5) < 0.01, "elsewhere both keys count alike"


@pytest.mark.parametrize("channels", [3, 4, 7])
def test_any_number_of_channels(channels):
    carrier = Carrier(2, surprise=1.0)
    looks = [carrier.look(picture(10)) for _ in range(3)]
    answer = np.ascontiguousarray(crop(GLARE, 10)[:channels] if channels < 7 else crop(GLARE, 10))
    carrier.answers(looks[:1], answer)
    carried, last = carrier.answers(looks[1:], answer)
    assert last is answer
    assert np.abs(carried - answer).max() < 1e-4


def test_reset_and_another_size_make_a_key():
    carrier = Carrier(3, surprise=1.0)
    assert carrier.look(picture(10)).key
    assert not carrier.look(picture(10)).key
    assert carrier.look(picture(10)[:, :64]).key
    carrier.reset()
    assert carrier.look(picture(10)[:, :64]).key


@settings(deadline=None)  # a busy machine is no failure
@given(places=st.lists(st.integers(0, 40), min_size=1, max_size=9), cut=st.integers(1, 8))
def test_a_carrier_goes_on_where_another_paused(places, cut):
    first, rest = places[:cut], places[cut:]
    carrier = Carrier(3, surprise=0.2)
    waiting = []
    for x in first:
        waiting.append(carrier.look(picture(x)))
        if waiting[-1].key:
            carrier.answers(waiting, crop(GLARE, x))
            waiting = []
    if waiting:
        carrier.see(waiting[-1])
        carrier.answers(waiting, crop(GLARE, first[-1]))
    other = Carrier(3, surprise=0.2)
    other.restore(carrier.state())
    (a, keys), (b, other_keys) = run(carrier, rest), run(other, rest)
    assert keys == other_keys
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
