"""``dashcam clean``: one recording."""

from __future__ import annotations

import logging
import os
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.hints import batch_command, explained
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options, progress_option
from dashcam_pipeline.cli.pausing import pausing
from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.cli.report_file import check_report_file, folder_of, write_report
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import (
    BatchError,
    DamagedError,
    DashcamError,
    InputMissingError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.engine.workers import Progress

EPILOG: Final = f"""\b
Examples:
  dashcam clean night.mp4
  dashcam clean night.mp4 -o /tmp/out.mp4 --codec libx264 --crf 18
  dashcam clean *.mp4 -o CLEAN/
  dashcam clean night.mp4 --stage glare:streaks=1,veil=0.3 --quality best
  dashcam clean night.mp4 --start 00:01:10 --end 00:02:00
  dashcam clean night.mp4 --protect bottom:4% --report night.json
  dashcam clean night.mp4 --config pipeline.toml
  dashcam clean night.mp4 --preset evidence
  dashcam clean a.mp4 b.mp4 --max-size 1x

Exit codes: see `dashcam --help`. A recording that is damaged but partly decodable gives an output,
a warning and exit code 0; with --strict it gives no output and exit code {DamagedError.exit_code}.
There is no output file whenever the exit code is not 0; after Ctrl-C ({INTERRUPTED}) a sentence
says whether there is. Of several recordings, one that fails doesn't stop the others; the exit code
is then {BatchError.exit_code}.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument(
    "inputs",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, readable=False),
    metavar="INPUT...",
)
@click.option(
    "-o",
    "--output",
    cls=ManualOption,
    metavar="FILE|DIR/",
    help="Where the result goes; without it, NAME_clean beside the input. The ending decides the "
    "container. Into a folder (made if need be) go the results of several inputs, as NAME_clean.",
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
@progress_option
@config_options()
def clean(  # noqa: PLR0917 - click passes them by name
    inputs: tuple[Path, ...],
    output: str | None,
    report_file: Path | None,
    quiet: bool,
    verbose: bool,
    progress: str,
    config: CleanConfig,
) -> int:
    """Clean one recording: decode, run the chain, encode, and carry everything else along.

    Frames keep their times, the sound is copied as it is, and so are subtitles, data tracks,
    chapters, metadata and rotation; what a container can't hold is named in the summary. The result
    appears under its name only when it is whole. Several recordings are cleaned one after the
    other; `dashcam batch` takes whole folders, and goes on after a power cut.
    """
    if quiet and verbose:
        raise click.UsageError(shown(_("--quiet and --verbose exclude each other.")))
    logging.getLogger("dashcam_pipeline").setLevel(
        logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    )
    place = _Place.of(output, several=len(inputs) > 1)
    if len(inputs) > 1 and report_file is not None:
        raise UsageError(
            _("--report takes the report of one recording."),
            advice=_("Leave it out, or use `dashcam batch`, which reports on all of them."),
        )
    run = _Run(place, config, report_file, quiet=quiet, verbose=verbose, lines=progress == "json")
    with pausing(run.control):
        if run.lines:
            return _clean_telling(inputs, run)
        if len(inputs) > 1:
            return _clean_all(inputs, run)
        run.clean(inputs[0])
        return 0


def _clean_telling(inputs: tuple[Path, ...], run: _Run) -> int:
    """Clean one after the other, and tell a program of it; the exit code."""
    from dashcam_pipeline.cli.json_lines import CleanLines, log_as_events  # noqa: PLC0415 - as below

    with log_as_events():
        return CleanLines(inputs).clean_all(run.clean)


def _clean_all(inputs: tuple[Path, ...], run: _Run) -> int:
    """Clean one after the other; the exit code."""
    failed = 0
    for path in inputs:
        try:
            run.clean(path)
        except UsageError:
            raise  # what is wrong with the settings is so for all of them
        except DashcamError as error:
            failed += 1
            click.echo(f"dashcam: {explained(error)}", err=True)
    if not failed:
        return 0
    sentence = _n(
        "{failed} of {all} recordings failed; {n} is done.",
        "{failed} of {all} recordings failed; {n} are done.",
        len(inputs) - failed,
        failed=failed,
        all=len(inputs),
    )
    click.echo(f"dashcam: {shown(sentence)}", err=True)
    return BatchError.exit_code


@dataclass(frozen=True, slots=True)
class _Place:
    """Where results go.

    Args:
        file: of the one result; None leaves its name to the run.
        folder: that results go into; None is beside each input.
    """

    file: Path | None = None
    folder: Path | None = None

    @classmethod
    def of(cls, output: str | None, *, several: bool) -> Self:
        """What ``--output`` means.

        Args:
            output: as it was written: with a slash at its end it is a folder, there or not.
            several: True if a single file can't be meant.

        Raises:
            UsageError: it names a file for several results.
        """
        from dashcam_pipeline.media.containers import is_recording  # noqa: PLC0415 - not for --help

        if output is None:
            return cls()
        path = Path(output)
        ends = tuple(filter(None, (os.sep, os.altsep)))
        # As of os.path: a name that is too long is no folder either, and is refused later.
        if os.path.isdir(output) or output.endswith(ends):  # noqa: PTH112
            return cls(folder=path)
        if not several:
            return cls(file=path)
        if os.path.isfile(output) or is_recording(path):  # noqa: PTH113
            raise UsageError(
                _("--output {output} names one file for several recordings.", output=output),
                advice=_("Name a folder, as in -o CLEAN/."),
            )
        return cls(folder=path)

    def target(self, source: Path) -> Path | None:
        """Where the result of a recording goes; None is beside it."""
        if self.folder is None:
            return self.file
        # Imported here: `--help` needs no codecs.
        from dashcam_pipeline.media.destination import choose_output_path  # noqa: PLC0415
        from dashcam_pipeline.media.probe import probe  # noqa: PLC0415

        return self.folder / choose_output_path(probe(source)).name


@dataclass(slots=True)
class _Run:
    """Cleans recordings as the command line asked, and says what became of each."""

    place: _Place
    config: CleanConfig
    report_file: Path | None
    _: KW_ONLY
    quiet: bool
    verbose: bool
    lines: bool
    control: Control = field(default_factory=Control)
    made: list[Path] = field(default_factory=list)

    def clean(self, source: Path, progress: Callable[[Progress], None] | None = None) -> RunReport:
        """Clean one recording.

        Args:
            source: of it.
            progress: told how far it is; None shows it.

        Raises:
            DashcamError: it failed; there is no output.
        """
        from dashcam_pipeline import pipeline  # noqa: PLC0415 - `--help` needs no numpy

        if source.is_dir():
            raise InputMissingError(
                _("{source} is a folder, not a recording.", source=source),
                advice=_("Clean all of it with `{command}`.", command=batch_command(source)),
            )
        target = self.place.target(source)
        if target is not None and any(_is_same(target, made) for made in self.made):
            raise OutputExistsError(
                _("{target} is the result of another recording of that name.", target=target),
                advice=_(
                    "Name another folder for it, or use `dashcam batch`, which keeps folders."
                ),
            )
        if self.report_file is not None:
            check_report_file(self.report_file, (source, target), overwrite=self.config.overwrite)
        with (
            folder_of(self.report_file),
            ProgressBar(source.name, enabled=not self.quiet) as bar,
        ):
            report = pipeline.clean(
                source, target, config=self.config, progress=progress or bar, control=self.control
            )
        self.made.append(Path(report.output.path))
        if self.report_file is not None:
            write_report(report, self.report_file, overwrite=self.config.overwrite)
        if not self.quiet:
            for warning in () if self.lines else report.warnings:
                warn(warning)
            click.echo(shown(report.details() if self.verbose else report.summary()))
        return report


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and other.exists() and path.samefile(other)
