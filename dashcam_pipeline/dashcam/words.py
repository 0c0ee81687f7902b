"""What cameras are called, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.translation import _p

if TYPE_CHECKING:
    from dashcam_pipeline.dashcam.names import Camera

CAMERA_NAMES: Final[dict[Camera, str]] = {
    "front": _p("camera", "front"),
    "rear": _p("camera", "rear"),
    "interior": _p("camera", "interior"),
    "left": _p("camera", "left"),
    "right": _p("camera", "right"),
    "telephoto": _p("camera", "telephoto"),
}
"""What a camera is called."""
