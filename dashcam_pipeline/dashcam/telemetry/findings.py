"""What a search has found so far, within its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from dashcam_pipeline.dashcam.telemetry.carriers.neighbours import Neighbours
from dashcam_pipeline.dashcam.telemetry.model import Raw, Telemetry
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
    from dashcam_pipeline.dashcam.telemetry.limits import Limits
    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Carrier, Fix

_OVERHEAD: Final = 256
"""Bytes of memory that a piece costs beside its own, or a million tiny ones would be free."""

_MOST_SAID: Final = 20
"""Notes, faults and private places that are told: a hostile file has a million reasons."""

_SAID: Final = 200
"""Characters of an error's own words; some repeat what they were given."""

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Findings:
    """What has been found so far, within the limits.

    Args:
        limits: bounds on what is kept.
        asked: the families that may know a piece, in the order in which they are asked.
        neighbours: what lies beside the recording.
    """

    limits: Limits
    asked: Sequence[Family]
    neighbours: Neighbours = field(default_factory=Neighbours)
    families: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    accelerations: list[Acceleration] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recorded: datetime | None = None
    faults: list[str] = field(default_factory=list)
    kept: int = 0
    looked_at: int = 0
    places: set[str] = field(default_factory=set)

    def ask(self, family: Family, question: Callable[[Family], Answer]) -> Answer | None:
        """Ask one family; a fault in it costs its telemetry and nothing else.

        This is the one place where families run. A family promises not to raise, but what it reads
        is hostile, and no recording may be lost to a camera's odd numbers.

        Args:
            family: that is asked.
            question: given the family.

        Returns:
            its answer; None, and a sentence in ``faults``, where it failed.
        """
        try:
            return question(family)
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a warning
            self.fault(_("{family} telemetry", family=family.name), error)
            return None

    def fault(self, what: str, error: Exception) -> None:
        """Say that something failed, once for each kind of error."""
        said = str(error)[:_SAID] or _("no more is known")
        _say(
            self.faults,
            _(
                "{what} could not be read in part ({kind}: {said}); "
                "its bytes are kept as they are.",
                what=what,
                kind=type(error).__name__,
                said=said,
            ),
        )

    def look(self, size: int) -> bool:
        """True if so many bytes more may be read; ``Limits.total`` holds for everything together.

        Pieces may overlap: an index of a few kilobytes can list the same megabytes a million times.
        """
        self.looked_at += size
        if self.looked_at <= self.limits.total:
            return True
        self._too_much()
        return False

    def recognise(self, ask: Callable[[Family], Reading | None]) -> bool:
        """Let the families look at a piece; what the first one that knows it reads is added.

        Args:
            ask: shows a family the piece.

        Returns:
            True if one knows it.
        """
        for family in self.asked:
            reading = self.ask(family, ask)
            if reading is not None:
                self.add(family, reading)
                return True
        return False

    def add(self, family: Family, reading: Reading) -> None:
        """Add what a family has read, up to ``Limits.rows`` of fixes and of accelerations."""
        if family.name not in self.families:
            self.families.append(family.name)
        self.recorded = self.recorded or reading.recorded
        self._extend(reading.fixes, reading.accelerations)

    def note(self, text: str) -> None:
        """Add a sentence, once."""
        _say(self.notes, text)

    def withhold(self, place: str) -> None:
        """Name a box whose content is private, once."""
        _say(self.withheld, place)

    def _too_much(self) -> None:
        self.note(
            _(
                "more than {total} MiB of telemetry; the rest was left.",
                total=self.limits.total >> 20,
            )
        )

    def _extend(self, fixes: Sequence[Fix], accelerations: Sequence[Acceleration]) -> None:
        room = self.limits.rows - len(self.fixes), self.limits.rows - len(self.accelerations)
        if len(fixes) > room[0] or len(accelerations) > room[1]:
            self.note(
                _(
                    "more than {rows} rows of telemetry; the rest was not read.",
                    rows=self.limits.rows,
                )
            )
        self.fixes += fixes[: room[0]]
        self.accelerations += accelerations[: room[1]]

    def keep(
        self,
        name: str,
        data: bytes,
        carrier: Carrier,
        seconds: float | None = None,
        *,
        understood: bool = True,
    ) -> None:
        """Keep bytes as they are (see ``Raw``), unless all of them together become too many."""
        cost = len(data) + _OVERHEAD
        if self.kept + cost > self.limits.total:
            self._too_much()
            return
        self.places.add(name.partition(" [")[0])
        if len(self.places) > self.limits.places:
            self.note(
                _(
                    "more than {places} kinds of telemetry; the rest was left.",
                    places=self.limits.places,
                )
            )
            return
        self.kept += cost
        self.raws.append(Raw(name, data, carrier, seconds, understood))

    def result(self) -> Telemetry:
        """All of it."""
        return Telemetry(
            families=tuple(self.families),
            fixes=tuple(self.fixes),
            accelerations=tuple(self.accelerations),
            raws=tuple(self.raws),
            withheld=tuple(self.withheld),
            notes=tuple(self.notes),
            recorded=self.recorded,
            faults=tuple(self.faults),
        )


def _say(said: list[str], text: str) -> None:
    """Add a text that isn't there yet, up to ``_MOST_SAID``."""
    if text in said or len(said) > _MOST_SAID:
        return
    said.append(text if len(said) < _MOST_SAID else _("and more of the kind."))
