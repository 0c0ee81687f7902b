"""What a dashcam's file name says: when, which camera, and why it was recorded.

::

    name = parse_name(Path("Normal/Front/NO20260101-120000-000001F.MP4"))
    name.brand, name.recorded, name.camera, name.mode

The grammars are data: one row a manufacturer, tried in order, the first that fits wins. Names that
no row knows are still given a time where they hold a date. Folders count too: Viofo moves locked
clips to ``RO`` without renaming them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

Camera: TypeAlias = Literal["front", "rear", "interior", "left", "right", "telephoto"]
Mode: TypeAlias = Literal["normal", "event", "manual", "parking", "timelapse"]

EVENT_MODES: Final[frozenset[Mode]] = frozenset(("event", "manual"))
"""Something happened, or the driver pressed the button."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """One manufacturer's names.

    Args:
        brand: whose cameras write them.
        pattern: of the whole stem, case ignored. Groups: ``date`` and ``time`` (digits with any
            separators, the date's year of 2 or 4 digits), ``mode``, ``camera``, ``sequence``; all
            of them may be missing.
        cameras: what the letters of ``camera`` mean.
        modes: what the letters of ``mode`` mean.
        one_camera: the camera of names that say none, None if that isn't known.
    """

    brand: str
    pattern: re.Pattern[str]
    cameras: Mapping[str, Camera] = field(default_factory=dict)
    modes: Mapping[str, Mode] = field(default_factory=dict)
    one_camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class ClipName:
    """What a name says.

    Args:
        brand: manufacturer, or ``plain``.
        recording: the same for all cameras' files (and sidecars) of one moment in one tree.
        recorded: local time of the camera's clock; None where the name has none.
        camera: None where the name doesn't say.
        mode: why it was recorded; None where the name doesn't say.
        sequence: the camera's own counter.
        shared: the stem without what names the camera, lower case: cameras' common files have it.
    """

    brand: str
    recording: str
    recorded: datetime | None = None
    camera: Camera | None = None
    mode: Mode | None = None
    sequence: int | None = None
    shared: str = ""

    @property
    def is_event(self) -> bool:
        """Whether something happened or the driver pressed the button."""
        return self.mode in EVENT_MODES


def _stem(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FRONT_REAR: Final[Mapping[str, Camera]] = {
    "F": "front",
    "R": "rear",
    "I": "interior",
    "T": "telephoto",
}
_WORDS: Final[Mapping[str, Mode]] = {
    "REC": "normal",
    "NOR": "normal",
    "EVT": "event",
    "EVE": "event",
    "SOS": "event",
    "MAN": "manual",
    "USR": "manual",
    "MOT": "parking",
    "PAK": "parking",
    "PAR": "parking",
    "TIM": "timelapse",
    "TML": "timelapse",
}

_BLACKVUE_MODES: Final[Mapping[str, Mode]] = {
    "N": "normal",
    "P": "parking",
    "M": "manual",
    # impacts (also while parked), overspeed, acceleration, cornering, braking
    **dict.fromkeys("EIOATB", "event"),
    # geofences and the driver's face: notes on an ordinary drive
    **dict.fromkeys("RXGDLYF", "normal"),
}

GRAMMARS: Final = (
    # 20240101_120000_NF.mp4, _EF, _PR, _MI
    Grammar(
        "blackvue",
        _stem(
            r"(?P<date>20\d{6})_(?P<time>\d{6})_(?P<mode>[NEPMIOATBRXGDLYF])(?P<camera>[FRIO])[LS]?"
        ),
        {"F": "front", "R": "rear", "I": "interior", "O": "rear"},
        _BLACKVUE_MODES,
    ),
    # its sidecars leave the camera out: 20240101_120000_N.gps; not F, R, I, which mean a camera
    Grammar(
        "blackvue",
        _stem(r"(?P<date>20\d{6})_(?P<time>\d{6})_(?P<mode>[NEPMOATBXGDLY])"),
        modes=_BLACKVUE_MODES,
    ),
    # 20240821_180010_0001_N_A.MP4: A looks ahead, B into the cabin, C back
    Grammar(
        "vantrue",
        _stem(
            r"(?P<date>20\d{6})_(?P<time>\d{6})_(?P<sequence>\d{3,6})"
            r"_(?P<mode>[NEPTL])_(?P<camera>[ABC])"
        ),
        {"A": "front", "B": "interior", "C": "rear"},
        {"N": "normal", "E": "event", "P": "parking", "T": "timelapse", "L": "timelapse"},
    ),
    # older Vantrue: 2017_0101_060101_001A.MP4, B looking back
    Grammar(
        "vantrue",
        _stem(r"(?P<date>20\d{2}_\d{4})_(?P<time>\d{6})_(?P<sequence>\d{3,6})(?P<camera>[AB])"),
        {"A": "front", "B": "rear"},
    ),
    # 2023_0516_192739_F.MP4, 20230516192739_000123PF.MP4, 2019_0312_174512_003.MP4
    Grammar(
        "viofo",
        _stem(
            r"(?P<date>20\d{2}_?\d{4})_?(?P<time>\d{6})_(?P<sequence>\d{3,6})?"
            r"(?P<mode>[PE])?(?P<camera>[FRIT])?"
        ),
        _FRONT_REAR,
        {"P": "parking", "E": "event"},
    ),
    # NO20260101-120000-000001F.MP4; B looks back; one-camera models have no letter
    Grammar(
        "70mai",
        _stem(
            r"(?P<mode>NO|EV|PA|LA|TL|SE|MA)(?P<date>20\d{6})-(?P<time>\d{6})"
            r"(?:-(?P<sequence>\d{1,8}))?(?P<camera>[FBIR])?"
        ),
        {"F": "front", "B": "rear", "R": "rear", "I": "interior"},
        {
            "NO": "normal",
            "EV": "event",
            "SE": "event",
            "MA": "manual",
            "PA": "parking",
            "LA": "timelapse",
            "TL": "timelapse",
        },
        one_camera="front",
    ),
    # REC_2024_01_01_12_00_00_F.MP4
    Grammar(
        "thinkware",
        _stem(
            r"(?P<mode>REC|EVT|MAN|MOT|PAK|PAR|TIM|TML|SOS)_(?P<date>20\d{2}_\d{2}_\d{2})"
            r"_(?P<time>\d{2}_\d{2}_\d{2})(?:_(?P<camera>[FRI]))?"
        ),
        _FRONT_REAR,
        _WORDS,
        one_camera="front",
    ),
    # REC_20240101_120000_F.mp4
    Grammar(
        "finevu",
        _stem(
            r"(?P<mode>REC|NOR|EVT|EVE|MAN|USR|MOT|PAK|PAR|TIM|TML|SOS)_(?P<date>20\d{6})"
            r"_(?P<time>\d{6})(?:_(?P<sequence>\d{1,6}))?(?:_(?P<camera>[FRI]))?"
        ),
        _FRONT_REAR,
        _WORDS,
        one_camera="front",
    ),
    # MDR1_20120730_093000: M goes on, E is an event, P is parking; channel 0 looks ahead
    Grammar(
        "urive",
        _stem(r"(?P<mode>[MEP])DR(?P<camera>[0-3])_(?P<date>20\d{6})_(?P<time>\d{6})"),
        {"0": "front", "1": "rear"},
        {"M": "normal", "E": "event", "P": "parking"},
    ),
    # 240915_143027_001_FH.MP4: high or low quality of the same moment
    Grammar(
        "nextbase",
        _stem(
            r"(?P<date>\d{6})_(?P<time>\d{6})_(?P<sequence>\d{3})_(?P<camera>[FRC])(?:[HL])"
            r"(?P<mode>_?P)?"
        ),
        {"F": "front", "R": "rear", "C": "interior"},
        {"P": "event", "_P": "event"},
    ),
    # 2024-01-01_12-00-00-front.mp4
    Grammar(
        "tesla",
        _stem(
            r"(?P<date>20\d{2}-\d{2}-\d{2})_(?P<time>\d{2}-\d{2}-\d{2})-"
            r"(?P<camera>front|back|(?:left|right)_(?:repeater|pillar))"
        ),
        {
            "FRONT": "front",
            "BACK": "rear",
            "LEFT_REPEATER": "left",
            "LEFT_PILLAR": "left",
            "RIGHT_REPEATER": "right",
            "RIGHT_PILLAR": "right",
        },
    ),
    # GRMN0001.MP4: the folder says the rest
    Grammar("garmin", _stem(r"GRMN(?P<sequence>\d{4})"), one_camera="front"),
)

_PLAIN: Final = re.compile(
    r"(?<!\d)(?P<date>20\d{2}[-_.]?\d{2}[-_.]?\d{2})[-_. T]?(?P<time>\d{2}[-_.:]?\d{2}[-_.:]?\d{2})"
    r"(?!\d)(?:[-_. ]?(?P<camera>front|rear|back|interior|inside|cabin|F|R|I)(?![A-Za-z]))?",
    re.IGNORECASE,
)
"""A date and a time anywhere in a name, perhaps with a camera behind them."""

FOLDER_MODES: Final[Mapping[str, Mode]] = {
    **dict.fromkeys(
        (
            "event",
            "events",
            "evt_rec",
            "emr",
            "emergency",
            "crash",
            "lock",
            "locked",
            "protected",
            "ro",
            "sos_rec",
            "savedclips",
            "sentryclips",
            "urgent",
            "이벤트",
            "충격",
            "긴급",
        ),
        "event",
    ),
    **dict.fromkeys(("manual_rec", "saved", "user", "수동"), "manual"),
    **dict.fromkeys(("parking", "parking_rec", "motion_rec", "parkm", "주차"), "parking"),
    **dict.fromkeys(("timelapse", "lapse", "motion_timelapse_rec", "tlpse"), "timelapse"),
}
"""Folders that say why; Garmin's (``DCIM/100EVNT``) without their number."""

FOLDER_CAMERAS: Final[Mapping[str, Camera]] = {
    "front": "front",
    "back": "rear",
    "rear": "rear",
    "interior": "interior",
    "inside": "interior",
    "cabin": "interior",
    "전방": "front",
    "후방": "rear",
    "실내": "interior",
}

_GARMIN_FOLDER: Final = re.compile(r"\d{3}(EVENT|EVNT|SAVED|PARKM|TLPSE)", re.IGNORECASE)
_GARMIN_MODES: Final[Mapping[str, Mode]] = {
    "EVENT": "event",
    "EVNT": "event",
    "SAVED": "manual",
    "PARKM": "parking",
    "TLPSE": "timelapse",
}


def parse_name(path: PurePath) -> ClipName:
    """Read a file's name, and its folders' where they say more.

    Args:
        path: relative to the tree that is looked at, so that folders above it say nothing.

    Returns:
        what it says; of brand ``plain`` where no manufacturer's grammar fits.
    """
    name = _by_grammar(path.stem) or _plain(path.stem)
    mode, camera = name.mode, name.camera
    for folder in reversed(path.parent.parts):
        hint = _folder_mode(folder)
        # A clip's own name may not know that it was locked later; the folder does.
        if hint in EVENT_MODES or mode is None:
            mode = hint or mode
        camera = camera or FOLDER_CAMERAS.get(folder_word(folder))
    return replace(name, camera=camera or _only_camera(name), mode=mode)


def _only_camera(name: ClipName) -> Camera | None:
    return next((g.one_camera for g in GRAMMARS if g.brand == name.brand and g.one_camera), None)


def _folder_mode(folder: str) -> Mode | None:
    garmin = _GARMIN_FOLDER.fullmatch(folder)
    if garmin:
        return _GARMIN_MODES[garmin[1].upper()]
    return FOLDER_MODES.get(folder_word(folder))


def folder_word(folder: str) -> str:
    """A folder's name as the tables have it: lower case, letters whole.

    A Mac writes Hangul in parts (NFD), which look the same and aren't.
    """
    return unicodedata.normalize("NFC", folder.lower())


def _by_grammar(stem: str) -> ClipName | None:
    for grammar in GRAMMARS:
        match = grammar.pattern.fullmatch(stem)
        if match is None:
            continue
        found = match.groupdict()
        recorded = _time(found.get("date"), found.get("time"))
        if found.get("date") and recorded is None:
            continue  # digits that are no date
        sequence = found.get("sequence")
        return ClipName(
            grammar.brand,
            recorded.isoformat() if recorded else stem,
            recorded,
            grammar.cameras.get((found.get("camera") or "").upper()),
            grammar.modes.get((found.get("mode") or "").upper()),
            int(sequence) if sequence else None,
            _without(stem, match),
        )
    return None


def _without(stem: str, match: re.Match[str]) -> str:
    """A stem without what names its camera, nor the quality that may follow."""
    begin, end = match.span("camera") if "camera" in match.re.groupindex else (-1, -1)
    if begin < 0:
        return stem.lower()
    rest = stem[end:].lstrip("HLShls") if end < len(stem) else ""
    return (stem[:begin].rstrip("_- ") + rest).lower()


def _plain(stem: str) -> ClipName:
    match = _PLAIN.search(stem)
    recorded = _time(match["date"], match["time"]) if match else None
    if match is None or recorded is None:
        return ClipName("plain", stem, shared=stem.lower())
    word = (match["camera"] or "").lower()
    camera = FOLDER_CAMERAS.get(word) or _FRONT_REAR.get(word.upper())
    shared = _without(stem, match) if camera else stem.lower()
    return ClipName("plain", recorded.isoformat(), recorded, camera, shared=shared)


def _time(date: str | None, time: str | None) -> datetime | None:
    """A time from digits with any separators; None if they are no time."""
    if date is None or time is None:
        return None
    digits = re.sub(r"\D", "", date) + re.sub(r"\D", "", time)
    if len(digits) == len("yymmddHHMMSS"):
        digits = f"20{digits}"
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a camera's clock has no zone
    except ValueError:
        return None
