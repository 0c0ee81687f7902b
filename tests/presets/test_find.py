from __future__ import annotations

import pytest

from dashcam_pipeline.config import CleanConfig, load_config, make_config, overruled
from dashcam_pipeline.errors import ConfigError, InputMissingError, UsageError
from dashcam_pipeline.presets import find
from dashcam_pipeline.presets.find import BUILT_IN, find_preset, own_folder


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Write a preset of the user's own."""
    monkeypatch.setattr(find, "user_config_path", lambda *_, **__: tmp_path / "config")

    def write(name, text):
        path = own_folder() / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_built_in_one_is_whole_and_says_what_it_is_for(name):
    preset = find_preset(name)
    assert preset.built_in
    assert preset.summary.endswith(".")
    assert preset.values
    config = CleanConfig(preset=name)
    assert config.preset == name
    assert {key: config.model_dump(mode="json")[key] for key in preset.values} == preset.values


def test_evidence_is_near_lossless_gentle_and_without_what_no_camera_saw():
    config = CleanConfig(preset="evidence")
    assert (config.look, config.synthetic, config.deterministic) == ("gentle", False, True)
    assert config.crf is not None
    assert config.crf <= 14


def test_the_command_line_wins_over_the_file_it_over_the_preset_and_that_over_defaults(tmp_path):
    file = tmp_path / "pipeline.toml"
    file.write_text('preset = "evidence"\ncrf = 15\nlook = "strong"\n')
    config = load_config(file, overrides={"crf": "18"})
    assert config.crf == 18  # the command line
    assert config.look == "strong"  # the file
    assert config.quality == "best"  # the preset
    assert config.codec == "auto"  # the default
    assert overruled(config, "evidence") == ["look", "crf"]


def test_a_preset_that_is_named_wins_over_the_file_s_and_not_over_what_else_it_says(tmp_path):
    file = tmp_path / "pipeline.toml"
    file.write_text('preset = "evidence"\ncrf = 15\n')
    config = load_config(file, preset="small")
    assert (config.preset, config.crf, config.codec) == ("small", 15, "hevc")
    assert config.synthetic
    assert load_config(preset="small").crf == find_preset("small").values["crf"]
    assert load_config(file, overrides={"preset": "small"}) == config


def test_what_a_preset_sets_does_not_count_as_said():
    config = CleanConfig(preset="evidence", crf=20)
    assert config.model_fields_set == {"preset", "crf"}


def test_one_s_own_lie_in_a_folder_or_anywhere(own, tmp_path):
    own("night drive", 'summary = "For the north."\nstrength = 0.5\n[[stage]]\nname = "glare"\n')
    preset = find_preset("night drive")
    assert (preset.summary, preset.built_in) == ("For the north.", False)
    config = CleanConfig(preset="night drive")
    assert (config.strength, config.stages[0].name) == (0.5, "glare")
    path = tmp_path / "elsewhere.toml"
    path.write_text("strength = 0.25\n")
    config = CleanConfig(preset=str(path))
    assert (config.preset, config.strength) == ("elsewhere", 0.25)


def test_a_whole_configuration_needs_no_file_any_more(own):
    path = own("mine", "strength = 0.5\n")
    config = CleanConfig(preset="mine")
    path.unlink()
    assert make_config(config.model_dump(mode="json")) == config
    with pytest.raises(UsageError, match="There is no preset 'mine'"):
        CleanConfig(preset="mine")


def test_a_built_in_name_is_never_another_s(own):
    own("evidence", "crf = 40\n")
    assert CleanConfig(preset="evidence").crf == find_preset("evidence").values["crf"]
    assert find.own_files() == []
    assert [path.stem for path in find.shadowed_files()] == ["evidence"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("strength = 7\n", r"mine\.toml: strength = 7 is not possible; allowed: 0 to 1"),
        ("zebra = 1\n", r"mine\.toml: .*zebra"),
        ('preset = "share"\n', "a preset can't rest on another one"),
        ("strength = \n", "not valid TOML"),
        ('max_size = "3 pounds"\n', "a size is a number of bytes"),
    ],
)
def test_mistakes_are_said_of_the_file_even_if_they_are_overridden(own, text, says):
    own("mine", text)
    with pytest.raises(ConfigError, match=says):
        CleanConfig(preset="mine", strength=1, max_size="1MB")


def test_what_is_not_there_is_said_with_what_is(own, tmp_path, monkeypatch):
    own("mine", "strength = 0.5\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"no preset 'evidense'. Did you mean evidence\?") as error:
        CleanConfig(preset="evidense")
    assert "share, evidence, small, mine;" in error.value.advice
    assert "`encoder_preset`" in error.value.advice
    with pytest.raises(InputMissingError, match=r"none\.toml"):
        CleanConfig(preset=str(tmp_path / "none.toml"))
    for odd in ("..", "../../etc/passwd", "a\0b", "x" * 300):
        with pytest.raises(UsageError if "/" not in odd else InputMissingError):
            CleanConfig(preset=odd)
