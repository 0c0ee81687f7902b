"""``--report``: what was done to a recording, as a JSON file."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from dashcam_pipeline.cli.language import warn
from dashcam_pipeline.errors import OutputError, OutputExistsError, UsageError
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashcam_pipeline.engine.report import RunReport


def folder_of(report: Path | None) -> AbstractContextManager[None]:
    """The folder of a report, made for a run where it isn't there."""
    from dashcam_pipeline.media.folders import made_folder  # noqa: PLC0415 - as above

    return nullcontext() if report is None else made_folder(report.parent)


def check_report_file(report: Path, recordings: Iterable[Path | None], *, overwrite: bool) -> None:
    """Find out before hours of work whether the report can be written.

    Args:
        report: the file.
        recordings: sources and output, as far as they are known.
        overwrite: True lets it replace another file.

    Raises:
        UsageError: it would replace a recording, or can't be written there.
        OutputExistsError: another file has its name.
    """
    from dashcam_pipeline.media.claim import Claim  # noqa: PLC0415 - `--help` needs no locks
    from dashcam_pipeline.media.containers import is_recording  # noqa: PLC0415 - likewise
    from dashcam_pipeline.media.folders import check_folder  # noqa: PLC0415 - likewise

    for other in recordings:
        same = other is not None and (
            report.absolute() == other.absolute()
            or (report.exists() and other.exists() and report.samefile(other))
        )
        if same:
            raise UsageError(
                _("--report {report} is the recording itself.", report=report),
                advice=_("Give it another name."),
            )
    if is_recording(report):
        raise UsageError(
            _(
                "--report {report} has the name of a recording, and the report is JSON.",
                report=report,
            ),
            advice=_("Give it a name that ends in .json."),
        )
    try:
        check_folder(report.parent)
        if report.parent.exists():
            Claim(report, overwrite=overwrite).release()
    except OutputExistsError:
        raise
    except OutputError as error:
        raise UsageError(
            _("--report: {why}", why=error.args[0]),
            advice=_("Name a file in a folder of your own."),
        ) from error


def write_report(report: RunReport, path: Path, *, overwrite: bool) -> None:
    """Write the report; the output is whole already, so failing here is a warning."""
    reason = ""
    if path.absolute() in {Path(p).absolute() for p in (report.output.path, *report.companions)}:
        reason = _("the output itself has that name")
    else:
        try:
            report.write_json(path, overwrite=overwrite)
        except OutputError as error:
            reason = error.args[0]
        except OSError as error:
            reason = system_reason(error)
    if reason:
        warn(_("{path}: the report can't be written ({reason}).", path=path, reason=reason))
