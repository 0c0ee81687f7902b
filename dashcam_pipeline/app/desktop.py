"""The desktop around the page: opening folders and addresses, and saying that work is done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

_OPENERS: Final = {"darwin": "open", "win32": "explorer"}


def open_folder(folder: Path) -> None:
    """Show a folder in the file manager of this machine.

    Raises:
        UsageError: there is none.
    """
    opener = shutil.which(_OPENERS.get(sys.platform, "xdg-open"))
    on_screen = sys.platform in _OPENERS or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if opener is None or not on_screen:
        raise UsageError(
            _("No file manager can be opened here."),
            advice=_("The folder is {folder}", folder=folder),
        )
    _start([opener, str(folder)])


def open_page(address: str) -> bool:
    """Show an address in a browser; False if there is none."""
    return webbrowser.open(address)


def notify(title: str, text: str) -> None:
    """Say something on the desktop, where it has a way to; for when no page is open."""
    if sys.platform.startswith("linux") and (program := shutil.which("notify-send")):
        _start([program, "--app-name=dashcam", "--", title, text])
    elif sys.platform == "darwin" and (program := shutil.which("osascript")):
        script = "on run {a, b}\ndisplay notification b with title a\nend run"
        _start([program, "-e", script, title, text])


def _start(command: list[str]) -> None:
    """Start a program of the system, without a shell, and leave it alone."""
    subprocess.Popen(  # noqa: S603 - a fixed program; arguments are passed as they are
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
