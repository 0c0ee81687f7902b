"""What the page says, in both of its languages at once: its reader switches between them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Self

from dashcam_pipeline.engine.recalled import recalled
from dashcam_pipeline.provenance.untrusted import printable
from dashcam_pipeline.translation import Message, catalogue, in_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

KOREAN: Final = "ko"


_ELSEWHERE: Final = re.compile(
    r"(?<![\w/.:\\])(?:/(?:[^\s/]+/)+|[A-Za-z]:\\(?:[^\s\\]+\\)*)(?=[^\s/\\])"
)
"""Folders of an absolute path that nobody named: of another machine, or of a system's own files."""


class Said(str):
    """A text in English that knows its Korean.

    Args:
        text: in English.
        korean: the same in Korean.
    """

    __slots__ = ("korean",)

    korean: str

    def __new__(cls, text: str, korean: str) -> Self:
        """Keep both."""
        self = super().__new__(cls, text)
        self.korean = korean
        return self


def in_korean(text: str) -> str:
    """A text in Korean, as far as it is known.

    Args:
        text: one that can be translated, or of ours in English.
    """
    if isinstance(text, Said):
        return text.korean
    if isinstance(text, Message):
        return in_language(text, catalogue(KOREAN))
    return recalled(text, KOREAN)


class Teller:
    """Says what happened to a clip as its owner would, without naming places of this machine.

    Args:
        folders: whose paths are shortened to what lies below them.
        wording: of settings, where those who read the page know them by other names.
    """

    def __init__(
        self, folders: Iterable[Path], wording: Callable[[str], str] = lambda text: text
    ) -> None:
        known = {str(folder) for folder in folders} | {str(f.absolute()) for f in folders}
        self._folders = sorted((f for f in known if len(f) > 1), key=len, reverse=True)
        self._wording = wording

    def __call__(self, *texts: str) -> Said:
        """Texts, one after the other; empty ones are left out."""
        there = [text for text in texts if text]
        return Said(
            self._short(" ".join(str(text) for text in there)),
            self._short(" ".join(in_korean(text) for text in there)),
        )

    def _short(self, text: str) -> str:
        for folder in self._folders:
            for separator in ("/", "\\"):
                text = text.replace(f"{folder}{separator}", "")
        text = _ELSEWHERE.sub("", text)
        return self._wording(printable(text.replace("\n", " ")))
