"""``dashcam batch``: a folder, or a whole card."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import click

from dashcam_pipeline.cli.app import INTERRUPTED
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.language import shown, warn
from dashcam_pipeline.cli.manual import ManualCommand, ManualOption
from dashcam_pipeline.cli.options import config_options
from dashcam_pipeline.dashcam.names import Camera
from dashcam_pipeline.engine.readable import duration, one_line, size, table
from dashcam_pipeline.errors import BatchError
from dashcam_pipeline.translation import _, _n, _p, joined

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from dashcam_pipeline.batch.estimate import Estimate
    from dashcam_pipeline.batch.health import Fault
    from dashcam_pipeline.batch.plan import Action
    from dashcam_pipeline.batch.session import BatchOptions, Plan
    from dashcam_pipeline.config import CleanConfig

EPILOG: Final = f"""\b
Examples:
  dashcam batch /media/SDCARD ~/clean
  dashcam batch SDCARD CLEAN --camera front --since 2026-01-01 --night-only
  dashcam batch SDCARD CLEAN --events-only --include 'Movie/*' --dry-run
  dashcam batch SDCARD CLEAN --workers 4 --threads 2
  dashcam batch /share/in /share/out --runner ray --address auto

Running the same command again goes on where it was, after Ctrl-C, a power cut or a full disk.
Exit code 0 means that every wanted recording is done; {BatchError.exit_code} that some are not
(report.json and report.csv in the output folder say which and why).
"""

F = TypeVar("F", bound="Callable[..., Any]")

ACTIONS: Final[dict[Action, str]] = {
    "clean": _p("batch", "clean"),
    "check": _p("batch", "check"),
    "skip": _p("batch", "skip"),
    "refuse": _p("batch", "refuse"),
}
"""What --dry-run calls what would be done with a recording."""

_SELECTION: Final = "Which recordings"
_DATES: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]
_LISTED: Final = 50
"""Steps that --dry-run lists without -v."""


def _choice(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - as click's
    return click.option(*names, cls=ManualOption, group=_SELECTION, **settings)


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("input", type=click.Path(path_type=Path), metavar="INPUT")
@click.argument("output", type=click.Path(path_type=Path), metavar="OUTPUT")
@_choice("--camera", type=click.Choice(get_args(Camera)), help="Only this camera's recordings.")
@_choice(
    "--since",
    type=click.DateTime(_DATES),
    metavar="DATE",
    help="Not older than this, by the name's time or else the file's.",
)
@_choice("--until", type=click.DateTime(_DATES), metavar="DATE", help="Older than this.")
@_choice(
    "--events-only", is_flag=True, help="Only impacts, alarms and what the driver's button locked."
)
@_choice("--night-only", is_flag=True, help="Leave out recordings taken by day, by a quick look.")
@_choice(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Only paths in the tree, or names, that match; repeatable.",
)
@_choice("--exclude", multiple=True, metavar="GLOB", help="Not those that match; repeatable.")
@_choice(
    "--include-results",
    is_flag=True,
    help="Clean again what dashcam made: *_clean, *_before_after, or marked so in its metadata.",
)
@click.option(
    "--dry-run",
    cls=ManualOption,
    is_flag=True,
    help="Say what would be done, with an estimate from two seconds, and end as the batch would; "
    "write nothing.",
)
@click.option(
    "--segment-seconds",
    cls=ManualOption,
    type=click.FloatRange(0.1, 3600),
    default=30.0,
    show_default=True,
    metavar="S",
    help="How much of a recording can be lost to a power cut.",
)
@click.option(
    "--workers",
    cls=ManualOption,
    type=click.IntRange(0, 1024),
    default=0,
    metavar="N",
    help="Recordings at a time; 0 decides by cores, memory and GPUs.  [default: 0]",
)
@click.option(
    "--runner",
    cls=ManualOption,
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Processes of this machine, or a Ray cluster over a shared folder.",
)
@click.option(
    "--address",
    cls=ManualOption,
    metavar="ADDRESS",
    help="Of the Ray cluster: auto, or HOST:PORT of its head.",
)
@click.option("-q", "--quiet", cls=ManualOption, is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", cls=ManualOption, is_flag=True, help="A line for every recording.")
@config_options()
@click.pass_context
def batch(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    input: Path,  # noqa: A002 - the word that the help has
    output: Path,
    camera: Camera | None,
    since: datetime | None,
    until: datetime | None,
    events_only: bool,
    night_only: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    include_results: bool,
    dry_run: bool,
    segment_seconds: float,
    workers: int,
    runner: str,
    address: str | None,
    quiet: bool,
    verbose: bool,
    config: CleanConfig,
) -> None:
    """Clean a folder of recordings, or a whole card, into another folder.

    The output tree mirrors the input tree: names, file times and sidecars (positions, acceleration,
    thumbnails) come along, and nothing is ever written into the input. What is done already is
    skipped; a recording that fails doesn't stop the others.
    """
    from dashcam_pipeline.batch import driver  # noqa: PLC0415 - `--help` needs no codecs
    from dashcam_pipeline.batch.discovery import Selection  # noqa: PLC0415 - likewise
    from dashcam_pipeline.batch.session import BatchOptions  # noqa: PLC0415 - likewise
    from dashcam_pipeline.cli.batch_progress import BatchBars  # noqa: PLC0415 - likewise
    from dashcam_pipeline.engine.control import Control  # noqa: PLC0415 - likewise

    if quiet and verbose:
        raise click.UsageError(shown(_("--quiet and --verbose exclude each other.")))
    if address is not None and runner != "ray":
        raise click.UsageError(shown(_("--address is for --runner ray.")))
    logging.getLogger("dashcam_pipeline").setLevel(
        logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    )
    options = BatchOptions(
        selection=Selection(
            camera=camera,
            since=since,
            until=until,
            events_only=events_only,
            include=include,
            exclude=exclude,
            results=include_results,
        ),
        night_only=night_only,
        segment_seconds=segment_seconds,
        workers=workers,
        runner="ray" if runner == "ray" else "local",
        address=address,
    )
    if dry_run:
        context.exit(_dry_run(input, output, config, options, verbose=verbose))
    try:
        control = Control()
        with BatchBars(control, quiet=quiet, verbose=verbose) as bars:
            report = driver.run_batch(
                input, output, config=config, options=options, observer=bars, control=control
            )
    except KeyboardInterrupt:
        said = shown(_("interrupted; run it again to go on where it was."))
        click.echo(f"dashcam: {said}", err=True)
        context.exit(INTERRUPTED)
    for warning in report.warnings:
        warn(one_line(warning))
    if not quiet:
        click.echo(as_flags(shown(report.table())))
    context.exit(report.exit_code)


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
