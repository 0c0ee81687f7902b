"""Finding the drives of a folder.

Names put clips in order; headers say how long each is. A clip that can't be opened costs itself
alone. Nothing is decoded, and one file at a time is open.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from dashcam_pipeline.batch.discovery import Tree, TreeFile, discover
from dashcam_pipeline.batch.products import ENDINGS
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.carriers.neighbours import Neighbours
from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, QUICK, Limits
from dashcam_pipeline.drives.cards import card_of
from dashcam_pipeline.drives.clock import put_right
from dashcam_pipeline.drives.grouping import PAUSE, TOUCHING, group
from dashcam_pipeline.drives.happenings import happenings
from dashcam_pipeline.drives.model import CAMERAS, Clip, Damaged, Drive, StartSource, Survey
from dashcam_pipeline.drives.route import route_of
from dashcam_pipeline.engine.output import is_marked
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media import containers
from dashcam_pipeline.media.header import Header, read_header
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dashcam_pipeline.dashcam.names import ClipName

OLDEST: Final = 2000
"""Year; a container or file that says an older one has a clock that was never set."""


UNSURE: Final = frozenset[StartSource](("container", "file"))
"""Where a time comes from that may be that of a copy."""

TelemetryDepth: TypeAlias = Literal["none", "quick", "whole"]
"""``quick`` leaves out what would need all of a recording to be read (see ``limits.QUICK``)."""


def find_drives(
    folder: str | Path, *, pause: float = PAUSE, telemetry: TelemetryDepth = "quick"
) -> list[Drive]:
    """The drives of a folder, and what was recorded while parked between them, in order of time.

    Args:
        folder: a card, a folder of clips, or one recording; only read.
        pause: seconds without any recording after which another drive begins.
        telemetry: how much of it is read; without any, there are no distances, times are the
            camera's own, and events are those that the camera saved.

    Raises:
        InputMissingError: it doesn't exist or can't be listed.
    """
    return list(survey(folder, pause=pause, telemetry=telemetry).drives)


def survey(
    folder: str | Path,
    *,
    pause: float = PAUSE,
    telemetry: TelemetryDepth = "quick",
    progress: Callable[[int, int], None] | None = None,
) -> Survey:
    """Find the drives of a folder, and say what could not be read.

    Args:
        folder, pause, telemetry: as of ``find_drives``.
        progress: called with the number of clips that were looked at, and of all.

    Raises:
        InputMissingError: the folder doesn't exist or can't be listed.
    """
    tree = discover(Path(folder))
    clips: dict[str, list[Clip]] = {}
    damaged: dict[str, list[Damaged]] = {}
    neighbours = Neighbours()
    for number, file in enumerate(tree.clips):
        if progress is not None:
            progress(number, len(tree.clips))
        found = look_at(tree.root, file, telemetry, neighbours)
        if isinstance(found, Clip):
            clips.setdefault(card_of(file.path), []).append(found)
        else:
            damaged.setdefault(card_of(file.path), []).append(found)
    if progress is not None:
        progress(len(tree.clips), len(tree.clips))
    drives = [
        drive
        for card in sorted(clips)
        for drive in group(on_time(clips[card]), card, damaged=damaged.get(card, ()), pause=pause)
    ]
    return Survey(
        tree.root,
        tuple(drives),
        tuple(one for card in sorted(damaged) for one in damaged[card]),
        tuple(_notes(tree)),
    )


def look_at(
    root: Path,
    file: TreeFile,
    telemetry: TelemetryDepth = "none",
    neighbours: Neighbours | None = None,
) -> Clip | Damaged:
    """What a recording's name and header say, and its telemetry.

    Args:
        root: the folder that was looked at.
        file: a recording in it.
        telemetry: how much of it is read.
        neighbours: what is known of the files beside it; for many recordings, one for all of them.
    """
    path, name = root / file.path, _name(file.path)
    camera = name.camera or "front"
    try:
        header = read_header(path)
    except InputError as error:
        start = name.recorded or file.recorded
        return Damaged(path, file.path, camera, start, error.args[0], error.advice)
    start, source = _start(file, name, header)
    clip = Clip(
        path=path,
        name=file.path,
        camera=camera,
        mode=name.mode or "normal",
        start=start,
        instant=as_instant(start),
        duration=header.duration_s or 0.0,
        start_from=source,
        sequence=name.sequence,
        size=file.size,
        container=header.container,
        codec=header.codec,
        width=header.width,
        height=header.height,
        whole=header.whole,
        result=path.stem.lower().endswith(ENDINGS) or is_marked(header.metadata),
    )
    if telemetry == "none":
        return clip
    limits = replace(LIMITS if telemetry == "whole" else QUICK, tracks=header.texts)
    return _with_telemetry(clip, limits, neighbours)


def _with_telemetry(clip: Clip, limits: Limits, neighbours: Neighbours | None) -> Clip:
    """A clip with where it went and what happened; the positions themselves aren't kept."""
    try:
        found = read_telemetry(clip.path, limits=limits, neighbours=neighbours)
    except InputError:
        return clip  # gone meanwhile, as whoever reads its pictures will say
    in_packets = containers.named(clip.container).telemetry == "packets"
    whole = limits.ends is None or not in_packets or clip.size <= 2 * limits.ends
    route = route_of(found.fixes, whole=whole)
    clip = replace(clip, route=route, happenings=happenings(found))
    local = route.local if route is not None else found.recorded
    if clip.start_from != "file" or local is None:
        return clip
    local = local.replace(tzinfo=None)
    return replace(clip, start=local, instant=as_instant(local), start_from="telemetry")


def on_time(clips: Sequence[Clip]) -> list[Clip]:
    """Clips of a card with their times put right by satellites."""
    begins = {c.name: c.route.utc for c in clips if c.route is not None and c.route.utc is not None}
    return in_order(put_right(clips, begins))


def as_instant(local: datetime) -> float:
    """A local time as a number of seconds, as if it were UTC."""
    return local.replace(tzinfo=UTC).timestamp()


def in_order(clips: Iterable[Clip]) -> list[Clip]:
    """Clips of a card, those without a time of their own one behind the other.

    A result has the time of the recording that it was made of, where its name tells which.
    """
    clips = list(clips)
    originals = {
        (clip.camera, PurePosixPath(clip.name).with_suffix("")): clip.name
        for clip in clips
        if not clip.result
    }
    made: dict[str, str] = {}
    for clip in clips:
        if clip.result and clip.start_from in UNSURE:
            stem = _without_ending(PurePosixPath(clip.name)).with_suffix("")
            if (clip.camera, stem) in originals:
                made[clip.name] = originals[clip.camera, stem]
    ordered = _one_by_one([clip for clip in clips if clip.name not in made])
    times = {clip.name: clip for clip in ordered}
    for clip in clips:
        if clip.name in made:
            of = times[made[clip.name]]
            ordered.append(
                replace(clip, start=of.start, instant=of.instant, start_from=of.start_from)
            )
    return ordered


def _one_by_one(clips: Sequence[Clip]) -> list[Clip]:
    """``in_order`` of clips that are no results.

    The time of a file may be that of its copy, and chapters of one recording all have the time at
    which it began. What such a time puts on top of the clip before it by name, begins at that
    one's end.
    """
    ordered: list[Clip] = []
    for camera in CAMERAS:
        before: Clip | None = None
        for clip in sorted((c for c in clips if c.camera == camera), key=_natural):
            if clip.start_from in UNSURE:
                if before is not None and clip.instant < before.end_instant - TOUCHING:
                    late = timedelta(seconds=before.end_instant - clip.instant)
                    clip = replace(  # noqa: PLW2901 - the same clip, at its place
                        clip, start=clip.start + late, instant=before.end_instant
                    )
                before = clip
            ordered.append(clip)
    return ordered


def _natural(clip: Clip) -> list[tuple[int, str]]:
    """For sorting names so that ``clip10`` comes after ``clip9``."""
    parts = re.findall(r"\d+|\D+", clip.name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _name(path: str) -> ClipName:
    """A clip's name, of which dashcam's own ending is no part."""
    return parse_name(_without_ending(PurePosixPath(path)))


def _without_ending(path: PurePosixPath) -> PurePosixPath:
    """A path, of whose stem dashcam's own ending is no part."""
    ending = next((end for end in ENDINGS if path.stem.lower().endswith(end)), "")
    return path.with_stem(path.stem[: len(path.stem) - len(ending)] or path.stem)


def _start(file: TreeFile, name: ClipName, header: Header) -> tuple[datetime, StartSource]:
    if name.recorded is not None:
        return name.recorded, "name"
    if header.created is not None and header.created.year >= OLDEST:
        return header.created.replace(tzinfo=None), "container"
    # A file's time is that of the last byte.
    return file.recorded - timedelta(seconds=header.duration_s or 0.0), "file"


def _notes(tree: Tree) -> Sequence[str]:
    unread = [
        _("{path} can't be listed: {reason}.", path=path, reason=reason)
        for path, reason in tree.unreadable
    ]
    return unread + [_(text, path=path) for path, text in tree.skipped]
