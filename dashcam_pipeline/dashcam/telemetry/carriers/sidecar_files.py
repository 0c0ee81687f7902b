"""Telemetry in files beside a recording, or at the root of its card; they stay files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.dashcam.telemetry.families.base import Family
    from dashcam_pipeline.dashcam.telemetry.findings import Findings

_CARD_LEVELS: Final = 4
"""Folders up from a clip in which a card's own log is looked for."""


def collect(path: Path, findings: Findings) -> None:
    """Read the files that belong to a recording by name, and what a card's logs say about it.

    Args:
        path: the recording.
        findings: added to.

    Raises:
        OSError: a file can't be read.
    """
    _of_this_name(path, findings)
    for folder in list(path.absolute().parents)[:_CARD_LEVELS]:
        _logs(folder, path.name, findings)


def _of_this_name(path: Path, findings: Findings) -> None:
    for ending in dict.fromkeys(end for family in findings.asked for end in family.endings):
        file = findings.neighbours.closest(path, ending)
        if file is None or not _is_small(file, findings):
            continue
        known = _recognise(ending, data := file.read_bytes(), findings)
        findings.keep(file.name, data, "sidecar", understood=known)


def _recognise(ending: str, data: bytes, findings: Findings) -> bool:
    return findings.recognise(lambda family: family.sidecar(ending, data))


def _logs(folder: Path, clip: str, findings: Findings) -> None:
    for family in findings.asked:
        for name in family.card_logs:
            for file in findings.neighbours.matching(folder, name):
                if _is_small(file, findings):
                    _log(file, family, clip, findings)


def _log(file: Path, family: Family, clip: str, findings: Findings) -> None:
    about = findings.ask(
        family, lambda one: one.card_log(findings.neighbours.part_of(file, one, clip), clip)
    )
    if about is not None:
        reading, lines = about
        findings.add(family, reading)
        findings.keep(file.name, lines, "sidecar")


def _is_small(path: Path, findings: Findings) -> bool:
    """True for an ordinary file within the limits; reading a pipe would wait for ever.

    A link may lead to anybody's file, whose bytes would go along with the output.
    """
    if path.is_symlink():
        findings.note(
            _("{name} is a link, which may lead anywhere; it was not read.", name=path.name)
        )
        return False
    if not path.is_file():
        findings.note(_("{name} is no ordinary file; it was not read.", name=path.name))
        return False
    most = findings.limits.payload
    if path.stat().st_size > most:
        findings.note(
            _(
                "{name} is larger than {most} MiB; it was not read.",
                name=path.name,
                most=most >> 20,
            )
        )
        return False
    return True
