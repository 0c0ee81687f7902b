"""Every option of a comparison: its name, default, bounds and meaning, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from dashcam_pipeline.config import Protected  # noqa: TC001 - pydantic reads it at run time
from dashcam_pipeline.stages.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

LayoutName = Literal["side-by-side", "stacked", "wipe", "split", "crop"]
LAYOUTS: Final[dict[LayoutName, str]] = {
    "side-by-side": "before on the left, after on the right",
    "stacked": "before above, after below",
    "wipe": "one picture; a divider wanders to and fro, before on its left, after on its right",
    "split": "one picture; the divider stands still",
    "crop": "side by side, zoomed into the strongest change",
}

Language = Literal["en", "ko"]


class PreviewOptions(Settings):
    """How before and after are shown."""

    layout: LayoutName = Field("side-by-side", description="How the two pictures are put together.")
    height: int | None = Field(
        None,
        ge=32,
        le=4320,
        description="Rows of the result; without it, the picture's own, shrunk to fit a screen.",
    )
    labels: bool = Field(default=True, description="Say which picture is which, and of what file.")
    language: Language = Field("en", description="Language of the labels.")
    change_map: bool = Field(
        default=False,
        description="Instead of after: what was taken away, as a heat map with its scale.",
    )
    position: float = Field(
        0.5, ge=0, le=1, description="Where split's divider stands: 0 is left, 1 is right."
    )
    period: float = Field(
        6.0, ge=1, le=600, description="Seconds that wipe's divider takes to and fro."
    )
    zoom: float = Field(3.0, ge=1, le=16, description="How much crop enlarges.")
    box: Annotated[Protected | None, BeforeValidator(lambda value: value or None)] = Field(
        None,
        description="What crop shows: a box in pixels or per cent (0,50%,100%,50%) of the upright "
        "picture, or a strip along an edge (bottom:20%); without it, the strongest change.",
    )


def make_options(
    values: dict[str, Any], *, names: Mapping[str, str] | None = None
) -> PreviewOptions:
    """Check options.

    Args:
        values: by field name; text is read as on the command line.
        names: how the values' source calls a field, for messages.

    Raises:
        UsageError: an unknown or wrong one, naming it and what is allowed.
    """
    return PreviewOptions.checked(values, names=names)
