from __future__ import annotations

import numpy as np
import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.evaluation.glare.pair_folder import PairFolder

from .conftest import save, street, with_glare


def test_pairs_with_the_same_clear_picture_are_one_scene(pairs):
    folder = PairFolder.open(pairs)
    assert len(folder) == 3
    assert [(p.name, p.scene) for p in folder] == [("a.png", "a"), ("b.png", "a"), ("c.png", "c")]
    pair = next(iter(folder))
    assert np.array_equal(pair.clear, street(0))
    assert np.array_equal(pair.flare, with_glare(street(0)))
    assert pair.mask is None


def test_lists_choose_and_name_scenes(pairs, tmp_path):
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("c.png scene-9\n\n")
    two.write_text("a\n")
    found = list(PairFolder.open(pairs, [one, two]))
    assert [(p.name, p.scene) for p in found] == [("c.png", "scene-9"), ("a.png", "a")]


def test_numbers_are_counted_not_spelled(tmp_path):
    for name in ("10", "9"):
        for side in ("flare", "clear"):
            save(tmp_path / side / f"{name}.png", street())
    assert [p.name for p in PairFolder.open(tmp_path)] == ["9.png", "10.png"]


def test_the_layout_of_flare7ks_real_test_set(tmp_path):
    mask = np.zeros((96, 128, 3), np.uint8)
    mask[:8] = (255, 255, 0)
    for side, picture in (("input", with_glare(street())), ("gt", street()), ("mask", mask)):
        save(tmp_path / side / f"{side}_000003.png", picture)
    (pair,) = PairFolder.open(tmp_path)
    assert pair.name == "input_000003.png"
    assert np.array_equal(pair.mask, mask)


def test_what_is_broken_is_named(pairs, tmp_path):
    with pytest.raises(InputMissingError, match="not a folder"):
        PairFolder.open(tmp_path / "nowhere")
    with pytest.raises(InputMissingError, match=r"no\.txt"):
        PairFolder.open(pairs, [tmp_path / "no.txt"])
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("zebra.png\n")
    with pytest.raises(InputError, match=r"zebra\.png"):
        PairFolder.open(pairs, [wrong])
    save(pairs / "clear" / "b.png", street(0, 48, 64))
    with pytest.raises(InputError, match="differs in size: 128x96 and 64x48"):
        list(PairFolder.open(pairs))
    (pairs / "clear" / "b.png").unlink()
    with pytest.raises(InputError, match=r"b\.png"):
        PairFolder.open(pairs)
