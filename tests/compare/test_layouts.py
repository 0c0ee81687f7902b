from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dashcam_pipeline.compare.canvas import Canvas, Size
from dashcam_pipeline.compare.layouts import GAP, make_layout
from dashcam_pipeline.compare.options import LAYOUTS, PreviewOptions, make_options
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.frames import Color
from dashcam_pipeline.stages.base import Box

SHOWN = Size(320, 180)


def pair(size):
    return Canvas.blank(size, Color(), 0.2), Canvas.blank(size, Color(), 0.8)


def composed(name, seconds=0.0, box=None, **options):
    layout = make_layout(SHOWN, PreviewOptions(layout=name, **options), box)
    before, after = pair(layout.pane)
    levels = before.planes[0][0, 0], after.planes[0][0, 0]
    canvas = layout.compose(before, after, seconds)
    return layout, canvas.planes[0] == levels[0], canvas.planes[0] == levels[1]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("height", [None, 90, 361])
def test_the_result_has_the_size_that_was_announced(name, height):
    layout = make_layout(
        SHOWN, PreviewOptions(layout=name, height=height), Box(x=0, y=0, width=80, height=60)
    )
    canvas = layout.compose(*pair(layout.pane), 0.3)
    assert canvas.size == layout.size
    if height:
        assert abs(canvas.size.height - height) <= 3


def test_side_by_side():
    layout, before, after = composed("side-by-side")
    assert layout.size == Size(320 * 2 + GAP, 180)
    assert before[:, :320].all()
    assert after[:, 320 + GAP :].all()


def test_stacked():
    layout, before, after = composed("stacked")
    assert layout.size == Size(320, 180 * 2 + GAP)
    assert before[:180].all()
    assert after[180 + GAP :].all()


@pytest.mark.parametrize("position", [0.0, 0.25, 0.5, 1.0])
def test_split_puts_before_left_of_the_divider(position):
    _, before, after = composed("split", position=position)
    x = round(position * 320)
    assert before[:, : max(0, x - GAP)].all()
    assert after[:, x + GAP :].all()


def test_wipe_goes_to_and_fro():
    shares = []
    for seconds in np.linspace(0, 6, 25):
        _, before, _ = composed("wipe", seconds=float(seconds))
        shares.append(before.mean())
    assert shares[0] > 0.95
    assert shares[12] < 0.05
    assert shares[24] > 0.95
    assert all(a >= b for a, b in pairwise(shares[:13]))


def test_crop_shows_the_box_enlarged():
    box = Box(x=100, y=60, width=80, height=60)
    layout = make_layout(SHOWN, PreviewOptions(layout="crop", height=120), box)
    before, after = pair(SHOWN)
    before.planes[0][60:120, 100:180] = 250
    canvas = layout.compose(before, after, 0.0)
    assert layout.pane == SHOWN
    assert canvas.size == Size(160 * 2 + GAP, 120)
    assert (canvas.planes[0][:, :160] > 240).mean() > 0.97


def test_a_box_beyond_the_edge_is_clipped():
    layout = make_layout(
        SHOWN, PreviewOptions(layout="crop"), Box(x=318, y=178, width=400, height=400)
    )
    assert layout.compose(*pair(layout.pane), 0.0).size == layout.size


def test_a_large_recording_is_shrunk_to_fit_a_screen():
    layout = make_layout(Size(3840, 2160), PreviewOptions())
    assert layout.size == Size(1280 * 2 + GAP, 720)


@pytest.mark.parametrize(
    ("key", "value"), [("height", 8), ("layout", "diagonal"), ("zoom", 0), ("colour", 1)]
)
def test_a_wrong_option_is_named(key, value):
    with pytest.raises(UsageError, match=key):
        make_options({key: value})
