"""Commands to type next, whole: what a message names can be copied as it is."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.cli.language import shown
from dashcam_pipeline.errors import PictureError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.errors import DashcamError

_ADVICE: Final[dict[type[Exception], str]] = {
    PictureError: _(
        "Name a recording; `dashcam preview RECORDING --frame TIME` makes stills of it."
    ),
}
"""What helps on the command line, where that is more than the error itself advises."""


def explained(error: DashcamError) -> str:
    """What an error says and, on a line of its own, what to do next: as it is shown."""
    from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415 - loads pydantic

    advice = _ADVICE.get(type(error), error.advice)
    return as_flags("\n".join(shown(text) for text in (error.args[0], advice) if text))


def batch_command(folder: Path) -> str:
    """The command that cleans a whole folder into one beside it.

    Args:
        folder: of recordings.
    """
    whole = folder.absolute() if folder.name else folder.resolve()  # "." and ".." have no name
    beside = whole.with_name(f"{whole.name}_clean") if whole.name else whole / "clean"
    target = beside if folder.is_absolute() else os.path.relpath(beside)
    return f"dashcam batch {shlex.quote(str(folder))} {shlex.quote(str(target))}"
