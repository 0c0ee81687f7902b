"""Drives as cameras write them: one recording, cut into clips at key pictures.

::

    clips = make_drive(tmp_path, seconds=6, clip_seconds=2)     # three clips, nothing lost between
    clips = make_drive(tmp_path, again=1.0)                     # each begins a second early

Packets are copied from one long recording, so that what a joined one must hold is known to the bit.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from factory import FORMAT, Picture, Sound, make_clip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGIN = datetime(2024, 1, 1, 12)  # noqa: DTZ001 - as a camera's clock

SMALL = (128, 72)


def whole_drive(path: Path, seconds: float = 6, **asked: Any) -> Path:
    """The recording that a camera would have written without cutting it; a key picture a second."""
    picture = Picture(
        frames=round(seconds * 30),
        size=SMALL,
        gop=asked.pop("gop", 30),
        b_frames=asked.pop("b_frames", 0),
        options={"x264-params": "scenecut=0"},
    )
    sound = asked.pop("sound", Sound(seconds=seconds, rate=48000))
    return make_clip(path, picture, sounds=[sound] if sound else [], **asked)


def split(
    whole: Path,
    folder: Path,
    *,
    clip_seconds: float = 2,
    again: float | Fraction = 0,
    gap: float = 0,
    suffix: str = "",
    camera: str = "F",
    jump: float | None = None,
) -> list[Path]:
    """Cut a recording into clips named as a 70mai camera's, each on a clock that begins at 0.

    Args:
        whole: with a key picture every second.
        folder: where they go; made if need be.
        clip_seconds: of each.
        again: seconds that each of them but the first begins earlier.
        gap: seconds that the clock of the names jumps by between two of them.
        suffix: of the clips; the recording's own by default.
        camera: letter in the names.
        jump: the clips' own clock runs on, as in some TS cameras, and jumps by so many seconds
            between two of them; None begins it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    suffix = suffix or whole.suffix
    with av.open(str(whole)) as source:
        kept = [(p, p.stream_index, _decoded(p)) for p in source.demux() if p.size]
        origin = min(p.pts * p.time_base for p, index, _ in kept if index == 0)
        length = max(p.pts * p.time_base for p, _, _ in kept) - origin
        clips = []
        number = 0
        while number * clip_seconds < length:
            begin = Fraction(number * clip_seconds) - (Fraction(again) if number else 0)
            end = Fraction((number + 1) * clip_seconds)
            named = BEGIN + timedelta(seconds=float(begin) + number * gap)
            name = f"NO{named:%Y%m%d-%H%M%S}-{number + 1:06}{camera}{suffix}"
            clips.append(folder / name)
            first = None if jump is None else origin - number * Fraction(jump)
            _write(source, kept, begin + origin, end + origin, clips[-1], first=first)
            number += 1
    return clips


def _decoded(packet: av.Packet) -> Fraction:
    """When a packet is decoded, in seconds; Matroska leaves the first ones out."""
    ticks = packet.dts if packet.dts is not None else packet.pts
    return ticks * packet.time_base


def _write(
    source: av.container.InputContainer,
    kept: Sequence[tuple[av.Packet, int, Fraction]],
    begin: Fraction,
    end: Fraction,
    path: Path,
    *,
    first: Fraction | None,
) -> None:
    origin = min(p.pts * p.time_base for p, index, _ in kept if index == 0)
    moved_by = begin - origin if first is None else first - origin
    options = {"mpegts_copyts": "1"} if path.suffix == ".ts" else {}
    if path.suffix in {".mp4", ".mov"}:
        options = {"video_track_timescale": "15360", "movie_timescale": "15360"}
    with av.open(str(path), "w", format=FORMAT[path.suffix], container_options=options) as out:
        copies = {}
        for stream in source.streams:
            copy = out.add_stream_from_template(stream, opaque=True)
            copy.time_base = stream.time_base
            copies[stream.index] = copy
        for packet, index, time in kept:
            shown = packet.pts * packet.time_base
            # sound goes with whichever file is open; the first file has the encoder's priming
            inside = begin <= shown < end if index == 0 else begin <= time < end
            if not inside and not (time < begin == origin):
                continue
            ticks = round(moved_by / packet.time_base)
            moved = av.Packet(bytes(packet))
            moved.time_base, moved.stream = packet.time_base, copies[index]
            moved.pts = packet.pts - ticks
            moved.dts = None if packet.dts is None else packet.dts - ticks
            moved.duration, moved.is_keyframe = packet.duration, packet.is_keyframe
            out.mux_one(moved)
