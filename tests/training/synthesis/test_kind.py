"""A kind of glare is one function with a decorator, and the docs list it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from manual import example

from dashcam_pipeline.training.synthesis import kind, kinds, lens, polar

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


def test_the_manual_s_kind_is_drawn_as_any_other(registered, monkeypatch):
    """The example in CONTRIBUTING: its function is all that a kind takes."""
    names = {
        "np": np, "glare_kind": kind.glare_kind, "log_uniform": polar.log_uniform,
        "Generator": np.random.Generator, "Polar": polar.Polar, "Grid": np.ndarray,
    }  # fmt: skip
    exec(example("A kind of glare"), names)  # noqa: S102 - our own manual
    monkeypatch.setattr(lens, "REGISTERED", {**lens.REGISTERED, **registered})
    (name,) = registered
    assert kind.named("kernel") == {name: registered[name].description}
    assert set(registered[name].lenses) <= set(lens.LENSES)
    made = [lens.sample_lens(np.random.default_rng(seed), 128, 96, (name,)) for seed in (1, 1, 2)]
    for kernel, shown in made:
        assert shown == (name,)
        assert kernel.shape == (3, 128, 128)
        assert kernel.dtype == np.float32
        assert kernel.min() >= 0
        middle = kernel[1, 64, 64:]
        assert 0.02 * 96 < middle.argmax() < 0.11 * 96, "a ring, not a disc"
    assert np.array_equal(made[0][0], made[1][0])
    assert not np.array_equal(made[0][0], made[2][0])


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
