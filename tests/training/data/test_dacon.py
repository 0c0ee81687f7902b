"""The layout of DACON 235746."""

from __future__ import annotations

import shutil

import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.dacon import find_dacon
from dashcam_pipeline.training.data.pairs import read_pair


def test_the_list_gives_pairs_and_order(dacon_folder):
    found = find_dacon(dacon_folder)
    assert [pair.name for pair in found] == ["train_input_10001", "train_input_10000"]
    assert found[0].target.name == "train_label_10001.png"
    assert read_pair(found[0], 100).input.shape == (75, 100, 3)


def test_without_the_list_numbers_pair(dacon_folder):
    (dacon_folder / "train.csv").unlink()
    found = find_dacon(dacon_folder)
    assert [(p.input.name[-9:], p.target.name[-9:]) for p in found] == [
        ("10000.png", "10000.png"),
        ("10001.png", "10001.png"),
    ]
    found[0].target.unlink()
    with pytest.raises(InputError, match="1 of 2 pictures have no partner"):
        find_dacon(dacon_folder)


def test_some_can_be_chosen(dacon_folder, tmp_path):
    names = tmp_path / "some.txt"
    names.write_text("train_input_10000.png\n")
    assert [pair.name for pair in find_dacon(dacon_folder, names)] == ["train_input_10000"]


def test_a_list_from_a_spreadsheet_is_read(dacon_folder):
    path = dacon_folder / "train.csv"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert len(find_dacon(dacon_folder)) == 2


def test_a_lost_picture_is_named(dacon_folder):
    (dacon_folder / "train_label_img" / "train_label_10000.png").unlink()
    with pytest.raises(InputError, match=r"1 of 4 pictures .*missing: .*train_label_10000\.png"):
        find_dacon(dacon_folder)


def test_the_wrong_list_is_explained(dacon_folder):
    shutil.copy(dacon_folder / "test.csv", dacon_folder / "train.csv")
    with pytest.raises(InputError, match=r"no column 'label_img'\nIts columns are"):
        find_dacon(dacon_folder)
    (dacon_folder / "train.csv").write_text("img_id,input_img,label_img\n")
    with pytest.raises(InputError, match="lists no pictures"):
        find_dacon(dacon_folder)


def test_wrong_folders_are_put_right(dacon_folder, tmp_path):
    with pytest.raises(InputError, match=f"Give {dacon_folder} instead"):
        find_dacon(dacon_folder / "train_input_img")
    with pytest.raises(InputError, match=rf"Did you mean {dacon_folder}\?"):
        find_dacon(tmp_path)
    shutil.rmtree(dacon_folder / "train_label_img")
    with pytest.raises(InputMissingError, match=r"has no train_label_img/\nThe set's folder holds"):
        find_dacon(dacon_folder)
