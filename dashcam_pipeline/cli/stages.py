"""``dashcam stages``: what can be put into the chain."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dashcam_pipeline.stages.base import Stage
    from dashcam_pipeline.stages.registry import StageEntry


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON, with bounds as a schema.")
def stages(as_json: bool) -> None:
    """List the installed stages: what they do, their options, bounds and defaults.

    A stage is used with `dashcam clean --stage NAME:OPTION=VALUE,...`. Other packages can add
    stages; one that can't be loaded is named in a warning.
    """
    from dashcam_pipeline.stages.registry import load_stages  # noqa: PLC0415 - imports the stages

    loaded = load_stages()
    if as_json:
        facts = [_facts(entry, stage) for entry, stage in loaded.values()]
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    for entry, stage in loaded.values():
        click.echo(_text(entry, stage))


def _facts(entry: StageEntry, stage: type[Stage]) -> dict[str, Any]:
    return {
        "name": entry.name,
        "summary": stage.summary,
        "package": entry.package,
        "version": entry.version,
        "synthetic": stage.synthetic,
        "strengths": list(stage.strengths),
        "models": list(stage.models),
        "options": dict(stage.describe_options()),
    }


def _text(entry: StageEntry, stage: type[Stage]) -> str:
    from dashcam_pipeline.stages.explain import allowed  # noqa: PLC0415 - pydantic

    lines = [f"{entry.name}  ({entry.package} {entry.version})", f"  {stage.summary}"]
    if stage.synthetic:
        lines.append("  Shows what the camera never saw; the output is marked so.")
    for name, field in stage.Options.model_fields.items():
        limits = allowed(field)
        default = field.get_default(call_default_factory=True, validated_data={})
        notes = "; ".join(part for part in (limits, f"default: {default}") if part)
        lines.append(f"    {name}  {field.description or ''}  [{notes}]")
    if stage.models:
        lines.append(f"  models: {', '.join(stage.models)}")
    return "\n".join(lines)
