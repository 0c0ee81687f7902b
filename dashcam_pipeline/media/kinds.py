"""Names of what pictures and tracks say beside their samples, the same wherever it stands.

A closed caption is one in a message, in side data and in user data alike: what is compared between
a recording and what was written of it are these names. What has no name here goes by its carrier's
own (``box abcd``, ``SEI message 99``).
"""

from __future__ import annotations

from typing import Final

CAPTIONS: Final = "closed captions"
MASTERING: Final = "mastering display"
LIGHT: Final = "content light level"
HDR_PLUS: Final = "dynamic HDR10+"
STEREO: Final = "stereo 3D"
SPHERICAL: Final = "360-degree projection"
ORIENTATION: Final = "rotation or mirroring"
ACTIVE_FORMAT: Final = "active format description"
AMBIENT: Final = "ambient viewing environment"
FILM_GRAIN: Final = "film grain"
TIMECODE: Final = "time code of pictures"
DOLBY_VISION: Final = "Dolby Vision"
PROFILE: Final = "ICC profile"
TRIMS: Final = "trimmed samples at its ends"
INTERLACED: Final = "interlaced scan"
CHROMA: Final = "place of chroma samples"
ASPECT: Final = "pixel aspect ratio"
