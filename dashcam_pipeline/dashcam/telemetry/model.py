"""What a recording says about the drive: positions, accelerations, and the bytes they came from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from dashcam_pipeline.inference.digest import sha256_of_pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

KNOT: Final = 1852 / 3600
"""Metres a second in a knot (ISO 80000-3)."""

MILE_PER_HOUR: Final = 1609.344 / 3600
"""Metres a second in a mile an hour (international mile)."""

STANDARD_GRAVITY: Final = 9.80665
"""Metres a second squared (CGPM 1901)."""

_MAX_LATITUDE: Final = 90.0
_MAX_LONGITUDE: Final = 180.0

_PLAUSIBLE: Final[dict[str, tuple[float, float]]] = {
    # receivers that anybody may buy stop at 1000 knots and 18 km (the CoCom limits)
    "speed": (0.0, 1000 * KNOT),
    "altitude": (-18_000.0, 18_000.0),
    "satellites": (0, 255),  # a byte holds them in every layout that is known
    "hdop": (0.0, 655.35),  # GPMF's largest: 16 bits of hundredths
}
"""What can be true beside the coordinates; anything else is a camera's "unknown", or damage."""

MAX_G: Final = 256.0
"""g; no layout's counts reach further (BlackVue: 16 bits, 128 counts a g)."""

Carrier: TypeAlias = Literal["block", "box", "track", "packets", "message", "sidecar"]
"""How a recording holds raw telemetry.

``block``: listed by an index in ``moov``; ``box``: a box of an MP4; ``track``: a packet of an
announced track; ``packets``: a transport stream's unannounced PID; ``message``: a picture's
own message (SEI); ``sidecar``: a file beside it.
"""


@dataclass(frozen=True, slots=True)
class Fix:
    """One position.

    Args:
        latitude, longitude: degrees (WGS 84), north and east positive.
        seconds: since the recording began, None where nothing tells.
        time: of the fix; UTC if it has a zone, the camera's own clock if it has none.
        altitude: metres above mean sea level.
        speed: over ground, metres a second.
        course: over ground, degrees clockwise from true north, 0 to 360.
        satellites: used.
        hdop: horizontal dilution of precision.

    Raises:
        ValueError: coordinates that no place on Earth has, or a number that isn't finite.
    """

    latitude: float
    longitude: float
    seconds: float | None = None
    time: datetime | None = None
    altitude: float | None = None
    speed: float | None = None
    course: float | None = None
    satellites: int | None = None
    hdop: float | None = None

    def __post_init__(self) -> None:
        """Check what every reader of a position relies on."""
        # written so that NaN fails as well
        if not (abs(self.latitude) <= _MAX_LATITUDE and abs(self.longitude) <= _MAX_LONGITUDE):
            raise ValueError(f"no place on Earth: {self.latitude = }, {self.longitude = }")
        numbers = (self.seconds, self.altitude, self.speed, self.course, self.hdop)
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise ValueError(f"a fix holds finite numbers only: {self}")


def make_fix(
    latitude: float,
    longitude: float,
    seconds: float | None,
    time: datetime | None,
    **more: float | None,
) -> Fix | None:
    """A fix from a camera's numbers, or None where the coordinates are impossible.

    Values beside the coordinates that can't be (not finite, a negative speed, an altitude in
    space) are left out.

    Args:
        latitude, longitude, seconds, time: as in ``Fix``.
        **more: the other fields of ``Fix``.
    """
    if seconds is not None and not math.isfinite(seconds):
        seconds = None
    try:
        return Fix(latitude, longitude, seconds, time, **_possible(more))
    except ValueError:
        return None


def completed(fix: Fix, **more: float | None) -> Fix:
    """A fix with more of its fields; values that can't be are left out, as in ``make_fix``."""
    return replace(fix, **_possible(more))


def _possible(values: Mapping[str, float | None]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in values.items():
        low, high = _PLAUSIBLE.get(key, (-math.inf, math.inf))
        if value is None or not (math.isfinite(value) and low <= value <= high):
            continue
        kept[key] = value % 360.0 if key == "course" else value
    if "satellites" in kept:
        kept["satellites"] = int(kept["satellites"])
    return kept


@dataclass(frozen=True, slots=True)
class Acceleration:
    """One reading of the G-sensor, in the camera's own axes.

    Args:
        x, y, z: in g (9.80665 m/s2), gravity included.
        seconds: since the recording began, None where nothing tells.

    Raises:
        ValueError: a number that isn't finite.
    """

    x: float
    y: float
    z: float
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Check what every reader of a value relies on."""
        if not all(map(math.isfinite, (self.x, self.y, self.z, self.seconds or 0.0))):
            raise ValueError(f"an acceleration holds finite numbers only: {self}")


def make_acceleration(x: float, y: float, z: float, seconds: float | None) -> Acceleration | None:
    """A reading from a camera's numbers, or None where it is none that a sensor can give.

    Args:
        x, y, z, seconds: as in ``Acceleration``.
    """
    if not all(abs(value) <= MAX_G for value in (x, y, z)):  # NaN fails as well
        return None
    return Acceleration(x, y, z, seconds if seconds is None or math.isfinite(seconds) else None)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as the camera wrote them.

    Args:
        name: where they lie, such as ``moov/gps [3]`` or ``clip.gps``; the same for the same place.
        data: all of them, a block's or box's own header included.
        carrier: how the recording holds them.
        seconds: since the recording began, None where it isn't tied to a time.
        understood: False if no parser made anything of them.
    """

    name: str
    data: bytes
    carrier: Carrier
    seconds: float | None = None
    understood: bool = True

    @property
    def sha256(self) -> str:
        """Of the bytes, in hex."""
        return sha256_of_pieces([self.data])


@dataclass(frozen=True, slots=True)
class Telemetry:
    """All that was found.

    Args:
        families: the layouts recognised, such as ``novatek`` or ``gopro``.
        fixes: in the recording's order.
        accelerations: likewise.
        raws: the bytes, understood or not.
        withheld: names of boxes whose content is private (Wi-Fi passwords); never exported.
        notes: what the user should know, a sentence each.
        recorded: when the recording began by the camera's clock, where its telemetry says it.
        faults: families and carriers that failed, a sentence each; a run warns of them.
    """

    families: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    accelerations: tuple[Acceleration, ...] = ()
    raws: tuple[Raw, ...] = ()
    withheld: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    recorded: datetime | None = None
    faults: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """True if there is anything to keep."""
        return bool(self.raws)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the bytes that no parser understood; they are kept all the same."""
        return tuple(raw.name for raw in self.raws if not raw.understood)

    def within(self, start: float | None, end: float | None) -> Telemetry:
        """The part between two times, counted from ``start``; what has no time is kept.

        Args:
            start, end: seconds; None for the recording's own.
        """
        if start is None and end is None:
            return self
        first = start or 0.0

        def cut(items: Iterable[Any]) -> tuple[Any, ...]:
            return tuple(
                item if item.seconds is None else replace(item, seconds=item.seconds - first)
                for item in items
                if item.seconds is None
                or (item.seconds >= first and (end is None or item.seconds < end))
            )

        return replace(
            self,
            fixes=cut(self.fixes),
            accelerations=cut(self.accelerations),
            raws=cut(self.raws),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; of raw bytes only their name, size and sha256."""
        return {
            "families": list(self.families),
            "fixes": [_plain(asdict(fix)) for fix in self.fixes],
            "accelerations": [_plain(asdict(one)) for one in self.accelerations],
            "raw": [
                {
                    "name": raw.name,
                    "carrier": raw.carrier,
                    "bytes": len(raw.data),
                    "sha256": raw.sha256,
                    "understood": raw.understood,
                }
                for raw in self.raws
            ],
            "withheld": list(self.withheld),
            "notes": [*self.faults, *self.notes],
            "recorded": self.recorded.isoformat() if self.recorded else None,
        }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Without empty values, times as ISO 8601."""
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in values.items()
        if value is not None
    }
