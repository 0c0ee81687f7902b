"""How a page is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.compare.page.render import PageLanguage

Proxies = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How a page is made.

    Args:
        language: that it opens in; the reader can switch.
        proxies: ``auto`` where a browser can't play a recording; ``always`` makes a folder that
            can be moved with its page; ``never`` costs no time.
        overwrite: True replaces any file; a page of ours is always written anew.
        threads: for decoding and proxies; 0 means all.
        wording: of settings in sentences, where the page's readers know them by other names.
    """

    language: PageLanguage = "auto"
    proxies: Proxies = "auto"
    overwrite: bool = False
    threads: int = 0
    wording: Callable[[str], str] = str
