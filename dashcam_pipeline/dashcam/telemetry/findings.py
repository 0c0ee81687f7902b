"""What a search has found so far, within its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.model import Raw, Telemetry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.dashcam.telemetry.formats.isobmff import Limits
    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Carrier, Fix

_OVERHEAD: Final = 256
"""Bytes of memory that a piece costs beside its own, or a million tiny ones would be free."""


@dataclass(slots=True)
class Findings:
    """What has been found so far, within the limits."""

    limits: Limits
    families: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)
    accelerations: list[Acceleration] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    kept: int = 0

    def family(self, name: str) -> None:
        """Add a layout that was recognised."""
        if name not in self.families:
            self.families.append(name)

    def note(self, text: str) -> None:
        """Add a sentence, once."""
        if text not in self.notes:
            self.notes.append(text)

    def add(self, fixes: Sequence[Fix], accelerations: Sequence[Acceleration] = ()) -> None:
        """Add what was read, up to ``Limits.rows`` of each."""
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
        )
