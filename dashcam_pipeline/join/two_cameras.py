"""Joined clips of the front camera with another camera's beside them, in one picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashcam_pipeline.compare.canvas import PIXEL_FORMAT
from dashcam_pipeline.dashcam.words import CAMERA_NAMES
from dashcam_pipeline.engine.build_chain import prepare_chain
from dashcam_pipeline.engine.join_facts import ClipFact
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.join.facts import problem_of
from dashcam_pipeline.join.gathering import look_at_all, need_all
from dashcam_pipeline.join.layouts import TwoCameras
from dashcam_pipeline.join.origin import JoinedClips
from dashcam_pipeline.join.second_camera import Other, Together, lay_beside
from dashcam_pipeline.media import planes
from dashcam_pipeline.media.joined.reader import JoinedReader
from dashcam_pipeline.translation import _, _n

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.names import Camera
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.engine.join_facts import JoinFacts
    from dashcam_pipeline.join.gathering import Gathered
    from dashcam_pipeline.join.options import JoinOptions, Layout
    from dashcam_pipeline.join.selection import Selection
    from dashcam_pipeline.media.joined.place import Joined
    from dashcam_pipeline.media.reader import Reader
    from dashcam_pipeline.media.source import SourceInfo, VideoTrack


class TwoCameraClips(JoinedClips):
    """The front camera's clips, another one's beside them; see ``batch.origin.Origin``.

    Args:
        gathered: the front camera's clips in their places.
        selection: clips of all cameras.
        options: layout and beside are used.
        config: the chain that both cameras go through.

    Raises:
        UsageError: there is no other camera, or nothing of it at that time.
    """

    def __init__(
        self, gathered: Gathered, selection: Selection, options: JoinOptions, config: CleanConfig
    ) -> None:
        super().__init__(gathered, checked=options.check)
        self._config = config
        self._layout: Layout = options.layout or "pip"
        self._camera = _other_camera(selection, gathered.camera, options.beside)
        listed, clips, self._left_out = look_at_all(selection, self._camera)
        need_all(self._left_out, config)
        joined, without = lay_beside(gathered, listed, clips) if clips else (None, listed)
        if joined is None:
            raise UsageError(
                _("no clip of the {camera} camera shows that time.", camera=self._camera),
                advice=_("Leave the layout out, or name another camera to show beside."),
            )
        self._beside: Joined = joined
        self._without = without
        self._reader: JoinedReader | None = None
        self._together: Together | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """Of both cameras."""
        return (*super().paths, *(one.clip.path for one in self._beside.clips))

    def shown(self, info: SourceInfo) -> VideoTrack:
        """Both in one picture: upright, square pixels, 8-bit 4:2:0."""
        size = TwoCameras(self._layout, info.video, self._beside.info.video).plan.size
        return replace(
            info.video,
            width=size.width,
            height=size.height,
            pixel_format=planes.pixel_format(PIXEL_FORMAT),
            display_matrix=None,
            rotation=0,
            sample_aspect_ratio=None,
            first_field=None,
            chroma_place=None,
        )

    def middle(self, chain: Chain) -> Together:
        """The chain for either camera, and both put together."""
        config = self._config
        self._reader = JoinedReader(
            self._beside, threads=config.thread_count, hwaccel=config.hwaccel
        )
        second = prepare_chain(config, self._beside.info)[0] if config.stages else None
        front = self._gathered.joined.info.video
        compose = TwoCameras(self._layout, front, self._beside.info.video)
        other = Other(self._reader, second, strict=config.strict)
        self._together = Together(chain, other, compose)
        return self._together

    def facts(self, reader: Reader | JoinedReader) -> JoinFacts | None:
        """Of the front camera's clips, with what the other one's lack."""
        facts = super().facts(reader)
        if facts is None or self._reader is None or self._together is None:
            return facts
        others = [ClipFact(path=str(path), problem=why) for path, why in self._left_out]
        for one, count in zip(self._beside.clips, self._reader.clips, strict=True):
            if lost := problem_of(count, copied=False):
                others.append(ClipFact(path=str(one.clip.path), problem=lost))
        return replace(facts, clips=(*facts.clips, *others), notes=(*self._notes(), *facts.notes))

    def _notes(self) -> list[str]:
        missing = self._together.missing if self._together is not None else 0
        notes: list[str] = [
            _(
                "{layout}: {n} clips of the {camera} camera beside, in sync by the recorder's "
                "clock; sound and positions are the first camera's.",
                layout=self._layout,
                n=len(self._beside.clips),
                camera=CAMERA_NAMES[self._camera],
            )
        ]
        if missing:
            notes.append(
                _n(
                    "{n} frame has no picture of the {camera} camera: its place is black.",
                    "{n} frames have no picture of the {camera} camera: its place is black.",
                    missing,
                    camera=CAMERA_NAMES[self._camera],
                )
            )
        if self._without:
            names = ", ".join(one.path.name for one in self._without)
            notes.append(
                _("not shown, for the first camera has no such time: {names}", names=names)
            )
        return notes


def _other_camera(selection: Selection, front: Camera, asked: Camera | None) -> Camera:
    others = [camera for camera in selection.cameras if camera != front]
    if asked is not None and asked in others:
        return asked
    if not others or asked is not None:
        raise UsageError(
            _("there is no other camera beside the {camera} one.", camera=front)
            if asked is None
            else _("there is no clip of the {camera} camera beside.", camera=asked),
            advice=_("There are: {cameras}.", cameras=", ".join(selection.cameras)),
        )
    return others[0]
