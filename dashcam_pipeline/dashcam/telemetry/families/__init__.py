"""Camera families, a file each: how its telemetry is recognised and read.

::

    a piece of a recording -> each family in turn -> Reading: positions, accelerations

``FAMILIES`` is the register: its families are asked in this order, and the first that knows a piece
of a recording has it. To add one, write a file like its neighbours and name it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.dashcam.telemetry.families.avchd import Avchd
from dashcam_pipeline.dashcam.telemetry.families.blackvue import BlackVue
from dashcam_pipeline.dashcam.telemetry.families.garmin import Garmin
from dashcam_pipeline.dashcam.telemetry.families.gopro import GoPro
from dashcam_pipeline.dashcam.telemetry.families.novatek import Novatek
from dashcam_pipeline.dashcam.telemetry.families.plain_nmea import PlainNmea
from dashcam_pipeline.dashcam.telemetry.families.seventymai import SeventyMai
from dashcam_pipeline.dashcam.telemetry.families.thinkware import Thinkware

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.telemetry.families.base import Family

FAMILIES: Final[tuple[Family, ...]] = (
    Avchd(),
    BlackVue(),
    Garmin(),
    GoPro(),
    Novatek(),  # before 70mai, whose blocks have less to be recognised by
    SeventyMai(),
    Thinkware(),
    PlainNmea(),  # last: sentences that no family has claimed
)
