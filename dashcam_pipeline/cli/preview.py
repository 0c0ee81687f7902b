"""``dashcam preview``: before and after, to look at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.flags import OPTION_NAMES
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options
from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.compare.options import LAYOUTS, PreviewOptions, make_options
from dashcam_pipeline.config import parse_time
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.compare.preview import PreviewReport
    from dashcam_pipeline.compare.stills import StillReport
    from dashcam_pipeline.config import CleanConfig

EPILOG: Final = """\b
Examples:
  dashcam preview night.mp4 --start 1:00 --end 1:10
  dashcam preview night.mp4 night_clean.mp4 --layout wipe -o wipe.mp4
  dashcam preview night.mp4 --layout crop --zoom 4
  dashcam preview night.mp4 night_clean.mp4 --frame 12.5 --change-map -o change.png
  dashcam preview night.mp4 night_clean.mp4 --contact-sheet 12 -o sheet.jpg

With one recording the chain runs on the fly, on the asked part only. With two, they are compared
as they are, after checking that their frames lie at the same times.
"""

_FIELDS: Final = PreviewOptions.model_fields


def _help(name: str) -> str:
    return _FIELDS[name].description or ""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path, readable=False), metavar="INPUT")
@click.argument(
    "cleaned", type=click.Path(path_type=Path, readable=False), required=False, metavar="[CLEANED]"
)
@click.option(
    "-o",
    "--output",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the result goes; without it, NAME_before_after beside the cleaned recording, or "
    "beside the input.",
)
@click.option(
    "--layout",
    cls=ManualOption,
    type=click.Choice(list(LAYOUTS)),
    help=f"{_help('layout')} " + "; ".join(f"{k}: {v}" for k, v in LAYOUTS.items()) + ".",
)
@click.option("--height", cls=ManualOption, metavar="N", help=_help("height"))
@click.option("--labels/--no-labels", cls=ManualOption, default=None, help=_help("labels"))
@click.option(
    "--language", cls=ManualOption, type=click.Choice(["en", "ko"]), help=_help("language")
)
@click.option("--position", cls=ManualOption, metavar="0..1", help=_help("position"))
@click.option("--period", cls=ManualOption, metavar="SECONDS", help=_help("period"))
@click.option("--zoom", cls=ManualOption, metavar="N", help=_help("zoom"))
@click.option("--box", cls=ManualOption, metavar="X,Y,W,H|EDGE:H", help=_help("box"))
@click.option(
    "--change-map", cls=ManualOption, is_flag=True, default=None, help=_help("change_map")
)
@click.option(
    "--frame",
    cls=ManualOption,
    metavar="TIME",
    help="Write one picture instead of a video: this moment, in seconds or HH:MM:SS.mmm. "
    "Ends in .png, .jpg or .webp.",
)
@click.option(
    "--contact-sheet",
    cls=ManualOption,
    type=click.IntRange(1, 200),
    metavar="N",
    help="Write one picture of N moments, spread over the asked part.",
)
@click.option(
    "--open", "open_result", cls=ManualOption, is_flag=True, help="Open the result when it is done."
)
@click.option("-q", "--quiet", cls=ManualOption, is_flag=True, help="Say nothing but errors.")
@config_options()
def preview(  # noqa: PLR0917 - click passes them by name
    input: Path,  # noqa: A002 - the word that the command line has
    cleaned: Path | None,
    output: Path | None,
    frame: str | None,
    contact_sheet: int | None,
    open_result: bool,
    quiet: bool,
    config: CleanConfig,
    **given: Any,  # noqa: ANN401 - the fields of PreviewOptions
) -> None:
    """Show before and after in one video, in sync, with the original timing and sound.

    Or in one picture, with --frame or --contact-sheet.
    """
    logging.getLogger("dashcam_pipeline").setLevel(logging.ERROR if quiet else logging.WARNING)
    if frame is not None and contact_sheet is not None:
        raise click.UsageError(shown(_("--frame and --contact-sheet exclude each other.")))
    options = make_options(
        {name: value for name, value in given.items() if value is not None},
        names={name: f"--{name.replace('_', '-')}" for name in given},
    )
    # Imported here: `--help` needs no numpy.
    from dashcam_pipeline.compare import preview as video  # noqa: PLC0415
    from dashcam_pipeline.compare import stills  # noqa: PLC0415
    from dashcam_pipeline.compare.sources import check_settings  # noqa: PLC0415

    check_settings(config, cleaned, OPTION_NAMES)

    report: PreviewReport | StillReport
    if frame is not None:
        report = stills.still(
            input, cleaned, at=_time(frame), output=output, options=options, config=config
        )
    elif contact_sheet is not None:
        report = stills.contact_sheet(
            input, cleaned, count=contact_sheet, output=output, options=options, config=config
        )
    else:
        with ProgressBar(input.name, enabled=not quiet) as bar:
            report = video.preview(
                input, cleaned, output=output, options=options, config=config, progress=bar
            )
    if not quiet:
        for note in report.notes:
            warn(note, note=True)
        click.echo(shown(report.summary()))
    if open_result:
        click.launch(str(report.path))


def _time(text: str) -> float:
    """Seconds from what --frame says."""
    try:
        value = parse_time(text)
    except ValueError as error:
        raise click.BadParameter(shown(error.args[0]), param_hint="--frame") from error
    if not isinstance(value, float):
        raise TypeError(f"{text!r} gave {value!r}")
    if value < 0:
        raise click.BadParameter(
            shown(_("{text} is not possible; allowed: at least 0.", text=text)),
            param_hint="--frame",
        )
    return value
