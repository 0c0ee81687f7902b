"""A network's answer for the pictures between two that it saw, carried along the motion.

Glare moves with the lamps, and little from one frame to the next. So where a network is the dearest
part it sees every few pictures only, *keys*, and the answer for a picture in between is mixed from
those for the key before and the key after it:

* Each key's answer is moved to where things are now, along dense optical flow (DIS: Kroeger,
  Timofte, Dai and Van Gool, *Fast Optical Flow using Dense Inverse Search*, 2016).
* Each counts by its nearness in time, and, place by place, by how well the key itself, moved the
  same way, looks like the picture: with the mismatch e, weight 1 / (``MATCH``^2 + e^2). So what
  comes into view takes the answer of the key after it, and what went that of the key before.

Nothing lags, since the key after is as good as the one before; and nothing jumps at a key. A
picture that the key before it does not explain somewhere (a lamp lights up) becomes a key itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Map = npt.NDArray[np.floating[Any]]

MATCH = 0.02
"""Mismatch (code value in [0, 1], over ``WINDOW``) of about what noise leaves."""

WINDOW = 5
"""Side of the square over which a mismatch is averaged, in samples of the work size."""

_GROUP = 4
"""Channels that OpenCV moves at once, as fast as one."""


_NONE: Any = None
"""An argument that OpenCV's type hints don't know to be optional."""


@dataclass(slots=True)
class Look:
    """A picture as far as motion is concerned.

    Args:
        luma: (H, W) float32 in [0, 1].
        codes: the same in 8 bits, for the flow.
        key: whether the network must see it.
        places: (H, W, 2), where each sample lies in the key before; None for keys.
        mismatch: (H, W), how unlike the key before is there; None for keys.
    """

    luma: Map
    codes: npt.NDArray[np.uint8]
    key: bool = True
    places: Map | None = None
    mismatch: Map | None = None


class Carrier:
    """Decides what the network sees, and carries its answers to the rest.

    Args:
        every: a picture in so many is a key, at least.
        surprise: mismatch from which a picture becomes a key out of turn.
    """

    def __init__(self, every: int, surprise: float) -> None:
        self.every, self.surprise = every, surprise
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._since = 0
        self._seen: Look | None = None
        self._key: Look | None = None
        self._groups: list[Map] = []

    def reset(self) -> None:
        """Forget the past: the next picture is a key."""
        self._seen = self._key = None
        self._groups = []

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The last key and its answer, as arrays; to be asked where the last picture was one."""
        if self._key is None:
            return {}
        groups = {f"answer{i}": group for i, group in enumerate(self._groups)}
        return {"luma": self._key.luma, **groups}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over the past that ``state`` gave."""
        self.reset()
        if "luma" in state:
            self._seen = self._key = _look(state["luma"])
            self._groups = [state[f"answer{i}"] for i in range(len(state) - 1)]

    def look(self, picture: Map) -> Look:
        """Take the next picture, and decide whether it is a key.

        Args:
            picture: (3, H, W) code values in [0, 1].
        """
        red, green, blue = picture
        look = _look(np.asarray(0.25 * (red + blue) + 0.5 * green))
        last = self._seen
        self._since += 1
        due = last is None or last.luma.shape != look.luma.shape or self._since >= self.every
        if last is not None and not due:
            look.places, look.mismatch = self._match(look, last)
            look.key = bool(look.mismatch.max() > self.surprise)
        if look.key:
            self.see(look)
        return look

    def see(self, look: Look) -> None:
        """Make the picture that was looked at last a key."""
        look.key, look.places, look.mismatch = True, None, None
        self._seen, self._since = look, 0

    def answers(self, looks: Sequence[Look], answer: Map) -> list[Map]:
        """What the network would have said.

        Args:
            looks: the pictures since the last key, and a new key as the last one.
            answer: (C, H, W) float32 of that key.

        Returns:
            an answer for each look, of the same shape; the last one is ``answer`` itself.
        """
        before, groups_before = self._key, self._groups
        key = looks[-1]
        self._key, self._groups = key, _grouped(answer) if self.every > 1 else []
        carried = []
        for number, look in enumerate(looks[:-1], start=1):
            if before is None or look.places is None or look.mismatch is None:
                raise ValueError(
                    "a picture between two keys must have been compared with the first"
                )
            places, mismatch = self._match(look, key)
            share = number / len(looks)
            weights = (
                (1 - share) / (MATCH**2 + np.square(look.mismatch)),
                share / (MATCH**2 + np.square(mismatch)),
            )
            channels: list[Any] = []
            for first, last in zip(groups_before, self._groups, strict=True):
                mixed = cv2.blendLinear(_moved(first, look.places), _moved(last, places), *weights)
                channels += cv2.split(mixed)
            carried.append(np.stack(channels))
        return [*carried, answer]

    def _match(self, look: Look, key: Look) -> tuple[Map, Map]:
        """Where each sample lies in a key, and how unlike it is there.

        Args:
            look, key: of pictures of one size (H, W).

        Returns:
            places (H, W, 2) float32, x and y in samples of the key; and the mismatch (H, W)
            float32, the mean absolute difference of luma in code values, 0 to 1.
        """
        flow = self._flow.calc(look.codes, key.codes, _NONE)
        own = _grid(*look.luma.shape)
        moved_to = np.asarray(cv2.add(flow, own), np.float32)
        still = _unlike(look.luma, key.luma)
        moved = _unlike(look.luma, _moved(key.luma, moved_to))
        # Flow is made up where there is no texture; what fits as well without has not moved.
        places = own.copy()
        cv2.copyTo(moved_to, np.asarray(moved < still).view(np.uint8), places)
        return places, np.minimum(moved, still)


def _look(luma: Map) -> Look:
    """A look at a luma (H, W) float32 in [0, 1], with its 8-bit codes."""
    return Look(luma, np.asarray(cv2.convertScaleAbs(luma, alpha=255), np.uint8))


def _grouped(answer: Map) -> list[Map]:
    """Channels (C, H, W) by fours, interleaved, (H, W, 1 to 4) each."""
    return [
        np.asarray(cv2.merge(list(answer[begin : begin + _GROUP])))
        for begin in range(0, len(answer), _GROUP)
    ]


def _moved(samples: Map, places: Map) -> Map:
    """What of samples (H, W) or (H, W, C) lies at places (h, w, 2): (h, w) or (h, w, C) float32."""
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(samples, places, _NONE, cv2.INTER_LINEAR, borderMode=border))


def _unlike(luma: Map, other: Map) -> Map:
    """Mean absolute difference of two lumas in [0, 1] around each sample, (H, W) float32."""
    return np.asarray(cv2.blur(cv2.absdiff(luma, other), (WINDOW, WINDOW)))


@cache
def _grid(height: int, width: int) -> Map:
    """(H, W, 2): each sample's own x and y."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
