"""``dashcam join``: the clips of a drive as one recording."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options, progress_option
from dashcam_pipeline.cli.pausing import pausing
from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.cli.report_file import check_report_file, folder_of, write_report
from dashcam_pipeline.dashcam.names import Camera
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import BatchError, DamagedError
from dashcam_pipeline.join.options import LAYOUTS, JoinOptions
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.workers import Progress

EPILOG: Final = f"""\b
Examples:
  dashcam join SDCARD/ -o drive.mp4
  dashcam join SDCARD/ -o rear.mp4 --drive 2 --camera rear --gaps close
  dashcam join a.mp4 b.mp4 c.mp4 -o drive.mp4 --clean
  dashcam join SDCARD/ -o both.mp4 --layout pip

Without --clean, --stage, --layout or --reencode packets are copied as they are, and looked through
for damage. With them a run that was cut off goes on where it was; a copy begins again.

Exit codes: see `dashcam --help`. A clip that is damaged or can't be read costs itself alone: the
others are joined, the summary names it, and the exit code is {BatchError.exit_code}; with --strict
there is no output, and it is {DamagedError.exit_code}. After Ctrl-C ({INTERRUPTED}) there is none,
either.
"""

_FIELDS: Final = JoinOptions.model_fields


def _help(name: str) -> str:
    return _FIELDS[name].description or ""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument(
    "inputs",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
    metavar="FOLDER|CLIP...",
)
@click.option(
    "-o",
    "--output",
    cls=ManualOption,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the result goes, in a folder that is made if need be; the ending decides the "
    "container.",
)
@click.option("--drive", cls=ManualOption, type=int, metavar="N", help=_help("drive"))
@click.option(
    "--camera",
    cls=ManualOption,
    type=click.Choice(get_args(Camera)),
    help=_help("camera"),
)
@click.option("--gaps", cls=ManualOption, type=click.Choice(["keep", "close"]), help=_help("gaps"))
@click.option(
    "--clean",
    "default_chain",
    cls=ManualOption,
    is_flag=True,
    help="Run the default chain over the drive, as `dashcam clean` does over a recording.",
)
@click.option("--reencode", cls=ManualOption, is_flag=True, default=None, help=_help("reencode"))
@click.option("--check/--no-check", cls=ManualOption, default=None, help=_help("check"))
@click.option(
    "--layout",
    cls=ManualOption,
    type=click.Choice(list(LAYOUTS)),
    help=f"{_help('layout')} " + "; ".join(f"{k}: {v}" for k, v in LAYOUTS.items()) + ".",
)
@click.option(
    "--beside", cls=ManualOption, type=click.Choice(get_args(Camera)), help=_help("beside")
)
@click.option(
    "--segment-seconds",
    cls=ManualOption,
    type=float,
    metavar="SECONDS",
    help=_help("segment_seconds"),
)
@click.option(
    "--report",
    "report_file",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    help="Write what was done, kept and lost as JSON; --overwrite goes for it too.",
)
@click.option("-q", "--quiet", cls=ManualOption, is_flag=True, help="Say nothing but errors.")
@progress_option
@config_options(leave_out=("start", "end", "track", "max_size"))
def join(  # noqa: PLR0917 - click passes them by name
    inputs: tuple[Path, ...],
    output: Path,
    default_chain: bool,
    report_file: Path | None,
    quiet: bool,
    progress: str,
    config: CleanConfig,
    **given: Any,  # noqa: ANN401 - the fields of JoinOptions
) -> int:
    """Join the clips of a drive to one recording: lossless, or through the chain.

    Clips come from a folder (a card, whose drives `dashcam drive` lists) or are named one by one.
    What two clips both hold is cut once, gaps are kept or closed, and sound goes on without a
    break. Chapters mark the clips; positions are joined, put back and written as GPX.
    """
    logging.getLogger("dashcam_pipeline").setLevel(logging.ERROR if quiet else logging.WARNING)
    if "stages" in config.model_fields_set and not config.stages:
        given["reencode"] = True  # --no-stages: decode and encode only
    options = JoinOptions.checked(
        {name: value for name, value in given.items() if value is not None},
        names={name: f"--{name.replace('_', '-')}" for name in given},
    )
    # Imported here: `--help` needs no codecs.
    from dashcam_pipeline.join import joining  # noqa: PLC0415

    if report_file is not None:
        check_report_file(report_file, (*inputs, output), overwrite=config.overwrite)
    chain, control = _chain(config, default_chain=default_chain), Control()

    def run(target: Path, tell: Callable[[Progress], None]) -> RunReport:
        with folder_of(report_file):
            report = joining.join(
                inputs, target, options=options, config=chain, progress=tell, control=control
            )
        if report_file is not None:
            write_report(report, report_file, overwrite=config.overwrite)
        return report

    with pausing(control):
        if progress == "json":
            return _telling(output, run, quiet=quiet)
        with ProgressBar(output.name, enabled=not quiet) as bar:
            report = run(output, bar)
    if not quiet:
        for warning in report.warnings:
            warn(warning)
        click.echo(shown(report.summary()))
    return report.exit_code


def _telling(
    output: Path, run: Callable[[Path, Callable[[Progress], None]], RunReport], *, quiet: bool
) -> int:
    """Join, and tell a program of it; the exit code."""
    from dashcam_pipeline.cli.json_lines import CleanLines, log_as_events  # noqa: PLC0415 - as above

    def say(target: Path, tell: Callable[[Progress], None]) -> RunReport:
        report = run(target, tell)
        if not quiet:
            click.echo(shown(report.summary()))
        return report

    with log_as_events():
        return CleanLines([output], made=True).clean_all(say)


def _chain(config: CleanConfig, *, default_chain: bool) -> CleanConfig:
    """The settings, with no stage but those that were asked for."""
    if config.max_size is not None:  # of a preset or a settings file
        warn(_("max_size is not held by `join`: join first, and clean the result with it."))
        config = config.model_copy(update={"max_size": None})
    if "stages" in config.model_fields_set:
        if default_chain:
            raise click.UsageError(shown(_("--clean and --stage exclude each other.")))
        return config
    return config if default_chain else config.model_copy(update={"stages": ()})
