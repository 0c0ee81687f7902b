"""BDD100K as its owners have it on their disks."""

from __future__ import annotations

import json

import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.night_day.bdd100k import Bdd100k

from .conftest import make_bdd100k

LAYOUTS = {
    "official": ("images/100k", "labels/bdd100k_labels_images_train.json"),
    "official of 2020": ("images/100k", "labels/det_20/det_train.json"),
    "in a folder": ("bdd100k/images/100k", "bdd100k/labels/bdd100k_labels_images_train.json"),
    "solesensei": (
        "bdd100k/bdd100k/images/100k",
        "bdd100k_labels_release/bdd100k/labels/bdd100k_labels_images_train.json",
    ),
}


@pytest.fixture(params=LAYOUTS)
def copy(request, tmp_path):
    images, labels = LAYOUTS[request.param]
    make_bdd100k(tmp_path / images, tmp_path / labels)
    return tmp_path


def names(paths):
    return [p.name for p in paths]


def test_night_and_day_come_out_of_every_layout(copy):
    bdd = Bdd100k.open(copy)
    assert names(bdd.pictures("night")) == ["a.jpg"]
    assert names(bdd.pictures("daytime")) == ["c.jpg"]
    assert names(bdd.pictures("dawn/dusk")) == ["e.jpg"]


def test_rain_is_a_split_of_its_own(copy):
    bdd = Bdd100k.open(copy)
    assert names(bdd.pictures("night", rain="only")) == ["b.jpg"]
    assert names(bdd.pictures("daytime", rain="with")) == ["c.jpg", "f.jpg"]


def test_a_picture_that_is_not_there_is_left_out(copy):
    assert "gone.jpg" not in [item.path.name for item in Bdd100k.open(copy).read()]


def test_what_is_missing_is_named(tmp_path, copy):
    with pytest.raises(InputMissingError, match="not a folder"):
        Bdd100k.open(tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputMissingError, match="images/100k/train"):
        Bdd100k.open(empty)
    with pytest.raises(InputMissingError, match="no labels for 'val'"):
        Bdd100k.open(copy).read("val")
    for label in copy.rglob("*.json"):
        label.unlink()
    with pytest.raises(InputMissingError, match="no labels for them"):
        Bdd100k.open(copy)


@pytest.mark.parametrize("text", ["{", '{"name": "a"}', '[{"id": 1}]', "[3]"])
def test_a_broken_label_file_is_named(copy, text):
    label = next(copy.rglob("*.json"))
    label.write_text(text)
    with pytest.raises(InputError, match=label.name):
        Bdd100k.open(copy).read()


def test_entries_without_attributes_are_neither_night_nor_day(copy):
    label = next(copy.rglob("*.json"))
    label.write_text(json.dumps([{"name": "a.jpg"}, {"name": "c.jpg", "attributes": None}]))
    with pytest.raises(InputError, match="no pictures of 'night'"):
        Bdd100k.open(copy).pictures("night")
