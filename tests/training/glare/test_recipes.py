"""Recipes are settings that a training takes, and keep apart what is kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashcam_pipeline.training.glare.config import make_training_config, read_settings

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "models" / "recipes").glob("*.toml"))
RESEARCH = ("night:", "pairs:", "flare7k:", "dacon:")


def recipe(name):
    file = ROOT / "models" / "recipes" / f"{name}.toml"
    return make_training_config({}, read_settings(file), source=str(file))


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_a_recipe_is_a_config_of_relative_paths(file):
    config = recipe(file.stem)
    assert config.hours >= 10
    for source in config.data:
        _, _, path = source.partition(":")
        for part in path.split("@"):
            assert not Path(part).is_absolute()
    for listed in (source.partition("@")[2] for source in config.data if "@" in source):
        assert (ROOT / listed).is_file()
    assert config.start is not None
    assert (ROOT / config.start).is_file()


def test_open_weights_see_open_pictures_alone():
    assert {file.stem for file in RECIPES} == {"glare", "glare-open"}
    assert not [source for source in recipe("glare-open").data if source.startswith(RESEARCH)]


@pytest.mark.parametrize("name", ["teacher", "dark-streets"])
def test_no_scene_is_trained_on_and_watched(name):
    lists = ROOT / "models" / "recipes"
    train, watch = (
        (lists / f"{name}-{half}.txt").read_text().split() for half in ("train", "watch")
    )
    assert train
    assert watch
    assert not set(train) & set(watch)
    if name == "dark-streets":
        places = ({n[:20] for n in half if n.startswith("llvip")} for half in (train, watch))
        trained, watched = ({n.split("-")[2][:2] for n in half} for half in places)
        assert not trained & watched, "fixed cameras: a place is a scene"
