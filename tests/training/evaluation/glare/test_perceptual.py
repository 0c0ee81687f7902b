from __future__ import annotations

import cv2
import numpy as np
import pytest

from dashcam_pipeline.errors import ModelError
from dashcam_pipeline.training.evaluation.glare import perceptual
from dashcam_pipeline.training.evaluation.glare.perceptual import SIDE, PerceptualDistance

from .conftest import street


@pytest.fixture(scope="module")
def distance():
    return PerceptualDistance()


def seen(picture):
    return picture.astype(np.float32) / 255


def test_a_picture_is_nearest_to_itself(distance):
    clear = seen(street())
    features = distance.features(clear)
    assert [f.shape[0] for f in features] == [16, 24, 40, 112, 320]
    assert distance.between(features, features) == 0
    assert distance.between(distance.features(clear + 0.02), features) > 0


def test_it_grows_with_blur_and_does_not_ask_which_is_which(distance):
    clear = seen(street())
    a, b, c = (
        distance.features(clear if s == 0 else cv2.GaussianBlur(clear, (0, 0), s))
        for s in (0, 1, 3)
    )
    assert 0 < distance.between(a, b) < distance.between(a, c)
    assert distance.between(a, c) == pytest.approx(distance.between(c, a))


def test_large_pictures_are_averaged_down(distance):
    features = distance.features(np.zeros((SIDE * 2, SIDE * 3, 3), np.float32))
    assert features[0].shape[1:] == (SIDE // 2, SIDE * 3 // 4)


def test_no_weights_no_distance(monkeypatch):
    monkeypatch.setattr(perceptual, "load_pretrained", lambda *_args: False)
    with pytest.raises(ModelError, match="no package ships"):
        PerceptualDistance()
