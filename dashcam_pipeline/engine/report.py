"""The run report: one object that says what was done to a recording and what was kept.

The summary for people, the JSON of ``--report`` and the exit code are views of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.readable import duration, spans
from dashcam_pipeline.engine.readable import size as readable_size
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.containers import TAKE_FALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.media.frame_counts import FrameCounts, ReadCounts

SYNTHETIC: Final = "the picture shows what the camera never saw, and is marked so"
"""What the summary of such a result says."""

SCHEMA_VERSION: Final = 1
"""Of the JSON; it rises when a key changes its meaning or goes away, not when one is added."""

_HOLES_NAMED: Final = 3
"""Holes named in the warning; the report holds all of them."""


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
        differences: what the output holds otherwise than was given to it, a sentence each.
        warnings: what the user should know.
        versions: of what did the work.
        telemetry: counts and names of positions and G-sensor data, as ``provenance.Keeper`` has it.
        companions: files written beside the output.
        protected: boxes (x,y,w,h) that came out as they went in, named or found.
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
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=lambda: {"dashcam_pipeline": __version__})
    telemetry: Mapping[str, Any] = field(default_factory=dict)
    companions: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: a report exists only of a run that wrote its output."""
        return 0

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
        chain = " -> ".join(stage.name for stage in self.stages) or "no stages"
        seconds = self.timings.get("total", 0.0)
        rows = [
            ("wrote", self._output_line()),
            ("frames", self._frames_line()),
            ("chain", f"{chain}, on {self.device}" if self.stages else chain),
        ]
        if any(stage.synthetic for stage in self.stages):
            rows.append(("synthetic", SYNTHETIC))
        rows += [
            ("glass", stage.facts["glass"]["words"])
            for stage in self.stages
            if "glass" in stage.facts
        ]
        if self.protected and self.stages:
            how = "as asked" if self.settings.get("protect") else "burned-in text, found"
            rows.append(("untouched", f"{' '.join(self.protected)} ({how})"))
        if self.carried:
            rows.append(("kept", ", ".join(stream.track for stream in self.carried)))
        rows += [("not kept", f"{s.track}: {s.reason}") for s in self.not_carried]
        rows += self._lost_rows()
        rows += self._telemetry_rows()
        rows.append(
            ("took", f"{duration(seconds)} ({self.fps:.1f} frames a second); {self._busy_line()}")
        )
        width = max(len(key) for key, _ in rows)
        return "\n".join(f"{key:<{width}}  {value}" for key, value in rows)

    def details(self) -> str:
        """The summary, and where the time went and what the stages have to say."""
        lines = [self.summary()]
        for stage in self.stages:
            parts = ", ".join(f"{k} {duration(v)}" for k, v in stage.parts.items())
            lines.append(
                f"stage {stage.name}: {duration(stage.seconds)}{f' ({parts})' * bool(parts)}"
            )
            lines += [f"  {key}: {value}" for key, value in stage.facts.items()]
        wait = self.timings
        lines.append(
            f"the chain waited {duration(wait.get('wait_decode', 0.0))} for the decoder, "
            f"{duration(wait.get('wait_encode', 0.0))} for the encoder"
        )
        if self.cuts:
            lines.append(f"scene cuts at frames {', '.join(map(str, self.cuts))}")
        options = ", ".join(f"{key}={value}" for key, value in self.encoder_options.items())
        lines.append(f"encoder options: {options or 'none'}")
        lines.append(", ".join(f"{name} {version}" for name, version in self.versions.items()))
        return "\n".join(lines)

    def _output_line(self) -> str:
        output = self.output
        size = readable_size(output.size_bytes)
        return f"{output.path} ({size}, {output.container}, {output.codec})"

    def _frames_line(self) -> str:
        frames = self.frames
        line = f"{frames.written} of {max(frames.read, frames.expected or 0)}"
        details = [
            f"{count} {what}"
            for count, what in (
                (frames.missing, "missing"),
                (frames.concealed, "patched up by the decoder"),
                (frames.damaged_packets, "damaged packets"),
                (frames.times_repaired, "times repaired"),
            )
            if count
        ]
        if frames.written != frames.read:
            details.append(f"{frames.read} were read")
        if details:
            return f"{line} ({', '.join(details)})"
        if self.differences:
            return f"{line}; times or packets differ, see the warnings"
        if self.moved_s:
            return f"{line}, all times moved by {self.moved_s:.3f} s, those of sound with them"
        return f"{line}, every time kept"

    def _lost_rows(self) -> list[tuple[str, str]]:
        """A row for each track, and for the file."""
        by_track: dict[str, list[str]] = {}
        for one in self.lost:
            by_track.setdefault(one.track or "of the file", []).append(one.reason)
        return [("not said", f"{track}: {', '.join(what)}") for track, what in by_track.items()]

    def _telemetry_rows(self) -> list[tuple[str, str]]:
        found = self.telemetry
        rows = []
        if found.get("families"):
            what = f"{', '.join(found['families'])}: {found['fixes']} positions"
            if found["accelerations"]:
                what += f", {found['accelerations']} G-sensor readings"
            if found.get("recorded"):
                what += f", recorded {found['recorded']}"
            rows.append(("telemetry", what))
        if found.get("unknown"):
            rows.append(("unknown", f"{', '.join(found['unknown'])} (kept as raw bytes)"))
        if found.get("withheld"):
            rows.append(("withheld", f"{', '.join(found['withheld'])} (private)"))
        rows += [("note", note) for note in found.get("notes", ()) if note not in self.warnings]
        if self.companions:
            rows.append(("beside it", ", ".join(Path(path).name for path in self.companions)))
        return rows

    def _busy_line(self) -> str:
        parts = {"decoding": "decode", "stages": "chain", "encoding": "encode"}
        return ", ".join(
            f"{name} {duration(self.timings.get(key, 0.0))}" for name, key in parts.items()
        )


def run_warnings(
    counts: ReadCounts,
    *,
    packets_refused: int = 0,
    packets_repaired: int = 0,
    differences: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """What the user should know, a sentence each.

    Args:
        counts: what the reader counted.
        packets_refused: packets of other tracks that could not be written.
        packets_repaired: those whose times the writer had to make up.
        differences: what the output holds otherwise than was given to it.
    """
    said, frames = [], counts.frames
    if frames.damaged:
        parts = [
            f"{count} {what}"
            for count, what in (
                (frames.missing, "frames are missing"),
                (frames.damaged_packets, "packets could not be decoded"),
                (frames.concealed, "frames were patched up by the decoder"),
            )
            if count
        ]
        if frames.truncated:
            parts.insert(0, "it ends too early")
        where = spans(counts.holes[:_HOLES_NAMED])
        if len(counts.holes) > _HOLES_NAMED:
            where += ", ..."
        said.append(
            f"the source is damaged: {', '.join(parts)}{f' (holes at {where})' if where else ''}. "
            "Everything that could be decoded is in the output."
        )
    if frames.converted:
        said.append(
            f"{frames.converted} frames changed size or pixel format in mid-stream; "
            "they were converted to that of the first."
        )
    closed = dict(counts.gaps_closed)
    if resets := [when for when in counts.clock_resets if when not in closed]:
        said.append(
            f"the clock of the source was set again (at {_places(resets)} of the output): all "
            "tracks were moved on together."
        )
    if closed:
        longest = duration(round(max(closed.values())))
        said.append(
            f"the clock of the source jumps ahead by up to {longest}, which is longer than this "
            f"container can hold: all tracks go on at once (at {_places(list(closed))} of the "
            f"output). {TAKE_FALLBACK} to keep the gap."
        )
    repaired = [
        f"{count} {what}"
        for count, what in (
            (frames.times_repaired - len(counts.clock_resets), "frames"),
            (counts.carried_repaired + packets_repaired, "packets of other tracks"),
        )
        if count > 0
    ]
    if repaired:
        said.append(
            f"times of {' and '.join(repaired)} were missing, wild or not in order; they were put "
            "in their places."
        )
    said += [f"the output isn't all that was meant: {what}" for what in differences]
    if packets_refused:
        said.append(f"{packets_refused} packets of other tracks could not be written.")
    return tuple(said)


def _places(seconds: list[float]) -> str:
    """Some of them, for people."""
    named = [f"{when:.3f} s" for when in seconds[:_HOLES_NAMED]]
    return ", ".join(named + ["..."] * (len(seconds) > _HOLES_NAMED))


def _plain(value: object) -> object:
    """What a stage's facts may hold beside JSON's own types: NumPy numbers; else its text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _six_digits(text: str) -> float:
    return round(float(text), 6)
