"""Brings the catalogue of Korean texts in step with the package.

::

    python tests/tools/catalogue.py    # or `make locale`

What the package says goes into ``dashcam.po``: texts marked with ``_`` and ``_n``, the help of the
users' commands, and what click says itself. New ones come without a translation, those that are
gone leave; ``tests/test_translation.py`` names the missing ones. What is translated is then written
as ``dashcam.mo``, which is what the package reads.
"""

from __future__ import annotations

import inspect
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import dashcam_pipeline
from dashcam_pipeline import errors
from dashcam_pipeline.cli.app import COMMANDS, app, first_sentence
from dashcam_pipeline.cli.manual import AS_IT_IS
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.translation import DOMAIN, FOLDER

_DATE = datetime(2026, 1, 1, tzinfo=UTC)
"""In the header, where a real one would change with every run."""

PACKAGE = Path(dashcam_pipeline.__file__).parent
PO = FOLDER / "ko" / "LC_MESSAGES" / f"{DOMAIN}.po"
MO = PO.with_suffix(".mo")

USER_COMMANDS = (
    "clean", "batch", "watch", "join", "preview", "report", "app", "telemetry", "drive", "events",
    "probe", "verify", "presets", "models",
)  # fmt: skip
"""Commands whose help is translated; of the others it is their first sentence."""

CLICKS = (
    "Usage:",
    "Options",
    "Show the version and exit.",
    "Show this message and exit.",
    "%(prog)s, version %(version)s",
    "default: {default}",
    "(dynamic)",
    "Aborted!",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Missing command.",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "No such option {name!r}.",
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    "Option {name!r} does not take a value.",
    (
        "Option {name!r} requires an argument.",
        "Option {name!r} requires {nargs} arguments.",
    ),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    (
        "{value!r} does not match the format {format}.",
        "{value!r} does not match the formats {formats}.",
    ),
    "{value} is not in the range {range}.",
    "{value!r} is not a valid {number_type}.",
    "Choose from:\n\t{choices}",
    "{name} {filename!r} is a directory.",
    "file",
    "path",
)
"""What click says to users of this command line."""


def marked() -> Catalog:
    """All that the package says, without translations."""
    catalog = Catalog(
        locale="ko",
        domain=DOMAIN,
        header_comment="# Korean texts of dashcam_pipeline; see tests/tools/catalogue.py.",
        project="dashcam_pipeline",
        creation_date=_DATE,
        revision_date=_DATE,
        last_translator="The dashcam_pipeline authors",
        language_team="Korean",
        fuzzy=False,
    )
    keywords = {"_": None, "_n": (1, 2), "_p": ((1, "c"), 2)}
    for path, _line, text, _comments, context in extract_from_dir(
        PACKAGE, [("**.py", "python")], keywords=keywords, options_map={}
    ):
        if not path.startswith(("training", "simulation")) and any(text):
            catalog.add(text, locations=[(path, 0)], context=context)
    for command, text in help_texts():
        catalog.add(text, locations=[(f"cli/{command or 'app'}.py", 0)])
    for text in CLICKS:
        catalog.add(text, locations=[("click", 0)])
    for kind in (errors.DashcamError, *errors.DashcamError.__subclasses__()):
        sentence = (kind.__doc__ or "").strip().splitlines()[0].replace("``", "")
        catalog.add(sentence, locations=[("errors.py", 0)])
    return catalog


def help_texts() -> list[tuple[str, str]]:
    """Command and text, for all of the help."""
    texts = [("", inspect.cleandoc(app.help))]
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        texts.append((name, first_sentence(command)))
        if name in USER_COMMANDS:
            texts.append((name, inspect.cleandoc(command.help)))
            if command.epilog:
                texts.append((name, inspect.cleandoc(command.epilog).removeprefix(AS_IT_IS)))
            texts += [(name, p.help) for p in command.params if isinstance(p, click.Option)]
    return texts


def stored() -> Catalog:
    """The catalogue as it lies in the package."""
    with PO.open("rb") as file:
        return read_po(file, locale="ko", domain=DOMAIN)


def updated() -> Catalog:
    """The same in step with the package."""
    catalog, before = marked(), stored()
    for message in catalog:
        known = before.get(message.id, message.context) if message.id else None
        if known is not None:
            message.string = known.string
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """As the package reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def text_of(catalog: Catalog) -> bytes:
    """As translators read it."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, sort_output=True, omit_header=False, include_lineno=False)
    return file.getvalue()


def main() -> int:
    """Write both files; how many translations are missing."""
    catalog = updated()
    write_whole(PO, text_of(catalog), overwrite=True)
    write_whole(MO, compiled(catalog), overwrite=True)
    missing = [message.id for message in catalog if message.id and not translated(message)]
    for text in missing:
        print(f"not translated: {text!r}")
    return len(missing)


def translated(message) -> bool:
    """Whether a message has its translation."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


if __name__ == "__main__":
    sys.exit(bool(main()))
