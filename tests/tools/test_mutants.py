"""The search for numbers that no test holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).with_name("mutants.py")
SOURCE = '''
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    UNSEEN = 9

LIMIT: Final = 20
"""7 is no number here."""
MARGINS = (0, 5)

def fits(size: int, most: int = 3) -> bool:
    """Whether it fits."""
    if size is None:
        raise ValueError("more than 8", 8)
    return size < LIMIT and f"{size + 6}" != "é"

def later(times, step=1.5):
    return [t for t in zip(times, strict=True) if 0 <= t not in times]
'''
SIZE = """
LIMIT = 20
MARGINS = (0, 5)

def fits(size):
    return size < LIMIT
"""
TEST = """
from pack.size import fits

def test_nineteen_fit():
    assert fits(19) and not fits(20)
"""


@pytest.fixture
def changes(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOL.parent))
    from mutants import Finder  # noqa: PLC0415 - a script, found by its folder

    return Finder(SOURCE.encode()).changes


def test_numbers_comparisons_and_answers_are_changed_one_at_a_time(changes):
    assert [(c.old, c.new) for c in changes] == [
        ("20", "80"),
        ("20", "5"),
        ("(0, 5)", "(0,)"),
        ("0", "1"),
        ("5", "20"),
        ("5", "1"),
        ("3", "4"),
        ('size < LIMIT and f"{size + 6}" != "é"', "False"),
        ('size < LIMIT and f"{size + 6}" != "é"', "True"),
        ("is", "is not"),
        ("<", "<="),
        ("!=", "=="),
        ("1.5", "3.0"),
        ("<=", "<"),
        ("not in", "in"),
        ("0", "1"),
    ]
    lines = SOURCE.splitlines()
    for change in changes:
        assert change.old in lines[change.line - 1]
        changed = change.apply(SOURCE.encode()).decode()
        compile(changed, "changed", "exec")
        assert sum(a != b for a, b in zip(lines, changed.splitlines(), strict=True)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_what_no_test_notices_is_listed(tmp_path):
    for path, text in {
        "pack/__init__.py": "",
        "pack/size.py": SIZE,
        "tests/test_size.py": TEST,
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    done = subprocess.run(
        [sys.executable, str(TOOL), "pack", "--out", "left.md"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    left = (tmp_path / "left.md").read_text()
    assert left.splitlines()[1:] == [
        "## pack/size.py: 3 failed, 4 passed",
        *("- 3: `(0, 5)` -> `(0,)`", "- 3: `0` -> `1`", "- 3: `5` -> `20`", "- 3: `5` -> `1`"),
    ]
    assert "pack/size.py: 3 failed, 4 passed" in done.stdout
    assert (tmp_path / "pack/size.py").read_text() == SIZE
