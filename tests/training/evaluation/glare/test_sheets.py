from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.errors import OutputError
from dashcam_pipeline.training.evaluation.common.sheets import Tile, contact_sheet, save


def test_tiles_shrink_but_do_not_grow():
    picture = np.zeros((100, 200, 3), np.uint8)
    assert Tile.of(picture, "", 50).picture.shape == (25, 50, 3)
    assert Tile.of(picture, "", 400).picture is picture


def test_rows_of_any_length_and_shape_fit_and_are_labelled():
    red, blue = np.zeros((40, 120, 3), np.uint8), np.zeros((80, 60, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    sheet = contact_sheet("title", [[Tile(red, "red"), Tile(blue, "blue")], [Tile(red, "again")]])
    assert (sheet == (200, 0, 0)).all(axis=2).sum() == 2 * 40 * 120
    assert (sheet == (0, 0, 200)).all(axis=2).sum() == 80 * 60
    assert sheet.shape[1] == 2 * 120 + 4
    bare = contact_sheet("", [[Tile(red, ""), Tile(blue, "")], [Tile(red, "")]])
    ink = (sheet.astype(int) - bare > 60).any(axis=2)
    assert ink[:34].any(), "the title"
    assert ink[34 + 80 : 34 + 80 + 23].any(), "the captions of the first row"
    assert not ink[34 : 34 + 80].any(), "no words on pictures"


def test_a_picture_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "x.png").mkdir()
    with pytest.raises(OutputError, match=r"x\.png"):
        save(tmp_path / "x.png", np.zeros((4, 4, 3), np.uint8))
