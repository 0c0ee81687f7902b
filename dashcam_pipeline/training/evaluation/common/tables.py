"""Results as Markdown for people and as plain data for JSON."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.folders import made_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_ITEMS: Final[dict[str, tuple[type, ...]]] = {"pictures": (dict, list), "pairs": (list,)}
"""Keys below which single pictures and pairs lie, as these; else they are counts, or sections."""

_ABSOLUTE: Final = re.compile(r"(?<![^\s\"])/(?:[^/\s\"]+/)*?([^/\s\",]+/[^/\s\",]+)(?=[\s\",])")
"""An absolute path in JSON; its last two names."""

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


def without_items(value: Any) -> Any:  # noqa: ANN401 - any tree of data
    """The same data without what was found on single pictures and pairs."""
    if isinstance(value, dict):
        return {
            key: without_items(item)
            for key, item in value.items()
            if not isinstance(item, _ITEMS.get(key, ()))
        }
    return [without_items(item) for item in value] if isinstance(value, list) else value


def save(found: dict[str, Any], file: Path, *, overwrite: bool) -> None:
    """Write the numbers of an evaluation's tables as JSON, with four digits of each.

    Of absolute paths only the last two names are written: the rest is a machine's own business.

    Args:
        found: as ``--json`` prints it.
        file: README's tables are made of such files (benchmarks/readme.py).
        overwrite: True replaces it where it is there.

    Raises:
        OutputError: it can't be written.
    """
    text = _ABSOLUTE.sub(r"\1", json.dumps(without_items(found), ensure_ascii=False))
    small = json.loads(text, parse_float=lambda digits: float(f"{float(digits):.4g}"))
    with made_folder(file.parent):
        write_whole(
            file, json.dumps(small, indent=1, ensure_ascii=False) + "\n", overwrite=overwrite
        )


def plain(value: Any) -> Any:  # noqa: ANN401 - any tree of data
    """The same data with None in place of NaN, which JSON doesn't have."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
