"""``dashcam telemetry``: positions and G-sensor data of a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.engine.readable import table
from dashcam_pipeline.errors import InputError, UsageError
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.model import Telemetry

EPILOG: Final = """\b
Examples:
  dashcam telemetry clip.mp4
  dashcam telemetry clip.mp4 --gpx -o clip.gpx
  dashcam telemetry clip.TS --json

Known are Novatek, 70mai, BlackVue, Thinkware, Garmin, GoPro and NMEA text. What isn't known is
listed, and kept as it is by `dashcam clean`. Boxes that hold a Wi-Fi password are never exported.
"""


_TIME: Final = "%Y-%m-%d %H:%M:%S"

_NOTHING: Final = _("`dashcam telemetry FILE` alone says what it holds.")


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, readable=False), metavar="FILE")
@click.option("--gpx", is_flag=True, help="GPX 1.1: a track for maps.")
@click.option("--csv", is_flag=True, help="CSV: fixes, then accelerations.")
@click.option("--json", "as_json", is_flag=True, help="JSON: everything.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write there instead of printing.",
)
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
def telemetry(  # noqa: PLR0917 - click passes them by name
    file: Path,
    gpx: bool,
    csv: bool,
    as_json: bool,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Show or export the telemetry of a recording: positions, speed, G-sensor.

    It is found in boxes, tracks, unannounced packets and files beside the recording. Without a
    format, a short summary is printed. The recording itself is only read.
    """
    from dashcam_pipeline.dashcam.telemetry import export, read_telemetry  # noqa: PLC0415 - PyAV
    from dashcam_pipeline.media.atomic import write_whole  # noqa: PLC0415 - likewise
    from dashcam_pipeline.media.folders import made_folder  # noqa: PLC0415 - likewise
    from dashcam_pipeline.media.output_checks import check_output  # noqa: PLC0415 - likewise

    if gpx + csv + as_json > 1:
        raise UsageError(
            _("--gpx, --csv and --json exclude each other."), advice=_("Take one of them.")
        )
    if output is not None and not (gpx or csv or as_json):
        raise UsageError(_("--output needs a format."), advice=_("Add --gpx, --csv or --json."))
    if output is not None:
        check_output(file, output, overwrite=overwrite)
    found = read_telemetry(file)
    if gpx:
        if not found.fixes:
            raise InputError(
                _("{file} holds no positions for a track.", file=file), advice=_NOTHING
            )
        text = export.to_gpx(found, file.stem)
    elif csv:
        if not (found.fixes or found.accelerations):
            raise InputError(
                _("{file} holds neither positions nor accelerations.", file=file), advice=_NOTHING
            )
        text = export.to_csv(found)
    else:
        text = export.to_json(found) if as_json else shown(_summary(found))
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    with made_folder(output.parent):
        write_whole(output, text, overwrite=overwrite)


def _summary(found: Telemetry) -> str:
    """A few lines for people."""
    if not found and not found.withheld:
        return _("no telemetry found")
    rows: list[tuple[str, str]] = [
        (_("family"), ", ".join(found.families) or _("none that is known"))
    ]
    if found.fixes:
        first, last = found.fixes[0], found.fixes[-1]
        rows.append((_("positions"), str(len(found.fixes))))
        if first.time and last.time:
            span = _(
                "{first} to {last} ({zone})",
                first=first.time.strftime(_TIME),
                last=last.time.strftime(_TIME),
                zone="UTC" if first.time.tzinfo else _("the camera's clock"),
            )
            rows.append((_("time"), span))
        top = max((fix.speed for fix in found.fixes if fix.speed is not None), default=None)
        if top is not None:
            rows.append((_("top speed"), f"{top * 3.6:.1f} km/h"))
    if found.accelerations:
        readings = _n("{n} reading", "{n} readings", len(found.accelerations))
        rows.append((_("G-sensor"), readings))
    rows.append((_("raw bytes"), str(sum(len(raw.data) for raw in found.raws))))
    if found.unknown:
        names = sorted(set(found.unknown))
        rows.append((_("unknown"), f"{', '.join(names[:5])}{', ...' * (len(names) > 5)}"))  # noqa: PLR2004 - as many as fit a line
    if found.withheld:
        rows.append((_("withheld"), _("{names} (private)", names=", ".join(found.withheld))))
    rows += [(_("warning"), fault) for fault in found.faults]
    rows += [(_("note"), note) for note in found.notes]
    return table(rows)
