"""Which clips are meant: those of a folder's drive, or those that were named; of one camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashcam_pipeline.batch.discovery import discover
from dashcam_pipeline.drives.finder import look_at, survey
from dashcam_pipeline.drives.model import CAMERAS, Clip, Damaged
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.errors import InputMissingError, NotVideoError, UsageError
from dashcam_pipeline.media.opening import check_readable
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dashcam_pipeline.dashcam.names import Camera
    from dashcam_pipeline.drives.model import Drive
    from dashcam_pipeline.join.options import JoinOptions


@dataclass(frozen=True, slots=True)
class Selection:
    """Clips to be joined, camera by camera.

    Args:
        runs: those of each camera, in order; at least one camera has a clip.
        damaged: recordings among them that can't be opened.
        timed: False if nothing reliable says when the clips began: then nothing is known of gaps.
        notes: what was left out, a sentence each.
    """

    runs: tuple[tuple[Camera, tuple[Clip, ...]], ...]
    damaged: tuple[Damaged, ...] = ()
    timed: bool = True
    notes: tuple[str, ...] = ()

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """Those that there are clips of."""
        return tuple(camera for camera, _clips in self.runs)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Of everything that was found, damaged or of other cameras; none is ever an output."""
        clips = (clip.path for _camera, clips in self.runs for clip in clips)
        return (*clips, *(one.path for one in self.damaged))

    def of(self, camera: Camera) -> tuple[Clip, ...]:
        """One camera's clips."""
        return next((clips for name, clips in self.runs if name == camera), ())

    def leading(self, asked: Camera | None) -> Camera:
        """The camera whose clips are joined.

        Raises:
            UsageError: the one that is asked for has none.
        """
        if asked is None:
            return self.cameras[0]
        if asked not in self.cameras:
            raise UsageError(
                _("there is no clip of the {camera} camera.", camera=asked),
                advice=_("There are: {cameras}.", cameras=", ".join(self.cameras)),
            )
        return asked


def choose(paths: Sequence[Path], options: JoinOptions) -> Selection:
    """Find the clips that are meant.

    Args:
        paths: one folder, or recordings.
        options: drive is used.

    Raises:
        UsageError: folders and clips at once, or a folder of several drives and none named.
        InputMissingError: nothing is there.
        NotVideoError: there is no recording among them.
    """
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise UsageError(
            _("{folder} is a folder, and other things were named beside it.", folder=folders[0]),
            advice=_("Name one folder, or clips alone."),
        )
    return _of_folder(paths[0], options) if folders else _of_clips(paths, options)


def _of_folder(folder: Path, options: JoinOptions) -> Selection:
    found = survey(folder)
    if not found.drives:
        raise NotVideoError(
            _("{folder} holds no recording that can be read.", folder=folder),
            advice=_("Name the folder that the camera wrote its clips to."),
        )
    drive = _one_of(folder, found.drives, options.drive)
    runs = tuple((run.camera, run.clips) for run in drive.cameras)
    notes = list(found.notes)
    if drive.copies:
        notes.append(
            _n(
                "{n} recording shows what others of the drive show as well, and was left out.",
                "{n} recordings show what others of the drive show as well, and were left out.",
                len(drive.copies),
            )
        )
    return Selection(runs, drive.damaged, notes=tuple(notes))


def _one_of(folder: Path, drives: Sequence[Drive], number: int | None) -> Drive:
    if number is not None:
        if number > len(drives):
            raise UsageError(
                _n(
                    "{folder} holds {n} drive, and no number {number}.",
                    "{folder} holds {n} drives, and no number {number}.",
                    len(drives),
                    folder=folder,
                    number=number,
                ),
                advice=_listed(drives),
            )
        return drives[number - 1]
    moving = [drive for drive in drives if drive.kind == "drive"] or list(drives)
    if len(moving) > 1:
        raise UsageError(
            _("{folder} holds {n} drives; one is joined at a time.", folder=folder, n=len(moving)),
            advice=_listed(drives),
        )
    return moving[0]


def _listed(drives: Sequence[Drive]) -> str:
    """The drives by number, for choosing one."""
    lines = []
    for number, drive in enumerate(drives, 1):
        start, length = f"{drive.start:%Y-%m-%d %H:%M:%S}", duration(drive.length)
        clips = _n("{n} clip", "{n} clips", len(drive.clips))
        lines.append(
            _(
                "`drive={number}`: {start}, {length}, {clips}",
                number=number,
                start=start,
                length=length,
                clips=clips,
            )
        )
    return joined("\n", (_("Name one of them:"), *lines))


def _of_clips(paths: Sequence[Path], options: JoinOptions) -> Selection:
    if options.drive is not None:
        raise UsageError(
            _("`drive={number}` chooses a drive of a folder.", number=options.drive),
            advice=_("Leave it out, or name the folder instead of clips."),
        )
    clips: list[Clip] = []
    damaged: list[Damaged] = []
    notes: list[str] = []
    seen: set[Path] = set()
    for path in paths:
        _need_file(path)
        if (same := path.resolve()) in seen:
            notes.append(_("{name} was named twice, and is in it once.", name=path.name))
            continue
        seen.add(same)
        tree = discover(path)
        if not tree.clips:
            check_readable(path)
            raise NotVideoError(
                _("{path} has no name of a recording.", path=path),
                advice=_("Name clips as the camera wrote them."),
            )
        found = look_at(tree.root, tree.clips[0])
        if isinstance(found, Damaged):
            damaged.append(found)
        else:
            clips.append(found)
    if not clips:
        raise NotVideoError(damaged[0].reason, advice=damaged[0].advice)
    timed = all(clip.start_from in {"name", "telemetry"} for clip in clips)
    if timed:
        given = _by_camera(clips)
        clips.sort(key=lambda clip: clip.instant)
        if _by_camera(clips) != given:
            notes.append(_("the clips were put in order by the times in their names."))
    elif len(clips) > 1:
        notes.append(
            _("not all clips say when they began: they are in the order in which they were named.")
        )
    return Selection(_by_camera(clips), tuple(damaged), timed, tuple(dict.fromkeys(notes)))


def _by_camera(clips: Sequence[Clip]) -> tuple[tuple[Camera, tuple[Clip, ...]], ...]:
    """Clips of each camera that has some, as of ``Selection``."""
    return tuple(
        (camera, tuple(clip for clip in clips if clip.camera == camera))
        for camera in CAMERAS
        if any(clip.camera == camera for clip in clips)
    )


def _need_file(path: Path) -> None:
    if not path.exists():
        raise InputMissingError(
            _("{path} does not exist.", path=path),
            advice=_("Check the name, and whether the card is mounted."),
        )
