"""Positions and G-sensor data of dashcams: read, exported, and put back into what is written.

::

    from dashcam_pipeline.dashcam.telemetry import read_telemetry
    from dashcam_pipeline.dashcam.telemetry.export import to_gpx

    telemetry = read_telemetry(Path("20240101_120000_NF.mp4"))
    print(to_gpx(telemetry))

``docs/telemetry.md`` lists the layouts, and what is known of each family's clock and units.
"""

from dashcam_pipeline.dashcam.telemetry.carriers.mp4_boxes import read_telemetry
from dashcam_pipeline.dashcam.telemetry.model import Acceleration, Fix, Raw, Telemetry

__all__ = ["Acceleration", "Fix", "Raw", "Telemetry", "read_telemetry"]
