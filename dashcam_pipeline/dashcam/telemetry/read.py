"""Finding the telemetry of a recording, wherever its camera put it.

::

    telemetry = read_telemetry(Path("20240101_120000_NF.mp4"))
    telemetry.families, len(telemetry.fixes), telemetry.unknown

Each carrier looks for pieces in its own way and shows them to the families. A file without pictures
is fine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from dashcam_pipeline.dashcam.telemetry.carriers import (
    mp4_boxes,
    picture_messages,
    sidecar_files,
    tracks,
    transport_stream,
)
from dashcam_pipeline.dashcam.telemetry.carriers.neighbours import Neighbours
from dashcam_pipeline.dashcam.telemetry.families import FAMILIES
from dashcam_pipeline.dashcam.telemetry.findings import Findings
from dashcam_pipeline.dashcam.telemetry.limits import LIMITS, Limits
from dashcam_pipeline.media.opening import check_readable
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.model import Telemetry


def read_telemetry(
    path: str | Path, *, limits: Limits = LIMITS, neighbours: Neighbours | None = None
) -> Telemetry:
    """Find and read all telemetry of a recording.

    Args:
        path: the recording; only read.
        limits: bounds on what a hostile file can make us do.
        neighbours: what is known of the files beside it; for many recordings, one for all of them.

    Returns:
        what was found, empty if there is nothing; a note says if reading failed on the way, and
        ``faults`` which family or carrier couldn't cope with what it was given.

    Raises:
        InputMissingError: no such file, a folder, or no permission.
        NotVideoError: an empty file.
        InputError: it can't be opened for another reason.
    """
    path = Path(path)
    check_readable(path)
    findings = Findings(limits, FAMILIES, neighbours or Neighbours())
    for collect in (
        mp4_boxes.collect,
        transport_stream.collect,
        sidecar_files.collect,
        *(tracks.collect,) * limits.tracks,
        *(picture_messages.collect,) * limits.pictures,
    ):
        try:
            collect(path, findings)
        except (OSError, av.error.FFmpegError, IndexError) as error:
            # a card that fails in the middle must not take along what was found elsewhere;
            # IndexError is PyAV's for tracks that appear on the way
            findings.note(_("telemetry could be read only in part ({error}).", error=error))
        except Exception as error:  # noqa: BLE001 - a warning: no video is lost to its telemetry
            findings.fault(collect.__module__.rpartition(".")[2], error)
    return findings.result()
