from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import dashcam_pipeline
from dashcam_pipeline import errors
from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.app import (
    COMMANDS,
    HELP_GROUPS,
    SUMMARIES,
    app,
    exit_codes,
    first_sentence,
)
from dashcam_pipeline.cli.flags import OPTION_NAMES, as_flags
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.cli.options import config_options
from dashcam_pipeline.config import CleanConfig


@pytest.fixture
def help_of(capsys):
    def run(*args):
        assert main([*args, "--help"]) == 0
        return " ".join(capsys.readouterr().out.split())

    return run


def test_every_command_is_listed_and_explains_itself(help_of):
    text = help_of()
    for name in COMMANDS:
        assert name in text
        assert "Usage: dashcam " + name in help_of(name)


def test_the_list_says_what_each_command_says_of_itself():
    found = {name: first_sentence(app.get_command(None, name)) for name in COMMANDS}
    assert found == SUMMARIES
    assert sorted(name for names in HELP_GROUPS.values() for name in names) == sorted(COMMANDS)


def test_listing_the_commands_imports_none():
    code = (
        "import sys; from dashcam_pipeline.cli import main; main(['--help']); "
        "sys.exit(bool({'pydantic', 'filelock', 'numpy', 'av'} & set(sys.modules)))"
    )
    folder = str(Path(dashcam_pipeline.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": folder}, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_help_lists_every_setting_once_with_its_description_and_bounds(help_of):
    text = help_of("clean")
    for name, field in CleanConfig.model_fields.items():
        assert text.count(f" {OPTION_NAMES[name]} ") >= 1, name
        assert " ".join(as_flags(field.description).split()) in text, name
    assert "[0 to 1; default: 1]" in text
    assert "[fast|balanced|best]" in text
    for heading in ("Stages:", "Input:", "Output:", "Machine:", "Examples:"):
        assert heading in text


def test_the_documented_exit_codes_are_those_of_the_errors(help_of):
    text = help_of()
    documented = {int(code) for code, _ in exit_codes()}
    real = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.DashcamError)
    }
    assert documented == real | {0, 130}
    for _, sentence in exit_codes():
        assert sentence in text


def test_shell_completion_offers_commands_and_stages():
    def complete(words, index):
        return subprocess.run(
            [sys.executable, "-m", "dashcam_pipeline"],
            env={
                **os.environ,
                "PYTHONPATH": str(Path(dashcam_pipeline.__file__).parent.parent),
                "_DASHCAM_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(index),
            },
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip

    assert "plain,clean" in complete("dashcam cl", 1)
    assert "plain,glare" in complete("dashcam clean --stage gl", 3)
    assert "balanced" in complete("dashcam clean --quality ba", 3)


def test_other_commands_can_have_some_of_the_options():
    seen = []

    @click.command(cls=ManualCommand)
    @config_options("Stages", "Machine")
    def look(config):
        seen.append(config)

    look.main(["--strength", "0.5", "--threads", "2"], standalone_mode=False)
    assert seen == [CleanConfig(strength=0.5, threads=2)]
    names = {name for parameter in look.params for name in parameter.opts}
    assert "--stage" in names
    assert "--crf" not in names
    with pytest.raises(click.NoSuchOption):
        look.main(["--crf", "3"], standalone_mode=False)


@pytest.mark.parametrize("args", [[], ["zebra"], ["clean"]])
def test_usage_errors_are_exit_code_2(args, capsys):
    assert main(args) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_the_group_is_what_the_entry_point_runs():
    assert app.name == "app"
    assert main(["--version"]) == 0
