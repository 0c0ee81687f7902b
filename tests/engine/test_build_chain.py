from __future__ import annotations

import pytest
import toys
from toys import Dim, make_frame

from dashcam_pipeline.cli import main
from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.engine.build_chain import build_chain
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture
def made(monkeypatch):
    """Contexts of the stages that were made."""
    seen = []

    class Noted(Dim):
        def __init__(self, options, context):
            super().__init__(options, context)
            seen.append(context)

    monkeypatch.setattr(toys, "Dim", Noted)
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    return seen


def test_an_empty_chain_needs_no_network_and_no_device():
    chain, device = build_chain(CleanConfig(stages=(), device="cuda:7"))
    assert device == "cpu"
    chain.close()


@pytest.mark.parametrize(("look", "factor"), [("gentle", 0.6), ("standard", 1.0), ("strong", 1.3)])
@pytest.mark.parametrize("strength", [1.0, 0.5, 0.0])
def test_a_look_is_a_factor_on_the_strength(made, look, factor, strength):
    config = make_config({"stages": ["dim"], "look": look, "strength": strength})
    chain, _ = build_chain(config)
    assert made[0].strength == pytest.approx(factor * strength)
    chain.close()


def test_the_standard_look_is_the_default(made):
    build_chain(make_config({"stages": ["dim"]}))[0].close()
    assert made[0].strength == 1.0


def test_a_gentle_look_takes_less(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")
    levels = {}
    for look in ("gentle", "standard"):
        config = make_config({"stages": ["dim:amount=0.5"], "look": look})
        chain, _ = build_chain(config)
        (frame,) = chain.feed(make_frame(level=200))
        levels[look] = int(frame.planes[0][0, 0])
        chain.close()
    assert levels == {"gentle": 140, "standard": 100}


def test_no_other_look_is_known(capsys, tmp_path):
    with pytest.raises(UsageError, match="look"):
        make_config({"look": "bold"})
    assert main(["clean", str(tmp_path / "none.mp4"), "--look", "bold"]) == 2
    assert "strong" in capsys.readouterr().err
