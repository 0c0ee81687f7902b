"""The library names settings as Python has them; on a terminal they are flags."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import dashcam_pipeline
from dashcam_pipeline.cli import main
from dashcam_pipeline.cli.flags import as_flags

ROOT = Path(dashcam_pipeline.__file__).parent

OWN_COMMANDS = {
    "app/desktop.py",  # runs notify-send
    "simulation/__main__.py",  # a command line of its own
    "simulation/pack.py",  # names it
    "training/common/card.py",  # a model card says how weights were made: by commands
    "training/night_day/export.py",
}
FLAG = re.compile(r"(?<![\w-])(--[a-z]|-o\b)")
RAY = re.compile("`ray [^`]*`")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('Take `device="cpu"`, or auto.', "Take --device cpu, or auto."),
        ("unless `overwrite=True` is given", "unless --overwrite is given"),
        ("`audio=False` or `protect=[]`", "--no-audio or --no-protect"),
        ("`crf`, `encoder_preset`, `encoder_options`", "--crf, --encoder-preset, --encoder-option"),
        ('name them: `stages=["fog:model=FILE.onnx"]`', "name them: --stage fog:model=FILE.onnx"),
        ("a smaller `height=`; `include_results=True`", "a smaller --height; --include-results"),
        ("see `dashcam stages`, `a.mp4`, `night`", "see `dashcam stages`, `a.mp4`, `night`"),
    ],
)  # fmt: skip
def test_settings_become_flags_and_other_words_stay(said, shown):
    assert as_flags(said) == shown


def said_by(path):
    """Texts of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.value


def test_no_flag_is_named_outside_of_the_command_line():
    modules = {path.relative_to(ROOT).as_posix(): path for path in ROOT.rglob("*.py")}
    assert set(modules) >= OWN_COMMANDS
    found = [
        f"{name}: {text}"
        for name, path in modules.items()
        if not name.startswith("cli/") and name not in OWN_COMMANDS
        for text in said_by(path)
        if FLAG.search(RAY.sub("", text))
    ]
    assert found == []


def test_advice_on_the_terminal_names_flags(tmp_path, capsys):
    (tmp_path / "there.mp4").write_bytes(b"mine")
    assert main(["clean", str(tmp_path / "no.mp4"), "-o", str(tmp_path / "there.mp4")]) == 4
    said = capsys.readouterr().err
    assert "Pass --overwrite to replace it" in said
    assert "`" not in said


def test_help_on_the_terminal_names_flags(capsys):
    assert main(["clean", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "--no-protect switches that off" in said
    assert "`protect" not in said
