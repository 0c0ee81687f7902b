"""Small damage to bytes, by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_BYTES = (0, 1, 0x7F, 0x80, 0xFF)


def mutate(data: bytes, chance: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """One to eight changes: flipped, set, removed, doubled or inserted bytes, or a cut end."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        if not changed:
            changed = bytearray(chance.randbytes(8))
        at = chance.randrange(len(changed))
        length = chance.choice((1, 2, 4, 8, 64))
        match chance.randrange(8):
            case 0 | 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                changed[at] = chance.choice(_BYTES)
            case 3:
                changed[at : at + 4] = chance.choice(_BYTES).to_bytes(1, "big") * 4
            case 4:
                del changed[at : at + length]
            case 5:
                changed[at:at] = changed[at : at + length]
            case 6:
                word = chance.choice(words) if words else chance.randbytes(length)
                changed[at : at + len(word)] = word
            case 7 if chance.randrange(4) == 0:
                del changed[at:]
    return bytes(changed)
