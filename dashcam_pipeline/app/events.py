"""What happens, sent to every open page as server-sent events.

A page that was closed and opened again gets all of it anew: each event holds the whole queue, which
is small, and none builds on an earlier one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.replies import event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PACE_SECONDS: Final = 0.3
"""How often something is sent, at most."""

MOST_PAGES: Final = 3
"""That are told at a time. A browser opens six connections to one server, for all its tabs: streams
that took them all would leave none to ask for anything."""

PULSE_SECONDS: Final = 10.0
"""After which a word is sent where nothing happens: so it is seen that a page has gone."""


class Hub:
    """Tells pages that there is something new; in one event loop."""

    def __init__(self) -> None:
        self._pages: list[asyncio.Event] = []  # the one that came last at the end
        self._closed = False

    @property
    def pages(self) -> int:
        """That listen."""
        return len(self._pages)

    def changed(self) -> None:
        """There is something new."""
        for page in self._pages:
            page.set()

    def close(self) -> None:
        """End all streams."""
        self._closed = True
        self.changed()

    async def stream(self, overview: Callable[[], dict[str, Any]]) -> AsyncIterator[bytes]:
        """Events for a page, until it goes; ``elsewhere`` is the last one if newer pages came.

        Args:
            overview: gives what is shown now.
        """
        news = asyncio.Event()
        self._pages.append(news)
        for page in self._pages[:-MOST_PAGES]:
            self._pages.remove(page)
            page.set()
        try:
            while not self._closed:
                if news not in self._pages:
                    yield event("elsewhere", {})
                    return
                news.clear()
                yield event("queue", overview())
                await asyncio.sleep(PACE_SECONDS)
                while not news.is_set():
                    try:
                        await asyncio.wait_for(news.wait(), PULSE_SECONDS)
                    except TimeoutError:
                        yield b": still here\n\n"
        finally:
            if news in self._pages:
                self._pages.remove(news)
