"""What a search has found so far, within its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.model import Raw, Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
    from dashcam_pipeline.dashcam.telemetry.limits import Limits
    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Carrier, Fix

_OVERHEAD: Final = 256
"""Bytes of memory that a piece costs beside its own, or a million tiny ones would be free."""


@dataclass(slots=True)
class Findings:
    """What has been found so far, within the limits.

    Args:
        limits: bounds on what is kept.
        asked: the families that may know a piece, in the order in which they are asked.
    """

    limits: Limits
    asked: Sequence[Family]
    families: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    accelerations: list[Acceleration] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recorded: datetime | None = None
    kept: int = 0

    def recognise(self, ask: Callable[[Family], Reading | None]) -> bool:
        """Let the families look at a piece; what the first one that knows it reads is added.

        Args:
            ask: shows a family the piece.

        Returns:
            True if one knows it.
        """
        for family in self.asked:
            reading = ask(family)
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
        if text not in self.notes:
            self.notes.append(text)

    def _extend(self, fixes: Sequence[Fix], accelerations: Sequence[Acceleration]) -> None:
        room = self.limits.rows - len(self.fixes), self.limits.rows - len(self.accelerations)
        if len(fixes) > room[0] or len(accelerations) > room[1]:
            self.note(f"more than {self.limits.rows} rows of telemetry; the rest was not read.")
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
            self.note(f"more than {self.limits.total >> 20} MiB of telemetry; the rest was left.")
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
        )
