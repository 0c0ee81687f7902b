"""Fonts for Hangul, for readers whose system has none: parts of Pretendard (``hangul/OFL.txt``).

::

    texts.woff2  what our Korean texts need      in the page, if it opens in Korean or shows Hangul;
                                                 else a file beside it, read if one switches
    names.woff2  the rest of KS X 1001, for      in the page, if a name in it needs them
                 names of files

So an English page is as small as it was. A system's own fonts come first (``theme.css``).
"""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

TEXTS: Final = "texts.woff2"
NAMES: Final = "names.woff2"

_FAMILIES: Final = {TEXTS: "Dashcam Hangul", NAMES: "Dashcam Hangul Names"}
"""As ``theme.css`` calls them."""

_BLOCKS: Final = ((0x3131, 0x3163), (0xAC00, 0xD7A3))

_KS_X_1001: Final = 2
"""Bytes that EUC-KR has for a character of KS X 1001; others are spelt out in more."""

_RANGE: Final = ", ".join(f"U+{low:X}-{high:X}" for low, high in _BLOCKS)


def hangul_in(texts: Iterable[str]) -> set[str]:
    """The syllables and letters of Hangul in some texts."""
    return {char for text in texts for char in text if any(a <= ord(char) <= b for a, b in _BLOCKS)}


def in_texts() -> set[str]:
    """What ``texts.woff2`` draws."""
    return set(_folder().joinpath("texts.txt").read_text(encoding="utf-8").strip())


def font_file(name: str) -> bytes:
    """A font.

    Args:
        name: ``TEXTS`` or ``NAMES``.
    """
    return _folder().joinpath(name).read_bytes()


def font_faces(shown: set[str], *, korean: bool, link: str = "") -> str:
    """The style that brings the fonts a page needs.

    Args:
        shown: Hangul on the page, whatever language it speaks.
        korean: True if it speaks Korean from the beginning.
        link: of ``texts.woff2`` beside the page, for who switches; empty if there is none.
    """
    drawn = in_texts()
    rules = []
    if korean or shown & drawn:
        rules.append(_face(TEXTS, _embedded(TEXTS)))
    elif link:
        rules.append(_face(TEXTS, link))
    if any(_is_common(char) for char in shown - drawn):
        rules.append(_face(NAMES, _embedded(NAMES)))
    return "".join(rules)


def _is_common(char: str) -> bool:
    """True for a character of KS X 1001; of the 11,172 syllables, others hardly ever occur."""
    return len(char.encode("euc_kr")) == _KS_X_1001


def _face(name: str, address: str) -> str:
    return (
        f'@font-face {{ font-family: "{_FAMILIES[name]}"; font-weight: 400; font-display: block; '
        f'src: url("{address}") format("woff2"); unicode-range: {_RANGE}; }}\n'
    )


def _embedded(name: str) -> str:
    return f"data:font/woff2;base64,{b64encode(font_file(name)).decode()}"


def _folder() -> Traversable:
    return files("dashcam_pipeline.compare.page").joinpath("assets", "hangul")
