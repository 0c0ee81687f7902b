"""Which language the command line speaks, and what it says in it.

``DASHCAM_LANG`` decides (``ko`` or ``en``), else the locale: the first of ``LC_ALL``,
``LC_MESSAGES`` and ``LANG`` that is set. Whatever has no catalogue is English, and so is what a
terminal couldn't show. Logs, JSON and names of settings are the same in every language.
"""

from __future__ import annotations

import gettext
import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from dashcam_pipeline.translation import (
    DOMAIN,
    ENGLISH,
    FOLDER,
    Catalogue,
    _,
    catalogue,
    in_language,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE: Final = "DASHCAM_LANG"

_VARIABLES: Final = (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")

LANGUAGES: Final = {"ko": "가"}
"""Beside English: each with a letter that a terminal must be able to show."""


def language() -> str:
    """The language to speak, as ISO 639 has it."""
    said = next(filter(None, map(os.environ.get, _VARIABLES)), "")
    asked = re.split(r"[_.@-]", said.lower(), maxsplit=1)[0]
    letter = LANGUAGES.get(asked)
    return asked if letter and all(map(_shows, (sys.stdout, sys.stderr), letter * 2)) else "en"


def _shows(stream: object, letter: str) -> bool:
    try:
        letter.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def texts() -> Catalogue:
    """What translates into the language to speak."""
    asked = language()
    return ENGLISH if asked == "en" else catalogue(asked)


def shown(text: str) -> str:
    """A text in the language to speak."""
    return in_language(text, texts())


def looked_up(text: str) -> str:
    """A text of click's, which knows none but plain ones, in the language to speak."""
    return texts().gettext(text) if text else ""


def warn(text: str, *, note: bool = False) -> None:
    """Say a warning, or a note, with flags for settings."""
    from dashcam_pipeline.cli.flags import as_flags  # noqa: PLC0415 - loads pydantic

    kind = shown(_("note") if note else _("warning"))
    click.echo(f"dashcam: {kind}: {as_flags(shown(text))}", err=True)


@contextmanager
def of_click() -> Iterator[None]:
    """Let click's own words (Usage, Options, its errors) come from our catalogue meanwhile.

    It asks gettext, and that one asks the environment.
    """
    asked = language()
    if asked == "en":
        yield
        return
    domain, before = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = asked
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before
