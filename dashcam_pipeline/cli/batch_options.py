"""Options of what cleans many recordings: which of them, and how the work is shared.

::

    @click.command(cls=ManualCommand)
    @batch_options
    @config_options()
    def batch(quiet: bool, verbose: bool, options: BatchOptions, config: CleanConfig) -> None: ...
"""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import click

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualOption
from dashcam_pipeline.cli.options import progress_option
from dashcam_pipeline.dashcam.names import Camera
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.batch.session import BatchOptions

R = TypeVar("R")

_SELECTION: Final = "Which recordings"
_DATES: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"]


def _choice(*names: str, **settings: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - as click's
    return click.option(*names, cls=ManualOption, group=_SELECTION, **settings)


def _own(*names: str, **settings: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - as click's
    return click.option(*names, cls=ManualOption, **settings)


_CHOICES: Final = {
    "camera": _choice(
        "--camera", type=click.Choice(get_args(Camera)), help="Only this camera's recordings."
    ),
    "since": _choice(
        "--since",
        type=click.DateTime(_DATES),
        metavar="DATE",
        help="Not older than this, by the name's time or else the file's.",
    ),
    "until": _choice(
        "--until", type=click.DateTime(_DATES), metavar="DATE", help="Older than this."
    ),
    "events_only": _choice(
        "--events-only",
        is_flag=True,
        help="Only impacts, alarms and what the driver's button locked.",
    ),
    "night_only": _choice(
        "--night-only", is_flag=True, help="Leave out recordings taken by day, by a quick look."
    ),
    "include": _choice(
        "--include",
        multiple=True,
        metavar="GLOB",
        help="Only paths in the tree, or names, that match; repeatable.",
    ),
    "exclude": _choice(
        "--exclude", multiple=True, metavar="GLOB", help="Not those that match; repeatable."
    ),
    "include_results": _choice(
        "--include-results",
        is_flag=True,
        help="Clean again what dashcam made: *_clean, *_before_after, or marked so in its "
        "metadata.",
    ),
    "segment_seconds": _own(
        "--segment-seconds",
        type=click.FloatRange(0.1, 3600),
        default=30.0,
        show_default=True,
        metavar="S",
        help="How much of a recording can be lost to a power cut.",
    ),
    "workers": _own(
        "--workers",
        type=click.IntRange(0, 1024),
        default=0,
        metavar="N",
        help="Recordings at a time; 0 decides by cores, memory and GPUs.  [default: 0]",
    ),
    "runner": _own(
        "--runner",
        type=click.Choice(["local", "ray"]),
        default="local",
        show_default=True,
        help="Processes of this machine, or a Ray cluster over a shared folder.",
    ),
    "address": _own(
        "--address",
        metavar="ADDRESS",
        help="Of the Ray cluster: auto, or HOST:PORT of its head.",
    ),
}
"""Options that ``BatchOptions`` are made of."""

_SAYING: Final = (
    _own("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    _own("-v", "--verbose", is_flag=True, help="A line for every recording."),
    progress_option,
)


def batch_options(function: Callable[..., R]) -> Callable[..., R]:
    """Give a command these options, and its function ``options``, ``quiet`` and ``verbose``."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> R:  # noqa: ANN401 - click passes what was declared
        given = {name: kwargs.pop(name) for name in _CHOICES}
        _set_log(quiet=kwargs["quiet"], verbose=kwargs["verbose"])
        return function(*args, options=_options(given), **kwargs)

    command: Callable[..., R] = run
    for option in reversed((*_CHOICES.values(), *_SAYING)):
        command = option(command)
    return command


def _set_log(*, quiet: bool, verbose: bool) -> None:
    if quiet and verbose:
        raise click.UsageError(shown(_("--quiet and --verbose exclude each other.")))
    logging.getLogger("dashcam_pipeline").setLevel(
        logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    )


def _options(given: dict[str, Any]) -> BatchOptions:
    from dashcam_pipeline.batch.discovery import Selection  # noqa: PLC0415 - not for `--help`
    from dashcam_pipeline.batch.session import BatchOptions  # noqa: PLC0415 - likewise

    if given["address"] is not None and given["runner"] != "ray":
        raise click.UsageError(shown(_("--address is for --runner ray.")))
    selected = {
        name: given.pop(name)
        for name in ("camera", "since", "until", "events_only", "include", "exclude")
    }
    selection = Selection(**selected, results=given.pop("include_results"))
    return BatchOptions(selection=selection, **given)
