"""``dashcam events``: what happened on the drives of a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.drive import CAMERAS, SCHEMA_VERSION, looked_through, say_damaged
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.engine.readable import columns, one_line, padded
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from dashcam_pipeline.drives import Event
    from dashcam_pipeline.drives.model import EventKind

EPILOG: Final = """\b
Examples:
  dashcam events SDCARD
  dashcam events SDCARD --kind braking --kind event
  dashcam events SDCARD --json

Hard braking is 0.4 g across gravity for 0.3 s while the speed falls; a force without a speed is
called a force, and a change of 28 km/h within two seconds a jump of speed. See docs/drives.md.
"""

KINDS: Final[dict[EventKind, str]] = {
    "event": _("event file"),
    "manual": _("saved by hand"),
    "parking": _("parking file"),
    "braking": _("hard braking"),
    "force": _("strong force"),
    "speed": _("jump of speed"),
}
"""What a kind of event is called."""

_KM_H: Final = 3.6


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path, readable=False), metavar="FOLDER")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(list(KINDS)),
    help="Only these; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="A list with one object an event.")
def events(folder: Path, kinds: tuple[EventKind, ...], as_json: bool) -> None:
    """List what happened: event and parking files, hard braking, jumps of speed.

    Each with its time, its place and its file. All telemetry is read, which for transport streams
    (TS) means reading all of them.
    """
    found = looked_through(folder, None, "whole")
    chosen = [one for d in found.drives for one in d.events if not kinds or one.kind in kinds]
    if as_json:
        click.echo(json.dumps(_facts(folder, chosen), indent=2, ensure_ascii=False))
        return
    click.echo(shown(_text(chosen)))
    say_damaged(found)


def _facts(folder: Path, chosen: list[Event]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": str(folder),
        "events": [one.to_dict() for one in chosen],
    }


def _text(chosen: list[Event]) -> str:
    if not chosen:
        return _("no events")
    rows = [
        (
            one.start.strftime("%Y-%m-%d %H:%M:%S"),
            shown(KINDS[one.kind]),
            shown(_strength(one)),
            _place(one),
            f"{one_line(one.clip.name)} {one.peak:.1f} s",
        )
        for one in chosen
    ]
    widths = [max(columns(row[place]) for row in rows) for place in range(4)]
    return "\n".join(
        "  ".join([*(padded(cell, w) for cell, w in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )


def _strength(one: Event) -> str:
    """How strong it was, and the speeds before and after."""
    parts = []
    if one.g is not None:
        parts.append(f"{one.g:.2f} g")
    if one.before is not None and one.after is not None:
        parts.append(f"{one.before * _KM_H:.0f} > {one.after * _KM_H:.0f} km/h")
    if len(one.cameras) > 1:
        parts.append(joined("+", (CAMERAS[camera] for camera in one.cameras)))
    return joined(", ", parts)


def _place(one: Event) -> str:
    if one.latitude is None or one.longitude is None:
        return ""
    return f"{one.latitude:.5f} {one.longitude:.5f}"
