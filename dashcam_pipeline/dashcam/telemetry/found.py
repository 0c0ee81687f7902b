"""What a search has found so far, within its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashcam_pipeline.dashcam.telemetry.model import Raw, Telemetry

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.isobmff import Limits
    from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Carrier, Fix


@dataclass(slots=True)
class Found:
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
        if self.kept + len(data) > self.limits.total:
            self.note(f"more than {self.limits.total >> 20} MiB of telemetry; the rest was left.")
            return
        self.kept += len(data)
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
