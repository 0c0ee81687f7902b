from __future__ import annotations

import datetime as dt
import os
import pydoc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.compare.options import PreviewOptions
from dashcam_pipeline.config import (
    CleanConfig,
    StageSpec,
    available_threads,
    load_config,
    make_config,
    parse_time,
)
from dashcam_pipeline.errors import ArgumentError, ConfigError, InputMissingError, UsageError
from dashcam_pipeline.stages.base import Box
from dashcam_pipeline.stages.registry import stage_class


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "pipeline.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90.5", 90.5),
        (".5", 0.5),
        ("1:30", 90),
        ("01:02:03.250", 3723.25),
        (" 00:00:01 ", 1),
        (12, 12),
        (dt.time(0, 1, 30, 500_000), 90.5),
    ],
)
def test_times(text, seconds):
    assert parse_time(text) == seconds
    assert make_config({"start": text}).start == seconds


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4", "1:60", "1:75:00", "-3", "1e3", "nan"])
def test_what_is_no_time(text):
    with pytest.raises(UsageError, match="start = "):
        make_config({"start": text})


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_every_clock_time_is_its_seconds(hours, minutes, seconds, thousandths):
    text = f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"
    expected = hours * 3600 + minutes * 60 + seconds + thousandths / 1000
    assert parse_time(text) == pytest.approx(expected)


def test_stages_as_text():
    spec = StageSpec.model_validate("glare:streaks=1, veil=0.5,")
    assert spec == StageSpec(name="glare", options={"streaks": "1", "veil": "0.5"})
    assert str(spec) == "glare:streaks=1,veil=0.5"
    assert StageSpec.model_validate("glare").options == {}
    path = StageSpec.model_validate("glare:model=/a/b=c.onnx")
    assert path.options == {"model": "/a/b=c.onnx"}


def test_boxes_as_text_and_as_numbers():
    box = Box(x=1, y=2, width=3, height=4)
    assert Box.model_validate("1,2,3,4") == Box.model_validate([1, 2, 3, 4]) == box
    assert str(box) == "1,2,3,4"


def test_defaults_without_a_file():
    config = load_config()
    assert config == CleanConfig()
    assert [str(stage) for stage in config.stages] == ["glare"]


def test_a_file_is_read_and_the_command_line_wins(toml):
    path = toml("""
        strength = 0.5
        quality = "best"
        start = 00:01:00
        protect = ["0,0,10,10", [1, 2, 3, 4]]
        encoder_options = { tune = "grain", aq-mode = 3 }

        [[stage]]
        name = "glare"
        streaks = 0.25

        [[stage]]
        name = "dim"
    """)
    config = load_config(path, overrides={"strength": "0.75"})
    assert (config.strength, config.quality, config.start) == (0.75, "best", 60)
    assert [str(box) for box in config.protect] == ["0,0,10,10", "1,2,3,4"]
    assert config.encoder_options == {"tune": "grain", "aq-mode": "3"}
    assert config.stages == (
        StageSpec(name="glare", options={"streaks": 0.25}),
        StageSpec(name="dim", options={}),
    )


def test_an_empty_chain_in_a_file(toml):
    assert load_config(toml("stages = []")).stages == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("strenght = 1", "strenght is not known. Did you mean strength?"),
        ("zebra = 1", "zebra is not known. Known: preset, stages, look,"),
        ("strength = 1.5", "strength = 1.5 is not possible; allowed: 0 to 1."),
        ('strength = "much"', "strength = 'much' is not possible; allowed: 0 to 1."),
        ("strength = nan", "strength = nan is not possible"),
        ('quality = "god"', "quality = 'god' is not possible; allowed: fast, balanced or best."),
        ("crf = 64", "crf = 64 is not possible; allowed: 0 to 63."),
        ("crf = 20.5", "crf = 20.5 is not possible; allowed: 0 to 63."),
        ("threads = -1", "threads = -1 is not possible; allowed: 0 to 256."),
        ('device = "gpu"', "device = 'gpu' is not possible. Where networks run: auto, cpu"),
        ('codec = ""', "codec = '' is not possible"),
        ('audio = "maybe"', "audio = 'maybe' is not possible; allowed: yes or no."),
        ('protect = ["1,2,3"]', "protect[1] = '1,2,3': a box is four numbers: x,y,w,h."),
        ('protect = ["1,2,3,0"]', "protect[1].height = '0' is not possible; allowed: at least 1."),
        ("start = 5\nend = 5", "End (5 s) must come after start (5 s)."),
        ("[[stage]]\nstreaks = 1", "stages[1].name is missing."),
        ('stages = []\n[[stage]]\nname = "a"', "stage and stages say the same"),
        ('stages = ["glare:streaks"]', "stages[1] = 'glare:streaks': a stage's option is written"),
        ('encoder_options = ["a"]', "an encoder option is written key=value, not 'a'"),
        ("strength = ", "not valid TOML"),
    ],
)
def test_mistakes_in_a_file_name_file_key_value_and_range(toml, text, says):
    path = toml(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


def test_a_mistake_in_the_file_is_said_even_where_it_is_overridden(toml):
    with pytest.raises(ConfigError, match="strength = 7"):
        load_config(toml("strength = 7"), overrides={"strength": 1})


def test_all_mistakes_are_said_at_once(toml):
    with pytest.raises(ConfigError) as caught:
        load_config(toml("strength = 7\ncrf = -1"))
    assert len(str(caught.value).splitlines()) == 2


def test_mistakes_on_the_command_line_name_the_option():
    with pytest.raises(UsageError, match=r"^--strength = '2' is not possible") as caught:
        make_config({"strength": "2"}, names={"strength": "--strength"})
    assert not isinstance(caught.value, ConfigError)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(InputMissingError, match="existing TOML file"):
        load_config(tmp_path / "none.toml")


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "pipeline.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(path)


def test_the_sample_file_is_valid_and_its_stages_exist():
    sample = Path(__file__).parent.parent / "samples" / "pipeline.toml"
    config = load_config(sample)
    for spec in config.stages:
        stage_class(spec.name).Options.model_validate(spec.options)
    given = set(sample.read_text(encoding="utf-8").split())
    assert {"strength", "quality", "codec", "[[stage]]"} <= given


def test_a_configuration_is_frozen_and_survives_plain_data():
    config = make_config({"protect": ["1,2,3,4"], "stages": ["dim:amount=0.1"], "start": "1:00"})
    with pytest.raises(UsageError, match="strength can't be set to 0"):
        config.strength = 0
    with pytest.raises(UsageError, match="strength = 2 is not possible; allowed: 0 to 1"):
        CleanConfig.model_validate({"strength": 2})
    with pytest.raises(UsageError, match="sharpness is not known"):
        CleanConfig.checked({"sharpness": 2})
    assert CleanConfig.model_validate(config.model_dump(mode="json")) == config


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity on this system")
def test_threads_follow_the_process_affinity():
    assert available_threads() == len(os.sched_getaffinity(0))
    assert CleanConfig().thread_count == available_threads()
    assert CleanConfig(threads=3).thread_count == 3


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"strength": 2}, "strength = 2 is not possible; allowed: 0 to 1."),
        ({"strength": [0.5]}, "strength = [0.5] is not possible; allowed: 0 to 1."),
        ({"strength": None}, "strength = None is not possible; allowed: 0 to 1."),
        ({"quality": 3}, "quality = 3 is not possible; allowed: fast, balanced or best."),
        ({"device": 0}, "device = 0 is not possible. Where networks run: auto, cpu, cuda or"),
        ({"strenght": 1}, "strenght is not known. Did you mean strength?"),
        ({"stages": "glare"}, "stages = 'glare' is not possible; it should be a list of NAME[:KEY"),
        ({"stages": ["glare", 3]}, "stages[2] = 3 is not possible; it should be NAME[:KEY=VALUE,"),
        ({"protect": 3}, "protect = 3 is not possible; it should be a list of X,Y,W,H|EDGE:H."),
        ({"protect": [(0, 0, 1, 0)]}, "protect[1].height = 0 is not possible; allowed: at least 1"),
        ({"encoder_options": 3}, "encoder_options = 3 is not possible; it should be a list of KEY"),
        ({"start": 5, "end": 3}, "End (3 s) must come after start (5 s)."),
    ],
)
def test_a_wrong_setting_in_python_is_an_error_of_ours_with_field_and_range(settings, says):
    with pytest.raises(UsageError) as caught:
        CleanConfig(**settings)
    assert str(caught.value).startswith(says)


def test_other_settings_made_in_python_say_the_same():
    with pytest.raises(UsageError, match=r"^x = -1 is not possible; allowed: at least 0\.$"):
        Box(x=-1, y=0, width=2, height=2)
    with pytest.raises(UsageError, match=r"^height = 3 is not possible; allowed: 32 to 4320\.$"):
        PreviewOptions(height=3)
    with pytest.raises(UsageError, match=r"^workers = -1 is not possible; allowed: 0 to 1024\.$"):
        BatchOptions(workers=-1)
    with pytest.raises(UsageError, match="runner = 'zebra' is not possible; allowed: local or ray"):
        BatchOptions(runner="zebra")


@pytest.mark.parametrize("kind", [CleanConfig, BatchOptions, PreviewOptions, Box])
def test_help_explains_every_field_with_its_range_and_default(kind):
    text = " ".join(pydoc.plain(pydoc.render_doc(kind)).split()).replace(" | ", " ")
    for name, field in kind.model_fields.items():
        assert f"{name}: {' '.join(field.description.split())}" in text
    if kind is CleanConfig:
        assert "0 changes nothing. (0 to 1; default: 1.0)" in text
        assert "take longer. (fast, balanced or best; default: 'balanced')" in text


def test_settings_are_taken_as_themselves_as_a_mapping_or_not_at_all():
    config = CleanConfig(strength=0.5)
    assert CleanConfig.of(config) is config
    assert CleanConfig.of({"strength": 0.5}) == config
    assert CleanConfig.of(None) == CleanConfig()
    with pytest.raises(ArgumentError, match=r"CleanConfig is wanted, or a mapping .*, not 'fast'"):
        CleanConfig.of("fast")
