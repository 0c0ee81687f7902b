"""What is particular about each container: one table, which everything reads that depends on one.

::

    containers.named("mpegts").negative_times      # False
    containers.is_recording(Path("A.MP4"))         # True

To add a container, write its row; ``tests/media/test_containers.py`` holds every row against what
FFmpeg does, and shows that nothing else knows a container by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import PurePath

CoverPlace: TypeAlias = Literal["track", "attachment"]
"""How a cover picture is handed to a muxer so that it stays one."""

TelemetryPlace: TypeAlias = Literal["boxes", "packets"]
"""Where cameras put telemetry beside the tracks: boxes, or packets that no table announces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRules:
    """What a container's metadata can be.

    Args:
        prefix: only keys that begin so can be kept; empty for all.
        native: keys with a place of their own, where every player finds them; empty if all have.
        options: of the muxer, without which it would leave out keys that aren't native.
    """

    prefix: str = ""
    native: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a container adds to what it holds; rather too much than too little.

    Args:
        packet: bytes for each packet.
        second: bytes for each second.
        share: of the bytes of packets.
    """

    packet: int = 32
    second: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The facts of a container.

    Args:
        name: in reports; FFmpeg's muxer has the same name where it is written.
        demuxer: FFmpeg's name for it, which several containers may share.
        brands: of an MP4's first box: those that tell it from others with the same demuxer.
        suffixes: of recordings in it, lower case.
        written: those of them that an output may have, the usual one first; empty if it is only
            read.
        tick: seconds of its one clock; None where each track has its own.
        negative_times: True if times before zero can be written.
        shows_negative: True if what lies before zero is shown; elsewhere an edit list hides it, or
            it can't be written.
        wrap: seconds after which its clock begins again at 0; None where it doesn't.
        longest_gap: ticks that may lie between two packets of a track; None: any number.
        lists_pictures: True if its index has an entry for each picture, and not for some alone.
        contiguous: True if its packets lie one behind the other, so that other bytes are damage.
        codecs: all that it can announce to a player; None: whatever its muxer takes.
        makes_timecode: True if its muxer writes a timecode track anew from the video's metadata.
        fourcc: True if players look at a codec's FourCC (``hvc1``).
        keeps_ids: True if tracks have numbers that mean something to others.
        track_boxes: True if a track may have boxes beside what its muxer writes.
        covers: what a cover picture is to its muxer; None where it has no place for one.
        taken_ids: numbers that its muxer uses itself, by the output's suffix.
        metadata: rules.
        options: of its muxer.
        suffix_options: more of them for outputs with one of these suffixes.
        video_clock: option that takes the ticks a second of the video track.
        common_clock: option that takes those by which the beginnings of all tracks are counted.
        browser: video codecs that every current browser plays in it, at 8 bits and 4:2:0.
        telemetry: where cameras put positions beside tracks; None if there is no such place.
        overhead: that it has.
    """

    name: str
    demuxer: str
    brands: frozenset[str] = frozenset()
    suffixes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    tick: Fraction | None = None
    negative_times: bool = True
    shows_negative: bool = True
    wrap: Fraction | None = None
    longest_gap: int | None = None
    lists_pictures: bool = False
    contiguous: bool = False
    codecs: frozenset[str] | None = None
    makes_timecode: bool = False
    fourcc: bool = False
    track_boxes: bool = False
    covers: CoverPlace | None = None
    keeps_ids: bool = False
    taken_ids: Mapping[str, int] = field(default_factory=dict)
    metadata: MetadataRules = field(default_factory=MetadataRules)
    options: Mapping[str, str] = field(default_factory=dict)
    suffix_options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    video_clock: str | None = None
    common_clock: str | None = None
    browser: frozenset[str] = frozenset()
    telemetry: TelemetryPlace | None = None
    overhead: Overhead = field(default_factory=Overhead)

    def muxer_options(
        self, suffix: str, time_base: Fraction, others: Iterable[Fraction] = ()
    ) -> dict[str, str]:
        """Options of the muxer for one output.

        Args:
            suffix: of the output.
            time_base: seconds a tick of its video track.
            others: those of its other tracks.
        """
        clocks: dict[str, str] = {}
        if self.video_clock is not None:
            clocks[self.video_clock] = str(time_base.denominator)
        if self.common_clock is not None:
            clocks[self.common_clock] = str(_common_clock(time_base, others))
        return {**self.options, **self.suffix_options.get(suffix.lower(), {}), **clocks}


def _common_clock(time_base: Fraction, others: Iterable[Fraction]) -> int:
    """Ticks a second that beginnings of all tracks are whole numbers of, or of most tracks.

    Args:
        time_base: seconds a tick, of the track that counts first.
        others: the same, of the other ones.
    """
    clock = time_base.denominator
    for other in others:
        finer = lcm(clock, other.denominator)
        if finer <= _MOST_TICKS:
            clock = finer
    return clock


_MOST_TICKS: Final = (1 << 31) - 1
"""A second may have in an MP4, by FFmpeg."""

_ISO_GAP: Final = (1 << 31) - 2
"""A sample's duration has 32 bits, of which FFmpeg uses 31."""

_ISO_DEMUXER: Final = "mov,mp4,m4a,3gp,3g2,mj2"
_ISO_KEYS: Final = frozenset(("title", "artist", "album", "comment", "genre", "copyright", "date"))
_ALL_KEYS: Final[Mapping[str, str]] = {"movflags": "use_metadata_tags"}
"""Keeps all metadata, at the price of players that know native keys only."""

_VIDEO_CLOCK: Final = "video_track_timescale"
_MOVIE_CLOCK: Final = "movie_timescale"
"""Edit lists count in it: by its usual 1/1000 s or the picture's clock sound would be moved."""

_DISC: Final[Mapping[str, str]] = {"mpegts_m2ts_mode": "1"}
"""Packets of 192 bytes."""

_IN_TRANSPORT_STREAMS: Final = frozenset(
    (
        *("h264", "hevc", "vvc", "av1", "mpeg1video", "mpeg2video", "mpeg4", "vc1"),
        *("aac", "aac_latm", "mp1", "mp2", "mp3", "mp3float", "ac3", "eac3", "opus", "dca"),
        *("truehd", "s302m", "pcm_bluray", "dvbsub", "dvb_subtitle", "dvb_teletext", "pgssub"),
        *("arib_caption", "klv", "timed_id3", "smpte_2038", "scte_35", "bin_data"),
    )
)
"""Codecs that have a stream type or a registered descriptor (ISO/IEC 13818-1, 2.4.4.10).

The muxer takes everything, even what no player can read.
"""

CONTAINERS: Final[tuple[Container, ...]] = (
    Container(
        name="mp4",
        demuxer=_ISO_DEMUXER,
        suffixes=(".mp4", ".m4v", ".3gp"),
        written=(".mp4", ".m4v"),
        track_boxes=True,
        covers="track",
        longest_gap=_ISO_GAP,
        lists_pictures=True,
        shows_negative=False,
        makes_timecode=True,
        fourcc=True,
        metadata=MetadataRules(
            native=_ISO_KEYS
            | {
                "album_artist",
                "composer",
                "description",
                "grouping",
                "keywords",
                "location",
                "lyrics",
                "synopsis",
            },
            options=_ALL_KEYS,
        ),
        video_clock=_VIDEO_CLOCK,
        common_clock=_MOVIE_CLOCK,
        browser=frozenset(("h264", "av1", "vp9")),
        telemetry="boxes",
    ),
    Container(
        name="mov",
        demuxer=_ISO_DEMUXER,
        brands=frozenset(("qt",)),
        suffixes=(".mov", ".qt"),
        written=(".mov", ".qt"),
        track_boxes=True,
        longest_gap=_ISO_GAP,
        lists_pictures=True,
        shows_negative=False,
        makes_timecode=True,
        fourcc=True,
        metadata=MetadataRules(native=_ISO_KEYS | {"location", "make", "model"}, options=_ALL_KEYS),
        video_clock=_VIDEO_CLOCK,
        common_clock=_MOVIE_CLOCK,
        browser=frozenset(("h264",)),
        telemetry="boxes",
    ),
    Container(
        name="matroska",
        demuxer="matroska,webm",
        suffixes=(".mkv",),
        written=(".mkv",),
        covers="attachment",
        tick=Fraction(1, 1000),
        shows_negative=False,
        contiguous=True,
        options={"avoid_negative_ts": "disabled"},
    ),
    Container(
        name="webm",
        demuxer="matroska,webm",
        suffixes=(".webm",),
        tick=Fraction(1, 1000),
        shows_negative=False,
        contiguous=True,
        browser=frozenset(("vp8", "vp9", "av1")),
    ),
    Container(name="avi", demuxer="avi", suffixes=(".avi",), lists_pictures=True),
    Container(
        name="mpegts",
        demuxer="mpegts",
        suffixes=(".ts", ".m2ts", ".mts"),
        written=(".ts", ".m2ts", ".mts"),
        tick=Fraction(1, 90_000),
        negative_times=False,
        wrap=Fraction(1 << 33, 90_000),
        codecs=_IN_TRANSPORT_STREAMS,
        keeps_ids=True,
        taken_ids={".m2ts": 0x100, ".mts": 0x100},  # a disc's program map is always there
        # all that it can say about itself is the name of its service
        metadata=MetadataRules(prefix="service_"),
        options={"mpegts_copyts": "1", "mpegts_m2ts_mode": "0"},
        suffix_options={".m2ts": _DISC, ".mts": _DISC},
        telemetry="packets",
        # 4 of 188 (8 of 192 on discs) are headers, and a packet's last one is filled up
        overhead=Overhead(packet=200, second=4_500, share=0.045),
    ),
)
"""Of containers with the same demuxer, the one that a file is if nothing says more comes first."""

COARSEST_TICK: Final = max(c.tick for c in CONTAINERS if c.tick is not None)
"""Seconds: a time that went from one container to another may have been rounded to this."""


def named(name: str) -> Container:
    """The row of a name; without any fact for one that isn't in the table.

    Args:
        name: as ``SourceInfo.container``, or FFmpeg's muxer of an output.
    """
    return next((c for c in CONTAINERS if c.name == name), Container(name=name, demuxer=name))


def identify(demuxer: str, *, brand: str = "", suffix: str = "") -> Container:
    """The row of a file; without any fact for one that isn't in the table.

    Args:
        demuxer: FFmpeg's, as of the open file.
        brand: of its first box; decides where there is one.
        suffix: of its name; decides where content doesn't.
    """
    rows = [c for c in CONTAINERS if c.demuxer == demuxer]
    if not rows:
        return Container(name=demuxer, demuxer=demuxer)
    if brand and any(c.brands for c in rows):
        return next((c for c in rows if brand in c.brands), rows[0])
    return next((c for c in rows if suffix.lower() in c.suffixes), rows[0])


def written_to(path: PurePath) -> Container | None:
    """The row of an output's name; None if no container is written under it."""
    suffix = path.suffix.lower()
    return next((c for c in CONTAINERS if suffix in c.written), None)


def is_recording(path: PurePath) -> bool:
    """True for the name of a recording, in any case."""
    suffix = path.suffix.lower()
    return any(suffix in c.suffixes for c in CONTAINERS)


FALLBACK: Final = named("matroska")
"""Holds nearly everything: outputs are written so where the source's own container can't be."""

FALLBACKS: Final = (FALLBACK, named("mov"))
"""The same, and what holds the sound of old cameras (G.711), which Matroska's muxer refuses."""

TAKE_FALLBACK: Final = _("Name an output that ends in {suffix}", suffix=FALLBACK.written[0])
"""Advice where another container can't hold something, without its full stop."""


def suffixes(*, written: bool = False) -> tuple[str, ...]:
    """All suffixes of recordings, or of outputs alone; for people."""
    return tuple(s for c in CONTAINERS for s in (c.written if written else c.suffixes))
