"""Positions and G-sensor data of dashcams: read, exported, and put back into what is written.

::

    recording -> carriers      boxes, tracks, transport stream, files beside the recording
                    | one piece after the other: a box, a block, a packet, a file
                    v
                 families      asked in turn; the first that knows a piece reads it
                    | positions, accelerations, and the bytes as they are
                    v
                 Telemetry -> export    GPX, CSV, JSON, ZIP
                           -> embed     the carriers put the bytes back into an output

    from dashcam_pipeline.dashcam.telemetry import read_telemetry
    from dashcam_pipeline.dashcam.telemetry.export import to_gpx

    telemetry = read_telemetry(Path("20240101_120000_NF.mp4"))
    print(to_gpx(telemetry))

A camera family is one file in ``families``; what several share (MP4's boxes, transport packets,
NMEA sentences) is in ``formats``. ``docs/telemetry.md`` lists the families, and what is known of
each one's clock and units.
"""

from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix, Raw, Telemetry
from dashcam_pipeline.dashcam.telemetry.read import read_telemetry

__all__ = ["Acceleration", "Fix", "Raw", "Telemetry", "read_telemetry"]
