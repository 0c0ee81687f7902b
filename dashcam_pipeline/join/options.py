"""How clips are joined."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from pydantic import Field

from dashcam_pipeline.dashcam.names import Camera  # noqa: TC001 - pydantic reads it
from dashcam_pipeline.stages.settings import Settings
from dashcam_pipeline.translation import _

Gaps: TypeAlias = Literal["keep", "close"]

Layout: TypeAlias = Literal["pip", "side-by-side", "stacked"]

LAYOUTS: Final[dict[Layout, str]] = {
    "pip": _("the other one small in a corner"),
    "side-by-side": _("front left, the other one right of it"),
    "stacked": _("front above, the other one below"),
}
"""What a layout looks like."""


class JoinOptions(Settings):
    """Which clips are joined, and how."""

    drive: int | None = Field(
        None, ge=1, description="Which drive of a folder, by its number in `dashcam drive`."
    )
    camera: Camera | None = Field(
        None, description="Whose clips; without it, the front camera's, or else the first one's."
    )
    gaps: Gaps = Field(
        "keep",
        description="Where nothing was recorded between two clips: keep leaves the time empty (the "
        "last picture stays, the sound is silent), close goes on at once.",
    )
    reencode: bool = Field(
        False,  # noqa: FBT003 - a field's default
        description="Encode the pictures anew, where clips differ too much to be copied.",
    )
    check: bool = Field(
        True,  # noqa: FBT003 - a field's default
        description="Decode once what is copied, to see whether it is damaged: sound, and without "
        "stages every picture. Not looking makes a copy much quicker, and most damage within it "
        "isn't noticed.",
    )
    layout: Layout | None = Field(
        None, description="Front and another camera in one picture, in sync."
    )
    beside: Camera | None = Field(
        None,
        description="Which camera a layout shows beside the front one; without it, the next one.",
    )
    segment_seconds: float = Field(
        30.0,
        gt=0,
        le=3600,
        description="With stages: how much video may have to be done again after a power cut.",
    )
