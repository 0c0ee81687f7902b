"""The folders that may be looked at; nothing outside them is ever read or named."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dashcam_pipeline.errors import InputMissingError
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Iterable


class OutsideError(InputMissingError):
    """A path that lies in none of the allowed folders, or isn't there: which of both isn't said."""


def id_of(path: Path) -> str:
    """A path as letters that go anywhere: also names that are no UTF-8."""
    return base64.urlsafe_b64encode(os.fsencode(path)).decode("ascii").rstrip("=")


def path_of(identity: str) -> Path:
    """The path that ``id_of`` made letters of; anything may have been written in its place.

    Raises:
        OutsideError: it is none.
    """
    try:
        padded = identity + "=" * (-len(identity) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _outside() from None
    if not raw or b"\0" in raw:
        raise _outside()
    return Path(os.fsdecode(raw))


@dataclass(frozen=True, slots=True)
class Roots:
    """Folders with all that lies below them.

    Args:
        folders: absolute, without links; none lies within another.
    """

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, named: Iterable[Path]) -> Self:
        """The roots that somebody named, in that order.

        Raises:
            InputMissingError: one isn't there, or is no folder.
        """
        found: list[Path] = []
        for path in named:
            try:
                real = path.resolve(strict=True)
                os.scandir(real).close()
            except (OSError, RuntimeError) as error:
                raise InputMissingError(
                    _("{root} can't be listed: {reason}.", root=path, reason=system_reason(error)),
                    advice=_("Name folders that may be looked at."),
                ) from error
            found.append(real)
        within = [a for a in found if any(b != a and a.is_relative_to(b) for b in found)]
        return cls(tuple(dict.fromkeys(path for path in found if path not in within)))

    def holds(self, path: Path) -> bool:
        """Whether a path without links and ``..`` lies in one of them."""
        return any(path.is_relative_to(root) for root in self.folders)

    def resolve(self, path: Path) -> Path:
        """Where a path really leads, through all its links.

        Raises:
            OutsideError: outside of the roots, or nowhere.
        """
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            raise _outside() from None
        if not path.is_absolute() or not self.holds(real):
            raise _outside()
        return real

    def new(self, path: Path) -> Path:
        """Where something that isn't there yet would lie: the folders on the way are resolved.

        Raises:
            OutsideError: outside of the roots, or it has no plain name.
        """
        missing: list[str] = []
        place = path
        while not os.path.lexists(place):
            if place.name in {"", ".", ".."} or place.parent == place:
                raise _outside()
            missing.append(place.name)
            place = place.parent
        try:
            real = place.resolve(strict=True).joinpath(*reversed(missing))
        except (OSError, RuntimeError):
            raise _outside() from None
        if not self.holds(real):
            raise _outside()
        return real

    def of_id(self, identity: str) -> Path:
        """The path of an ``id_of``, resolved.

        Raises:
            OutsideError: outside of the roots, or nowhere.
        """
        return self.resolve(path_of(identity))

    def short(self, text: str) -> str:
        """A sentence in which files are named from their root on: pages show no other paths."""
        for root in self.folders:
            if root.name:
                text = text.replace(str(root), root.name)
        return text

    def shown(self, path: Path) -> str:
        """A path as it is shown: from its root on, whose name comes first."""
        for root in self.folders:
            if path.is_relative_to(root):
                return str(Path(root.name or root.anchor, path.relative_to(root)))
        return path.name


def _outside() -> OutsideError:
    return OutsideError(
        _("This is gone, or lies in no folder that may be looked at."),
        advice=_(
            "Look at its folder again. If it lies elsewhere, start `dashcam app FOLDER` with the "
            "folder that it lies in."
        ),
    )
