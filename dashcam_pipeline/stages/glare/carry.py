"""A network's answer for the pictures between two that it saw, carried along the motion.

Glare moves with the lamps, and little from one frame to the next. So where a network is the dearest
part it sees every few pictures only, *keys*, and the answer for a picture in between is mixed from
those for the key before and the key after it:

* Each key's answer is moved to where things are now, along dense optical flow (DIS: Kroeger,
  Timofte, Dai and Van Gool, *Fast Optical Flow using Dense Inverse Search*, 2016), which is found
  at half the work size: it is as smooth as that, and costs a quarter there.
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

from dashcam_pipeline.stages.shrink import halved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    Map = npt.NDArray[np.floating[Any]]

MATCH = 0.02
"""Mismatch (code value in [0, 1], over ``WINDOW``) of about what noise leaves."""

WINDOW = 3
"""Side of the square over which a mismatch is averaged, in samples of half the work size."""

_GROUP = 4
"""Channels that OpenCV moves at once, as fast as one."""

_NONE: Any = None
"""An argument that OpenCV's type hints don't know to be optional."""


@dataclass(slots=True)
class Look:
    """A picture as far as motion is concerned.

    Args:
        luma: (h, w) float32 in [0, 1], at half the work size.
        codes: the same in 8 bits, for the flow.
        key: whether the network must see it.
        shift: (h, w, 2), how far each sample lies from there in the key before; None for keys.
        mismatch: (h, w), how unlike the key before is there; None for keys.
    """

    luma: Map
    codes: npt.NDArray[np.uint8]
    key: bool = True
    shift: Map | None = None
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
        self._answer: Map | None = None

    def reset(self) -> None:
        """Forget the past: the next picture is a key."""
        self._seen = self._key = self._answer = None

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The last key and its answer, as arrays; to be asked where the last picture was one."""
        if self._key is None:
            return {}
        answer = {} if self._answer is None else {"answer": self._answer}
        return {"luma": self._key.luma, **answer}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over the past that ``state`` gave."""
        self.reset()
        if "luma" in state:
            self._seen = self._key = _look(state["luma"])
            self._answer = state.get("answer")

    def look(self, picture: Map) -> Look:
        """Take the next picture, and decide whether it is a key.

        Args:
            picture: (3, H, W) code values in [0, 1].
        """
        red, green, blue = picture
        look = _look(halved(np.asarray(0.25 * (red + blue) + 0.5 * green)))
        last = self._seen
        self._since += 1
        due = last is None or last.luma.shape != look.luma.shape or self._since >= self.every
        if last is not None and not due:
            look.shift, look.mismatch = self._match(look, last)
            look.key = bool(look.mismatch.max() > self.surprise)
        if look.key:
            self.see(look)
        return look

    def see(self, look: Look) -> None:
        """Make the picture that was looked at last a key."""
        look.key, look.shift, look.mismatch = True, None, None
        self._seen, self._since = look, 0

    def answers(self, looks: Sequence[Look], answer: Map) -> list[Map]:
        """What the network would have said.

        Args:
            looks: the pictures since the last key, and a new key as the last one.
            answer: (C, H, W) float32 of that key.

        Returns:
            an answer for each look, of the same shape; the last one is ``answer`` itself.
        """
        last, key = self._answer, looks[-1]
        self._key, self._answer = key, answer if self.every > 1 else None
        carried: list[Map] = []
        size = answer.shape[:0:-1]
        groups = [] if last is None or len(looks) == 1 else list(_groups(last, answer))
        for number, look in enumerate(looks[:-1], start=1):
            if last is None or look.shift is None or look.mismatch is None:
                raise ValueError(
                    "a picture between two keys must have been compared with the first"
                )
            shift, mismatch = self._match(look, key)
            share = number / len(looks)
            weights = (
                cv2.resize((1 - share) / (MATCH**2 + np.square(look.mismatch)), size),
                cv2.resize(share / (MATCH**2 + np.square(mismatch)), size),
            )
            there, here = (_places(each, size) for each in (look.shift, shift))
            between = np.empty(answer.shape, np.float32)
            for group, (first, second) in enumerate(groups):
                mixed = cv2.blendLinear(_moved(first, there), _moved(second, here), *weights)
                cv2.split(mixed, list(between[group * _GROUP :][:_GROUP]))
            carried.append(between)
        return [*carried, answer]

    def _match(self, look: Look, key: Look) -> tuple[Map, Map]:
        """How far off each sample lies in a key, and how unlike it is there.

        Args:
            look, key: of pictures of one size (h, w).

        Returns:
            (h, w, 2) float32, along x and y in samples; and the mismatch (h, w) float32, the mean
            absolute difference of luma in code values, 0 to 1.
        """
        flow = np.asarray(self._flow.calc(look.codes, key.codes, _NONE), np.float32)
        still = _unlike(look.luma, key.luma)
        moved = _unlike(look.luma, _moved(key.luma, _places(flow, look.luma.shape[::-1])))
        # Flow is made up where there is no texture; what fits as well without has not moved.
        flow[moved >= still] = 0
        return flow, np.minimum(moved, still)


def _look(luma: Map) -> Look:
    """A look at a luma (H, W) float32 in [0, 1], with its 8-bit codes."""
    return Look(luma, np.asarray(cv2.convertScaleAbs(luma, alpha=255), np.uint8))


def _groups(*answers: Map) -> Iterator[tuple[Map, ...]]:
    """Channels (C, H, W) of some answers by fours, interleaved, (H, W, 1 to 4) of each."""
    for begin in range(0, len(answers[0]), _GROUP):
        yield tuple(np.asarray(cv2.merge(list(a[begin : begin + _GROUP]))) for a in answers)


def _moved(samples: Map, places: Map) -> Map:
    """What of samples (H, W) or (H, W, C) lies at places (h, w, 2): (h, w) or (h, w, C) float32."""
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(samples, places, _NONE, cv2.INTER_LINEAR, borderMode=border))


def _unlike(luma: Map, other: Map) -> Map:
    """Mean absolute difference of two lumas in [0, 1] around each sample, (H, W) float32."""
    return np.asarray(cv2.blur(cv2.absdiff(luma, other), (WINDOW, WINDOW)))


def _places(shift: Map, size: tuple[int, ...]) -> Map:
    """Where samples of a picture (width, height) lie that are off by a shift (h, w, 2) of its own.

    Returns:
        (height, width, 2) float32, x and y in samples of that picture.
    """
    height, width = shift.shape[:2]
    if size != (width, height):
        factors = np.array([size[0] / width, size[1] / height], np.float32)
        shift = np.asarray(cv2.resize(shift * factors, size))
    return np.asarray(cv2.add(shift, _grid(size[1], size[0])))


@cache
def _grid(height: int, width: int) -> Map:
    """(H, W, 2): each sample's own x and y."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
