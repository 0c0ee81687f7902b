"""Telemetry in files beside a recording, or at the root of its card; they stay files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.belonging import closest
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    endings = dict.fromkeys(ending for family in findings.asked for ending in family.endings)
    beside = _with_endings(path.parent, endings)
    for ending in endings:
        file = closest([p for p in beside if p.suffix.lower() == ending], path)
        if file is None or not _is_small(file, findings):
            continue
        known = _recognise(ending, data := file.read_bytes(), findings)
        findings.keep(file.name, data, "sidecar", understood=known)


def _recognise(ending: str, data: bytes, findings: Findings) -> bool:
    return findings.recognise(lambda family: family.sidecar(ending, data))


def _logs(folder: Path, clip: str, findings: Findings) -> None:
    for family in findings.asked:
        for file in sorted(p for name in family.card_logs for p in _matching(folder, name)):
            if not _is_small(file, findings):
                continue
            _log(file, family, clip, findings)


def _log(file: Path, family: Family, clip: str, findings: Findings) -> None:
    data = file.read_bytes()
    about = findings.ask(family, lambda one: one.card_log(data, clip))
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


def _with_endings(folder: Path, endings: Iterable[str]) -> list[Path]:
    wanted = set(endings)
    try:
        return [p for p in folder.iterdir() if p.suffix.lower() in wanted]
    except PermissionError:
        return []  # a recording may be readable in a folder that isn't


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return list(folder.glob(pattern))
    except PermissionError:
        return []
