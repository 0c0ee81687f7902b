"""``dashcam models``: the weights that are installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dashcam_pipeline.inference.manifest import ModelEntry


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def models(as_json: bool) -> None:
    """List the installed weights: work size, sha256, licence, what they were trained on."""
    from dashcam_pipeline.inference.manifest import load_manifest  # noqa: PLC0415 - start-up

    entries = load_manifest().models
    if as_json:
        click.echo(json.dumps([_facts(e) for e in entries], indent=2, ensure_ascii=False))
        return
    for entry in entries:
        click.echo(_text(entry))


def _facts(entry: ModelEntry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json"), "installed": entry.path.is_file()}


def _text(entry: ModelEntry) -> str:
    rows = [
        ("stage", entry.stage),
        ("file", str(entry.path) + ("" if entry.path.is_file() else "  (missing)")),
        ("sha256", entry.sha256),
        ("licence", entry.licence),
        ("parameters", f"{entry.parameters:,}"),
        ("work size", f"{entry.work_area:,} pixels, sides multiples of {entry.multiple}"),
        ("trained on", "; ".join(entry.trained_on)),
        ("card", str(entry.folder / entry.card)),
    ]
    return "\n".join([entry.name, *(f"  {key:<10}  {value}" for key, value in rows)])
