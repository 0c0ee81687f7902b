from __future__ import annotations

import cv2
import numpy as np
import pytest

from dashcam_pipeline.training.evaluation.glare.signals import SignalChange, find_signals

RED, AMBER, GREEN = (255, 60, 40), (255, 170, 30), (90, 255, 225)


def night(*lamps, size=(360, 640)):
    """A dark street with lamps (x, y, radius, rim's colour): a white core and its bloom."""
    rng = np.random.default_rng(0)
    picture = rng.integers(20, 60, (*size, 3)).astype(np.float32)
    y, x = np.mgrid[: size[0], : size[1]]
    for cx, cy, radius, color in lamps:
        away = np.hypot(x - cx, y - cy)
        glow = np.exp(-np.maximum(away - radius, 0) / (0.5 * radius))[..., None]
        picture = np.maximum(picture, glow * np.array(color, np.float32))
        core = np.clip(0.6 * radius - away + 0.5, 0, 1)[..., None]
        picture = picture * (1 - core) + 255 * core
    return np.round(picture).astype(np.uint8)


def test_signals_of_all_colours_are_found_where_they_are():
    lamps = [(100, 80, 8, RED), (320, 90, 6, AMBER), (520, 70, 10, GREEN)]
    found = {s.colour: s for s in find_signals(night(*lamps))}
    assert sorted(found) == ["amber", "green", "red"]
    for (x, y, radius, _), color in zip(lamps, ("red", "amber", "green"), strict=True):
        signal = found[color]
        left, top, width, height = signal.box
        assert left + width / 2 == pytest.approx(x, abs=3)
        assert top + height / 2 == pytest.approx(y, abs=3)
        assert radius < width < 5 * radius
        assert signal.core.any()
        assert signal.rim.any()


def test_what_is_no_signal_is_not_found():
    picture = night((200, 100, 9, (255, 255, 250)), (400, 100, 9, (170, 200, 255)))
    picture[200:340, 100:500] = (230, 60, 40)  # a lit red wall
    picture[20:24, 100:400] = RED  # a long red line
    assert find_signals(picture) == []


def test_two_signals_whose_bloom_meets_are_two():
    assert len(find_signals(night((300, 100, 8, GREEN), (330, 100, 8, GREEN)))) == 2


def test_the_change_of_hue_and_luma_is_measured():
    before = night((100, 80, 8, RED))
    (signal,) = find_signals(before)
    same = SignalChange.of(signal, before, before)
    assert (same.hue, same.luma) == (0, 0)

    hsv = cv2.cvtColor(before.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] - 20) % 360
    turned = np.round(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255).astype(np.uint8)
    change = SignalChange.of(signal, before, turned)
    assert change.hue == pytest.approx(20, abs=2)

    dimmed = np.round(before * 0.8).astype(np.uint8)
    change = SignalChange.of(signal, before, dimmed)
    assert change.luma == pytest.approx(-0.2, abs=0.01)
    assert change.hue == pytest.approx(0, abs=1)
