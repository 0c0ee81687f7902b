"""Numbers and names as people read them: times, sizes, counts, paths; one way for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        return f"{seconds} s"
    if round(seconds, 1) < _MINUTE:
        text = f"{seconds:.1f}"
        return f"{text if seconds < _WHOLE else text.removesuffix('.0')} s"
    text = clock(seconds)
    return text if text.count(":") > 1 else f"{text} min"


def spans(pairs: Iterable[tuple[float, float]]) -> str:
    """Begins and ends in seconds: ``1.0-2.5 s, 7.0-7.1 s``."""
    return ", ".join(f"{begin:.1f}-{end:.1f} s" for begin, end in pairs)


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


def plural(count: int, one: str, many: str, **values: object) -> str:
    """The sentence for a number of things.

    Args:
        count: how many.
        one: for one of them; ``{n}`` is the number.
        many: for none, or more than one.
        values: what else stands in braces.
    """
    return (one if count == 1 else many).format(n=count, **values)


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
