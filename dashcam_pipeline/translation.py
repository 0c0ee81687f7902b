"""Texts for people: English in code, files and Python, another language where they are shown.

::

    raise OutputError(_("{path} is a folder.", path=path), advice=_("Name a file in it."))
    str(error)                                  ->  English, as in every JSON and log
    in_language(error.args[0], catalogue("ko")) ->  Korean

``_`` and ``_n`` mark a text as gettext does (``locale/`` holds the catalogues, and
``tests/tools/catalogue.py`` fills them), but translate nothing yet: what they give is a ``str`` in
English that remembers its template and its fields. So a text can cross to another process, lie in a
record and be compared, and only the command line decides how it is said. A text within a text is
handed over as a field, never glued to it.
"""

from __future__ import annotations

import gettext
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOMAIN: Final = "dashcam"
FOLDER: Final = Path(__file__).with_name("locale")


class Catalogue(Protocol):
    """What translates: gettext's own classes, or English as it is."""

    def gettext(self, message: str, /) -> str:
        """The translation of a text, or itself."""

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        """The translation for a number of things."""

    def pgettext(self, context: str, message: str, /) -> str:
        """The translation of a word where it means this."""


ENGLISH: Final[Catalogue] = gettext.NullTranslations()


@lru_cache
def catalogue(language: str) -> Catalogue:
    """The texts of a language (``ko``); English where there are none."""
    return gettext.translation(DOMAIN, FOLDER, [language], fallback=True)


class Message(str):
    """A text in English that knows how it is made, so that it can be said otherwise.

    Args:
        make: gives the text in the language of a catalogue; a function of a module, so that the
            text can cross to another process.
        args: of ``make``, after the catalogue.
    """

    __slots__ = ("_args", "_make")

    _make: Callable[..., str]
    _args: tuple[Any, ...]

    def __new__(cls, make: Callable[..., str], *args: Any) -> Self:  # noqa: ANN401 - those of make
        """Make the English text."""
        self = super().__new__(cls, make(ENGLISH, *args))
        self._make, self._args = make, args
        return self

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), (self._make, *self._args)

    def in_language(self, texts: Catalogue) -> str:
        """The same in the language of a catalogue."""
        return self._make(texts, *self._args)


def _(template: str, /, **fields: object) -> Message:
    """A text that can be translated.

    Args:
        template: a whole sentence or phrase, literally; with fields in braces, as of ``format``.
        fields: numbers, texts, or texts that can be translated; of others, their ``str``.
    """
    return Message(_filled, template, _plain(fields))


def _n(one: str, many: str, n: int, /, **fields: object) -> Message:
    """A text that depends on how many of something there are.

    Args:
        one: for one of them; ``{n}`` is the number.
        many: for none, or more than one.
        n: how many.
        fields: as of ``_``.
    """
    return Message(_counted, one, many, n, _plain({"n": n, **fields}))


def _p(context: str, text: str, /) -> Message:
    """A word that means another thing elsewhere.

    Args:
        context: what it is of here; for translators.
        text: the word.
    """
    return Message(_meant, context, text)


def joined(separator: str, parts: Iterable[str]) -> Message:
    """Texts one after the other."""
    return Message(_joined, separator, tuple(parts))


def system_reason(error: Exception) -> Message:
    """Why the system, or FFmpeg, refused; in its own words, of which the usual ones are known."""
    return _(getattr(error, "strerror", None) or str(error))


def for_messages(function: Callable[[str], str]) -> Callable[[str], str]:
    """Let a function of a module take texts that can be translated, too: so can its answer."""

    @wraps(function)
    def either(text: str) -> str:
        return Message(_applied, either, text) if isinstance(text, Message) else function(text)

    return either


def in_language(text: str, texts: Catalogue) -> str:
    """A text in another language, as far as it can be translated."""
    return text.in_language(texts) if isinstance(text, Message) else text


def _plain(fields: dict[str, object]) -> dict[str, str | int | float]:
    """Fields that can cross to another process, and don't change afterwards."""
    return {
        name: value if isinstance(value, str | int | float) else str(value)
        for name, value in fields.items()
    }


def _filled(texts: Catalogue, template: str, fields: dict[str, Any]) -> str:
    return _fill(texts, texts.gettext(template), fields) if template else ""


def _meant(texts: Catalogue, context: str, text: str) -> str:
    return texts.pgettext(context, text)


def _counted(texts: Catalogue, one: str, many: str, n: int, fields: dict[str, Any]) -> str:
    return _fill(texts, texts.ngettext(one, many, n), fields)


def _fill(texts: Catalogue, template: str, fields: dict[str, Any]) -> str:
    if not fields:  # braces are then a text's own
        return template
    said = {k: in_language(v, texts) if isinstance(v, str) else v for k, v in fields.items()}
    return template.format(**said)


def _joined(texts: Catalogue, separator: str, parts: tuple[str, ...]) -> str:
    return separator.join(in_language(part, texts) for part in parts)


def _applied(texts: Catalogue, function: Callable[[str], str], text: str) -> str:
    return function(in_language(text, texts))


_SYSTEM: Final = (
    _("No such file or directory"),
    _("Permission denied"),
    _("Operation not permitted"),
    _("Is a directory"),
    _("Not a directory"),
    _("File exists"),
    _("File name too long"),
    _("Read-only file system"),
    _("No space left on device"),
    _("Disk quota exceeded"),
    _("Input/output error"),
    _("Too many open files"),
    _("Too many levels of symbolic links"),
    _("Cannot allocate memory"),
    _("Invalid argument"),
    _("Invalid data found when processing input"),
    _("End of file"),
    _("Generic error in an external library"),
)
"""What ``system_reason`` can say in other languages."""
