"""The telemetry of all clips on the joined recording's clock.

Positions and accelerations get their clip's offset. Raw pieces do, too, where their carrier can
hold those of several clips: blocks that an index lists (the cameras' viewers spread them evenly
over a recording) and packets of a transport stream. A box holds a whole recording's telemetry, and
viewers look at one: boxes of several clips are kept beside the output, as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.limits import LIMITS
from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix, Raw, Telemetry
from dashcam_pipeline.errors import InputError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.media.joined.place import Joined, Placed

Timed = TypeVar("Timed", Fix, Acceleration, Raw)

UNEVEN: Final = 1.5
"""Seconds that a block may be off where viewers spread all of them evenly."""

_PIECE: Final = 256
"""Bytes of memory that a piece costs beside its own."""


@dataclass(slots=True)
class _All:
    """What was found so far, within the limits of one recording's."""

    families: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    accelerations: list[Acceleration] = field(default_factory=list)
    raws: list[tuple[Placed, Raw]] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    nbytes: int = 0

    def add(self, one: Placed, found: Telemetry, offset: float) -> None:
        """Add a clip's, so many seconds later."""
        for mine, theirs in (
            (self.families, found.families),
            (self.withheld, found.withheld),
            (self.notes, found.notes),
            (self.faults, found.faults),
        ):
            mine += [text for text in theirs if text not in mine]
        room = LIMITS.rows - len(self.fixes), LIMITS.rows - len(self.accelerations)
        self.fixes += [_later(fix, offset) for fix in found.fixes[: room[0]]]
        self.accelerations += [_later(a, offset) for a in found.accelerations[: room[1]]]
        if len(found.fixes) > room[0] or len(found.accelerations) > room[1]:
            self._note(
                _(
                    "more than {rows} rows of telemetry; the rest was not read.",
                    rows=LIMITS.rows,
                )
            )
        for raw in found.raws:
            self.nbytes += len(raw.data) + _PIECE
            if self.nbytes > LIMITS.total:
                self._note(
                    _(
                        "more than {total} MiB of telemetry; the rest was left.",
                        total=LIMITS.total >> 20,
                    )
                )
                return
            self.raws.append((one, _later(raw, offset)))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def read_joined(joined: Joined) -> Telemetry:
    """Read the telemetry of all clips; a clip whose telemetry can't be read costs itself alone.

    Args:
        joined: the clips in their places.
    """
    base = joined.time_base
    everything = _All()
    recorded = None
    for one in joined.clips:
        try:
            found = read_telemetry(one.clip.path)
        except InputError as error:
            everything.faults.append(error.args[0])
            continue
        recorded = recorded or found.recorded
        kept = found if one.until is None else found.within(None, float(one.length))
        everything.add(one, kept, float((one.begin - joined.clips[0].begin) * base))
    raws, notes = _writable(everything.raws, joined)
    return Telemetry(
        families=tuple(everything.families),
        fixes=tuple(everything.fixes),
        accelerations=tuple(everything.accelerations),
        raws=tuple(raws),
        withheld=tuple(everything.withheld),
        notes=(*everything.notes, *notes),
        recorded=recorded,
        faults=tuple(everything.faults),
    )


def _later(item: Timed, offset: float) -> Timed:
    return item if item.seconds is None else replace(item, seconds=item.seconds + offset)


def _writable(raws: Sequence[tuple[Placed, Raw]], joined: Joined) -> tuple[list[Raw], list[str]]:
    """Raw pieces as an output can hold them, and what it can't hold as pieces beside it."""
    blocks = [(one, raw) for one, raw in raws if raw.carrier == "block"]
    boxes = [(one, raw) for one, raw in raws if raw.carrier == "box"]
    others = [raw for _one, raw in raws if raw.carrier not in {"block", "box"}]
    even = _even(blocks, joined)
    notes: list[str] = []
    if blocks and even is None:
        notes.append(
            _(
                "the clips' GPS blocks don't follow one another evenly, as viewers take them to "
                "do: they are beside the output, and not in it."
            )
        )
        even = [_aside(one, raw) for one, raw in blocks]
    own, aside = _of_one_place(boxes)
    if aside:
        names = dict.fromkeys(raw.name for _one, raw in aside)
        notes.append(
            _(
                "each clip has telemetry of its own in {names}, and a recording has one place for "
                "it: it is beside the output, and not in it.",
                names=", ".join(names),
            )
        )
    return [*(even or ()), *own, *(_aside(one, raw) for one, raw in aside), *others], notes


def _even(blocks: Sequence[tuple[Placed, Raw]], joined: Joined) -> list[Raw] | None:
    """Blocks one behind the other, the last one again where the picture stands still.

    None if they don't lie where viewers will look for them.
    """
    if not blocks:
        return []
    total = float(sum(one.length + one.gap for one in joined.clips))
    counts = {id(one): 0 for one in joined.clips}
    for one, _raw in blocks:
        counts[id(one)] += 1
    recorded = float(sum(one.length for one in joined.clips))
    distance = recorded / len(blocks)
    ordered: list[Raw] = []
    for one in joined.clips:
        if ordered and one.gap:
            ordered += [ordered[-1]] * round(float(one.gap) / distance)
        ordered += [raw for place, raw in blocks if place is one]
    for number, raw in enumerate(ordered):
        held = number and ordered[number - 1] is raw
        if not held and abs((raw.seconds or 0.0) - number * total / len(ordered)) > UNEVEN:
            return None
    return [replace(raw, name=f"moov/gps [{number}]") for number, raw in enumerate(ordered)]


def _of_one_place(
    boxes: Sequence[tuple[Placed, Raw]],
) -> tuple[list[Raw], list[tuple[Placed, Raw]]]:
    """Boxes that one clip alone has, or all alike; and those of which each clip has another."""
    by_name: dict[str, list[tuple[Placed, Raw]]] = {}
    for one, raw in boxes:
        by_name.setdefault(raw.name, []).append((one, raw))
    own: list[Raw] = []
    aside: list[tuple[Placed, Raw]] = []
    for found in by_name.values():
        if len({raw.data for _one, raw in found}) == 1:
            own.append(found[0][1])
        else:
            aside += found
    return own, aside


def _aside(one: Placed, raw: Raw) -> Raw:
    """A piece that goes beside the output, named after its clip."""
    return replace(raw, name=f"{one.clip.path.name} {raw.name}", carrier="sidecar")
