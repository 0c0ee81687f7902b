"""What the routes work with: the roots, the queue, and the children that look at recordings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app import desktop
from dashcam_pipeline.app.choices import Choices
from dashcam_pipeline.app.events import Hub
from dashcam_pipeline.app.foreman import Foreman
from dashcam_pipeline.app.library import results_beside
from dashcam_pipeline.app.looking.client import Looker, Superseded
from dashcam_pipeline.app.pictures import Clips, Pictures
from dashcam_pipeline.app.queue import Job, Queue, kind_of
from dashcam_pipeline.app.roots import Roots
from dashcam_pipeline.errors import DashcamError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.app.dropped import Inbox

THUMBNAILS: Final = 600
"""Kept in memory: about 10 MB."""

AHEAD: Final = ("warm", "trial")
"""Who asks the renderer for what may be needed; it gives way to what is."""


@dataclass
class App:
    """What the routes work with.

    Args:
        named: the folders that may be looked at, as they were named.
        state: folder that the queue lies in.
        inbox: folder of files that were dropped on the page.
        shown_text: says a text in the user's language, where no page says which that is.
    """

    named: Roots
    state: Path
    inbox: Inbox
    shown_text: Callable[[str], str] = str
    hub: Hub = field(default_factory=Hub)
    pictures: Pictures = field(default_factory=Pictures)
    thumbnails: Pictures = field(default_factory=lambda: Pictures(THUMBNAILS))
    clips: Clips = field(default_factory=Clips)
    renderer: Looker = field(default_factory=lambda: Looker("preview"))
    looker: Looker = field(default_factory=lambda: Looker("look"))
    checker: Looker = field(default_factory=lambda: Looker("check"))

    def __post_init__(self) -> None:
        """Load the queue."""
        self._warming: set[asyncio.Future[dict[str, Any]]] = set()
        queue = Queue(self.state / "queue.json")
        self.foreman = Foreman(queue, changed=self.hub.changed, ended=self._ended)

    @property
    def roots(self) -> Roots:
        """All that may be read: what was named, results beside it, and what was dropped."""
        more = [results_beside(root) for root in self.named.folders] + [self.inbox.folder]
        there = [path.resolve() for path in more if path.is_dir() and not path.is_symlink()]
        return Roots((*self.named.folders, *(p for p in there if not self.named.holds(p))))

    @property
    def writable(self) -> Roots:
        """Where results may go: below what was named, and beside it."""
        beside = [results_beside(root) for root in self.named.folders]
        return Roots((*self.named.folders, *(p for p in beside if not p.is_symlink())))

    def shown(self, path: Path) -> str:
        """A path as people read it: from the folder on that was named, or beside it."""
        beside = (root.parent for root in self.named.folders if path.is_relative_to(root.parent))
        within = self.named.holds(path)
        return (
            self.named.shown(path) if within else str(path.relative_to(next(beside, path.parent)))
        )

    def original(self, job: Job, result: Path) -> Path | None:
        """The recording that a result of a job was made of, if it is still there."""
        for path, clip in self.foreman.clips(job).items():
            if clip.output and (Path(job.output) / clip.output).resolve() == result:
                original = Path(job.folder) / path
                return original if original.is_file() else None
        return None

    async def pace(self, path: Path, choices: Choices) -> float | None:
        """Seconds a byte that a recording takes here, measured by a trial where no run tells it.

        Args:
            path: of a recording.
            choices: of the run.

        Returns:
            None where it can't be told now: something else is asked for, or a job is at work.

        Raises:
            DashcamError: the trial failed, as the run would.
        """
        queue, kind = self.foreman.queue, kind_of(choices.model_dump())
        known = queue.foretold(kind)
        if known is not None or self.renderer.is_busy or self.foreman.live is not None:
            return known
        given = {"path": str(path), "settings": choices.settings()}
        try:
            found = await self.renderer.answer("trial", given, of="trial")
        except Superseded:
            return None
        queue.trials[kind] = found["pace"]
        queue.save()
        self.hub.changed()
        return queue.foretold(kind)

    def make_way(self) -> None:
        """Give up what is done ahead: a picture is asked for. What was read and seen is kept."""
        for of in AHEAD:
            self.renderer.give_up(of)

    def warm(self, path: Path | None = None) -> None:
        """Let what the first picture needs be loaded, while somebody is still choosing.

        Args:
            path: of the recording that will be looked at.
        """
        given = {"settings": Choices().picture(), "path": None if path is None else str(path)}
        task = asyncio.ensure_future(self.renderer.answer("warm", given, of="warm"))
        self._warming.add(task)
        task.add_done_callback(self._warmed)

    def _warmed(self, task: asyncio.Future[dict[str, Any]]) -> None:
        """What went wrong, asking for the picture says."""
        self._warming.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, DashcamError | Superseded):
            raise error

    def start(self) -> None:
        """Begin with the queue."""
        self.foreman.start()

    def close(self) -> None:
        """End all children; the next server goes on."""
        self.hub.close()
        self.foreman.close()
        for looker in (self.renderer, self.looker, self.checker):
            looker.close()
        self.clips.close()

    def _ended(self, job: Job) -> None:
        if self.hub.pages == 0:  # an open page says it itself
            failed_one = job.state == "failed" or job.counts.get("failed", 0)
            text = _("Some recordings failed.") if failed_one else _("All recordings are clean.")
            desktop.notify("dashcam", self.shown_text(text))
