"""A kind of glare is one function with a decorator, and the docs list it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashcam_pipeline.training.synthesis import kind, kinds, lens

DOCS = Path(__file__).parents[3] / "docs" / "training.md"


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(kind, "REGISTERED", {})
    return kind.REGISTERED


def test_a_decorator_is_all_that_a_kind_needs(registered):
    @kind.glare_kind("dew", "drops in the morning", lenses={"hazy": (0.5, 0.1, 1.0)})
    def dew(rng, p):
        return p.radius

    assert registered["dew"].make is dew
    assert kind.named("kernel") == {"dew": "drops in the morning"}
    assert kind.named("kernel", held_out=True) == {}
    assert kind.named("scene") == {}


def test_two_kinds_of_one_name_are_refused(registered):
    kind.glare_kind("dew", "drops")(len)
    with pytest.raises(ValueError, match="two kinds of glare named 'dew'"):
        kind.glare_kind("dew", "other drops")


def test_a_held_out_kind_is_in_no_lens(registered):
    with pytest.raises(ValueError, match="held out"):
        kind.glare_kind("dew", "drops", held_out=True, lenses={"hazy": (1, 1, 1)})


def test_lenses_of_all_kinds_exist():
    for found in kind.REGISTERED.values():
        assert set(found.lenses) <= set(lens.LENSES), found.name
        if found.part == "kernel" and not found.held_out:
            assert found.lenses, f"{found.name} would never occur"


def test_the_docs_list_every_kind():
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    text = "\n".join(rows)
    assert not [name for name in kinds.ALL if f"`{name}`" not in text]
