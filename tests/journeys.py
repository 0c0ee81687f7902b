"""Clips that no file stands behind, for what looks at their times alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from dashcam_pipeline.drives.model import Clip


def clip(camera="front", *, begin=0.0, length=60.0, mode="normal", width=1920, number=0, **more):
    """A clip that begins so many seconds after 1970."""
    name = more.pop("name", f"{number}-{camera}-{begin}.mp4")
    return Clip(
        path=Path(name),
        name=name,
        camera=camera,
        mode=mode,
        start=datetime.fromtimestamp(begin, UTC).replace(tzinfo=None),
        instant=begin,
        duration=length,
        width=width,
        height=1080,
        **more,
    )
