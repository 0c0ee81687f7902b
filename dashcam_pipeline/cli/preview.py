"""``dashcam preview``: before and after, to look at."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dashcam_pipeline.cli.options import ManualCommand, ManualOption, config_options
from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.compare.options import LAYOUTS, PreviewOptions, make_options

if TYPE_CHECKING:
    from dashcam_pipeline.config import CleanConfig

EPILOG: Final = """\b
Examples:
  dashcam preview night.mp4 --start 1:00 --end 1:10
  dashcam preview night.mp4 night_clean.mp4 --layout wipe -o wipe.mp4
  dashcam preview night.mp4 --layout crop --zoom 4

With one recording the chain runs on the fly, on the asked part only. With two, they are compared
as they are, after checking that their frames lie at the same times.
"""

_FIELDS: Final = PreviewOptions.model_fields


def _help(name: str) -> str:
    return _FIELDS[name].description or ""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path), metavar="INPUT")
@click.argument("cleaned", type=click.Path(path_type=Path), required=False, metavar="[CLEANED]")
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
@click.option("--box", cls=ManualOption, metavar="X,Y,W,H", help=_help("box"))
@click.option("-q", "--quiet", cls=ManualOption, is_flag=True, help="Say nothing but errors.")
@config_options()
def preview(
    input: Path,  # noqa: A002 - the word that the command line has
    cleaned: Path | None,
    output: Path | None,
    quiet: bool,
    config: CleanConfig,
    **given: Any,  # noqa: ANN401 - the fields of PreviewOptions
) -> None:
    """Show before and after in one video, in sync, with the original timing and sound."""
    from dashcam_pipeline.compare import preview as video  # noqa: PLC0415 - `--help` needs no numpy

    logging.getLogger("dashcam_pipeline").setLevel(logging.ERROR if quiet else logging.WARNING)
    options = make_options({name: value for name, value in given.items() if value is not None})
    with ProgressBar(input.name, enabled=not quiet) as bar:
        report = video.preview(
            input, cleaned, output=output, options=options, config=config, progress=bar
        )
    if not quiet:
        for note in report.notes:
            click.echo(f"dashcam: note: {note}", err=True)
        click.echo(report.summary())
