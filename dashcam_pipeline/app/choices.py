"""What somebody chose on the page, and the settings of a run that it makes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dashcam_pipeline.config import Look  # noqa: TC001 - pydantic reads it
from dashcam_pipeline.stages.base import Quality  # noqa: TC001 - as above
from dashcam_pipeline.stages.settings import Settings


class Choices(Settings):
    """The page's own switches and sliders, whose defaults are those of a run."""

    look: Look = Field("standard", description="How far to go.")
    streaks: float = Field(1.0, ge=0, le=1, description="Of the stage glare.")
    haze: float = Field(1.0, ge=0, le=1.5, description="Its veil.")
    brightness: float = Field(0.0, ge=0, le=1, description="Its exposure.")
    day: bool = Field(default=False, description="Whether night becomes day.")
    quality: Quality = Field("balanced", description="How much of it the network sees.")
    replace: bool = Field(default=False, description="Replace results that are there already.")
    codec: Literal["auto", "h264", "hevc"] = Field("auto", description="Of the result.")

    @property
    def stages(self) -> list[dict[str, Any]]:
        """The chain; options that are the stage's own defaults are left out."""
        given = {"streaks": self.streaks, "veil": self.haze, "exposure": self.brightness}
        usual = {"streaks": 1.0, "veil": 1.0, "exposure": 0.0}
        glare = {key: value for key, value in given.items() if value != usual[key]}
        return [{"name": "glare", **glare}, *([{"name": "night-to-day"}] if self.day else [])]

    def settings(self) -> dict[str, Any]:
        """What ``make_config`` takes, for a run."""
        return {**self.picture(), "codec": self.codec, "overwrite": self.replace}

    def picture(self) -> dict[str, Any]:
        """The same, as far as a picture depends on it."""
        return {"look": self.look, "quality": self.quality, "stages": self.stages}
