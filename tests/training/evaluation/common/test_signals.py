from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashcam_pipeline.training.evaluation.common.signals import (
    Shape,
    Signal,
    compact_blobs,
    find_signals,
)

SHAPE = Shape(area=(0.001, 0.05), side=30, longest=2, filled=0.5, diagonal=True)


def mask(*boxes):
    """A mask of 100 x 100 pixels with filled boxes (x, y, width, height)."""
    lit = np.zeros((100, 100), np.uint8)
    for x, y, width, height in boxes:
        lit[y : y + height, x : x + width] = 1
    return lit


@pytest.mark.parametrize(
    ("box", "why"),
    [
        ((10, 10, 3, 3), "9 of 10,000 pixels are fewer than a thousandth"),
        ((10, 10, 23, 22), "506 are more than a twentieth"),
        ((10, 10, 31, 16), "31 is longer than 30"),
        ((10, 10, 9, 4), "9 is more than twice 4"),
    ],
)
def test_what_has_not_a_lamp_s_shape_is_left_out(box, why):
    lamp = (60, 60, 4, 8)
    assert [blob.box for blob in compact_blobs(mask(box, lamp), SHAPE)] == [lamp], why


def test_a_frame_does_not_fill_its_box():
    ring = mask((10, 10, 12, 12)) - mask((12, 12, 8, 8))
    assert [b.area for b in compact_blobs(ring, replace(SHAPE, filled=0.55))] == [80]
    assert not list(compact_blobs(ring, replace(SHAPE, filled=0.56)))


def test_corners_join_or_do_not():
    corners = mask((10, 10, 5, 5), (15, 15, 5, 5))
    assert len(list(compact_blobs(corners, SHAPE))) == 1
    assert len(list(compact_blobs(corners, replace(SHAPE, diagonal=False)))) == 2


def test_views_end_at_the_picture_s_edges_and_distances_begin_at_the_blob():
    (blob,) = compact_blobs(mask((0, 90, 6, 8)), SHAPE)
    view = blob.view(5)
    assert view == (slice(85, 103), slice(0, 11))
    away = blob.away(view)
    assert away.shape == (15, 11)
    assert (away[5:13, :6] == 0).all()
    assert away[5, 10] == pytest.approx(5, rel=0.02)
    assert (blob.inside(view) == (away == 0)).all()


def test_a_judge_decides_and_what_overlaps_comes_once():
    def judge(blob):
        box = blob.box
        inside = blob.inside(blob.view())
        return Signal("red", box, inside, inside) if box[0] < 50 else None

    first, near, far = mask((10, 10, 8, 8)), mask((16, 12, 8, 8)), mask((70, 10, 8, 8))
    layers = [(first, judge), (near, judge), (far, judge)]
    boxes = [s.box for s in find_signals(layers, SHAPE, apart=False)]
    assert boxes == [(10, 10, 8, 8), (16, 12, 8, 8)]
    assert [s.box for s in find_signals(layers, SHAPE, apart=True)] == boxes[:1]
    touching = [(first, judge), (mask((18, 10, 8, 8)), judge)]
    assert len(find_signals(touching, SHAPE, apart=True)) == 2
