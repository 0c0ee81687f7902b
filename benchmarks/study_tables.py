"""The tables of ``glare_study``: what was measured, as Markdown."""

from __future__ import annotations

import math
from typing import Any

NOTHING = "doing nothing"

COLUMNS = {
    "pairs": {
        "glare": "glare region, dB",
        "rest": "rest, dB",
        "whole": "whole, dB",
        "worse": "made worse",
    },
    "clip": {
        "glare": "glare region, dB",
        "rest": "rest, dB",
        "whole": "whole, dB",
        "flicker": "flicker, codes",
        "lamps": "lamps and signals",
    },
    "nights": {
        "ring": "haze in the ring",
        "far": "far from lamps",
        "crushed": "newly black",
        "kept": "lamp area kept",
    },
}
SHARES = {"worse", "crushed", "kept"}
CHANGES = {"lamps", "ring", "far"}
"""Columns in per cent: shares of a whole, and changes, with their sign."""


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """The same without NaN, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def rounded(value: Any) -> Any:  # noqa: ANN401 - as above
    """The same with four digits of every number: more is noise, and changes at every run."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def shown(key: str, value: float | None) -> str:
    """A number of a table."""
    if value is None or math.isnan(value):
        return "-"
    if key in SHARES | CHANGES:
        return f"{value:+.1%}" if key in CHANGES else f"{value:.1%}"
    return f"{value:.2f}"


def tables(caption: str, names: list[str], results: dict[str, dict[str, Any]]) -> str:
    """The study as Markdown.

    Args:
        caption: what a reader must know.
        names: of all rows, in order.
        results: what is known so far, by row: ``parameters``, ``minutes``, ``asked.steps`` and
            ``sets``, each with its ``kind``, the values of doing nothing and those of the row.
    """
    parts = ["# Glare study", caption, "## Training", training_table(names, results)]
    for name in dict.fromkeys(name for r in results.values() for name in r["sets"]):
        found = {row: r["sets"][name] for row, r in results.items() if name in r["sets"]}
        parts += [f"## {name}", set_table(found)]
    return "\n\n".join(parts) + "\n"


def training_table(names: list[str], results: dict[str, dict[str, Any]]) -> str:
    """Size, steps and time of each row."""
    lines = ["| row | parameters | steps | minutes |", "|---|---:|---:|---:|"]
    for name in names:
        if name in results:
            r = results[name]
            steps = r["asked"]["steps"]
            lines.append(f"| {name} | {r['parameters']:,} | {steps:,} | {r['minutes']:.1f} |")
        else:
            lines.append(f"| {name} | | | not trained yet |")
    return "\n".join(lines)


def set_table(found: dict[str, dict[str, Any]]) -> str:
    """One set of pictures: doing nothing, then every row that was measured on it."""
    first = next(iter(found.values()))
    columns = COLUMNS[first["kind"]]
    lines = [
        "| row | " + " | ".join(columns.values()) + " |",
        "|---" + "|---:" * len(columns) + "|",
    ]
    rows = {NOTHING: first[NOTHING], **{row: values["row"] for row, values in found.items()}}
    for row, values in rows.items():
        lines.append(f"| {row} | " + " | ".join(shown(k, values[k]) for k in columns) + " |")
    return "\n".join(lines)
