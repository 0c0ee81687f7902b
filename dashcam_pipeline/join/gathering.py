"""One camera's clips, looked at and put in their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashcam_pipeline.dashcam.words import CAMERA_NAMES
from dashcam_pipeline.errors import DamagedError, InputError, NotVideoError, UsageError
from dashcam_pipeline.join.seams import find_seams
from dashcam_pipeline.media.joined.clip import look_at
from dashcam_pipeline.media.joined.likeness import tracks_of, why_turned
from dashcam_pipeline.media.joined.place import place
from dashcam_pipeline.translation import _, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.names import Camera
    from dashcam_pipeline.drives.model import Clip as Listed
    from dashcam_pipeline.join.options import Gaps
    from dashcam_pipeline.join.seams import Between
    from dashcam_pipeline.join.selection import Selection
    from dashcam_pipeline.media.joined.clip import Clip
    from dashcam_pipeline.media.joined.place import Joined


@dataclass(frozen=True, slots=True)
class Gathered:
    """One camera's clips as one recording.

    Args:
        camera: whose.
        joined: the clips in their places.
        between: what lies between them.
        listed: the same clips, as their names and headers say.
        sources: every recording that was found, also of other cameras; none may be the output.
        left_out: clips that can't be read, and why.
        notes: a sentence each.
    """

    camera: Camera
    joined: Joined
    between: tuple[Between, ...]
    listed: tuple[Listed, ...]
    sources: tuple[Path, ...] = ()
    left_out: tuple[tuple[Path, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def clips(self) -> tuple[Clip, ...]:
        """Those that are in it."""
        return tuple(one.clip for one in self.joined.clips)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Of those that are in it."""
        return tuple(clip.path for clip in self.clips)

    @property
    def tracks(self) -> list[Mapping[int, int]]:
        """As of ``likeness.tracks_of``, for each of them."""
        return [tracks_of(self.clips[0], clip) for clip in self.clips]


def look_at_all(
    selection: Selection, camera: Camera
) -> tuple[list[Listed], list[Clip], list[tuple[Path, str]]]:
    """Look at a camera's clips.

    Returns:
        those that can be read, by name and as they are; and those that can't, with the reason.
    """
    listed: list[Listed] = []
    clips: list[Clip] = []
    left_out = [(one.path, one.reason) for one in selection.damaged if one.camera == camera]
    for one in selection.of(camera):
        try:
            clips.append(look_at(one.path))
        except InputError as error:
            left_out.append((one.path, error.args[0]))
            continue
        listed.append(one)
    return listed, clips, left_out


def need_all(left_out: Sequence[tuple[Path, str]], config: CleanConfig) -> None:
    """Give up, if asked to be strict, where a clip can't be read.

    Raises:
        DamagedError: likewise.
    """
    if config.strict and left_out:
        path, why = left_out[0]
        raise DamagedError(
            _("{path} can't be read ({why}); nothing was written.", path=path, why=why),
            advice=_("Run it without `strict=True` to join the others."),
        )


def need_upright(clips: Sequence[Clip]) -> None:
    """Refuse clips that would stand on their head: one recording is turned one way.

    Raises:
        UsageError: likewise.
    """
    for clip in clips[1:]:
        if why := why_turned(clips[0], clip):
            raise UsageError(
                _("these clips can't be joined: {why}.", why=why),
                advice=_("Join those of each direction apart."),
            )


def gather(selection: Selection, camera: Camera, gaps: Gaps, *, beside: bool = False) -> Gathered:
    """Look at a camera's clips; one that can't be read costs itself alone.

    Args:
        selection: the clips.
        camera: one that has some.
        gaps: kept or closed.
        beside: True if another camera's will be shown as well.

    Raises:
        NotVideoError: none of them can be read.
        UsageError: a gap is too long to be kept.
    """
    listed, clips, left_out = look_at_all(selection, camera)
    if not clips:
        path, why = left_out[0]
        raise NotVideoError(
            _("no clip can be read: {why}", why=why),
            advice=_("`dashcam probe {name}` says more.", name=path.name),
        )
    between = find_seams(listed, clips, gaps=gaps, timed=selection.timed)
    others = [name for name in selection.cameras if name != camera]
    notes = list(selection.notes)
    if others and not beside:
        notes.append(
            _(
                "clips of other cameras ({cameras}) are there as well, and not in it.",
                cameras=joined(", ", (CAMERA_NAMES[name] for name in others)),
            )
        )
    return Gathered(
        camera,
        place(clips, [one.seam for one in between]),
        tuple(between),
        tuple(listed),
        selection.paths,
        tuple(left_out),
        tuple(notes),
    )
