"""Names of what pictures and tracks say beside their samples, the same wherever it stands.

A closed caption is one in a message, in side data and in user data alike: what is compared between
a recording and what was written of it are these names. What has no name here goes by its carrier's
own (``box abcd``, ``SEI message 99``).
"""

from __future__ import annotations

from typing import Final

from dashcam_pipeline.translation import _

CAPTIONS: Final = _("closed captions")
MASTERING: Final = _("mastering display")
LIGHT: Final = _("content light level")
HDR_PLUS: Final = _("dynamic HDR10+")
STEREO: Final = _("stereo 3D")
SPHERICAL: Final = _("360-degree projection")
ORIENTATION: Final = _("rotation or mirroring")
ACTIVE_FORMAT: Final = _("active format description")
AMBIENT: Final = _("ambient viewing environment")
FILM_GRAIN: Final = _("film grain")
TIMECODE: Final = _("time code of pictures")
DOLBY_VISION: Final = _("Dolby Vision")
PROFILE: Final = _("ICC profile")
TRIMS: Final = _("trimmed samples at its ends")
INTERLACED: Final = _("interlaced scan")
CHROMA: Final = _("place of chroma samples")
ASPECT: Final = _("pixel aspect ratio")
