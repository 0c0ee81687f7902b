"""What the weights that ship should reach, and whether some do."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from dashcam_pipeline.training.evaluation.common.tables import number, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPARE = {"least": operator.ge, "most": operator.le}
_SIGN = {"least": "≥", "most": "≤"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar for one row.

    Args:
        row: name of the model.
        what: is measured.
        value: measured; NaN, where there was nothing to measure, is not met.
        side: whether ``limit`` is the least or the most it may be.
        limit: of the value.
        form: Python's format of both.
    """

    row: str
    what: str
    value: float
    side: Literal["least", "most"]
    limit: float
    form: str

    @property
    def met(self) -> bool:
        """Whether the value is on the right side."""
        return bool(_COMPARE[self.side](self.value, self.limit))

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        return {
            "row": self.row,
            "what": self.what,
            "value": self.value,
            self.side: self.limit,
            "met": self.met,
        }


class Section(Protocol):
    """One part of an evaluation, as a command prints it."""

    def markdown(self) -> str:
        """Headed tables."""

    def bars(self) -> list[Bar]:
        """What should be reached, with what was measured; empty where there is no bar."""

    def to_dict(self) -> dict[str, Any]:
        """Everything measured, JSON-able but for NaN (see ``tables.plain``)."""


def bars_table(bars: Sequence[Bar]) -> str:
    """Bars as a Markdown table."""
    lines = [
        [
            bar.row,
            bar.what,
            number(bar.value, bar.form),
            f"{_SIGN[bar.side]} {bar.limit:{bar.form}}",
            "met" if bar.met else "**not met**",
        ]
        for bar in bars
    ]
    return table(["row", "bar", "measured", "wanted", ""], lines, words=2)
