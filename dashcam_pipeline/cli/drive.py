"""``dashcam drive``: the drives of a folder."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.cli.progress import steps
from dashcam_pipeline.dashcam.words import CAMERA_NAMES
from dashcam_pipeline.engine.join_facts import LOOSE, loose_seams
from dashcam_pipeline.engine.readable import duration, one_line, table
from dashcam_pipeline.translation import _, _n, _p, joined

if TYPE_CHECKING:
    from dashcam_pipeline.drives import CameraRun, Drive, Seam, Survey
    from dashcam_pipeline.drives.finder import TelemetryDepth
    from dashcam_pipeline.drives.model import Distance, DriveKind

SCHEMA_VERSION: Final = 1

EPILOG: Final = """\b
Examples:
  dashcam drive SDCARD
  dashcam drive SDCARD --pause 15
  dashcam drive SDCARD --json

Clips follow one another by the times in their names, put right by satellites where there are any.
Positions of transport streams (TS) are looked at in their first and last seconds alone: a distance
is then "at least".
"""

KINDS: Final[dict[DriveKind, str]] = {"drive": _("drive"), "parked": _("parked")}
"""What a drive's kind is called."""

_MOST: Final = 5
"""Gaps and damaged clips of a drive that are named; JSON names all of them."""

_KILO: Final = 1000

_CLOCK: Final = 120
"""Seconds by which a camera's clock must be wrong to be worth a line."""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path, readable=False), metavar="FOLDER")
@click.option(
    "--pause",
    type=click.FloatRange(min=0.0),
    metavar="MINUTES",
    help="A pause that is longer begins another drive; 5 minutes if not given.",
)
@click.option("--json", "as_json", is_flag=True, help="Everything, every clip, as JSON.")
def drive(folder: Path, pause: float | None, as_json: bool) -> None:
    """List the drives of a folder or card: when, how long, how far, which cameras.

    The clips of a camera follow one another by name, recorded time and telemetry; gaps and
    overlaps are named, and front, rear and interior go together. Nothing is written.
    """
    from dashcam_pipeline.drives.shared import with_shared  # noqa: PLC0415 - as below

    found = with_shared(looked_through(folder, pause))
    if as_json:
        click.echo(json_text(facts(folder, found)))
        return
    click.echo(shown(_text(found)))
    say_damaged(found)


def looked_through(
    folder: Path, pause: float | None, telemetry: TelemetryDepth = "quick"
) -> Survey:
    """The drives of a folder; how far that is stands on a terminal meanwhile.

    Args:
        folder: likewise.
        pause: in minutes; None is the usual one.
        telemetry: how much of it is read.

    Raises:
        InputMissingError: it doesn't exist or can't be listed.
    """
    from dashcam_pipeline.drives.finder import survey  # noqa: PLC0415 - `--help` needs no codecs
    from dashcam_pipeline.drives.grouping import PAUSE  # noqa: PLC0415 - likewise

    with steps(str(folder), enabled=sys.stderr.isatty()) as show:
        return survey(
            folder,
            pause=PAUSE if pause is None else pause * 60,
            telemetry=telemetry,
            progress=lambda done, total: show("", done, total),
        )


def facts(folder: Path, found: Survey) -> dict[str, Any]:
    """All of it, JSON-able."""
    return {
        "schema_version": SCHEMA_VERSION,
        "folder": str(folder),
        "drives": [one.to_dict() for one in found.drives],
        "damaged": [one.to_dict() for one in found.damaged],
        "notes": list(found.notes),
    }


def json_text(facts: dict[str, Any]) -> str:
    """As JSON; what of a name is no UTF-8, as its escapes."""
    text = json.dumps(facts, indent=2, ensure_ascii=False)
    return text.encode("utf-8", errors="backslashreplace").decode()


def say_damaged(found: Survey) -> None:
    """Name what could not be read, on stderr."""
    for note in found.notes:
        warn(one_line(note))
    for one in found.damaged:
        warn(one_line(one.reason))


def _text(found: Survey) -> str:
    if not found.drives:
        return _("no recordings")
    cards = len({one.card for one in found.drives}) > 1
    blocks: list[str] = []
    numbers = dict.fromkeys(KINDS, 0)
    for one in found.drives:
        numbers[one.kind] += 1
        head = joined(" ", (KINDS[one.kind], str(numbers[one.kind])))
        blocks.append(
            joined(
                "\n",
                (joined("  ", (head, _when(one))), table(_rows(one, cards=cards), indent="  ")),
            )
        )
    return joined("\n", blocks)


def _when(one: Drive) -> str:
    """From when to when, how long and how far."""
    same_day = one.start.date() == one.end.date()
    parts: list[str] = [
        _(
            "{start} to {end}",
            start=one.start.strftime("%Y-%m-%d %H:%M:%S"),
            end=one.end.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S"),
        ),
        duration(one.length if one.kind == "drive" else one.recorded),
    ]
    if one.distance is not None and one.kind == "drive":
        parts.append(how_far(one.distance))
    return joined(", ", parts)


def how_far(distance: Distance) -> str:
    """A distance for people."""
    metres = distance.metres
    text = _("{n:.0f} m", n=metres) if metres < _KILO else _("{n:.1f} km", n=metres / _KILO)
    return text if distance.whole else _("at least {distance}", distance=text)


def _rows(one: Drive, *, cards: bool) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if cards:
        rows.append((_p("memory", "card"), one_line(one.card)))
    clips = (
        joined(" ", (CAMERA_NAMES[run.camera], _n("{n} clip", "{n} clips", len(run.clips))))
        for run in one.cameras
    )
    rows.append((_("cameras"), joined(", ", clips)))
    apart = [
        (seam, run, place)
        for run in one.cameras
        for place, seam in enumerate(run.seams)
        if seam.kind != "touching"
    ]
    if one.kind == "drive":  # a parking guard has nothing but gaps
        rows += [_seam_row(*row) for row in apart[:_MOST]]
        if len(apart) > _MOST:
            rows.append((_("gap"), _n("{n} more", "{n} more", len(apart) - _MOST)))
    loose = [abs(s.seconds) for run in one.cameras for s in run.seams if s.kind == "touching"]
    if one.kind == "drive" and max(loose, default=0.0) >= LOOSE:
        rows.append((_("seams"), loose_seams(max(loose))))
    rows += [(_("damaged"), one_line(d.name)) for d in one.damaged[:_MOST]]
    short = [clip for clip in one.clips if not clip.whole]
    rows += [(_("damaged"), _("{name}: cut short", name=one_line(c.name))) for c in short[:_MOST]]
    if one.copies:
        count = _n(
            "{n} recording that others show as well",
            "{n} recordings that others show as well",
            len(one.copies),
        )
        rows.append((_("copies"), count))
    if one.events:
        rows.append((_("events"), str(len(one.events))))
    wrong = max(one.clips, key=lambda clip: abs(clip.clock_error)).clock_error.total_seconds()
    if abs(wrong) > _CLOCK:
        text = _("the camera's clock was {time} ahead", time=duration(round(wrong)))
        if wrong < 0:
            text = _("the camera's clock was {time} behind", time=duration(round(-wrong)))
        rows.append((_("note"), text))
    return rows


def _seam_row(seam: Seam, run: CameraRun, place: int) -> tuple[str, str]:
    after = one_line(run.clips[place].name)
    if seam.kind == "gap":
        return _("gap"), _("{time} after {name}", time=duration(seam.seconds), name=after)
    return _("overlap"), _("{time} at the end of {name}", time=duration(seam.seconds), name=after)
