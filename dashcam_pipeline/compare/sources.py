"""What is compared: a recording and what was made of it, or the recording and a chain."""

from __future__ import annotations

import math
from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.pairs import ChainMatcher, FileMatcher, origin
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.build_chain import prepare_chain, warn_of_order
from dashcam_pipeline.engine.output import is_synthetic, processing_tags
from dashcam_pipeline.engine.readable import duration
from dashcam_pipeline.errors import InputError, UsageError
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.destination import longest_gap
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.media.reader import Reader
from dashcam_pipeline.provenance.record import record_path
from dashcam_pipeline.provenance.verify import read_record
from dashcam_pipeline.stages.registry import stage_class
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dashcam_pipeline.compare.pairs import Matcher, Pair
    from dashcam_pipeline.engine.chain import Chain
    from dashcam_pipeline.media.source import SourceInfo


CHAIN: Final = ("stages", "look", "strength", "quality", "synthetic", "protect", "device")
"""Settings that only a chain uses."""

_MOMENT: Final = 1e-4
"""Seconds by which times may be rounded; frames lie farther apart."""

_ABOUT: Final = 0.5
"""Seconds by which a part's duration may differ from what was asked for: its sound ends later."""


class Comparison:
    """Two recordings, or one and its chain, not yet opened for decoding.

    Args:
        source: the recording.
        cleaned: what was made of it; None runs the configuration's chain on the fly. Where it
            lasts just as long as the part that is asked for, it is taken to be that part; where
            none is asked for, the part that its record names is.
        config: the chain, the part and the track.

    Raises:
        InputError: or one of its kinds, if one of them can't be read.
        UsageError: they don't show the same shape of picture.
    """

    def __init__(self, source: Path, cleaned: Path | None, config: CleanConfig) -> None:
        self.source, self.cleaned = source, cleaned
        self.threads = config.thread_count
        self.before = probe(source, track=config.track)
        self.after = self.before if cleaned is None else probe(cleaned)
        self._part = (None, None) if cleaned is None else _part_of(cleaned)
        self.config = _within(config, self._part)
        self.lead = self._lead()
        """Seconds of the recording before the beginning of what was made of it."""

    @property
    def span(self) -> tuple[float, float]:
        """From when to when, in seconds from the first picture on; what is asked for."""
        start = self.config.start or 0.0
        whole, gap = known_duration(self.before), self._longest_gap
        if gap is not None and whole > gap:  # one may have been closed
            whole = min(whole, known_duration(self.after) or whole)
        end = min(whole, self.config.end or float("inf"))
        return start, max(end, start)

    @property
    def synthetic(self) -> bool:
        """Whether what is compared with the recording shows what the camera never saw."""
        if self.cleaned is None:
            return any(stage_class(spec.name).synthetic for spec in self.config.stages)
        return is_synthetic(self.after.metadata)

    def reader(self) -> Reader:
        """The recording, opened for the asked part."""
        return self._open(self.source, self.config.start, self.config.end)

    def matcher(self) -> tuple[Matcher, dict[str, str]]:
        """What finds the counterparts, and metadata that says what they are.

        Raises:
            DashcamError: as ``build_chain`` and ``Reader``.
        """
        if self.cleaned is None:
            chain = self._chain()
            tags = processing_tags(self.before.metadata, self.config, synthetic=chain.synthetic)
            return ChainMatcher(chain), _as_comparison(tags, "before/after")
        matcher = self._match_file(self.cleaned, self.config.start or 0.0, self.config.end)
        tags = processing_tags(self.after.metadata, CleanConfig(stages=()))
        # A name that is no UTF-8 can't go into metadata as it is.
        name = self.source.name.encode("utf-8", "replace").decode()
        return matcher, _as_comparison(tags, f"before/after of {name}")

    def pairs_at(self, times: Iterable[float]) -> Iterator[tuple[float, Pair]]:
        """Single pairs, found by seeking.

        Args:
            times: seconds from the first picture on; each gives the first frame from there on.

        Yields:
            (the frame's own time, the pair); nothing for a time that lies behind the last frame.

        Raises:
            UsageError: the two recordings' frames don't match.
            StageError: a stage failed.
        """
        with ExitStack() as cleanup:
            chain = None
            if self.cleaned is None:
                chain = self._chain()
                cleanup.callback(chain.close)
            for when in times:
                pair = self._pair_at(when, chain)
                if pair is not None:
                    yield self.time_of(pair[0], when), pair

    def moments(self, count: int) -> list[float]:
        """Times spread evenly over the asked part.

        Args:
            count: how many; each lies in the middle of its share.
        """
        start, end = self.span
        return [start + (end - start) * (i + 0.5) / count for i in range(count)]

    def _pair_at(self, when: float, chain: Chain | None) -> Pair | None:
        with self._open(self.source, when, None) as reader:
            frame = _first(reader)
            if frame is None:
                return None
            if chain is not None:
                return frame, (chain.feed(frame) + chain.finish())[0]
        if self.cleaned is None:
            raise TypeError("without a second recording there must be a chain")
        matcher = self._match_file(self.cleaned, when, None)
        try:
            return matcher.feed(frame)[0]
        finally:
            matcher.close()

    def _chain(self) -> Chain:
        """The stages, with burned-in text under protection, as in a run."""
        warn_of_order(self.config)
        return prepare_chain(self.config, self.before)[0]

    def time_of(self, frame: Frame, when: float) -> float:
        """Seconds from the first picture on.

        Args:
            frame: of the recording.
            when: where its reader was opened; it moves what it gives to the beginning.
        """
        tick = self.before.video.time_base
        start = round(Fraction(when) / tick) * tick  # what the reader took it for
        return float(start + frame.pts * frame.time_base - origin(self.before))

    def _match_file(self, cleaned: Path, start: float, end: float | None) -> FileMatcher:
        """The counterparts in the second recording, from ``start`` of the first one on."""
        begin = max(0.0, start - self.lead)
        last = None if self.lead else end
        if end is not None and self._part[0] is not None and end != self._part[1]:
            last = end - self.lead + _MOMENT
        reader = self._open(cleaned, begin, last)
        try:
            return FileMatcher(self.before, reader, begin + self.lead - start)
        except BaseException:
            reader.close()
            raise

    def _lead(self) -> float:
        start, end = self.span
        if self._part[0] is not None:
            start = self._part[0]
        else:
            whole, part = known_duration(self.before), known_duration(self.after)
            covers = abs(part - (end - start)) < _ABOUT and part < whole - _ABOUT / 2
            if self.cleaned is None or start <= 0 or not covers:
                return 0.0
        with self._open(self.source, start, None) as reader:
            first = _first(reader)
        return start if first is None else self.time_of(first, start)

    def _open(self, path: Path, start: float | None, end: float | None) -> Reader:
        track = self.config.track if path == self.source else None
        reader = Reader(path, track=track, start=start, end=end, threads=self.threads)
        reader.close_gaps(self._longest_gap)
        return reader

    @property
    def _longest_gap(self) -> Fraction | None:
        """Seconds that a gap lasts at most in the second recording, as its container is."""
        return None if self.cleaned is None else longest_gap(self.before, self.after.container)


def check_settings(
    config: CleanConfig, cleaned: Path | None, names: Mapping[str, str] | None = None
) -> None:
    """Refuse settings of a chain where none runs.

    Args:
        config: what was set in it counts, not what it has by default.
        cleaned: the second recording; None lets the chain run.
        names: how the settings' source calls them, for messages.

    Raises:
        UsageError: one is set, and there are two recordings.
    """
    unused = [] if cleaned is None else [name for name in CHAIN if name in config.model_fields_set]
    if unused:
        raise UsageError(
            _(
                "{names}: two recordings are compared as they are, and no chain runs.",
                names=", ".join((names or {}).get(name, name) for name in unused),
            ),
            advice=_(
                "Leave that out, or name only the recording: its chain is then run on the fly."
            ),
        )


def _part_of(cleaned: Path) -> tuple[float | None, float | None]:
    """From when to when of its recording a result goes, by its record; nothing without one."""
    try:
        settings = read_record(record_path(cleaned)).get("settings")
    except InputError:  # none, or somebody else's file
        return None, None
    found = settings if isinstance(settings, dict) else {}
    start, end = (
        value if isinstance(value, int | float) and 0 < value < math.inf else None
        for value in (found.get("start"), found.get("end"))
    )
    return start, end


def _within(config: CleanConfig, part: tuple[float | None, float | None]) -> CleanConfig:
    """The configuration for the part of a recording that there is a result of."""
    if config.start is not None or config.end is not None:
        return config  # asked for
    return config.model_copy(update={"start": part[0], "end": part[1]})


def known_duration(info: SourceInfo) -> float:
    """Seconds that a recording lasts, as well as it can be told without reading it all."""
    if info.duration_s:
        return info.duration_s
    video = info.video
    if video.expected_frames and video.frame_rate:
        return float(video.expected_frames / video.frame_rate)
    return 0.0


def no_frames(info: SourceInfo, when: float) -> UsageError:
    """The error for a time at which there is no picture."""
    return UsageError(
        _(
            "{name} has no picture at {when:g} s or later: the recording lasts {duration}.",
            name=info.path.name,
            when=when,
            duration=duration(known_duration(info)),
        ),
        advice=_("Name an earlier time."),
    )


def _first(reader: Reader) -> Frame | None:
    return next((item for item in reader if isinstance(item, Frame)), None)


def _as_comparison(tags: dict[str, str], what: str) -> dict[str, str]:
    return {key: f"{text}; {what}" for key, text in tags.items()}
