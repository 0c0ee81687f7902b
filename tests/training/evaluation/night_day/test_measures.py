"""Each measure tells a good translation from the bad one that it is there to catch."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.evaluation.night_day.edges import edge_shift
from dashcam_pipeline.training.evaluation.night_day.features import Lite0
from dashcam_pipeline.training.evaluation.night_day.kernel_distance import (
    crop_features,
    interval,
    kernel_means,
    replicates,
    split_halves,
)
from dashcam_pipeline.training.evaluation.night_day.signals import find_signals, signal_changes
from dashcam_pipeline.training.evaluation.night_day.structure import (
    picture_structure,
    self_similarity,
    structure_distance,
)
from dashcam_pipeline.training.evaluation.night_day.tone_curve import Look, ToneCurve

from .conftest import darkened, street


@pytest.fixture(scope="module")
def net():
    return Lite0()


def features(seed, count=6, crops=3, d=8, shift=0.0):
    rng = np.random.default_rng(seed)
    picture = rng.normal(size=(count, 1, d))
    return picture + 0.3 * rng.normal(size=(count, crops, d)) + shift


def by_hand(x, y):
    """The unbiased estimate over pairs of crops of different pictures, in plain loops."""

    def k(a, b):
        return (a @ b / len(a) + 1) ** 3

    def within(z):
        pairs = [
            k(a, b)
            for i, one in enumerate(z)
            for j, two in enumerate(z)
            if i != j
            for a in one
            for b in two
        ]
        return np.mean(pairs)

    cross = np.mean([k(a, b) for one in x for a in one for two in y for b in two])
    return 1000 * (within(x) + within(y) - 2 * cross)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), shift=st.floats(-2, 2), count=st.integers(4, 7))
def test_the_kernel_distance_is_the_textbooks(seed, shift, count):
    x, y = features(seed, count), features(seed + 1, shift=shift)
    assert replicates(x, y)[0] == pytest.approx(by_hand(x, y), rel=1e-9, abs=1e-9)


def test_the_kernel_distance_grows_with_the_shift_and_its_interval_holds_it():
    reference = features(0, count=20)
    found = [interval(replicates(features(1, count=20, shift=s), reference)) for s in (0, 1, 3)]
    assert found[0].value < found[1].value < found[2].value
    assert all(d.low < d.value < d.high for d in found)
    assert found[2].low > found[0].high


def test_rows_share_their_draws():
    reference, x = features(0, count=8), features(1, count=8, shift=1)
    assert np.array_equal(replicates(x, reference), replicates(x.copy(), reference))
    assert not np.array_equal(replicates(x, reference), replicates(x, reference, seed=1))


def test_a_set_is_about_nothing_away_from_itself():
    itself = split_halves(features(0, count=20))
    far = interval(replicates(features(1, count=20, shift=2), features(0, count=20)))
    assert itself.low < 0 < itself.high
    assert itself.value == pytest.approx(0, abs=(itself.high - itself.low) / 10)
    assert far.low > itself.high


def test_too_few_pictures_are_refused():
    with pytest.raises(InputError, match="3 and 6 pictures are too few"):
        replicates(features(0, count=3), features(1))
    with pytest.raises(InputError, match="6 pictures are too few to be halved"):
        split_halves(features(0))


def test_kernel_means_are_means_over_crops():
    x, y = features(0, count=2), features(1, count=3)
    k = kernel_means(x, y)
    assert k.shape == (2, 3)
    by_loop = np.mean([(a @ b / 8 + 1) ** 3 for a in x[1] for b in y[2]])
    assert k[1, 2] == pytest.approx(by_loop)


def test_features_are_those_of_imagenet(net, few_crops):
    """A constant answer, or one of untrained weights, would tell these pictures apart no better."""
    day, night = [street(s) for s in range(6)], [darkened(street(s + 6)) for s in range(6)]
    other = [street(s + 12) for s in range(6)]
    x = {n: crop_features(net, p) for n, p in {"day": day, "night": night, "more": other}.items()}
    assert x["day"].shape == (6, 2, 1280)
    assert replicates(x["night"], x["day"])[0] > 5 * abs(replicates(x["more"], x["day"])[0])


def test_structure_survives_light_but_not_another_place(net):
    here = picture_structure(net, street(0))
    dark = structure_distance(here, picture_structure(net, darkened(street(0), 0.6)))
    moved = structure_distance(here, picture_structure(net, np.roll(street(0), 60, axis=1)))
    assert structure_distance(here, here) == 0
    assert 0 < dark < moved / 2


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10))
def test_self_similarity_is_a_cosine(seed, scale):
    features = np.random.default_rng(seed).normal(size=(7, 3, 4))
    found = self_similarity(features)
    assert found.shape == (12, 12)
    assert np.allclose(np.diag(found), 1)
    assert np.allclose(found, found.T)
    assert np.allclose(found, self_similarity(features * scale))


@pytest.mark.parametrize("by", [1, 2, 3])
def test_edges_tell_how_far_they_moved(by):
    """Upright and level bars, so that the nearest partner of an edge is its own."""
    picture = np.full((120, 200, 3), 40, np.uint8)
    picture[:, 80:120] = 160
    shifted = np.roll(picture, by, axis=1)
    found = edge_shift(picture, shifted)
    assert found.moved == pytest.approx(by, abs=0.3)
    assert found.lost < 0.05


def test_edges_hold_still_under_a_tone_curve_and_an_inversion():
    picture = street(0)
    for after in (picture, np.rint(255 * (picture / 255) ** 0.6).astype(np.uint8), 255 - picture):
        found = edge_shift(picture, after)
        assert found.moved < 0.35
        assert found.lost < 0.03


def test_lost_edges_are_not_moved_ones():
    picture = street(0)
    flat = np.full_like(picture, 120)
    assert edge_shift(picture, flat).lost == 1
    assert np.isnan(edge_shift(picture, flat).moved)
    assert np.isnan(edge_shift(flat, picture).lost)
    half = picture.copy()
    half[:, 160:] = 120
    assert 0.3 < edge_shift(picture, half).lost < 0.7


RED, GREEN, AMBER = (255, 40, 30), (20, 255, 180), (255, 190, 20)


def signal(picture, color, at, *, radius=6, core=True):
    """A lamp as cameras see it: a halo, a coloured disc, a clipped core."""
    cv2.circle(picture, at, radius * 2, [c // 2 for c in color], -1, cv2.LINE_AA)
    cv2.circle(picture, at, radius, color, -1, cv2.LINE_AA)
    if core:
        cv2.circle(picture, at, radius // 2, (255, 255, 250), -1, cv2.LINE_AA)


@pytest.fixture
def crossing():
    picture = np.random.default_rng(0).integers(10, 30, (360, 640, 3)).astype(np.uint8)
    signal(picture, RED, (100, 60))
    signal(picture, GREEN, (300, 60), core=False)
    signal(picture, AMBER, (500, 60))
    cv2.circle(picture, (200, 200), 6, (250, 250, 245), -1)  # a white lamp
    cv2.rectangle(picture, (400, 150), (630, 350), (230, 60, 50), -1)  # a red lorry
    cv2.rectangle(picture, (20, 300), (180, 304), (250, 30, 30), -1)  # a red neon line
    return picture


def test_signals_are_found_and_nothing_else(crossing):
    found = sorted(find_signals(crossing), key=lambda s: s.box[0])
    assert [s.colour for s in found] == ["red", "green", "amber"]
    x, y, width, height = found[0].box
    assert x <= 100 < x + width
    assert y <= 60 < y + height
    assert find_signals(street(0)) == []


def test_hue_that_is_kept_turned_and_gone(crossing):
    signals = find_signals(crossing)
    assert all(s.degrees == 0 for s in signal_changes(signals, crossing, crossing))
    brighter = np.minimum(crossing.astype(int) + 20, 255).astype(np.uint8)
    assert all(s.degrees < 8 and not s.faded for s in signal_changes(signals, crossing, brighter))
    swapped = np.ascontiguousarray(crossing[..., [1, 0, 2]])
    turned = {s.colour: s.degrees for s in signal_changes(signals, crossing, swapped)}
    assert turned["red"] > 90
    wrong_core = crossing.copy()
    cv2.circle(wrong_core, (100, 60), 3, (60, 200, 60), -1)
    (found,) = (s for s in signal_changes(signals, crossing, wrong_core) if s.colour == "red")
    assert found.degrees > 90
    assert not found.faded
    gray = np.repeat(crossing.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    for change in signal_changes(signals, crossing, gray):
        assert change.faded
        assert change.degrees == 180


def test_a_tone_curve_makes_a_night_look_like_the_day_set():
    days = [street(s, level=110) for s in range(4)]
    look = Look.of(days)
    night = darkened(street(9, level=110))
    night[..., 2] = night[..., 2] * 0.75  # sodium light
    found = Look.of([ToneCurve.fit([night], look).apply(night)])
    assert found.mean == pytest.approx(look.mean, abs=0.02)
    assert found.low == pytest.approx(look.low, abs=0.06)
    assert found.high == pytest.approx(look.high, abs=0.06)
    assert found.balance == pytest.approx(look.balance, abs=0.1)
    before = Look.of([night])
    assert abs(found.colour - look.colour) < abs(before.colour - look.colour)


@settings(max_examples=20, deadline=None)
@given(level=st.integers(0, 255), spread=st.integers(0, 80), seed=st.integers(0, 100))
def test_a_tone_curve_rises_whatever_the_picture(level, spread, seed):
    rng = np.random.default_rng(seed)
    picture = np.clip(level + rng.normal(0, spread, (40, 60, 3)), 0, 255).astype(np.uint8)
    curve = ToneCurve.fit([picture], Look((1, 1, 1), 0.1, 0.45, 0.95, 0.05))
    assert (np.diff(curve.table.astype(int), axis=0) >= 0).all()
    assert curve.apply(picture).dtype == np.uint8
