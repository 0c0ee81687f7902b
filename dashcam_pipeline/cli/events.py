"""``dashcam events``: what happened on the drives of a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.drive import (
    SCHEMA_VERSION,
    json_text,
    looked_through,
    say_damaged,
)
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.progress import steps
from dashcam_pipeline.dashcam.words import CAMERA_NAMES
from dashcam_pipeline.engine.readable import columns, one_line, padded
from dashcam_pipeline.errors import BatchError
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.names import Camera
    from dashcam_pipeline.drives import Event
    from dashcam_pipeline.drives.model import EventKind
    from dashcam_pipeline.excerpts.export import Exported

EPILOG: Final = """\b
Examples:
  dashcam events SDCARD
  dashcam events SDCARD --kind braking --kind event
  dashcam events SDCARD --export EVENTS --before 10 --after 20
  dashcam events SDCARD --export EVENTS --exact --camera front
  dashcam events SDCARD --json

Hard braking is 0.4 g across gravity for 0.3 s while the speed falls; a force without a speed is
called a force, and a change of 28 km/h within two seconds a jump of speed. See docs/drives.md.

An excerpt's pictures are copied, from the key frame before its beginning to the one behind its end;
--exact encodes them anew. Beside it lie its track (GPX), a still, the raw telemetry and a record.
What an earlier run cut out is left as it is. Exit code 11: some could not be cut out.
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

_CUTTING: Final = "Cutting out"
"""Section of the help."""

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
@click.option("--json", "as_json", is_flag=True, help="The events as JSON, and what was cut out.")
@click.option(
    "--export",
    "target",
    cls=ManualOption,
    group=_CUTTING,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Cut each one out, into this folder.",
)
@click.option(
    "--before",
    cls=ManualOption,
    group=_CUTTING,
    type=click.FloatRange(min=0.0),
    default=10.0,
    metavar="SECONDS",
    help="How much earlier an excerpt begins; 10 if not given.",
)
@click.option(
    "--after",
    cls=ManualOption,
    group=_CUTTING,
    type=click.FloatRange(min=0.0),
    default=20.0,
    metavar="SECONDS",
    help="How much later it ends; 20 if not given.",
)
@click.option(
    "--camera",
    "cameras",
    cls=ManualOption,
    group=_CUTTING,
    multiple=True,
    type=click.Choice(list(CAMERA_NAMES)),
    help="Cut out of this camera's recordings alone; may be repeated. Without it, of every "
    "camera's that shows the event.",
)
@click.option(
    "--exact",
    cls=ManualOption,
    group=_CUTTING,
    is_flag=True,
    help="Begin and end at the very picture; encodes the pictures anew.",
)
@click.option(
    "--overwrite", cls=ManualOption, group=_CUTTING, is_flag=True, help="Replace files in DIR."
)
def events(  # noqa: PLR0917 - click passes them by name
    folder: Path,
    kinds: tuple[EventKind, ...],
    as_json: bool,
    target: Path | None,
    before: float,
    after: float,
    cameras: tuple[Camera, ...],
    exact: bool,
    overwrite: bool,
) -> int:
    """List what happened: event and parking files, hard braking, jumps of speed.

    Each with its time, its place and its file. All telemetry is read, which for transport streams
    (TS) means reading all of them.
    """
    if target is not None:
        from dashcam_pipeline.batch.discovery import check_folders  # noqa: PLC0415 - loads codecs
        from dashcam_pipeline.media.folders import check_folder  # noqa: PLC0415 - likewise

        check_folder(target)
        check_folders(folder.parent if folder.is_file() else folder, target)
    found = looked_through(folder, None, "whole")
    chosen = [one for d in found.drives for one in d.events if not kinds or one.kind in kinds]
    if not as_json:
        click.echo(shown(_text(chosen) if found.drives else _("no recordings")))
        say_damaged(found)
    facts: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "folder": str(folder),
        "events": [one.to_dict() for one in chosen],
    }
    failed = 0
    if target is not None:
        # Imported here: a listing needs no encoders.
        from dashcam_pipeline.excerpts.export import export  # noqa: PLC0415
        from dashcam_pipeline.excerpts.plan import plan  # noqa: PLC0415

        excerpts = plan(found.drives, before=before, after=after, kinds=kinds, cameras=cameras)
        with steps(str(target), enabled=sys.stderr.isatty()) as show:
            done = list(export(excerpts, target, exact=exact, overwrite=overwrite, progress=show))
        facts["excerpts"] = [one.to_dict() for one in done]
        failed = sum(one.fate == "failed" for one in done)
        for one in done:
            _say_failed(one)
        if not as_json:
            click.echo(shown(_exported(done, target)))
    if as_json:
        click.echo(json_text(facts))
    return BatchError.exit_code if failed else 0


def _say_failed(one: Exported) -> None:
    if one.fate == "failed":
        text = joined(": ", (one.excerpt.name, one.reason))
        warn(joined(" ", (text, one.advice)) if one.advice else text)


def _exported(done: list[Exported], target: Path) -> str:
    """What was cut out, in a line."""
    counts = {fate: sum(one.fate == fate for one in done) for fate in ("made", "there", "failed")}
    parts: list[str] = [
        _n(
            "{n} excerpt cut out into {folder}",
            "{n} excerpts cut out into {folder}",
            counts["made"],
            folder=target,
        )
    ]
    if counts["there"]:
        parts.append(_n("{n} was there already", "{n} were there already", counts["there"]))
    if counts["failed"]:
        parts.append(_("{n} failed", n=counts["failed"]))
    return joined(", ", parts)


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
        parts.append(joined("+", (CAMERA_NAMES[camera] for camera in one.cameras)))
    return joined(", ", parts)


def _place(one: Event) -> str:
    if one.latitude is None or one.longitude is None:
        return ""
    return f"{one.latitude:.5f} {one.longitude:.5f}"
