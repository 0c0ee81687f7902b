"""Results as Markdown for people and as plain data for JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING: Final = "doing nothing"
"""Name of the first row: the input itself."""


def mean(values: Iterable[float]) -> float:
    """Mean of what is known; NaN where nothing is."""
    known = [v for v in values if not math.isnan(v)]
    return float(np.mean(known)) if known else math.nan


def number(value: float, form: str) -> str:
    """A value in a format of Python, or a dash where it isn't known."""
    return "-" if math.isnan(value) else f"{value:{form}}"


def numbers(form: str, *values: float) -> list[str]:
    """Several values in one format."""
    return [number(value, form) for value in values]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A Markdown table.

    Args:
        heads: of the columns.
        rows: of cells.
        words: how many columns from the left hold words; the others hold numbers.
    """
    rule = ["---"] * words + ["---:"] * (len(heads) - words)
    lines = [f"| {' | '.join(heads)} |", f"|{'|'.join(rule)}|"]
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join(lines)


def plain(value: Any) -> Any:  # noqa: ANN401 - any tree of data
    """The same data with None in place of NaN, which JSON doesn't have."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
