"""Numbers and names as people read them: times, sizes, counts, paths; one way for each."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.translation import Message, _, for_messages, in_language, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashcam_pipeline.translation import Catalogue

_MINUTE: Final = 60
_WHOLE: Final = 10
_KILO: Final = 1000
_MEGA: Final = 1_000_000
_TENTH: Final = 100_000
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


def clock(seconds: float, *, tenths: bool = False, hours: bool = False) -> str:
    """A time: ``1:02`` or ``1:00:02``, with tenths ``1:02.5`` or ``1:00:02.5``.

    Args:
        seconds: from 0 on.
        tenths: show them.
        hours: show them also where there are none: ``0:01:02``.
    """
    ticks = 10 if tenths else 1
    minutes, rest = divmod(round(seconds * ticks), _MINUTE * ticks)
    hour, minutes = divmod(minutes, _MINUTE)
    last = f"{rest / ticks:04.1f}" if tenths else f"{rest:02}"
    return f"{hour}:{minutes:02}:{last}" if hour or hours else f"{minutes}:{last}"


def duration(seconds: float) -> str:
    """How long something takes: ``5.6 s``, ``12 s``, ``1:02 min`` or ``1:00:02``.

    Args:
        seconds: from 0 on; a whole number is shown as one (``5 s``).
    """
    if isinstance(seconds, int) and seconds < _MINUTE:
        return _("{n} s", n=seconds)
    if round(seconds, 1) < _MINUTE:
        text = f"{seconds:.1f}"
        return _("{n} s", n=text if seconds < _WHOLE else text.removesuffix(".0"))
    text = clock(seconds)
    minutes, _colon, rest = text.partition(":")
    return text if ":" in rest else _("{minutes}:{seconds} min", minutes=minutes, seconds=rest)


def spans(pairs: Iterable[tuple[float, float]]) -> str:
    """Begins and ends in seconds: ``1.0-2.5 s, 7.0-7.1 s``."""
    return joined(
        ", ", (_("{begin:.1f}-{end:.1f} s", begin=begin, end=end) for begin, end in pairs)
    )


def size(count: int) -> str:
    """Bytes, in decimal units, as disks have them: ``12 B``, ``0.4 MB``, ``2.5 MB``."""
    if _TENTH <= count < _MEGA:  # recordings are counted in MB, small ones too
        return f"{count / _MEGA:.1f} MB"
    number = float(count)
    for unit in _UNITS:
        if number < _KILO or unit == _UNITS[-1]:
            break
        number /= _KILO
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def columns(text: str) -> int:
    """How wide a text is on a terminal, on which Hangul takes two columns and an accent none."""
    wide = sum(unicodedata.east_asian_width(char) in {"W", "F"} for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


def padded(text: str, width: int) -> str:
    """A text and as many spaces as make it so many columns wide."""
    return text + " " * max(0, width - columns(text))


def table(rows: Iterable[tuple[str, str]], *, indent: str = "", least: int = 0) -> Message:
    """Facts in lines, their names in a column of its own.

    Args:
        rows: name and fact.
        indent: before each line.
        least: columns of the names.
    """
    return Message(_table, tuple(rows), indent, least)


def _table(texts: Catalogue, rows: tuple[tuple[str, str], ...], indent: str, least: int) -> str:
    said = [(in_language(name, texts), in_language(fact, texts)) for name, fact in rows]
    width = max([least, *(columns(name) for name, _fact in said)])
    return "\n".join(f"{indent}{padded(name, width)}  {fact}" for name, fact in said)


@for_messages
def one_line(text: str) -> str:
    r"""A name, or a sentence with one in it, that any terminal can show in one line.

    What can't be printed comes out as an escape: a line feed in a file's name as ``\n``, a byte
    that is no UTF-8 as ``\xe9``, what would colour or turn the line as its number.
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # a byte, as Python carries it in names
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode()
