"""``dashcam verify``: is an output still what its record says?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.errors import VerificationError

if TYPE_CHECKING:
    from dashcam_pipeline.provenance import Check, Verification

EPILOG: Final = f"""\b
Examples:
  dashcam verify night_clean.mp4
  dashcam verify night_clean.mp4 --source /archive/night.mp4

Exit code 0: output (and source, where it is at hand) are the files of the record, to the last bit.
Exit code {VerificationError.exit_code}: a file was changed or is missing. The record is no
signature; see docs/provenance.md.
"""


@click.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, readable=False), metavar="FILE")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The recording that FILE was made of; without it, looked for beside FILE.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def verify(file: Path, source: Path | None, as_json: bool) -> None:
    """Hash an output of `dashcam clean` again, and compare it with its provenance record."""
    from dashcam_pipeline import provenance  # noqa: PLC0415 - `--help` needs none of it

    result = provenance.verify(file, source=source)
    click.echo(json.dumps(result.to_dict(), indent=2) if as_json else _text(result))
    if not result.passed:
        wrong = [check for check in result.checks if check.failed]
        raise VerificationError(
            f"{file} is not what its record says: {', '.join(map(_short, wrong))}.",
            advice="It was changed after it was written, or copied badly; clean the source again.",
        )


def _short(check: Check) -> str:
    from dashcam_pipeline.provenance.untrusted import printable  # noqa: PLC0415 - as above

    return printable(f"{check.role} {check.name} {check.state}")


def _text(result: Verification) -> str:
    from dashcam_pipeline.provenance.untrusted import printable  # noqa: PLC0415 - as above

    lines: list[str] = []
    for check in result.checks:
        said = {
            "same": "as recorded",
            "changed": "CHANGED",
            "other": "another version is installed now",
            "missing": "MISSING" if check.failed else "not here, not checked",
        }[check.state]
        lines.append(f"{check.role:<10} {check.name}: {said}")
        if check.state == "changed":
            lines.append(f"{'':<10} sha256 {check.found}, recorded {check.expected}")
    record = result.record
    frames = record.get("frames")
    if result.passed and frames:
        made = f"{record.get('software')}, {record.get('created')}"
        lines.append(f"made by    {made}")
        lines.append(
            f"frames     {frames.get('read')} in, {frames.get('written')} out, "
            f"{frames.get('concealed')} concealed, {frames.get('missing')} missing"
        )
    return "\n".join(map(printable, lines))
