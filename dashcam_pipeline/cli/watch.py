"""``dashcam watch``: a folder, or a card that is put in, cleaned as recordings come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.batch import say_interrupted, say_report
from dashcam_pipeline.cli.batch_options import batch_options
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options
from dashcam_pipeline.errors import BatchError

if TYPE_CHECKING:
    from dashcam_pipeline.batch.session import BatchOptions
    from dashcam_pipeline.config import CleanConfig

EPILOG: Final = f"""\b
Examples:
  dashcam watch /media/SDCARD ~/clean
  dashcam watch /media/SDCARD ~/clean --events-only --night-only
  dashcam watch /share/dashcam ~/clean --once
  dashcam batch --status ~/clean

Ctrl-C ends it (exit code {INTERRUPTED}); started again it goes on where it was, and so does
`dashcam batch` with the same folders. With --once exit code 0 means that all that was there is
done; {BatchError.exit_code} that some recordings are not. p pauses it, and goes on.
"""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path), metavar="INPUT")
@click.argument("output", type=click.Path(path_type=Path), metavar="OUTPUT")
@click.option(
    "--once", cls=ManualOption, is_flag=True, help="Do what is there, and end; for a timetable."
)
@click.option(
    "--every",
    cls=ManualOption,
    type=click.FloatRange(0.1, 3600),
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds between two looks; a recording that changes between two is still being written.",
)
@batch_options
@config_options()
@click.pass_context
def watch(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    input: Path,  # noqa: A002 - the word that the help has
    output: Path,
    once: bool,
    every: float,
    quiet: bool,
    verbose: bool,
    progress: str,
    options: BatchOptions,
    config: CleanConfig,
) -> None:
    """Clean recordings as they come into a folder, or with a card that is put in.

    Waits for the folder if it isn't there yet, and when the card is taken out. A recording that is
    still being written is left alone. All else is as `dashcam batch` does it: the same tree, the
    same options, nothing done twice. One that fails is tried again when it has changed.
    """
    from dashcam_pipeline.batch import watch as folder  # noqa: PLC0415 - `--help` needs no codecs
    from dashcam_pipeline.cli.batch_progress import observed  # noqa: PLC0415 - likewise

    try:
        with observed(progress, quiet=quiet, verbose=verbose, each=not once) as (observer, control):
            report = folder.watch(
                input,
                output,
                config=config,
                options=options,
                every=every,
                once=once,
                observer=observer,
                control=control,
            )
    except KeyboardInterrupt:
        say_interrupted()
        context.exit(INTERRUPTED)
    say_report(report, quiet=quiet, told=progress == "json")
    context.exit(report.exit_code)
