from __future__ import annotations

import pytest
from remembering import register

from dashcam_pipeline.batch.recipe import make_recipe
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import UsageError


@pytest.fixture(autouse=True)
def _stages(monkeypatch):
    from dashcam_pipeline.stages import registry  # noqa: PLC0415 - only to be restored

    monkeypatch.setattr(registry, "BUILT_IN", dict(registry.BUILT_IN))
    register()


@pytest.mark.parametrize(
    "other",
    [{"strength": 0.5}, {"crf": 18}, {"stages": ("remember", "remember")}, {"start": 1.0},
     {"encoder_options": {"tune": "grain"}}, {"audio": False}, {"max_size": "1x"},
     {"preset": "small"}],
)  # fmt: skip
def test_what_changes_the_result_changes_the_recipe(other):
    base = {"stages": ("remember",)}
    one, two = make_recipe(CleanConfig(**base)), make_recipe(CleanConfig(**{**base, **other}))
    assert one.digest != two.digest


@pytest.mark.parametrize("other", [{"threads": 3}, {"overwrite": True}, {"device": "cpu"}])
def test_what_does_not_does_not(other):
    base = {"stages": ("remember",)}
    assert (
        make_recipe(CleanConfig(**base)).digest == make_recipe(CleanConfig(**base, **other)).digest
    )


def test_of_a_preset_what_it_sets_is_part_of_it_and_not_its_name(tmp_path):
    paths = [tmp_path / f"{name}.toml" for name in ("mine", "theirs")]
    for path in paths:
        path.write_text("crf = 30\n")
    one, two = (
        make_recipe(CleanConfig(stages=("remember",), preset=str(path))).digest for path in paths
    )
    assert one == two == make_recipe(CleanConfig(stages=("remember",), crf=30)).digest


def test_weights_are_part_of_it(monkeypatch):
    recipes = []
    for sha in ("a" * 64, "b" * 64):
        entry = type("Entry", (), {"sha256": sha})
        monkeypatch.setattr("dashcam_pipeline.batch.recipe.find_model", lambda _name, e=entry: e)
        recipes.append(make_recipe(CleanConfig()).digest)
    assert recipes[0] != recipes[1]


def test_wrong_options_are_said_before_anything_runs():
    with pytest.raises(UsageError, match="veil"):
        make_recipe(CleanConfig(stages=("glare:veil=7",)))
