"""Sentences of ours that come back in English, in another language.

Journals and reports hold texts in English (``translation.py``). Who shows one of them finds here
the template that it was made of, and fills the translation with its fields::

    recalled("a.mp4 is empty.", "ko")  ->  the Korean of "{path} is empty." with a.mp4
"""

from __future__ import annotations

import re
import string
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.translation import DOMAIN, FOLDER, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAST: Final = 4
"""Letters of its own that a template must have; "{a}: {b}" would fit anything."""

_DEEP: Final = 3
"""Texts within texts within texts; ours go no deeper."""

_CONTEXT: Final = "\x04"
"""What gettext puts between a context and its text."""

_TABLES: Final = 8
"""Bytes of a compiled catalogue before the number of its texts and where they lie."""

_SENTENCE: Final = re.compile(r"(?<=[.!?]) (?=\S)")

_Pieces = tuple[tuple[str, str | None], ...]


def recalled(text: str, language: str, *, context: str = "") -> str:
    """A text of ours in another language, as far as it is known; the rest as it is.

    Args:
        text: in English: a sentence, or several of them.
        language: as of ``catalogue``.
        context: of a word that means another thing elsewhere.
    """
    meant = catalogue(language).pgettext(context, text) if context else text
    if meant != text:
        return meant
    whole = _found(text, language, _DEEP)
    if whole is not None:
        return whole
    parts = _SENTENCE.split(text)
    if len(parts) == 1:
        return text
    return " ".join(_found(part, language, _DEEP) or part for part in parts)


def _found(text: str, language: str, deep: int) -> str | None:
    """The translation of a text whose template is known."""
    if not text or deep == 0:
        return None
    for pieces, translation in _templates(language):
        if not all(literal in text for literal, _name in pieces):
            continue
        match = _pattern(pieces).fullmatch(text)
        if match is None:
            continue
        fields = {
            name: _found(value, language, deep - 1) or value
            for name, value in match.groupdict().items()
        }
        return "".join(
            literal + (fields.get(name, "") if name else "")
            for literal, name in _pieces(translation)
        )
    return None


@lru_cache
def _templates(language: str) -> list[tuple[_Pieces, str]]:
    """Templates and their translations, those with most letters of their own first."""
    found = []
    for template, translation in _entries(language):
        pieces = _pieces(template)
        size = sum(len(literal.strip()) for literal, _name in pieces)
        if size >= _LEAST and translation:
            found.append((size, pieces, translation))
    found.sort(key=lambda entry: -entry[0])
    return [(pieces, translation) for _size, pieces, translation in found]


def _entries(language: str) -> Iterator[tuple[str, str]]:
    """Texts and their translations from the compiled catalogue, plurals one by one.

    gettext itself keeps no plural that it could be asked for.
    """
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not path.is_file():
        return
    data = path.read_bytes()
    count, originals, translations = struct.unpack_from("<3I", data, _TABLES)
    for index in range(count):
        texts = []
        for table in (originals, translations):
            length, start = struct.unpack_from("<2I", data, table + 8 * index)
            texts.append(data[start : start + length].decode().rpartition(_CONTEXT)[2])
        templates, answers = (text.split("\0") for text in texts)
        for number, template in enumerate(templates):
            yield template, answers[min(number, len(answers) - 1)]


@lru_cache(maxsize=4096)
def _pieces(template: str) -> _Pieces:
    """Letters of its own, each with the field that follows; a text without fields as it is."""
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:  # braces of its own
        return ((template, None),)
    pieces = tuple((literal, name) for literal, name, _spec, _conversion in parsed)
    if any(name is not None and not name.isidentifier() for _literal, name in pieces):
        return ((template, None),)
    return pieces


@lru_cache(maxsize=4096)
def _pattern(pieces: _Pieces) -> re.Pattern[str]:
    text, seen = "", set()
    for literal, name in pieces:
        text += re.escape(literal)
        if name in seen:
            text += f"(?P={name})"
        elif name is not None:
            text += f"(?P<{name}>.+?)"
            seen.add(name)
    return re.compile(text, re.DOTALL)
