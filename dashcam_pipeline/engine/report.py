"""The run report: one object that says what was done to a recording and what was kept.

The summary for people, the JSON of ``--report`` and the exit code are views of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.readable import duration, spans, table
from dashcam_pipeline.engine.readable import size as readable_size
from dashcam_pipeline.errors import BatchError
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.containers import TAKE_FALLBACK
from dashcam_pipeline.media.write_report import AS_ASKED, COPIED
from dashcam_pipeline.translation import _, _n, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dashcam_pipeline.engine.join_facts import JoinFacts
    from dashcam_pipeline.media.frame_counts import FrameCounts, ReadCounts
    from dashcam_pipeline.translation import Message

SYNTHETIC: Final = _("the picture shows what the camera never saw, and is marked so")
"""What the summary of such a result says."""

SCHEMA_VERSION: Final = 1
"""Of the JSON; it rises when a key changes its meaning or goes away, not when one is added."""

_HOLES_NAMED: Final = 3
"""Holes named in the warning; the report holds all of them."""


def wrote(path: Path, facts: Iterable[str], *, synthetic: bool) -> Message:
    """The summary of a comparison.

    Args:
        path: of it.
        facts: in short.
        synthetic: True if it shows what the camera never saw.
    """
    rows: list[tuple[str, str]] = [
        (_("wrote"), joined("", (f"{path} (", joined(", ", facts), ")")))
    ]
    return table([*rows, *([(_("synthetic"), SYNTHETIC)] if synthetic else [])])


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A recording in short.

    Args:
        path: where it is.
        size_bytes: of the file.
        container: short name, such as ``mp4``.
        codec: of its video (for the output: the encoder and its version).
        width, height: of the stored picture.
        duration_s: as the container says, None where it doesn't.
        video: which of its moving video tracks is the cleaned one, from 0.
        essence_sha256: of an output, as of ``look_back.LookBack``.
    """

    path: str
    size_bytes: int
    container: str
    codec: str
    width: int
    height: int
    duration_s: float | None = None
    video: int = 0
    essence_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class StreamFact:
    """A track other than the cleaned one.

    Args:
        track: short and human, such as ``#1 audio aac``.
        reason: why it isn't in the output; empty where it is.
    """

    track: str
    reason: str = ""


def not_kept(tracks: Iterable[tuple[str, str]]) -> str:
    """A line about tracks that the output can't hold, and why; empty where there are none.

    Args:
        tracks: and the reasons why they aren't in the output; those that nobody wanted don't count.
    """
    return joined("; ", [joined(": ", each) for each in tracks if each[1] != AS_ASKED])


@dataclass(frozen=True, slots=True)
class StageFact:
    """What one stage did; the chain makes it of the stage's own ``StageReport``.

    Args:
        name: of the stage.
        options: that differ from its defaults, as the configuration has them.
        seconds: wall time in it.
        parts: the same by part, as the stage itself measured it.
        facts: what it has to say (model, sha256, ...).
        synthetic: True if it shows what the camera never saw.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    parts: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did.

    Args:
        input, output: the two files.
        frames: every frame accounted for.
        carried: tracks copied as they are.
        not_carried: tracks that are not in the output, and why.
        lost: what the source says beside its samples and the output doesn't: of which track (empty
            for the file as a whole), and its name as the reason.
        stages: in order.
        cuts: indices of the frames that open a new scene.
        timings: wall seconds by part, as ``workers.Timings`` defines them.
        pace: (presentation time reached in seconds, frames a second), as ``workers.Pace`` notes it.
        settings: those of the run, as ``CleanConfig`` has them.
        encoder_options: that the encoder was given, defaults included.
        device: where the networks ran.
        decoder: the kind of hardware that decoded, or ``none``.
        holes: where pictures are missing, (from, to) in seconds.
        moved_s: seconds that all times were moved by, as of ``WriteReport``.
        size: where one was asked for: ``limit_bytes``, ``video_bits_per_second`` at most, and
            ``held``, the share of the time in which quality was given up for it.
        differences: what the output holds otherwise than was given to it, a sentence each.
        warnings: what the user should know.
        versions: of what did the work.
        telemetry: counts and names of positions and G-sensor data, as ``provenance.Keeper`` has it.
        companions: files written beside the output.
        protected: boxes (x,y,w,h) that came out as they went in, named or found.
        joined: of a recording that was joined of several; None for one that is one file.
    """

    input: FileFacts
    output: FileFacts
    frames: FrameCounts
    carried: tuple[StreamFact, ...] = ()
    not_carried: tuple[StreamFact, ...] = ()
    lost: tuple[StreamFact, ...] = ()
    stages: tuple[StageFact, ...] = ()
    cuts: tuple[int, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    pace: tuple[tuple[float, float], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    decoder: str = "none"
    holes: tuple[tuple[float, float], ...] = ()
    moved_s: float = 0.0
    size: Mapping[str, Any] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=lambda: {"dashcam_pipeline": __version__})
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    companions: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    joined: JoinFacts | None = None

    @property
    def exit_code(self) -> int:
        """0: a report exists only of a run that wrote its output; 11 if some clips are faulty."""
        return BatchError.exit_code if self.joined and self.joined.faulty else 0

    @property
    def fps(self) -> float:
        """Frames written a second of wall time."""
        seconds = self.timings.get("total", 0.0)
        return self.frames.written / seconds if seconds > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """JSON-able, with ``schema_version``; times are rounded to microseconds."""
        data = {"schema_version": SCHEMA_VERSION, "exit_code": self.exit_code, **asdict(self)}
        rounded: dict[str, Any] = json.loads(
            json.dumps(data, default=_plain), parse_float=_six_digits
        )
        return rounded

    def write_json(self, path: Path, *, overwrite: bool = False) -> None:
        """Write ``to_dict`` as JSON.

        Args:
            path: the file; it appears only when it is whole.
            overwrite: True replaces what has that name.

        Raises:
            OutputError: the file exists, or can't be written.
        """
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        write_whole(path, f"{text}\n", overwrite=overwrite)

    def summary(self) -> str:
        """What was done and kept, for people; some lines without a newline at the end."""
        chain = " -> ".join(stage.name for stage in self.stages)
        seconds = self.timings.get("total", 0.0)
        rows: list[tuple[str, str]] = [
            (_("wrote"), self._output_line()),
            (_("frames"), self._frames_line()),
            *(self.joined.rows() if self.joined else []),
            (
                _("chain"),
                _("{stages}, on {device}", stages=chain, device=self.device)
                if self.stages
                else self.joined.how_copied
                if self.joined and self.joined.copied
                else _("no stages"),
            ),
        ]
        if self.size:
            rows.append((_("size"), self._size_line()))
        if self.settings.get("preset"):
            rows.append((_("preset"), self.settings["preset"]))
        if any(stage.synthetic for stage in self.stages):
            rows.append((_("synthetic"), SYNTHETIC))
        rows += [
            (_("glass"), stage.facts["glass"]["words"])
            for stage in self.stages
            if "glass" in stage.facts
        ]
        if self.protected and self.stages:
            boxes = " ".join(self.protected)
            how = (
                _("{boxes} (as asked)", boxes=boxes)
                if self.settings.get("protect")
                else _("{boxes} (burned-in text, found)", boxes=boxes)
            )
            rows.append((_("untouched"), how))
        if self.carried:
            rows.append((_("kept"), ", ".join(stream.track for stream in self.carried)))
        rows += [(_("not kept"), joined(": ", (s.track, s.reason))) for s in self.not_carried]
        rows += self._lost_rows()
        rows += self._telemetry_rows()
        took = _(
            "{time} ({fps:.1f} frames a second); "
            "decoding {decode}, stages {chain}, encoding {encode}",
            time=duration(seconds),
            fps=self.fps,
            **{key: duration(self.timings.get(key, 0.0)) for key in ("decode", "chain", "encode")},
        )
        copied = self.joined is not None and self.joined.copied  # then there are no parts
        return table([*rows, (_("took"), duration(seconds) if copied else took)])

    def details(self) -> str:
        """The summary, and where the time went and what the stages have to say."""
        lines = [self.summary()]
        for stage in self.stages:
            said = _("stage {name}: {time}", name=stage.name, time=duration(stage.seconds))
            parts = joined(
                ", ", (joined(f"{k} ", ("", duration(v))) for k, v in stage.parts.items())
            )
            lines.append(joined("", (said, *((" (", parts, ")") if parts else ()))))
            lines += [f"  {key}: {value}" for key, value in stage.facts.items()]
        wait = self.timings
        lines.append(
            _(
                "the chain waited {decode} for the decoder, {encode} for the encoder",
                decode=duration(wait.get("wait_decode", 0.0)),
                encode=duration(wait.get("wait_encode", 0.0)),
            )
        )
        if self.cuts:
            lines.append(_("scene cuts at frames {cuts}", cuts=", ".join(map(str, self.cuts))))
        options = ", ".join(f"{key}={value}" for key, value in self.encoder_options.items())
        lines.append(_("encoder options: {options}", options=options or _("none")))
        lines.append(", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return joined("\n", lines)

    def _output_line(self) -> str:
        output = self.output
        codec = _("copied") if output.codec == COPIED else output.codec
        how = joined(", ", (readable_size(output.size_bytes), output.container, codec))
        return joined("", (output.path, " (", how, ")"))

    def _size_line(self) -> str:
        """How it kept to what was asked for."""
        held = self.size["held"]
        fields = {
            "limit": readable_size(self.size["limit_bytes"]),
            "share": max(1, round(100 * held)),
            "rate": self.size["video_bits_per_second"] // 1000,
        }
        if not held:
            return _("{limit} allowed; no quality was given up for it", **fields)
        return _(
            "{limit} allowed; in {share}% of the time quality was given up for it, to keep to "
            "{rate} kbit/s",
            **fields,
        )

    def _frames_line(self) -> str:
        frames = self.frames
        counts = {"written": frames.written, "all": max(frames.read, frames.expected or 0)}
        details = []
        if frames.missing:
            details.append(_("{n} missing", n=frames.missing))
        if frames.concealed:
            details.append(_("{n} patched up by the decoder", n=frames.concealed))
        if frames.damaged_packets:
            details.append(_n("{n} damaged packet", "{n} damaged packets", frames.damaged_packets))
        if frames.times_repaired:
            details.append(_n("{n} time repaired", "{n} times repaired", frames.times_repaired))
        if frames.written != frames.read:
            details.append(_n("{n} was read", "{n} were read", frames.read))
        if details:
            return _("{written} of {all} ({details})", **counts, details=joined(", ", details))
        if self.differences:
            return _("{written} of {all}; times or packets differ, see the warnings", **counts)
        if self.moved_s:
            return _(
                "{written} of {all}, all times moved by {shift:.3f} s, those of sound with them",
                **counts,
                shift=self.moved_s,
            )
        if self.joined is not None:
            return _("{written} of {all}, each in its place", **counts)
        return _("{written} of {all}, every time kept", **counts)

    def _lost_rows(self) -> list[tuple[str, str]]:
        """A row for each track, and for the file."""
        by_track: dict[str, list[str]] = {}
        for one in self.lost:
            by_track.setdefault(one.track or _("of the file"), []).append(one.reason)
        return [
            (_("not said"), joined(": ", (track, joined(", ", what))))
            for track, what in by_track.items()
        ]

    def _telemetry_rows(self) -> list[tuple[str, str]]:
        found = self.telemetry
        rows: list[tuple[str, str]] = []
        if found.get("families"):
            what = [_n("{n} position", "{n} positions", found["fixes"])]
            if n := found["accelerations"]:
                what.append(_n("{n} G-sensor reading", "{n} G-sensor readings", n))
            if found.get("recorded"):
                what.append(_("recorded {time}", time=found["recorded"]))
            families = ", ".join(found["families"])
            rows.append((_("telemetry"), joined(": ", (families, joined(", ", what)))))
        if found.get("unknown"):
            names = ", ".join(found["unknown"])
            rows.append((_("unknown"), _("{names} (kept as raw bytes)", names=names)))
        if found.get("withheld"):
            names = ", ".join(found["withheld"])
            rows.append((_("withheld"), _("{names} (private)", names=names)))
        rows += [(_("note"), note) for note in found.get("notes", ()) if note not in self.warnings]
        if self.companions:
            rows.append((_("beside it"), ", ".join(Path(path).name for path in self.companions)))
        return rows


def run_warnings(
    counts: ReadCounts,
    *,
    packets_refused: int = 0,
    packets_repaired: int = 0,
    differences: tuple[str, ...] = (),
    growth: Message | None = None,
    copied: bool = False,
) -> tuple[str, ...]:
    """What the user should know, a sentence each.

    Args:
        counts: what the reader counted.
        packets_refused: packets of other tracks that could not be written.
        packets_repaired: those whose times the writer had to make up.
        differences: what the output holds otherwise than was given to it.
        growth: what is to be said of an output that is much larger than its source.
        copied: True if pictures were copied, the damaged ones too.
    """
    said, frames = [], counts.frames
    if frames.damaged:
        said.append(_damage(counts, copied=copied))
    if frames.converted:
        said.append(
            _n(
                "{n} frame changed size or pixel format in mid-stream; "
                "it was converted to that of the first.",
                "{n} frames changed size or pixel format in mid-stream; "
                "they were converted to that of the first.",
                frames.converted,
            )
        )
    closed = dict(counts.gaps_closed)
    if resets := [when for when in counts.clock_resets if when not in closed]:
        said.append(
            _(
                "the clock of the source was set again (at {places} of the output): all tracks "
                "were moved on together.",
                places=_places(resets),
            )
        )
    if closed:
        said.append(
            _(
                "the clock of the source jumps ahead by up to {longest}, which is longer than this "
                "container can hold: all tracks go on at once (at {places} of the output). "
                "{advice} to keep the gap.",
                longest=duration(round(max(closed.values()))),
                places=_places(list(closed)),
                advice=TAKE_FALLBACK,
            )
        )
    repaired = frames.times_repaired - len(counts.clock_resets)
    if repaired > 0:
        said.append(
            _n(
                "the time of {n} frame was missing, wild or not in order; it was put in its place.",
                "times of {n} frames were missing, wild or not in order; "
                "they were put in their places.",
                repaired,
            )
        )
    if others := counts.carried_repaired + packets_repaired:
        said.append(
            _n(
                "the time of {n} packet of other tracks was missing, wild or not in order; "
                "it was put in its place.",
                "times of {n} packets of other tracks were missing, wild or not in order; "
                "they were put in their places.",
                others,
            )
        )
    said += [_("the output isn't all that was meant: {what}", what=what) for what in differences]
    if packets_refused:
        said.append(
            _n(
                "{n} packet of other tracks could not be written.",
                "{n} packets of other tracks could not be written.",
                packets_refused,
            )
        )
    if growth is not None:
        said.append(growth)
    return tuple(said)


def what_was_lost(frames: FrameCounts) -> Message:
    """What was lost or patched up of a source, in a few words; empty if it is whole."""
    what = _what_is_missing(frames)
    if n := frames.damaged_packets:
        what.append(_n("{n} packet could not be decoded", "{n} packets could not be decoded", n))
    if n := frames.concealed:
        what.append(
            _n(
                "{n} frame was patched up by the decoder",
                "{n} frames were patched up by the decoder",
                n,
            )
        )
    return joined(", ", [*what, *_damaged_sound(frames)])


def what_is_damaged(frames: FrameCounts) -> Message:
    """As ``what_was_lost``, of a source whose pictures were copied."""
    what = _what_is_missing(frames)
    if n := frames.damaged_packets + frames.concealed:
        what.append(_n("{n} picture is damaged", "{n} pictures are damaged", n))
    return joined(", ", [*what, *_damaged_sound(frames)])


def _what_is_missing(frames: FrameCounts) -> list[Message]:
    what = []
    if frames.truncated:
        what.append(_("it ends too early"))
    if frames.missing:
        what.append(_n("{n} frame is missing", "{n} frames are missing", frames.missing))
    return what


def _damaged_sound(frames: FrameCounts) -> list[Message]:
    if n := frames.damaged_sound:
        return [_n("{n} packet of sound is damaged", "{n} packets of sound are damaged", n)]
    return []


def _damage(counts: ReadCounts, *, copied: bool) -> Message:
    """What was lost of a damaged source, and where."""
    if copied:
        return _(
            "the source is damaged: {what}. It was copied as it is.",
            what=what_is_damaged(counts.frames),
        )
    what = what_was_lost(counts.frames)
    holes = spans(counts.holes[:_HOLES_NAMED])
    if not holes:
        return _(
            "the source is damaged: {what}. Everything that could be decoded is in the output.",
            what=what,
        )
    return _(
        "the source is damaged: {what} (holes at {holes}). "
        "Everything that could be decoded is in the output.",
        what=what,
        holes=joined(", ", _first([holes], len(counts.holes))),
    )


def _places(seconds: list[float]) -> Message:
    """Some of them, for people."""
    named = [_("{at:.3f} s", at=when) for when in seconds[:_HOLES_NAMED]]
    return joined(", ", _first(named, len(seconds)))


def _first(named: Sequence[str], count: int) -> Sequence[str]:
    """Those that are named of so many things, with a sign where there are more."""
    return named if count <= _HOLES_NAMED else (*named, "...")


def _plain(value: object) -> object:
    """What a stage's facts may hold beside JSON's own types: NumPy numbers; else its text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _six_digits(text: str) -> float:
    return round(float(text), 6)
