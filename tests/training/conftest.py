"""Tiny pictures to train on; everything here needs the extra ``train``."""

from __future__ import annotations

import pytest
from dark_pictures import write_folders

pytest.importorskip("lightning", reason="needs the extra train")


@pytest.fixture
def folders(tmp_path):
    """Folders ``night``, ``day`` and ``hdr`` with two pictures each."""
    return write_folders(tmp_path)
