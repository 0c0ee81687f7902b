"""The windscreen judge: what its glass does, and that no training sees it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import dashcam_pipeline
from dashcam_pipeline.simulation import windscreen
from dashcam_pipeline.simulation.windscreen import (
    CLEAN_SCENES,
    OTHER_SCENES,
    SCENES,
    Scatter,
    develop_plainly,
    draw_windscreen,
    make_kernel,
)

PACKAGE = Path(dashcam_pipeline.__file__).parent
CLIPS = PACKAGE.parent / "samples" / "windscreens"


def lamp(x, y, size=(90, 160), light=1000.0):
    picture = np.zeros((*size, 3), np.float32)
    picture[y, x] = light
    return picture


def test_a_kernel_scatters_the_share_it_says():
    (dirt, *_) = draw_windscreen(5).dirt
    kernel = make_kernel(dirt, 60, 100)
    assert kernel.shape == (119, 199)
    assert kernel.min() >= 0
    share = dirt.core[0] + dirt.haze[0] + sum(dirt.streaks)
    assert kernel.sum() == pytest.approx(share, rel=1e-3)


def test_what_a_lamp_scatters_depends_on_where_its_light_comes_through():
    scatter = Scatter(draw_windscreen(9003), 90, 160)
    left, right = (scatter(lamp(x, 45))[45, x - 12 : x + 13].sum() for x in (30, 130))
    assert abs(left / right - 1) > 0.1


def test_clean_glass_scatters_next_to_nothing():
    dirty, clean = (
        Scatter(draw_windscreen(3, clean=c), 90, 160)(lamp(80, 45)) for c in (False, True)
    )
    assert 0 < clean.sum() < 0.02 * dirty.sum()
    np.testing.assert_allclose(clean / clean.sum(), dirty / dirty.sum(), atol=1e-5)


def test_the_plain_camera_clips_each_channel_and_takes_the_root():
    picture = np.full((40, 40, 3), 0.25, np.float32) * np.array([1, 2, 8], np.float32)
    code = develop_plainly(picture, 1.0, (0.0, 0.0), (1, 2))
    wanted = np.array([0.25, 0.5, 1.0]) ** (1 / 2.2) * 255
    assert np.abs(code - wanted).max() <= 1
    grain = develop_plainly(picture, 1.0, (1e-3, 1e-3), (1, 2))
    assert np.array_equal(grain, develop_plainly(picture, 1.0, (1e-3, 1e-3), (1, 2)))
    assert not np.array_equal(grain, develop_plainly(picture, 1.0, (1e-3, 1e-3), (1, 3)))


def test_no_training_imports_its_optics():
    for path in (PACKAGE / "training").rglob("*.py"):
        if "evaluation" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
            assert windscreen.__name__ not in names, path


def test_no_pack_holds_its_scenes():
    scenes = json.loads((PACKAGE.parent / "samples" / "pack" / "scenes.json").read_text())
    seeds = {seed for _, seed in SCENES + OTHER_SCENES}
    assert not set(SCENES) & set(OTHER_SCENES)
    text = json.dumps(scenes)
    assert not [seed for seed in seeds if f'"seed": {seed}' in text]
    assert '"seed": 1' in text, "the packs still name their seeds so"


def test_the_clips_that_are_kept_are_those_of_the_scenes():
    wanted = {f"{kind}-{seed}" for kind, seed in SCENES}
    wanted |= {f"{kind}-{seed}-clean" for kind, seed in CLEAN_SCENES}
    assert {path.name for path in CLIPS.iterdir()} == wanted
    for name in wanted:
        truth = json.loads((CLIPS / name / "truth.json").read_text())
        assert truth["glass"]["clean"] == name.endswith("-clean")
        drawn = draw_windscreen(truth["seed"], clean=name.endswith("-clean"))
        assert truth["glass"]["dirt"][0]["core"] == pytest.approx(drawn.dirt[0].core)
