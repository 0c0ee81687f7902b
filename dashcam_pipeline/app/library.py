"""What lies below the roots, by names alone: folders to go into, and where results would go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.roots import OutsideError, Roots, id_of, path_of
from dashcam_pipeline.dashcam.sidecars import is_hidden
from dashcam_pipeline.errors import InputMissingError, UsageError
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULTS: Final = "_clean"
"""Ending of the folder beside another one that its results go to."""

COMMON: Final = "dashcam_clean"
"""Folder below a root for results of what nothing can be written beside."""

_COUNTED: Final = 500
"""Entries of a folder that are looked at for the number of its recordings."""


def results_beside(root: Path) -> Path:
    """The folder beside a root that its results go to; it is allowed as the root is."""
    return root.with_name(f"{root.name}{RESULTS}") if root.name else root / COMMON


def folder_view(roots: Roots, folder: Path) -> dict[str, Any]:
    """A folder as the page shows it; JSON-able.

    Args:
        roots: what may be looked at.
        folder: resolved, below one of them.

    Raises:
        InputMissingError: it can't be listed.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name.casefold())
    except OSError as error:
        raise InputMissingError(
            _("{root} can't be listed: {reason}.", root=folder.name, reason=system_reason(error)),
            advice=_("Check the name, and whether the card is mounted."),
        ) from error
    folders = [entry for entry in entries if not is_hidden(entry.name) and _is_folder(roots, entry)]
    return {
        "id": id_of(folder),
        "name": folder.name or str(folder),
        "way": [
            {"id": id_of(place), "name": place.name or str(place)} for place in way(roots, folder)
        ],
        "folders": [
            {"id": id_of(Path(entry.path)), "name": entry.name, "clips": _count(entry.path)}
            for entry in folders
        ],
        "clips": sum(
            is_recording(Path(entry.name)) for entry in entries if not is_hidden(entry.name)
        ),
    }


def way(roots: Roots, folder: Path) -> list[Path]:
    """The folders from a root to a folder, both included."""
    above = [folder, *folder.parents]
    root = next((place for place in above if place in roots.folders), folder)
    return list(reversed(above[: above.index(root) + 1]))


def relative(folder: Path, clips: Iterable[Path]) -> list[str]:
    """Paths of recordings as a batch on a folder calls them.

    Raises:
        UsageError: one doesn't lie in it, or is no recording.
    """
    paths = []
    for clip in clips:
        if not clip.is_relative_to(folder) or not is_recording(clip) or not clip.is_file():
            raise UsageError(
                _("{name} is no recording of this folder.", name=clip.name),
                advice=_("Look at the folder again, and choose anew."),
            )
        paths.append(clip.relative_to(folder).as_posix())
    if not paths:
        raise UsageError(_("No recording was chosen."))
    return sorted(dict.fromkeys(paths))


def still_there(roots: Roots, folder: Path, ids: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Recordings that were chosen a while ago: those that are there, and the names of the others.

    Args:
        roots: what may be looked at.
        folder: resolved, that they were chosen in.
        ids: of them.

    Raises:
        OutsideError: one lies outside of the roots, or never lay in the folder.
    """
    there: list[Path] = []
    gone: list[str] = []
    for identity in ids:
        try:
            there.append(roots.of_id(identity))
        except OutsideError:
            path = path_of(identity)
            # Only of a name in the folder may it be said whether it is there.
            if not is_recording(path) or not roots.new(path).is_relative_to(folder):
                raise
            gone.append(path.name)
    return there, gone


def default_output(roots: Roots, folder: Path) -> Path:
    """Where results of a folder go, unless somebody says otherwise.

    Beside it, with an ending; where nothing can be written there (a card), below a root.

    Raises:
        UsageError: nothing can be written below any root.
    """
    beside = results_beside(folder)
    # One that is there already may be a link, or lie on a card.
    candidates = [beside, *(root / COMMON / folder.name for root in roots.folders)]
    if folder in roots.folders:
        candidates.append(folder / COMMON)
    for candidate in candidates:
        try:
            real = roots.new(candidate)
        except OutsideError:
            continue
        place = next(place for place in (real, *real.parents) if place.exists())
        if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
            return real
    raise UsageError(
        _("Results can be written nowhere in the folders that may be looked at."),
        advice=_("Start `dashcam app` with a folder more, to write to."),
    )


def _is_folder(roots: Roots, entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder that may be gone into; links count by where they lead."""
    try:
        if not entry.is_dir():
            return False
        if entry.is_symlink():
            roots.resolve(Path(entry.path))
    except (OSError, OutsideError):
        return False
    return True


def _count(folder: str) -> int | None:
    """Recordings directly in a folder; None if it can't be listed."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _n in zip(entries, range(_COUNTED), strict=False)]
    except OSError:
        return None
    return sum(is_recording(Path(name)) and not is_hidden(name) for name in names)
