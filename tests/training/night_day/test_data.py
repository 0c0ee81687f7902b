"""Folders to windows: rules, families, order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.training.night_day.data import (
    Domain,
    DomainSource,
    brightened,
    family_names,
    load_domain,
    read_picture,
    to_tensor,
    windows,
)

from .conftest import day_picture, write


def test_held_out_pictures_are_the_last_and_are_not_trained_on(town):
    source = DomainSource.parse(f"{town / 'night'}@-2")
    assert [p.name for p in source.files()] == ["0.png"]
    assert [p.name for p in source.held()] == ["1.png", "2.png"]
    assert DomainSource.parse(f"{town / 'night'}").held() == []


def test_a_list_names_the_pictures(town):
    names = town / "some.txt"
    names.write_text("2.png\n0.png\n")
    source = DomainSource.parse(f"{town / 'day'}@{names}")
    assert [p.name for p in source.files()] == ["2.png", "0.png"]


def test_squashed_pictures_are_stretched(tmp_path):
    write(tmp_path / "square", {"a.png": day_picture(64, 64)})
    source = DomainSource.parse(f"{tmp_path / 'square'}@16:9")
    assert load_domain([source], [""]).pictures[0].shape == (64, 114, 3)


def test_what_cannot_be_used_is_named(town, tmp_path):
    with pytest.raises(InputMissingError, match="nowhere is not a folder"):
        DomainSource.parse(str(tmp_path / "nowhere"))
    with pytest.raises(InputMissingError, match="no-list is not a file"):
        DomainSource.parse(f"{town / 'night'}@no-list")
    with pytest.raises(InputError, match="all are held out"):
        DomainSource.parse(f"{town / 'night'}@-3").files()
    broken = town / "night" / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"broken\.png"):
        read_picture(broken)


def test_families_are_folders_with_a_partner(town, tmp_path):
    write(tmp_path / "elsewhere" / "day", {"a.png": day_picture()})
    night, day = (DomainSource.parse(str(town / side)) for side in ("night", "day"))
    other = DomainSource.parse(str(tmp_path / "elsewhere" / "day"))
    families = family_names([night], [day, other])
    assert families == ["", "town"]
    domain = load_domain([day, other], families, more=[town / "day" / "0.png"])
    assert domain.families == [1, 1, 1, 0, 0]
    rng = np.random.default_rng(0)
    assert {domain.families[domain.of_family(rng, 0)] for _ in range(9)} == {0}


@given(count=st.integers(1, 12), seed=st.integers(0, 99), turn=st.integers(0, 5))
def test_every_pass_shows_each_picture_once(count, seed, turn):
    domain = Domain([np.zeros((1, 1, 3), np.uint8)] * count, [0] * count)
    shown = [domain.index(seed, turn * count + i) for i in range(count)]
    assert sorted(shown) == list(range(count))


@given(seed=st.integers(0, 10_000), height=st.integers(20, 90), width=st.integers(20, 150))
def test_windows_of_aligned_pictures_stay_aligned(seed, height, width):
    place = np.mgrid[0:height, 0:width].astype(np.float32)
    ramps = [np.ascontiguousarray(np.stack([p, p, p], -1)) for p in place]
    y, x = windows(np.random.default_rng(seed), ramps, 32, 64)
    assert y.shape == x.shape == (32, 64, 3)
    steps = np.diff(x[16, :, 0])
    assert (steps >= -1e-3).all() or (steps <= 1e-3).all()
    assert (np.diff(y[:, 32, 0]) >= -1e-3).all()  # never upside down


def test_tensors_are_code_values():
    tensor = to_tensor([np.full((32, 64, 3), 255, np.uint8)])
    assert tensor.shape == (1, 3, 32, 64)
    assert float(tensor.max()) == float(tensor.min()) == 1.0


def test_dim_days_are_brightened_and_others_are_left_alone():
    dim = day_picture() // 2
    bright = brightened(dim, 0.4)
    assert 0.4 <= bright.mean() / 255 < 0.42
    order = np.argsort(dim.reshape(-1), kind="stable")
    assert (np.diff(bright.reshape(-1)[order].astype(int)) >= 0).all()
    plain = day_picture()
    assert brightened(plain, 0.3) is plain
    assert brightened(np.zeros((4, 4, 3), np.uint8), 0.4).max() == 0
