"""Folders of pairs: what is read, and what is said about broken ones."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.pairs import find_pairs, read_pair

from .conftest import hazy, save, street


def test_names_match_whatever_the_picture_type(pairs_folder):
    found = find_pairs(pairs_folder)
    assert [pair.name for pair in found] == ["0", "1", "2"]
    assert [pair.target.suffix for pair in found] == [".png", ".JPG", ".webp"]
    pair = read_pair(found[0], 720)
    assert np.array_equal(pair.target, street(0))
    assert np.array_equal(pair.input, hazy(street(0)))


@pytest.mark.parametrize("names", [("flare", "clear"), ("input", "gt")])
def test_other_names_of_the_sides_are_known(pairs_folder, names):
    (pairs_folder / "input").rename(pairs_folder / "a")
    (pairs_folder / "target").rename(pairs_folder / names[1])
    (pairs_folder / "a").rename(pairs_folder / names[0])
    assert len(find_pairs(pairs_folder)) == 3


def test_large_pairs_are_shrunk(tmp_path):
    clean = street(0, 480, 640)
    save(tmp_path / "input" / "a.png", hazy(clean))
    save(tmp_path / "target" / "a.png", clean)
    pair = read_pair(find_pairs(tmp_path)[0], 160)
    assert pair.input.shape == pair.target.shape == (120, 160, 3)


def test_a_list_chooses_and_orders(pairs_folder, tmp_path):
    names = tmp_path / "some.txt"
    names.write_text("2.png scene-1\n0\n")
    assert [pair.name for pair in find_pairs(pairs_folder, names)] == ["2", "0"]
    names.write_text("2\n7\n")
    with pytest.raises(InputError, match="1 of 2 listed pairs are missing: 7"):
        find_pairs(pairs_folder, names)
    names.write_text("\n")
    with pytest.raises(InputError, match="names no pairs"):
        find_pairs(pairs_folder, names)


def test_hidden_files_and_other_files_are_passed_over(pairs_folder):
    (pairs_folder / "input" / "._0.png").write_bytes(b"x")
    (pairs_folder / "target" / "notes.txt").write_text("x")
    assert len(find_pairs(pairs_folder)) == 3


def test_a_missing_side_is_named(pairs_folder):
    shutil.rmtree(pairs_folder / "target")
    with pytest.raises(InputMissingError, match=r"has input/ but no gt/ or target/\n.*same file"):
        find_pairs(pairs_folder)


def test_one_side_given_leads_to_its_parent(pairs_folder):
    with pytest.raises(InputError, match=rf"is one side .*\nGive {pairs_folder} instead"):
        find_pairs(pairs_folder / "input")


def test_a_folder_above_leads_to_the_pairs(pairs_folder):
    with pytest.raises(InputError, match=rf"Did you mean {pairs_folder}\?"):
        find_pairs(pairs_folder.parent)


def test_an_unrelated_folder_is_told_the_layout(tmp_path):
    with pytest.raises(InputMissingError, match=r"holds no pairs\n.*input/ .*target/"):
        find_pairs(tmp_path)


@pytest.mark.parametrize("side", ["input", "target"])
def test_a_picture_without_partner_is_named(pairs_folder, side):
    alone = save(pairs_folder / side / "9.png", street())
    with pytest.raises(InputError, match=rf"1 of 4 pictures have no partner in .*: {alone}"):
        find_pairs(pairs_folder)


def test_two_pictures_of_one_name_are_refused(pairs_folder):
    save(pairs_folder / "input" / "0.bmp", street())
    with pytest.raises(InputError, match=r"two pictures called '0': 0\.bmp and 0\.png"):
        find_pairs(pairs_folder)


def test_an_empty_side_is_named(pairs_folder):
    for path in (pairs_folder / "target").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"target holds no pictures"):
        find_pairs(pairs_folder)


def test_different_sizes_are_refused(pairs_folder):
    save(pairs_folder / "target" / "0.png", street(0, 40, 60))
    with pytest.raises(InputError, match=r"input/0\.png is 64x48, but .*target/0\.png is 60x40"):
        read_pair(find_pairs(pairs_folder)[0], 720)


def test_an_unreadable_picture_is_named(pairs_folder):
    (pairs_folder / "input" / "0.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"input/0\.png can't be read"):
        read_pair(find_pairs(pairs_folder)[0], 720)
