"""Examples in the manual for contributors, to be run."""

from __future__ import annotations

import re
from pathlib import Path

MANUAL = Path(__file__).parents[1] / "CONTRIBUTING.md"


def example(heading: str) -> str:
    """The Python code below a heading."""
    text = MANUAL.read_text(encoding="utf-8")
    section = text.split(f"### {heading}\n")[1].split("\n### ")[0]
    return re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
