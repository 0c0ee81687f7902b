"""A part of the picture whatever its size: boxes in per cent, and strips along an edge."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, Final

from pydantic import ConfigDict, RootModel, model_validator

from dashcam_pipeline.stages.base import Box
from dashcam_pipeline.translation import _

_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")
_STRIP: Final = re.compile(r"(top|bottom|left|right)\s*:\s*(.*)")
_WHOLE: Final = 100


class Share(RootModel[str]):
    """A box of which a side is in per cent of the picture's, or a strip along one of its edges.

    ``0,96%,100%,4%`` (x,y,w,h; without a sign it is pixels), ``bottom:4%``, ``left:120``.
    """

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, value: object) -> object:
        if isinstance(value, list | tuple):
            return ",".join(str(part) for part in value)
        return value

    @model_validator(mode="after")
    def _check(self) -> Share:
        self.box(_WHOLE, _WHOLE)
        return self

    def box(self, width: int, height: int) -> Box:
        """What it is of a picture, rounded outward to whole pixels.

        Args:
            width, height: of the picture, in pixels.

        Raises:
            ValueError: it makes no sense in a picture of any size.
        """
        text = self.root.strip().lower()
        strip = _STRIP.fullmatch(text)
        if strip:
            edge, length = strip[1], strip[2]
            if edge in {"top", "bottom"}:
                rows = min(math.ceil(_pixels(length, height)), height)
                y = height - rows if edge == "bottom" else 0
                return _box(0, y, width, rows)
            columns = min(math.ceil(_pixels(length, width)), width)
            return _box(width - columns if edge == "right" else 0, 0, columns, height)
        parts = text.split(",")
        if len(parts) != 4:  # noqa: PLR2004 - x, y, w and h
            raise ValueError(
                _(
                    "a box is x,y,w,h, in pixels or per cent (0,96%,100%,4%), or a strip "
                    "along an edge (bottom:4%)"
                )
            )
        wholes = (width, height, width, height)
        left, top, across, down = (_pixels(p, w) for p, w in zip(parts, wholes, strict=True))
        x, y = math.floor(left), math.floor(top)
        return _box(x, y, math.ceil(left + across) - x, math.ceil(top + down) - y)

    def __str__(self) -> str:
        return self.root


def _box(x: int, y: int, width: int, height: int) -> Box:
    if not (width and height):
        raise ValueError(_("a box must be larger than nothing"))
    return Box(x=x, y=y, width=width, height=height)


def _pixels(text: str, whole: int) -> Fraction:
    """A length in pixels, exactly.

    Args:
        text: ``120`` or ``4.5%``.
        whole: pixels of 100%.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            _("{text} is neither pixels (40) nor per cent (4%)", text=repr(text.strip()))
        )
    number = Fraction(match[1])
    if match[2] and number > _WHOLE:
        raise ValueError(_("{text} is more than the whole picture", text=text.strip()))
    return number * whole / _WHOLE if match[2] else number


def is_share(value: Any) -> bool:  # noqa: ANN401 - whatever a configuration holds
    """Whether a box is written as a ``Share`` rather than in pixels alone."""
    if isinstance(value, list | tuple):
        return any(isinstance(part, str) and "%" in part for part in value)
    return isinstance(value, Share) or (isinstance(value, str) and ("%" in value or ":" in value))
