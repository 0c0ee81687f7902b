"""How many bits a second an encoder may spend, so that a file keeps to a size in one pass.

Not an average that is aimed at but a bound that holds: the leaky bucket of H.264 (Annex C) and
HEVC. A bucket of ``buffer_bits`` is filled at ``bits_per_second``, and every picture is taken out
of it; where it would run dry the encoder coarsens its pictures. What flows out can't be more than
was in it at the beginning and has flown in since. Below that bound constant quality decides, so
that a recording which needs less is not blown up to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

FULL_AT_START: Final = 0.5
"""Share of the bucket that is there for the first picture.

Encoders plan ahead so that half is left: what is there beyond that would mostly never be used.
"""

_PARTS: Final = 20
"""Of a recording that a bucket lasts for: its share of the size that may stay unused is half that.

A key picture needs several times the bits of another one, so a bucket has to last for a while.
"""

_SHORTEST, _LONGEST = 0.5, 10.0
"""Seconds that it lasts at least and at most."""

_PICTURES: Final = 4
"""Pictures that it lasts for at least, of recordings with one in several seconds."""

LEAST: Final = 2_000
"""Bits a second; encoders count in thousands, and take none for no bound."""

_HELD: Final = 0.85
"""Share of the rate from which on a window counts as held down by it."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A bucket that an encoder draws from.

    Args:
        bits_per_second: that flow in.
        buffer_bits: that it holds.
    """

    bits_per_second: int
    buffer_bits: int

    @property
    def window(self) -> float:
        """Seconds in which rates can be told from the bucket's own ups and downs."""
        return max(1.0, 2 * self.buffer_bits / self.bits_per_second)


def bits_of(rate: float, seconds: float, pictures: int, piece: float | None = None) -> float:
    """The most that can flow out at a rate.

    Args:
        rate: bits a second.
        seconds: that the recording lasts.
        pictures: in it.
        piece: seconds of each of the pieces that have an encoder of their own; None: one has all.
    """
    # by its time, a recording may begin or end in the middle of a piece
    pieces = 1 if piece is None else math.ceil(seconds / piece) + 1
    return rate * (seconds + pieces * FULL_AT_START * _lasts(seconds, pictures, piece))


def rate_for(bits: float, seconds: float, pictures: int, piece: float | None = None) -> RateLimit:
    """The bound with which a recording can't get more than so many bits.

    Args:
        bits: for all of its pictures.
        seconds, pictures, piece: as of ``bits_of``.
    """
    rate = bits / bits_of(1.0, seconds, pictures, piece)
    return RateLimit(math.floor(rate), math.floor(rate * _lasts(seconds, pictures, piece)))


def _lasts(seconds: float, pictures: int, piece: float | None) -> float:
    """Seconds that a bucket lasts for."""
    alone = seconds if piece is None else min(piece, seconds)
    lasts = min(max(alone / _PARTS, _SHORTEST), _LONGEST)
    return max(lasts, _PICTURES * seconds / max(1, pictures))


@dataclass(slots=True)
class RateMeter:
    """How long a limit held the rate of packets down.

    Args:
        limit: that the encoder was given.
    """

    limit: RateLimit
    _bits: dict[int, int] = field(default_factory=dict)

    def add(self, seconds: float, nbytes: int) -> None:
        """Take note of a packet.

        Args:
            seconds: its time.
            nbytes: its size.
        """
        window = math.floor(seconds / self.limit.window)
        self._bits[window] = self._bits.get(window, 0) + 8 * nbytes

    @property
    def held(self) -> float:
        """Share of the time in which quality was given up for the limit, 0 to 1."""
        full = self.limit.bits_per_second * self.limit.window
        held = sum(1 for bits in self._bits.values() if bits >= _HELD * full)
        return held / max(1, len(self._bits))
