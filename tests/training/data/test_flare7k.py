"""The layouts of Flare7K and Flare7K++."""

from __future__ import annotations

import shutil

import pytest

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.data.flare7k import Flare7K
from dashcam_pipeline.training.data.pairs import find_pairs


def test_the_whole_set(flare7k_folder):
    found = Flare7K.find(flare7k_folder)
    assert (len(found.drawn), len(found.taken), len(found.ghosts)) == (2, 2, 2)
    assert found.drawn[1].flare.parts[-4:] == (
        "Flare7K", "Scattering_Flare", "Compound_Flare", "000001.png",
    )  # fmt: skip
    assert found.drawn[1].lamp.parts[-2:] == ("Light_Source", "000001.png")


def test_each_part_alone(flare7k_folder):
    first = Flare7K.find(flare7k_folder / "Flare7K")
    assert (len(first.drawn), len(first.taken), len(first.ghosts)) == (2, 0, 2)
    second = Flare7K.find(flare7k_folder / "Flare-R")
    assert (len(second.drawn), len(second.taken), len(second.ghosts)) == (0, 2, 0)


def test_the_case_of_names_does_not_matter(flare7k_folder):
    (flare7k_folder / "Flare7K").rename(flare7k_folder / "Flare7k")
    assert len(Flare7K.find(flare7k_folder).drawn) == 2


def test_the_first_edition_lacks_lamps(flare7k_folder):
    shutil.rmtree(flare7k_folder / "Flare7K" / "Scattering_Flare" / "Light_Source")
    with pytest.raises(InputMissingError, match=r"no Light_Source/\n.*Flare7K\+\+"):
        Flare7K.find(flare7k_folder)


def test_a_lost_lamp_is_noticed(flare7k_folder):
    (flare7k_folder / "Flare-R" / "Light_Source" / "000001.png").unlink()
    with pytest.raises(InputError, match=r"no partner in .*Light_Source: .*000001\.png"):
        Flare7K.find(flare7k_folder)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Flare7K/Scattering_Flare", "Flare7K"),
        ("Flare7K/Scattering_Flare/Compound_Flare", "Flare7K"),
        ("Flare7K/Reflective_Flare", "Flare7K"),
        ("Flare-R/Light_Source", "Flare-R"),
    ],
)
def test_a_part_leads_to_the_set(flare7k_folder, given, meant):
    with pytest.raises(InputError, match=f"Give {flare7k_folder / meant} instead"):
        Flare7K.find(flare7k_folder / given)


def test_folders_above_and_elsewhere(flare7k_folder, tmp_path):
    with pytest.raises(InputError, match=r"Did you mean .*Flare"):
        Flare7K.find(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputMissingError, match=r"no flares of Flare7K\nIts folder holds"):
        Flare7K.find(tmp_path / "empty")


def test_an_empty_part_is_named(flare7k_folder):
    for path in (flare7k_folder / "Flare7K" / "Reflective_Flare").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="Reflective_Flare holds no pictures"):
        Flare7K.find(flare7k_folder)


def test_the_real_test_set_has_masks(flare7k_folder):
    found = find_pairs(flare7k_folder / "test_data" / "real")
    assert [pair.name for pair in found] == ["000000", "000001"]
    assert found[0].target.name == "gt_000000.png"
    assert found[0].mask.name == "mask_000000.png"


def test_a_lost_mask_is_noticed(flare7k_folder):
    (flare7k_folder / "test_data" / "real" / "mask" / "mask_000001.png").unlink()
    with pytest.raises(InputError, match=r"no partner in .*mask: .*input_000001\.png"):
        find_pairs(flare7k_folder / "test_data" / "real")
