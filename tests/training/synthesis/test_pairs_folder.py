"""Samples as pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.training.synthesis.glare import Sample
from dashcam_pipeline.training.synthesis.pairs_folder import TRIES, Page, contact_sheet, write_album


class Fake:
    """Gives samples of an even layer; ``dull`` ones come first and have no glare."""

    def __init__(self, dull):
        self.dull = dull
        self.seeds = []

    def sample(self, seed, size):
        self.seeds.append(seed)
        glare = torch.full((3, *size), 0.5)
        layer = torch.full((3, *size), 0.09)
        kinds = () if seed[-1] < self.dull else ("veil",)
        return Sample(glare, glare, layer, torch.zeros_like(layer), torch.zeros(1, *size), kinds)


def test_a_page_holds_target_and_layer():
    page = Page.of("a", Fake(0).sample((0,), (8, 16)))
    assert np.unique(page.input).tolist() == [128]
    assert np.unique(page.target).tolist() == [102]  # 255 sqrt(.25 - .09)
    assert np.unique(page.layer).tolist() == [76]  # 255 sqrt(.09), rounded to even
    assert page.lamps.shape == (8, 16)


def test_samples_without_glare_are_drawn_again(tmp_path):
    source = Fake(2)
    assert list(write_album(source, tmp_path / "out", 2, 7, (8, 16))) == [1, 2]
    assert source.seeds == [(7, i, attempt) for i in (0, 1) for attempt in (0, 1, 2)]


def test_no_glare_at_all_is_said(tmp_path):
    with pytest.raises(InputError, match=f"no glare in {TRIES} samples"):
        list(write_album(Fake(TRIES), tmp_path / "out", 1, 0, (8, 16)))


def test_an_odd_sheet_is_filled_up():
    page = Page.of("a", Fake(0).sample((0,), (32, 64)))
    sheet = contact_sheet([page] * 3)
    assert sheet.shape == (2 * (160 + 22), 2 * 960, 3)
    assert sheet[-100:, -100:].max() == 0
