"""Which card a clip lies on: the folder above those that a camera makes itself.

Two cards in one folder may hold the same names; a drive is of one card.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from dashcam_pipeline.dashcam.names import FOLDER_CAMERAS, FOLDER_MODES, folder_word

_OWN: Final = frozenset(
    (
        "dcim", "movie", "video", "videos", "record", "normal", "driving", "loop", "continuous",
        "recent", "recentclips", "teslacam", "blackvue", "carcam", "cardv", "dashcam", "cont_rec",
        "inf_rec", "rec", "recording", "evt", "photo", "private", "avchd", "bdmv", "stream",
        "front_norm", "rear_norm", "front_emr", "rear_emr", "front_park", "rear_park",
        "상시", "주행",
    )
)  # fmt: skip
"""Folders that cameras make, beside those that say why a clip was recorded or by which camera."""

_NUMBERED: Final = re.compile(
    r"\d{3}[a-z0-9_]{5}"  # of DCF: 100GOPRO, 105_VIRB
    r"|20\d{2}[-_.]?\d{2}[-_.]?\d{2}([-_ t]?\d{2}[-_.]?\d{2}[-_.]?\d{2})?",  # a day, or a moment
    re.IGNORECASE,
)


def card_of(name: str) -> str:
    """The folder of a clip's card, relative to the tree; ``.`` for the tree itself.

    Args:
        name: of the clip, relative to the tree, with forward slashes.
    """
    folder = PurePosixPath(name).parent
    while folder.name and _is_cameras(folder.name):
        folder = folder.parent
    return str(folder)


def _is_cameras(folder: str) -> bool:
    lowered = folder_word(folder)
    known = lowered in _OWN or lowered in FOLDER_MODES or lowered in FOLDER_CAMERAS
    return known or _NUMBERED.fullmatch(lowered) is not None
