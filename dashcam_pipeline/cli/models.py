"""``dashcam models``: the weights that are installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.engine.readable import table
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from dashcam_pipeline.inference.manifest import ModelEntry


@click.command(cls=ManualCommand)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def models(as_json: bool) -> None:
    """List the installed weights: work size, sha256, licence, what they were trained on."""
    from dashcam_pipeline.inference.manifest import load_manifest  # noqa: PLC0415 - start-up

    entries = load_manifest().models
    if as_json:
        click.echo(json.dumps([_facts(e) for e in entries], indent=2, ensure_ascii=False))
        return
    for entry in entries:
        click.echo(shown(_text(entry)))


def _facts(entry: ModelEntry) -> dict[str, Any]:
    return {**entry.model_dump(mode="json"), "installed": entry.path.is_file()}


def _text(entry: ModelEntry) -> str:
    rows: list[tuple[str, str]] = [
        (_("stage"), entry.stage),
        (
            _("file"),
            str(entry.path) if entry.path.is_file() else _("{path}  (missing)", path=entry.path),
        ),
        ("sha256", entry.sha256),
        (_("licence"), entry.licence),
        (_("parameters"), f"{entry.parameters:,}"),
        (
            _("work size"),
            _(
                "{area:,} pixels, sides multiples of {multiple}",
                area=entry.work_area,
                multiple=entry.multiple,
            ),
        ),
        (_("trained on"), "; ".join(entry.trained_on)),
        (_("card"), str(entry.folder / entry.card)),
    ]
    return joined("\n", (entry.name, table(rows, indent="  ")))
