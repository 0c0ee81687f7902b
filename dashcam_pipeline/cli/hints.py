"""Commands to type next, whole: what a message names can be copied as it is."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import PictureError

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.errors import DashcamError

_ADVICE: Final[dict[type[Exception], str]] = {
    PictureError: "Name a recording; `dashcam preview RECORDING --frame TIME` makes stills of it.",
}
"""What helps on the command line, where that is more than the error itself advises."""


def explained(error: DashcamError) -> str:
    """An error's message with flags for settings, and on a line of its own what to do next."""
    from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415 - loads pydantic

    advice = _ADVICE.get(type(error), error.advice)
    return as_flags(f"{error.args[0]}\n{advice}" if advice else str(error.args[0]))


def batch_command(folder: Path) -> str:
    """The command that cleans a whole folder into one beside it.

    Args:
        folder: of recordings.
    """
    whole = folder.absolute() if folder.name else folder.resolve()  # "." and ".." have no name
    beside = whole.with_name(f"{whole.name}_clean") if whole.name else whole / "clean"
    target = beside if folder.is_absolute() else os.path.relpath(beside)
    return f"dashcam batch {shlex.quote(str(folder))} {shlex.quote(str(target))}"
