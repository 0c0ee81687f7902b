"""What the project's documents say, cut into pieces that can be tried."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parent.parent

DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("models/*.md"),
        *ROOT.glob("samples/*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")


def fenced(text: str, language: str = "") -> list[str]:
    """Blocks of code between fences that name this language."""
    return [body for name, body in _FENCE.findall(text) if name == language]


def spans(text: str) -> list[str]:
    """Code within sentences, a line each."""
    return [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", text))]


def command_lines(block: str) -> list[str]:
    """Lines of a block as a shell has them: joined at a backslash, without a prompt."""
    joined = block.replace("\\\n", " ")
    return [line.strip().removeprefix("$ ") for line in joined.splitlines() if line.strip()]


def words(line: str) -> list[str]:
    """Words of a command, without its comment; none of a line that is no command."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # an apostrophe of a sentence
        return []
