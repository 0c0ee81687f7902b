"""``dashcam batch``: a folder, or a whole card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.batch_options import batch_options
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options
from dashcam_pipeline.engine.readable import duration, one_line, size, table
from dashcam_pipeline.errors import BatchError
from dashcam_pipeline.translation import _, _n, _p, joined

if TYPE_CHECKING:
    from dashcam_pipeline.batch.estimate import Estimate
    from dashcam_pipeline.batch.health import Fault
    from dashcam_pipeline.batch.plan import Action
    from dashcam_pipeline.batch.result import BatchReport
    from dashcam_pipeline.batch.session import BatchOptions, Plan
    from dashcam_pipeline.config import CleanConfig

EPILOG: Final = f"""\b
Examples:
  dashcam batch /media/SDCARD ~/clean
  dashcam batch SDCARD CLEAN --camera front --since 2026-01-01 --night-only
  dashcam batch SDCARD CLEAN --events-only --include 'Movie/*' --dry-run
  dashcam batch SDCARD CLEAN --workers 4 --threads 2
  dashcam batch /share/in /share/out --runner ray --address auto
  dashcam batch --status CLEAN

On a terminal p (or the space bar) pauses it, and goes on; elsewhere kill -USR1 PID pauses it, and
kill -USR2 PID goes on.

Running the same command again goes on where it was, after Ctrl-C, a power cut or a full disk.
Exit code 0 means that every wanted recording is done; {BatchError.exit_code} that some are not
(report.json and report.csv in the output folder say which and why).
"""

ACTIONS: Final[dict[Action, str]] = {
    "clean": _p("batch", "clean"),
    "check": _p("batch", "check"),
    "skip": _p("batch", "skip"),
    "refuse": _p("batch", "refuse"),
}
"""What --dry-run calls what would be done with a recording."""

_LISTED: Final = 50
"""Steps that --dry-run lists without -v."""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path), metavar="INPUT", required=False)
@click.argument("output", type=click.Path(path_type=Path), metavar="OUTPUT", required=False)
@click.option(
    "--dry-run",
    cls=ManualOption,
    is_flag=True,
    help="Say what would be done, with an estimate from two seconds, and end as the batch would; "
    "write nothing.",
)
@click.option(
    "--status",
    cls=ManualOption,
    type=click.Path(path_type=Path),
    metavar="OUTPUT",
    help="Say where the batch stands that writes into a folder: while it runs, after it was "
    "killed, or when it is done. Takes no INPUT; nothing is written.",
)
@click.option("--json", "as_json", cls=ManualOption, is_flag=True, help="Of --status: as JSON.")
@batch_options
@config_options()
@click.pass_context
def batch(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    input: Path | None,  # noqa: A002 - the word that the help has
    output: Path | None,
    dry_run: bool,
    status: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    progress: str,
    options: BatchOptions,
    config: CleanConfig,
) -> None:
    """Clean a folder of recordings, or a whole card, into another folder.

    The output tree mirrors the input tree: names, file times and sidecars (positions, acceleration,
    thumbnails) come along, and nothing is ever written into the input. What is done already is
    skipped; a recording that fails doesn't stop the others.
    """
    from dashcam_pipeline.batch import driver  # noqa: PLC0415 - `--help` needs no codecs
    from dashcam_pipeline.cli.batch_progress import observed  # noqa: PLC0415 - likewise
    from dashcam_pipeline.cli.batch_status import show_status  # noqa: PLC0415 - likewise

    if status is not None:
        if input is not None:
            raise click.UsageError(shown(_("--status takes a folder of results, and no INPUT.")))
        show_status(status, as_json=as_json)
        return
    if as_json:
        raise click.UsageError(shown(_("--json is for --status.")))
    for given, parameter in ((input, 0), (output, 1)):
        if given is None:
            raise click.MissingParameter(ctx=context, param=context.command.params[parameter])
    source, target = Path(str(input)), Path(str(output))
    if dry_run:
        context.exit(_dry_run(source, target, config, options, verbose=verbose))
    try:
        with observed(progress, quiet=quiet, verbose=verbose) as (observer, control):
            report = driver.run_batch(
                source, target, config=config, options=options, observer=observer, control=control
            )
    except KeyboardInterrupt:
        say_interrupted()
        context.exit(INTERRUPTED)
    say_report(report, quiet=quiet, told=progress == "json")
    context.exit(report.exit_code)


def say_interrupted() -> None:
    """What Ctrl-C ends with."""
    said = shown(_("interrupted; run it again to go on where it was."))
    click.echo(f"dashcam: {said}", err=True)


def say_report(report: BatchReport, *, quiet: bool, told: bool) -> None:
    """The end of a batch.

    Args:
        report: of it.
        quiet: True says warnings alone.
        told: True if they were told as events.
    """
    for warning in () if told else report.warnings:
        warn(one_line(warning))
    if not quiet:
        click.echo(as_flags(shown(report.table())))


def _dry_run(
    source: Path, output: Path, config: CleanConfig, options: BatchOptions, *, verbose: bool
) -> int:
    """Say what a batch would do; the exit code is that of the batch, as far as it can be told."""
    from dashcam_pipeline.batch.driver import plan_batch  # noqa: PLC0415 - as above
    from dashcam_pipeline.batch.estimate import estimate  # noqa: PLC0415 - likewise
    from dashcam_pipeline.batch.health import find_faults  # noqa: PLC0415 - likewise

    plan = plan_batch(source, output, config=config, options=options)
    faults = find_faults(plan)
    for line in (*_plan_lines(plan, verbose=verbose), *_fault_lines(faults, verbose)):
        click.echo(as_flags(shown(line)))
    click.echo(shown(_estimate_line(estimate(plan, output, config=config, options=options), plan)))
    if options.night_only:
        said = _("Recordings taken by day will be found, and left out, when their turn comes.")
        click.echo(shown(said))
    refused = any(step.action == "refuse" for step in plan.steps)
    will_fail = refused or plan.tree.unreadable or any(fault.fails for fault in faults)
    return BatchError.exit_code if will_fail else 0


def _plan_lines(plan: Plan, *, verbose: bool) -> list[str]:
    listed = plan.steps if verbose else plan.steps[:_LISTED]
    lines: list[str] = [
        table(
            [(ACTIONS[step.action], joined("", (step.clip.path, "  (", step.reason, ")")))], least=5
        )
        for step in listed
    ]
    lines += _more(len(plan.steps) - len(listed))
    lines += [
        _("{n} left out: {reason}", n=count, reason=reason)
        for reason, count in plan.chosen.refused.items()
    ]
    lines.append(
        _n(
            "{todo} of {n} recording to do.",
            "{todo} of {n} recordings to do.",
            len(plan.steps),
            todo=plan.todo,
        )
    )
    sidecars = sum(len(found) for found in plan.chosen.sidecars.values())
    if sidecars:
        lines.append(_n("{n} sidecar comes along.", "{n} sidecars come along.", sidecars))
    refused = sum(1 for step in plan.steps if step.action == "refuse")
    if refused:
        lines.append(
            _n(
                "{n} refused: something else stands where its result would go.",
                "{n} refused: something else stands where their results would go.",
                refused,
            )
        )
    lines += plan.notes
    lines += [
        _("{path} can't be listed: {why}", path=path, why=why) for path, why in plan.tree.unreadable
    ]
    return [one_line(line) for line in lines]


def _more(count: int) -> list[str]:
    """What is said of lines that are not shown."""
    return [_("... and {n} more; -v lists all of them", n=count)] if count else []


def _fault_lines(faults: list[Fault], verbose: bool) -> list[str]:
    """What will go wrong, as far as headers tell."""
    listed = faults if verbose else faults[:_LISTED]
    lines: list[str] = [
        one_line(
            joined(
                ": ", (_("will fail") if fault.fails else _("damaged"), fault.path, fault.reason)
            )
        )
        for fault in listed
    ]
    lines += _more(len(faults) - len(listed))
    failing = sum(fault.fails for fault in faults)
    if failing:
        lines.append(_n("{n} recording will fail.", "{n} recordings will fail.", failing))
    cut = len(faults) - failing
    if cut:
        lines.append(
            _n(
                "{n} recording is cut short, and will be cleaned as far as it goes.",
                "{n} recordings are cut short, and will be cleaned as far as they go.",
                cut,
            )
        )
    return lines


def _estimate_line(found: Estimate | None, plan: Plan) -> str:
    if found is None:
        if plan.todo:
            return _("No recording could be read for a trial.")
        return _("Nothing to do.")
    about = _(
        "About {time} with {workers} at a time, and {size} of results "
        "({fps:.1f} frames a second in a trial of {trial}).",
        time=duration(found.seconds),
        workers=found.workers,
        size=size(found.nbytes),
        fps=found.fps,
        trial=one_line(found.trial),
    )
    if found.fits:
        return about
    return joined(" ", (about, _("NOT ENOUGH: {size} are free.", size=size(found.free))))
