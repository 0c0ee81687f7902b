"""Settings of a training: from a file, explicit, and impossible ones."""

from __future__ import annotations

import pytest

from dashcam_pipeline.errors import ConfigError, InputMissingError, UsageError
from dashcam_pipeline.training.glare.config import make_training_config, read_settings

DATA = {"data": ("night:nights",)}


def test_what_is_said_wins_over_the_file(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('data = ["day:days"]\nmodel = "unet"\ncrop = [64, 96]\nhours = 3\n')
    config = make_training_config({"hours": 2.0, **DATA}, read_settings(file), source=str(file))
    assert (config.data, config.model) == (("night:nights",), "unet")
    assert (config.crop, config.hours) == ((64, 96), 2.0)


def test_what_earlier_runs_wrote_still_means_the_same():
    config = make_training_config({**DATA, "model": "unetpp", "hours": 2.05})
    assert (config.head, config.supervision, config.epochs) == ("layers", "last", None)
    assert (config.devices, config.fixed, config.augment) == ("1", 0, True)


def test_the_autoencoder_needs_no_word_about_its_head():
    assert make_training_config({**DATA, "model": "autoencoder"}).head == "image"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": "autoencoder", "head": "layers"}, "only head is image"),
        ({"model": "unet", "supervision": "mean"}, "nly unetpp has X0,1 to X0,4"),
        ({"devices": "many"}, "devices = 'many' is not possible"),
        ({"precision": "half"}, "precision = 'half'"),
        ({"hours": 0}, "hours = 0"),
        ({"epochs": 0}, "epochs = 0"),
    ],
)
def test_impossible_settings_are_named(values, words):
    with pytest.raises(UsageError, match=words) as caught:
        make_training_config({**DATA, **values})
    assert not isinstance(caught.value, ConfigError)


def test_a_wrong_file_is_named(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text("model = unet\n")
    with pytest.raises(ConfigError, match=r"run\.toml: not valid TOML"):
        read_settings(file)
    with pytest.raises(InputMissingError, match=r"none\.toml can't be read"):
        read_settings(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"run\.toml: hourz is not known.*hours"):
        make_training_config(DATA, {"hourz": 3}, source=str(file))
