from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashcam_pipeline.errors import InputError, InputMissingError, UsageError
from dashcam_pipeline.training.data.pictures import PictureSource, load_pictures, panorama_view


def test_every_kind_is_read(folders):
    sources = [PictureSource.parse(f"{kind}:{folders / kind}") for kind in ("night", "day", "hdr")]
    pictures = load_pictures(sources, max_side=80)
    assert [p.kind for p in pictures] == ["night"] * 2 + ["day"] * 2 + ["hdr"] * 2
    assert pictures[0].pixels.shape == (48, 80, 3)
    assert pictures[4].pixels.dtype == np.float32
    assert pictures[4].pixels.max() > 100


def test_a_list_names_some_files(folders):
    names = folders / "some.txt"
    names.write_text("1.png\n")
    source = PictureSource.parse(f"night:{folders / 'night'}@{names}")
    assert [f.name for f in source.files()] == ["1.png"]
    names.write_text("1.png\n9.png\n")
    with pytest.raises(InputError, match="1 of 2 listed pictures are missing"):
        source.files()


@pytest.mark.parametrize("text", ["nights", "evening:.", ":."])
def test_a_wrong_form_is_explained(text):
    with pytest.raises(UsageError, match="KIND is one of night, day, hdr, simulated"):
        PictureSource.parse(text)


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(InputMissingError, match="nowhere"):
        PictureSource.parse(f"day:{tmp_path / 'nowhere'}")
    with pytest.raises(InputError, match="holds no pictures"):
        PictureSource.parse(f"day:{tmp_path}").files()


def test_a_broken_picture_is_named(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"a\.jpg can't be read"):
        load_pictures([PictureSource.parse(f"day:{tmp_path}")])


def test_a_view_looks_ahead_at_the_horizon():
    panorama = np.zeros((64, 128, 3), np.float32)
    panorama[:32] = 1.0  # sky above, ground below
    view = panorama_view(np.random.default_rng(0), panorama, 60, 100)
    assert view.shape == (60, 100, 3)
    assert view[0].mean() > 0 == view[-1].mean()


def test_a_pack_gives_its_days_as_well():
    pack = Path(__file__).resolve().parents[3] / "samples" / "pack"
    if not pack.is_dir():
        pytest.skip("the package has no samples")
    days = load_pictures([PictureSource("day", pack)], most=2)
    for day in days:
        assert (day.kind, day.pixels.dtype) == ("day", np.uint8)
        assert 90 < np.median(day.pixels) < 150, "exposed as a day is"
