"""Drives: which clips of a folder were recorded one after the other, by which cameras.

::

    folder -> finder: batch.discovery (names) -> clips (header; route, happenings of telemetry)
                                                                v
            survey of drives <- grouping (pauses, seams, copies; events) <- clock (one for all)

How it is used::

    from dashcam_pipeline.drives import find_drives

    for drive in find_drives("SDCARD"):
        drive.start, drive.end, drive.length      # local time; seconds that really passed
        for run in drive.cameras:                 # front, rear, interior, ...: those that there are
            run.camera, run.clips                 # in order; clip.path, clip.instant, clip.duration
            run.seams                             # run.seams[i] lies between clips i and i + 1
        drive.moments()                           # front and rear of the same time side by side
        drive.distance, drive.events              # of telemetry; None and () without any

``survey`` says as well what could not be read. Only headers are read, a clip at a time.
"""

from dashcam_pipeline.drives.finder import find_drives, survey
from dashcam_pipeline.drives.model import (
    CameraRun,
    Clip,
    Damaged,
    Distance,
    Drive,
    Event,
    Seam,
    Survey,
)

__all__ = [
    "CameraRun",
    "Clip",
    "Damaged",
    "Distance",
    "Drive",
    "Event",
    "Seam",
    "Survey",
    "find_drives",
    "survey",
]
