"""``dashcam batch --status``: where a batch stands, as its journal has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.batch.result import CSV_NAME
from dashcam_pipeline.batch.status import read_status
from dashcam_pipeline.cli.flags import as_flags
from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.meter import frames, recordings
from dashcam_pipeline.engine.readable import one_line
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.batch.status import BatchStatus, State

STATES: Final[dict[State, str]] = {
    "running": _("running"),
    "paused": _("paused"),
    "waiting": _("waiting"),
    "finished": _("finished"),
    "interrupted": _("interrupted"),
    "killed": _("ended without a word"),
}
"""What a state is called."""

_NAMED: Final = 20
"""Failures that are named."""


def show_status(output: Path, *, as_json: bool) -> None:
    """Say where a batch stands.

    Raises:
        DashcamError: no batch has written there, or the journal can't be read.
    """
    status = read_status(output)
    if as_json:
        click.echo(json.dumps(status.to_dict(), indent=1))
        return
    for line in _lines(status):
        click.echo(as_flags(one_line(shown(line))))


def _lines(status: BatchStatus) -> list[str]:
    began, heard = (datetime.fromisoformat(text) for text in (status.started, status.updated))
    percent = "" if status.share is None else f"{status.share:.0%}"
    failed = status.counts.get("failed", 0)
    counts = (
        percent,
        _work(status),
        _("{n} failed", n=failed) if failed else "",
    )
    lines: list[str] = [
        joined(": ", (_state(status), joined(", ", filter(None, counts)))),
        _("of {input}, since {time}", input=status.input, time=_local(began)),
    ]
    if status.state not in {"finished", "interrupted", "killed"}:
        lines.append(
            _(
                "process {pid} of {host}, last heard of at {time}",
                pid=status.pid,
                host=status.host,
                time=_local(heard),
            )
        )
    for clip in status.running:
        total = None if clip.expected is None else max(clip.expected, clip.frames, 1)
        counted = frames(
            clip.frames, str(clip.frames) if total is None else f"{clip.frames}/{total}"
        )
        lines.append(joined(": ", (_("at work"), clip.path, counted)))
    lines += [joined(": ", (_("failed"), path, why)) for path, why in status.failed[:_NAMED]]
    if failed > _NAMED:
        lines.append(_("... and {n} more, all of them in {file}", n=failed - _NAMED, file=CSV_NAME))
    if status.state in {"interrupted", "killed"}:
        lines.append(_("Running the same command again goes on where it was."))
    return lines


def _work(status: BatchStatus) -> str:
    """How much of what there is to do is done."""
    if status.clips:
        return recordings(status.clips, f"{status.settled}/{status.clips}")
    if status.planned:
        return _("nothing to do so far")
    if status.state in {"interrupted", "killed"}:
        return _("before it was known what there is to do")
    return _("looking at what there is to do")


def _state(status: BatchStatus) -> str:
    """What its state is called; watching ends when somebody ends it, so that nothing is missing."""
    if status.watches and status.state == "interrupted" and status.settled == status.clips:
        return _("watching was ended")
    return STATES[status.state]


def _local(moment: datetime) -> str:
    """A time as the clock on the wall has it."""
    return f"{moment.replace(tzinfo=moment.tzinfo or UTC).astimezone():%Y-%m-%d %H:%M:%S}"
