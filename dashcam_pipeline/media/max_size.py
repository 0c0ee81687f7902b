"""How large an output may be: so many bytes, or so many times its source.

::

    MaxSize.model_validate("25MB").allowed(of=10**9)     # 25_000_000
    MaxSize.model_validate("0.5x").allowed(of=10**9)     # 500_000_000
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from pydantic import ConfigDict, RootModel, model_validator

from dashcam_pipeline.translation import _

_SIZE: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)", re.IGNORECASE)

_TIMES: Final = "x"

_UNITS: Final = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
"""Decimal, as disks, mail servers and this package's own summaries have them, or binary."""

_WRITTEN: Final = {
    **{unit.lower(): unit for unit in _UNITS},
    **{unit[0].lower(): unit for unit in _UNITS if "i" not in unit},  # 25M
    "": "B",
    _TIMES: _TIMES,
}
"""How a unit may be written, in lower case."""


class MaxSize(RootModel[str]):
    """The size of a file: ``25MB``, ``0.7GiB``, ``800kB``, or relative to its source's: ``1x``."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _in_one_way(cls, value: object) -> object:
        """The same size is always the same text."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        number, unit = _parts(str(value))
        return f"{_plain(number)}{unit}"

    @property
    def relative(self) -> bool:
        """Whether it depends on the source."""
        return self.root.endswith(_TIMES)

    def allowed(self, of: int) -> int:
        """Bytes that an output may have.

        Args:
            of: bytes of the source, or of the part of it that the output is made of.
        """
        number, unit = _parts(self.root)
        return int(number * (of if unit == _TIMES else _UNITS[unit]))

    def __str__(self) -> str:
        return self.root


def _parts(text: str) -> tuple[Fraction, str]:
    """Number and unit.

    Raises:
        ValueError: it is no size, or none that a file can have.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = _WRITTEN.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError(
            _("a size is a number of bytes (25MB, 700KiB), or of times the source's (1x, 0.5x)")
        )
    number = Fraction(match[1])
    if number <= 0 or number * _UNITS.get(unit, math.inf) < 1:
        raise ValueError(_("a file has at least one byte"))
    return number, unit


def _plain(number: Fraction) -> str:
    """A decimal number without zeros that say nothing."""
    return f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
