"""Entries of a manifest come back as they were written."""

from __future__ import annotations

import pytest

from dashcam_pipeline.inference.manifest import GLARE, GlassScale, find_model, read_manifest
from dashcam_pipeline.training.common.export import write_entry


@pytest.mark.parametrize("glass", [None, GlassScale(haze=(0.125, 0.5))])
def test_an_entry_is_read_as_it_was_written(tmp_path, glass):
    entry = find_model(GLARE).model_copy(update={"glass": glass, "folder": tmp_path})
    write_entry(tmp_path, entry)
    write_entry(tmp_path, entry.model_copy(update={"name": "another"}))
    assert read_manifest(tmp_path).get(GLARE) == entry
    assert read_manifest(tmp_path).get("another").glass == glass
