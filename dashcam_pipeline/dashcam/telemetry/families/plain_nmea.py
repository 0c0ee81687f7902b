"""Cameras that write plain NMEA sentences: NextBase's blocks, subtitles, files ``NAME.nmea``."""

from __future__ import annotations

from itertools import islice

from dashcam_pipeline.dashcam.telemetry.families.base import Family, Reading
from dashcam_pipeline.dashcam.telemetry.formats import nmea


class PlainNmea(Family):
    """Sentences without anything of a family's own around them."""

    name = "nmea"
    endings = (".nmea",)

    def block(self, data: bytes, seconds: float | None) -> Reading | None:  # noqa: ARG002 - its sentences have times
        """A block with a sentence; one position each."""
        if nmea.MARK not in data:
            return None
        return Reading(tuple(islice(nmea.parse(data), 1)))

    def subtitle(self, data: bytes, seconds: float | None) -> Reading | None:
        """A text with a position in it."""
        fixes = nmea.parse_packet(data, seconds)
        return Reading(fixes) if fixes else None

    def sidecar(self, ending: str, data: bytes) -> Reading | None:
        """A file of sentences."""
        return Reading(tuple(nmea.parse(data))) if ending in self.endings else None
