"""Weights that several tests of stages share."""

from __future__ import annotations

import pytest
from weights import write_brightener


@pytest.fixture
def brightener(tmp_path):
    """Weights that answer with the root of the picture: about what a day has more."""
    return write_brightener(tmp_path / "weights", "bright")
