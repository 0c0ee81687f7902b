"""``dashcam verify``: is an output still what its record says?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.cli.manual import ManualCommand
from dashcam_pipeline.engine.readable import table
from dashcam_pipeline.errors import VerificationError
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from dashcam_pipeline.provenance import Check, Verification
    from dashcam_pipeline.provenance.verify import State

EPILOG: Final = f"""\b
Examples:
  dashcam verify night_clean.mp4
  dashcam verify night_clean.mp4 --source /archive/night.mp4

Exit code 0: output (and source, where it is at hand) are the files of the record, to the last bit.
Exit code {VerificationError.exit_code}: a file was changed or is missing. The record is no
signature; see docs/provenance.md.
"""


ROLES: Final = {
    "output": _("output"),
    "input": _("input"),
    "companion": _("companion"),
    "weights": _("weights"),
}
"""What a file is to the output, as of ``Check.role``."""

STATES: Final[dict[State, str]] = {
    "changed": _("changed"),
    "missing": _("missing"),
}
"""What is wrong with a file, in a word."""


@click.command(cls=ManualCommand, epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, readable=False), metavar="FILE")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="The recording that FILE was made of, or the folder of the clips that it was joined of; "
    "without it, looked for beside FILE.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def verify(file: Path, source: Path | None, as_json: bool) -> None:
    """Hash an output of `dashcam clean` again, and compare it with its provenance record."""
    from dashcam_pipeline import provenance  # noqa: PLC0415 - `--help` needs none of it

    result = provenance.verify(file, source=source)
    click.echo(json.dumps(result.to_dict(), indent=2) if as_json else shown(_text(result)))
    if not result.passed:
        wrong = [check for check in result.checks if check.failed]
        raise VerificationError(
            _(
                "{file} is not what its record says: {wrong}.",
                file=file,
                wrong=joined(", ", map(_short, wrong)),
            ),
            advice=_(
                "It was changed after it was written, or copied badly; clean the source again."
            ),
        )


def _short(check: Check) -> str:
    from dashcam_pipeline.provenance.untrusted import printable  # noqa: PLC0415 - as above

    return printable(joined(" ", (ROLES[check.role], check.name, STATES[check.state])))


def _text(result: Verification) -> str:
    from dashcam_pipeline.provenance.untrusted import printable  # noqa: PLC0415 - as above

    rows: list[tuple[str, str]] = []
    for check in result.checks:
        said = {
            "same": _("as recorded"),
            "changed": _("CHANGED"),
            "other": _("another version is installed now"),
            "missing": _("MISSING") if check.failed else _("not here, not checked"),
        }[check.state]
        rows.append((ROLES[check.role], joined(": ", (check.name, said))))
        if check.state == "changed":
            hashes = _(
                "sha256 {found}, recorded {expected}", found=check.found, expected=check.expected
            )
            rows.append(("", hashes))
    record = result.record
    frames = record.get("frames")
    if result.passed and frames:
        rows.append((_("made by"), f"{record.get('software')}, {record.get('created')}"))
        counts = _(
            "{read} in, {written} out, {concealed} concealed, {missing} missing",
            **{key: frames.get(key) for key in ("read", "written", "concealed", "missing")},
        )
        rows.append((_("frames"), counts))
    return table([(name, printable(fact)) for name, fact in rows])
