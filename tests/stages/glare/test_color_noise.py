"""Noise of colour goes where nearly all light was haze, and nothing else does."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.frames import Frame, FrameBatch
from dashcam_pipeline.stages.base import StageContext, StreamInfo
from dashcam_pipeline.stages.glare import stage as stage_module
from dashcam_pipeline.stages.glare.color_noise import without_color_noise
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.stages.glare.stage import GlareStage

SIZE = (144, 256)
SKY = np.array([0.45, 0.42, 0.33])[:, None, None]
"""Hazy, of which nine tenths of the light go."""


def _blotches(seed: int, strength: float) -> np.ndarray:
    """Noise as wide as a codec's blocks, (h, w)."""
    rng = np.random.default_rng(seed)
    small = rng.normal(0, strength, (SIZE[0] // 4, SIZE[1] // 4)).astype(np.float32)
    return np.asarray(cv2.resize(small, SIZE[::-1], interpolation=cv2.INTER_NEAREST))


def _sky(seed: int = 0, strength: float = 0.03) -> np.ndarray:
    picture = np.broadcast_to(SKY, (3, *SIZE)).astype(np.float32)
    picture[2] += _blotches(seed, strength)
    return picture


def _haze(share: float) -> GlareLayer:
    return GlareLayer.plain(np.broadcast_to(share * SKY**2, (3, *SIZE)).astype(np.float32))


def _left(picture: np.ndarray, layer: GlareLayer) -> np.ndarray:
    """Code values of what is left."""
    light = np.square(picture)
    return np.sqrt(np.maximum(light - layer.of(light), 0.04 * light))


def _luma(picture: np.ndarray) -> np.ndarray:
    return np.asarray(0.25 * (picture[0] + picture[2]) + 0.5 * picture[1])


def test_a_night_sky_is_spotted_with_blue_no_more() -> None:
    picture, layer = _sky(), _haze(0.9)
    before, after = (_left(picture, each) for each in (layer, without_color_noise(picture, layer)))
    spread = [float((each[2] - _luma(each)).std()) for each in (before, after)]
    assert spread[0] > 1.5 * float((picture[2] - _luma(picture)).std())
    assert spread[1] < spread[0] / 2
    assert after[2].mean() < before[2].mean()


def test_what_is_of_a_color_of_its_own_keeps_it() -> None:
    picture, layer = _sky(strength=0), _haze(0.9)
    picture[0, 60:80, 100:120] += 0.4
    before, after = (_left(picture, each) for each in (layer, without_color_noise(picture, layer)))
    reds = [(each[0] - _luma(each))[60:80, 100:120] for each in (before, after)]
    assert (reds[1] / reds[0]).min() > 0.95


def test_a_streak_that_is_taken_leaves_no_tint() -> None:
    """Its own colour is no noise: brought nearer to the sky's, a blue one would leave red."""
    haze = np.broadcast_to(0.9 * SKY**2, (3, *SIZE)).astype(np.float32)
    streak = np.zeros_like(haze)
    streak[:, :, 120:128] = np.array([0.02, 0.06, 0.12])[:, None, None]
    picture = np.sqrt(SKY**2 + streak).astype(np.float32)
    layer = GlareLayer.plain(haze + streak)
    before, after = (_left(picture, each) for each in (layer, without_color_noise(picture, layer)))
    assert np.abs(after - before).max() < 0.02
    assert (after[2] - after[0])[:, 120:128].min() > -0.5 * (0.45 - 0.33)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.4])
def test_where_light_stays_so_does_its_noise(share: float) -> None:
    layer = _haze(share)
    assert without_color_noise(_sky(), layer) is layer


def test_it_sets_in_with_what_is_taken() -> None:
    """A hard threshold would show, and flicker."""
    picture = _sky()
    shares = np.linspace(0.5, 0.8, 7)
    changes = []
    for share in shares:
        layer = _haze(float(share))
        floor = without_color_noise(picture, layer).floor
        changes.append(float(np.abs(floor - layer.floor).mean()))
    steps = np.diff(changes)
    assert (steps > 0).all()
    assert steps.max() < 0.3 * changes[-1]


@given(seed=st.integers(0, 2**16), strength=st.floats(0, 0.1), share=st.floats(0.5, 1))
def test_luma_keeps_its_grain(seed: int, strength: float, share: float) -> None:
    """As the change is made before anything is taken, in code values."""
    picture, layer = np.clip(_sky(seed, strength), 0, 1), _haze(share)
    changed = np.square(picture) + without_color_noise(picture, layer).floor - layer.floor
    assert changed.min() > -1e-5
    assert np.abs(_luma(np.sqrt(np.maximum(changed, 0))) - _luma(picture)).max() < 1e-3


def _hazy_frames(count: int) -> list[Frame]:
    """A lamp behind a dirty windscreen by night, and noise of colour that is new in each frame."""
    y, x = np.mgrid[0:180, 0:320]
    radius = np.hypot(x - 130, y - 70)
    luma = 60 + 130 / (1 + (radius / 25) ** 2)
    luma[radius < 6] = 235
    frames = []
    for index in range(count):
        noise = cv2.resize(
            np.random.default_rng(index).normal(0, 4, (23, 40)),
            (160, 90),
            interpolation=cv2.INTER_NEAREST,
        )
        chroma = [np.rint(128 + sign * noise).astype(np.uint8) for sign in (1, 0.3)]
        planes = (np.rint(luma).astype(np.uint8), *chroma)
        frames.append(Frame(planes, index, Fraction(1, 30), index))
    return frames


def _spreads(frames: list[Frame]) -> list[float]:
    """Of the noise of each frame, beside the lamp."""
    context = StageContext(quality="balanced", threads=1)
    stage = GlareStage(GlareStage.Options(glass="dirty"), context)
    frame = frames[0]
    stage.open(StreamInfo(frame.width, frame.height, frame.layout, frame.color))
    cleaned = [*stage.process(FrameBatch(tuple(frames))), *(stage.flush() or ())]
    assert len(cleaned) == len(frames)
    return [float(each.planes[1][10:60, 100:150].std()) for each in cleaned]


def test_each_frame_is_rid_of_its_own_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the network sees, and those to which its answer is carried."""
    frames = _hazy_frames(7)
    without = _spreads(frames)
    monkeypatch.setattr(stage_module, "without_color_noise", lambda _picture, layer: layer)
    for less, more in zip(without, _spreads(frames), strict=True):
        assert less < 0.75 * more
