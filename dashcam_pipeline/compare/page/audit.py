"""What was kept, changed or lost: judged from the two files, packet by packet.

Nothing is taken from what the run said about itself but the reasons it gave and the damage that
it found.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av.error

from dashcam_pipeline.compare.canvas import shown_size
from dashcam_pipeline.compare.page.model import Row
from dashcam_pipeline.engine.readable import clock, spans
from dashcam_pipeline.media.containers import COARSEST_TICK
from dashcam_pipeline.media.opening import open_source
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from dashcam_pipeline.compare.page.model import State
    from dashcam_pipeline.compare.page.record import RunRecord
    from dashcam_pipeline.media.source import SourceInfo, Track

_FACTS_OF_FILES: Final = frozenset(
    ("major_brand", "minor_version", "compatible_brands", "encoder", "comment", "duration")
)
"""Metadata about a file itself, or that the result extends: no loss when it differs."""

_MILLISECOND: Final = Fraction(1, 1000)
_TOLERANCE: Final = COARSEST_TICK * Fraction(10, 9)
"""Times may differ by a tick of the coarser clock (Matroska: 1 ms) and still be the same."""


@dataclass(slots=True)
class Contents:
    """Packets of a file.

    Args:
        counts: by track; hidden ones (edit lists) count too.
        times: of the video track's shown packets, in seconds of the file's clock, rising.
        starts: of each track's first packet, in seconds.
    """

    counts: Counter[int] = field(default_factory=Counter)
    times: list[Fraction] = field(default_factory=list)
    starts: dict[int, Fraction] = field(default_factory=dict)


def contents(info: SourceInfo) -> Contents:
    """Read a file's packets, without decoding any.

    Args:
        info: as ``probe`` gives it.
    """
    found = Contents()
    video = info.video.index
    # of a damaged tail, what was read counts
    with open_source(info.path) as container, suppress(av.error.FFmpegError):
        for packet in container.demux():
            if not packet.size:
                continue
            index = packet.stream_index
            found.counts[index] += 1
            if packet.pts is None or packet.is_discard:
                continue
            when = packet.pts * packet.time_base
            found.starts[index] = min(when, found.starts.get(index, when))
            if index == video:
                found.times.append(when)
    found.times.sort()
    return found


def audit(
    before: SourceInfo,
    after: SourceInfo,
    packets: tuple[Contents, Contents],
    record: RunRecord,
) -> list[Row]:
    """Compare a recording with what was made of it.

    Args:
        before, after: the two, as ``probe`` gives them.
        packets: of both.
        record: the run's own report, empty if there is none.
    """
    partial = _asked_part(record)
    rows = [*_frames(packets, record, partial=bool(partial))]
    if partial:
        rows.append(Row("row.part", _length(packets[0]), partial, "noted"))
    rows += _picture(before, after)
    rows += _tracks(before, after, packets, record, partial=bool(partial))
    rows += _container(before, after, partial=bool(partial))
    return rows


def damage(record: RunRecord) -> list[Row]:
    """What the run found damaged in its source; empty where nothing was."""
    frames = record.frames
    rows = []
    packets = ("damaged_packets", "damaged_sound")
    for key in ("missing", "concealed", *packets, "converted", "times_repaired"):
        count = getattr(frames, key)
        if count:
            state: State = "lost" if key in {"missing", *packets} else "noted"
            told = (_packets if key in packets else _frame_count)(count)
            rows.append(Row(f"row.{key}", told, "", state))
    if frames.truncated:
        rows.append(Row("row.truncated", "", "", "lost"))
    if record.holes:
        holes = spans((begin, end) for begin, end in record.holes)
        rows.append(Row("row.holes", holes, "", "lost"))
    return rows


def _asked_part(record: RunRecord) -> str:
    """``0:10.0 to 0:16.0`` where only a part was asked for."""
    start, end = record.settings.start, record.settings.end
    if start is None and end is None:
        return ""
    begin = clock(start or 0.0, tenths=True)
    if end is None:
        return _("from {begin} on", begin=begin)
    return _("{begin} to {end}", begin=begin, end=clock(end, tenths=True))


def _length(packets: Contents) -> str:
    times = packets.times
    seconds = float(times[-1] - times[0]) if times else 0.0
    return _("all of it: {time}", time=clock(seconds, tenths=True))


def _frame_count(count: int) -> str:
    return _n("{n:,} frame", "{n:,} frames", count)


def _packets(count: int) -> str:
    return _n("{n:,} packet", "{n:,} packets", count)


def _frames(packets: tuple[Contents, Contents], record: RunRecord, *, partial: bool) -> list[Row]:
    before, after = (p.times for p in packets)
    given = record.frames.read
    expected = given if partial and given is not None else len(before)
    state: State = "kept" if len(after) == expected else "lost"
    if partial and given is None:
        state = "noted"
    rows = [Row("row.frames", _frame_count(expected), _frame_count(len(after)), state)]
    if not before or not after:
        return rows
    if len(before) == len(after) and not partial:
        origins = before[0], after[0]
        worst = max(
            abs((a - origins[0]) - (b - origins[1])) for a, b in zip(before, after, strict=True)
        )
        text = "0 ms" if not worst else f"{float(worst / _MILLISECOND):.2g} ms"
        rows.append(Row("row.times", "", text, "kept" if worst <= _TOLERANCE else "changed"))
    return rows


def _picture(before: SourceInfo, after: SourceInfo) -> list[Row]:
    a, b = before.video, after.video
    sizes = [_("{w}x{h} pixels", w=s.width, h=s.height) for s in (shown_size(a), shown_size(b))]
    depths = [
        _("{n} bits, {kind}", n=v.layout.bits, kind=_CHROMA[v.layout.log2_chroma]) for v in (a, b)
    ]
    colors = [
        joined(", ", (_MATRICES.get(v.color.matrix, v.color.matrix), _RANGES[v.color.full_range]))
        for v in (a, b)
    ]
    pairs = [
        ("row.size", *sizes),
        ("row.depth", *depths),
        ("row.color", *colors),
    ]
    if a.rotation or b.rotation:
        pairs.append(("row.rotation", f"{a.rotation}°", f"{b.rotation}°"))
    return [Row(key, x, y, "kept" if x == y else "changed") for key, x, y in pairs]


_MATRICES: Final = {
    "bt601": "BT.601",
    "bt709": "BT.709",
    "bt2020": "BT.2020",
    "bt2020nc": "BT.2020",
    "smpte170m": "BT.601",
    "bt470bg": "BT.601",
}
_RANGES: Final = {False: _("video range"), True: _("full range")}
_KINDS: Final = frozenset(("audio", "subtitle", "video", "attachment"))
"""Of tracks that have a name of their own; all others are data."""

_CHROMA: Final = {(1, 1): "4:2:0", (1, 0): "4:2:2", (0, 0): "4:4:4"}


def _tracks(
    before: SourceInfo,
    after: SourceInfo,
    packets: tuple[Contents, Contents],
    record: RunRecord,
    *,
    partial: bool,
) -> list[Row]:
    reasons = _reasons(record)
    free = list(after.others)
    rows = []
    for track in before.others:
        label = track.label
        match = next((t for t in free if (t.kind, t.codec) == (track.kind, track.codec)), None)
        count = packets[0].counts[track.index]
        key = f"row.{track.kind if track.kind in _KINDS else 'data'}"
        if match is None:
            reason = reasons.get(label, "")
            lost: State = "noted" if reason == "recreated by the container" else "lost"
            rows.append(Row(key, _packets(count), "-", lost, track.codec or "", reason))
            continue
        free.remove(match)
        kept = packets[1].counts[match.index]
        state: State = "kept" if kept == count else "noted" if partial else "changed"
        rows.append(Row(key, _packets(count), _packets(kept), state, track.codec or ""))
        if track.kind == "audio" and not partial:
            rows += _sound_start(track, match, before, after, packets)
    return rows


def _sound_start(
    track: Track,
    match: Track,
    before: SourceInfo,
    after: SourceInfo,
    packets: tuple[Contents, Contents],
) -> list[Row]:
    """The distance between first sound and first picture."""
    distances = []
    for found, sound, info in ((packets[0], track, before), (packets[1], match, after)):
        picture = found.starts.get(info.video.index)
        start = found.starts.get(sound.index)
        if picture is None or start is None:
            return []
        distances.append(start - picture)
    same = abs(distances[0] - distances[1]) <= _TOLERANCE
    first, second = (_distance(float(d / _MILLISECOND)) for d in distances)
    return [Row("row.sound_start", first, second, "kept" if same else "changed")]


def _distance(milliseconds: float) -> str:
    if round(milliseconds, 1) == 0:
        return _("with the picture")
    if milliseconds < 0:
        return _("{n:.1f} ms before the picture", n=-milliseconds)
    return _("{n:.1f} ms after the picture", n=milliseconds)


def _container(before: SourceInfo, after: SourceInfo, *, partial: bool) -> list[Row]:
    rows = []
    if before.chapters or after.chapters:
        counts = len(before.chapters), len(after.chapters)
        state: State = "kept" if counts[0] == counts[1] else "noted" if partial else "lost"
        said = [_n("{n} chapter", "{n} chapters", count) for count in counts]
        rows.append(Row("row.chapters", said[0], said[1], state))
    if before.creation_time:
        first, second = _when(before), _when(after)
        rows.append(Row("row.created", first, second, "kept" if first == second else "lost"))
    wanted = {k: v for k, v in before.metadata.items() if k.lower() not in _FACTS_OF_FILES}
    wanted.pop("creation_time", None)
    if wanted:
        kept = [k for k, v in wanted.items() if after.metadata.get(k) == v]
        state = "kept" if len(kept) == len(wanted) else "lost"
        missing = ", ".join(sorted(set(wanted) - set(kept)))
        said = [_n("{n} entry", "{n} entries", len(each)) for each in (wanted, kept)]
        rows.append(Row("row.metadata", said[0], said[1], state, note=missing))
    return rows


def _when(info: SourceInfo) -> str:
    return info.creation_time.strftime("%Y-%m-%d %H:%M:%S") if info.creation_time else "-"


def _reasons(record: RunRecord) -> dict[str, str]:
    """Why tracks aren't there, as the run said."""
    return {entry.track: entry.reason for entry in record.not_carried}
