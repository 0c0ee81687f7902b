"""``dashcam clean``: one recording."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.options import ManualCommand, ManualOption, config_options
from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.errors import OutputError, OutputExistsError, UsageError

if TYPE_CHECKING:
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.report import RunReport

EPILOG: Final = """\b
Examples:
  dashcam clean night.mp4
  dashcam clean night.mp4 -o /tmp/out.mp4 --codec libx264 --crf 18
  dashcam clean night.mp4 --stage glare:streaks=1,veil=0.3 --quality best
  dashcam clean night.mp4 --start 00:01:10 --end 00:02:00
  dashcam clean night.mp4 --protect 0,1040,700,40 --report night.json
  dashcam clean night.mp4 --config pipeline.toml

Exit codes: see `dashcam --help`. A recording that is damaged but partly decodable gives an output,
a warning and exit code 0; with --strict it gives no output and exit code 5. There is no output
file whenever the exit code is not 0; after Ctrl-C (130) a sentence says whether there is.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path, readable=False), metavar="INPUT")
@click.option(
    "-o",
    "--output",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the result goes; without it, NAME_clean beside the input. "
    "The ending decides the container.",
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
@click.option(
    "-v", "--verbose", cls=ManualOption, is_flag=True, help="Say more: timings, stage facts, log."
)
@config_options()
def clean(  # noqa: PLR0917 - click passes them by name
    input: Path,  # noqa: A002 - the word that the command line has
    output: Path | None,
    report_file: Path | None,
    quiet: bool,
    verbose: bool,
    config: CleanConfig,
) -> None:
    """Clean one recording: decode, run the chain, encode, and carry everything else along.

    Frames keep their times, the sound is copied as it is, and so are subtitles, data tracks,
    chapters, metadata and rotation; what a container can't hold is named in the summary. The result
    appears under its name only when it is whole.
    """
    from dashcam_pipeline import pipeline  # noqa: PLC0415 - `--help` needs no numpy

    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other.")
    logging.getLogger("dashcam_pipeline").setLevel(
        logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    )
    if report_file is not None:
        _check_report_file(report_file, input, output, overwrite=config.overwrite)
    with ProgressBar(input.name, enabled=not quiet) as bar:
        report = pipeline.clean(input, output, config=config, progress=bar)
    if report_file is not None:
        _write_report(report, report_file, overwrite=config.overwrite)
    if not quiet:
        for warning in report.warnings:
            click.echo(f"dashcam: warning: {as_flags(warning)}", err=True)
        click.echo(report.details() if verbose else report.summary())


def _check_report_file(report: Path, source: Path, output: Path | None, *, overwrite: bool) -> None:
    """Find out before hours of work whether the report can be written.

    Raises:
        UsageError: it would replace a recording, or can't be written there.
        OutputExistsError: another file has its name.
    """
    from dashcam_pipeline.media.atomic import Claim  # noqa: PLC0415 - `--help` needs no locks
    from dashcam_pipeline.media.containers import is_recording  # noqa: PLC0415 - likewise

    for other in (source, output):
        same = other is not None and (
            report.absolute() == other.absolute()
            or (report.exists() and other.exists() and report.samefile(other))
        )
        if same:
            raise UsageError(
                f"--report {report} is the recording itself.", advice="Give it another name."
            )
    if is_recording(report):
        raise UsageError(
            f"--report {report} has the name of a recording, and the report is JSON.",
            advice="Give it a name that ends in .json.",
        )
    try:
        Claim(report, overwrite=overwrite).release()
    except OutputExistsError:
        raise
    except OutputError as error:
        raise UsageError(
            f"--report {report} can't be written: {error.args[0]}",
            advice="Name a file in an existing folder.",
        ) from error


def _write_report(report: RunReport, path: Path, *, overwrite: bool) -> None:
    """Write the report; the output is whole already, so failing here is a warning."""
    reason = ""
    if path.absolute() in {Path(p).absolute() for p in (report.output.path, *report.companions)}:
        reason = "the output itself has that name"
    else:
        try:
            report.write_json(path, overwrite=overwrite)
        except OutputError as error:
            reason = error.args[0]
        except OSError as error:
            reason = error.strerror or str(error)
    if reason:
        click.echo(f"dashcam: warning: {path}: the report can't be written ({reason}).", err=True)
