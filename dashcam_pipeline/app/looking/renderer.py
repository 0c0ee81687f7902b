"""What the child process can do; each task is a function of a ``Renderer`` and of plain data."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.app.looking.checking import check, report
from dashcam_pipeline.app.looking.clip import make_clip
from dashcam_pipeline.app.looking.groups import groups
from dashcam_pipeline.app.looking.moments import frame_seconds
from dashcam_pipeline.app.looking.networks import Networks
from dashcam_pipeline.app.looking.scene import Scenes, make_chain
from dashcam_pipeline.app.looking.trial import measure_pace
from dashcam_pipeline.compare.canvas import shown_size
from dashcam_pipeline.compare.sources import known_duration
from dashcam_pipeline.config import make_config
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.sampling import middle_picture
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashcam_pipeline.app.looking.moments import Moment
    from dashcam_pipeline.app.looking.scene import Scene
    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.frames import Frame

    Given = Mapping[str, Any]
    Part = Callable[[dict[str, Any]], None]
    Check = Callable[[], None]

THUMBNAIL: Final = 320
"""Columns of a thumbnail."""

WIDEST: Final = 1920
"""Columns of a picture, at most: what a page shows of it."""


class Renderer:
    """Does one task after the other, and keeps what the next one needs."""

    def __init__(self) -> None:
        self._scenes, self._networks = Scenes(), Networks()
        self._tasks: dict[str, Callable[[Given, Part, Check], dict[str, Any]]] = {
            "warm": self._warm,
            "facts": self._facts,
            "groups": self._groups,
            "report": lambda given, _part, _check: report(given),
            "verify": lambda given, _part, _check: check(given),
            "thumbnail": self._thumbnail,
            "see": self._see,
            "clip": self._clip,
            "trial": self._trial,
        }

    def do(self, task: str, given: Given, part: Part, check: Check) -> dict[str, Any]:
        """Do a task.

        Args:
            task: its name.
            given: its arguments, plain data.
            part: takes what is there before the end.
            check: raises if nobody wants the rest.

        Raises:
            DashcamError: a sentence about the recording, or the settings.
        """
        return self._tasks[task](given, part, check)

    def _warm(self, given: Given, _part: Part, check: Check) -> dict[str, Any]:
        """Do ahead what the first picture needs: ``settings``, and ``path`` of a recording.

        The page begins in the middle of it.
        """
        config = make_config(given["settings"])
        if given["path"] is None:
            make_chain(config, self._networks).close()
            return {}
        scene = self._scenes.of(given["path"])
        seconds = known_duration(scene.info) / 2
        self._cleaned(scene, scene.moment(seconds, config.thread_count, check), config, check)
        return {}

    def _cleaned(
        self, scene: Scene, moment: Moment, config: CleanConfig, check: Check
    ) -> tuple[Frame, str | None]:
        """The last frame of a moment after the chain, and how clean the glass is."""
        chain = scene.chain(config, self._networks, check)
        try:
            done = []
            for frame in moment.frames:
                check()
                done += chain.feed(frame)
            done += chain.finish()
            facts = chain.stage_facts()
        finally:
            chain.close()
        glass = next((f.facts["glass"] for f in facts if "glass" in f.facts), None)
        return done[-1], None if glass is None else glass["words"]

    def _facts(self, given: Given, _part: Part, _check: Check) -> dict[str, Any]:
        """What a recording is: ``path`` -> duration, size, rate."""
        info = probe(Path(given["path"]))
        size = shown_size(info.video)
        return {
            "duration": known_duration(info),
            "width": size.width,
            "height": size.height,
            "frame": frame_seconds(info),
            "codec": info.video.codec or "",
            "sound": any(track.kind == "audio" for track in info.tracks),
        }

    def _groups(self, given: Given, _part: Part, check: Check) -> dict[str, Any]:
        """What lies in a folder: ``path`` -> drives; see ``groups``."""
        return groups(Path(given["path"]), check)

    def _thumbnail(self, given: Given, _part: Part, _check: Check) -> dict[str, Any]:
        """A small picture: ``path`` -> JPEG."""
        scene = self._scenes.fresh(given["path"])
        frame = middle_picture(scene.info)
        if frame is None:
            raise InputError(_("No picture of {name} can be read.", name=Path(given["path"]).name))
        return {"jpeg": scene.jpeg(frame, THUMBNAIL)}

    def _see(self, given: Given, part: Part, check: Check) -> dict[str, Any]:
        """A moment: ``path``, ``seconds``, ``settings``, ``width`` -> before, then after."""
        begin = time.perf_counter()
        config = make_config(given["settings"])
        scene = self._scenes.of(given["path"])
        check()
        width = min(WIDEST, int(given["width"]))

        def show() -> None:
            part({"jpeg": scene.before(moment, width), "seconds": moment.seconds})

        # Decoding, looking all over the recording and drawing the first picture take turns badly:
        # done at once, they leave no core idle.
        with ThreadPoolExecutor(2, thread_name_prefix="dashcam-see") as pool:
            looking = pool.submit(scene.look, config)
            moment = scene.moment(float(given["seconds"]), config.thread_count, check)
            shown = pool.submit(show)
            looking.result()
            cleaned, glass = self._cleaned(scene, moment, config, check)
            shown.result()
        return {
            "jpeg": scene.jpeg(cleaned, width),
            "seconds": moment.seconds,
            "glass": glass,
            "took": time.perf_counter() - begin,
        }

    def _trial(self, given: Given, _part: Part, check: Check) -> dict[str, Any]:
        """How long a run takes: ``path``, ``settings`` of it -> ``pace``; see ``measure_pace``."""
        with TemporaryDirectory(prefix="dashcam-trial-") as folder:
            pace = measure_pace(Path(given["path"]), given["settings"], Path(folder), check)
        return {"pace": pace}

    def _clip(self, given: Given, part: Part, check: Check) -> dict[str, Any]:
        """Some seconds: as ``see``, and ``folder`` -> two files in it, the frames' times."""
        config = make_config(given["settings"])
        scene = self._scenes.of(given["path"])
        chain = scene.chain(config, self._networks, check)

        def step(done: int, total: int) -> None:
            check()
            part({"done": min(done, total), "total": total})

        try:
            times = make_clip(
                scene,
                chain,
                float(given["seconds"]),
                Path(given["folder"]),
                threads=config.thread_count,
                step=step,
            )
        finally:
            chain.close()
        size = shown_size(scene.info.video)
        return {"times": times, "width": size.width, "height": size.height}
