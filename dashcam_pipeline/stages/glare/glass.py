"""How dirty the glass is, as a recording shows it.

A windscreen scatters the same way for a whole recording. Its haze shows best in the darkest tenth
of a picture, where next to nothing else is: on dirty glass most of that little light is haze, and
it lifts the blacks by many codes; behind clean glass, by day, or on a phone held by hand it hardly
does. Lit streets have a haze of their own, and a network takes lit walls for some, so that what
lies between counts in between: half of what would be taken is nearer to the truth there than none
or all of it. All is taken from the network's own veil, frame by frame, and an upper quantile over
the frames decides: single pictures err, a recording hardly does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import cv2
import numpy as np

from dashcam_pipeline.inference.manifest import GlassScale
from dashcam_pipeline.stages.glare.layer import GlareLayer
from dashcam_pipeline.translation import _, _p

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Light = npt.NDArray[np.floating[Any]]

GlassMode = Literal["auto", "clean", "normal", "dirty"]
"""What a person may say of the glass; ``auto`` lets the recording say it."""

DIRT: dict[GlassMode, float] = {"clean": 0.0, "normal": 0.5, "dirty": 1.0}
"""How dirty glass is of which a person says so."""

DARKEST = 0.1
"""Share of a picture, by luma, in which haze is measured."""

SCALE = GlassScale()
"""Of weights that say none."""

LAMPS = (0.0002, 0.001)
"""Share of a picture above ``WHITE`` between which there is no lamp to scatter light, and is one: a
murky day or an underexposed one has none."""

UPPER = 1 / 3
"""Share of a picture's rows, from the top, that a sky fills."""

BRIGHT = (0.48, 0.56)
"""Mean code value between which a night, however cameras lift it, turns into a day. It counts less
by ``DARK_SKY`` times what the upper part is darker than the whole: by night a sky is."""

DARK_SKY = 3.0

WHITE_SKY = (0.08, 0.12)
"""Share of the upper part above ``WHITE`` between which the same becomes of what is seen between
trees."""

WHITE = 0.9
"""Code value from which a pixel belongs to a lamp or a sky."""

DARK_PLACES = 0.05
"""Quantile of a picture's code values that tells how dark its darkest places are."""

NOWHERE_DARK = (0.16, 0.21)
"""The code value there between which nothing is dark: 40 to 54 of 255. Nights behind clean glass
have 11 to 33, a lit tunnel has 57."""

LIT = (0.14, 0.185)
"""The same between which a picture is lit so far that little haze in its light is much haze."""

LIT_DIRT = 0.7
"""How dirty glass is at the most that only such pictures tell of: lit squares have as much."""

SHOWN = 0.75
"""Quantile over the frames that decides: where no lamp shines, dirty glass looks clean."""

TELLING = (0.01, 0.05)
"""Share of a picture above ``WHITE`` from which a frame counts fully, and what a frame without any
counts: what glass scatters is seen as far as there is light to scatter."""

MEMORY = 240
"""Frames that count; about half a minute, as the network sees every second or third one."""

STEADY = 0.02
"""Most that the dirt moves from one frame that the network sees to the next: glass gets dirty in
minutes, and what is taken of a picture must not pump."""

FILM = 0.05
"""Quantile of the light that is left by which an even film of dirt is judged: a scene is black in a
twentieth of its pixels, or nearly so."""

FILM_FRAMES = 0.25
"""Quantile over the frames: the film is there in all of them, what is lit behind it is not."""

FILM_TAKEN = 0.8
"""Share of the film that is taken: black stays a little above black."""

BINS = 36
"""Directions of streaks that are told apart: steps of 5 degrees."""

CLEAR_DIRECTION = 1.6
"""How far the strongest direction must stand out of the mean of all to be named."""


@dataclass(frozen=True, slots=True)
class Glass:
    """What is known of the glass.

    Args:
        dirt: 0 for clean to 1 for dirty: how strongly haze and streaks are to be taken.
        haze: share of haze in the light of the darkest places, 0 to 1.
        lift: of the blacks by haze, in 8-bit codes.
        film: light that lies evenly over the picture when all else is taken, R G B, as shares of
            the picture's mean light.
        direction: of its streaks in degrees from the horizontal, counterclockwise, 0 to 180; None
            where no direction stands out.
        frames: that it was measured on.
    """

    dirt: float
    haze: float = 0.0
    lift: float = 0.0
    film: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: float | None = None
    frames: int = 0

    @property
    def words(self) -> str:
        """For people: ``dirty, streaks at 57 degrees``."""
        names = (
            (0.2, _p("glass", "clean")),
            (0.7, _p("glass", "slightly dirty")),
            (2.0, _p("glass", "dirty")),
        )
        word = next(name for limit, name in names if self.dirt < limit)
        if self.direction is None or self.dirt < names[0][0]:
            return word
        return _("{dirt}, streaks at {angle:.0f} degrees", dirt=word, angle=self.direction)

    def film_light(self, picture: Light, strength: float) -> Light:
        """The even light to take from a picture (3, h, w): (3, 1, 1) linear light."""
        light = float(np.square(picture).mean())
        taken = min(strength, 1.0) * self.dirt * FILM_TAKEN * light
        return np.array(self.film, np.float32)[:, None, None] * np.float32(taken)

    def facts(self) -> dict[str, float | int | str | None]:
        """For reports."""
        return {
            "words": self.words,
            "dirt": round(self.dirt, 3),
            "haze": round(self.haze, 3),
            "lift": round(self.lift, 1),
            "direction": None if self.direction is None else round(self.direction),
            "frames": self.frames,
        }


class Reading(NamedTuple):
    """What one picture says of the glass.

    Args:
        haze: share of haze in the light of its darkest places, 0 to 1.
        lift: of the blacks by haze, in 8-bit codes.
        white: share of the picture that is white, 0 to 1.
        day: how much it looks like a day, 0 to 1.
        dark: code value of its darkest places, 0 to 1.
    """

    haze: float
    lift: float
    white: float
    day: float
    dark: float


def measure_haze(picture: Light, veil: Light) -> Reading:
    """Haze in the darkest places of a picture, and what light there is to make it.

    Args:
        picture: (3, h, w) code values in [0, 1].
        veil: (3, h, w), the network's, linear light.
    """
    sparse, veil = picture[:, ::2, ::2], veil[:, ::2, ::2]
    luma = sparse.sum(axis=0)
    dark = luma <= np.quantile(luma, DARKEST)
    light, haze = float(np.square(sparse[:, dark]).mean()), float(veil[:, dark].mean())
    white = float((luma > 3 * WHITE).mean())
    share = haze / (light + 1e-6)
    return Reading(share, 255 * haze**0.5, white, by_day(picture), _dark_code(picture))


def by_day(picture: Light) -> float:
    """How much a picture (3, h, w) of code values looks like one taken by day, 0 to 1."""
    luma = picture[:, ::2, ::2].mean(axis=0)
    upper = luma[: max(1, round(len(luma) * UPPER))]
    mean = float(luma.mean())
    darker = max(0.0, 1 - float(upper.mean()) / (mean + 1e-6))
    bright = _ramp(mean - DARK_SKY * darker, BRIGHT)
    return max(bright, _ramp(float((upper > WHITE).mean()), WHITE_SKY))


def evenly_lit(picture: Light) -> float:
    """How much a picture (3, h, w) of code values is lit everywhere, as in a tunnel, 0 to 1.

    Behind clean glass no place of it is dark, and what a network takes for the bloom of its lamps
    is the light of its walls.
    """
    return _ramp(_dark_code(picture), NOWHERE_DARK)


def _dark_code(picture: Light) -> float:
    """The code value of the darkest places of a picture (3, h, w)."""
    return float(np.quantile(picture[:, ::2, ::2].mean(axis=0), DARK_PLACES))


def dirt_of(reading: Reading, scale: GlassScale = SCALE) -> float:
    """How dirty glass is, 0 for clean to 1 for dirty.

    Args:
        reading: of a picture, or what many say together: ``white`` as where most of it is, ``day``
            and ``dark`` as a rule.
        scale: of the network whose veil was measured.
    """
    haze, lift, white, day, dark = reading
    told = _ramp(haze, scale.haze) * _ramp(lift, scale.lift)
    lit = LIT_DIRT * _ramp(dark, LIT) * _ramp(lift, scale.lit_lift)
    told = max(told, _ramp(haze, scale.lit_haze) * max(lit, _ramp(lift, scale.sure_lift)))
    return _ramp(white, LAMPS) * (1 - day) * told


def measure_directions(structured: Light, lamps: Light) -> Light:
    """How much structured glare runs in each direction.

    The structure tensor's weaker axis is the direction along which a layer changes least (Bigün and
    Granlund 1987); each place counts by how much it changes across.

    Args:
        structured: (h, w) linear light.
        lamps: (h, w), the network's lamp mask: sources themselves don't count.

    Returns:
        (BINS,) from 0 to 180 degrees, counterclockwise from the horizontal.
    """
    size = (structured.shape[1] // 2, structured.shape[0] // 2)
    code = np.sqrt(cv2.resize(structured, size, interpolation=cv2.INTER_AREA))
    lamps = np.asarray(cv2.resize(lamps, size, interpolation=cv2.INTER_AREA))
    dx, dy = cv2.Sobel(code, cv2.CV_32F, 1, 0), cv2.Sobel(code, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(a, (0, 0), 1.5) for a in (dx * dx, dy * dy, dx * dy))
    apart = np.hypot(xx - yy, 2 * xy)
    sure = apart / (xx + yy + 1e-6)
    across = 0.5 * np.arctan2(2 * xy, xx - yy)
    along = np.mod(90 - np.degrees(across), 180)  # image rows run downwards
    weight = apart * (sure > 0.8) * (1 - lamps)  # noqa: PLR2004 - lines, not corners or noise
    bins = np.minimum((along / 180 * BINS).astype(int), BINS - 1)
    return np.bincount(bins.ravel(), weight.ravel(), minlength=BINS).astype(np.float32)


class GlassMeter:
    """Learns how dirty the glass of a recording is, and goes on learning.

    Args:
        mode: what a person says of it.
        scale: of the network that it is told by.
    """

    def __init__(self, mode: GlassMode, scale: GlassScale | None = None) -> None:
        self.mode = mode
        self._scale = scale or SCALE
        self._surveyed: list[Reading] = []
        self._dirt: float | None = None
        self._seen: deque[Reading] = deque(maxlen=MEMORY)
        self._films: deque[tuple[float, ...]] = deque(maxlen=MEMORY)
        self._directions = np.zeros(BINS, np.float32)

    def survey(self, picture: Light, maps: Light) -> None:
        """Learn from one of some frames all over a recording; arguments as ``look``'s.

        They stay, and count as much as all that is seen on the way: it is one glass.
        """
        self._surveyed.append(measure_haze(picture, np.square(maps[3:6])))
        self._learn_directions(maps)
        self._dirt = None

    def look(self, picture: Light, maps: Light) -> None:
        """Learn from the next frame.

        Args:
            picture: (3, h, w) code values in [0, 1].
            maps: (7, h, w), the network's answer.
        """
        last = self._known_dirt()
        self._seen.append(measure_haze(picture, np.square(maps[3:6])))
        self._learn_directions(maps)
        self._dirt = None
        now = self._known_dirt() or 0.0
        self._dirt = now if last is None else last + float(np.clip(now - last, -STEADY, STEADY))

    def _learn_directions(self, maps: Light) -> None:
        self._directions += measure_directions(np.square(maps[0:3]).sum(axis=0), maps[6])

    def look_at_rest(self, picture: Light, layer: GlareLayer) -> None:
        """Learn from what is left of a frame.

        Args:
            picture: (3, h, w) code values in [0, 1].
            layer: all that is taken from it, but for the film.
        """
        light = np.square(picture[:, ::2, ::2])
        part = GlareLayer(layer.share[::2, ::2], layer.floor[:, ::2, ::2])
        left = light - part.of(light)
        film = np.quantile(left, FILM, axis=(1, 2)) / (float(light.mean()) + 1e-6)
        self._films.append(tuple(film.tolist()))

    @property
    def glass(self) -> Glass:
        """What is known by now; clean where nothing was seen yet."""
        found = self._found()
        if found is None:
            return Glass(DIRT.get(self.mode, 0.0))
        haze, lift, _ = found
        dirt = DIRT.get(self.mode, self._known_dirt() or 0.0)
        frames = len(self._surveyed) + len(self._seen)
        return Glass(dirt, haze, lift, self._film(), self._direction(), frames)

    def _known_dirt(self) -> float | None:
        """As it is used: steady from frame to frame; None if nothing was seen yet."""
        if self._dirt is not None:
            return self._dirt
        found = self._found()
        return None if found is None else found[2]

    def _found(self) -> tuple[float, float, float] | None:
        """Haze, lift and dirt by all that was measured; None if nothing was."""
        surveyed, seen = self._surveyed, list(self._seen)
        if surveyed and len(seen) > len(surveyed):
            surveyed = surveyed * round(len(seen) / len(surveyed))
        if not surveyed + seen:
            return None
        hazes, lifts, whites, _, darks = np.array(surveyed + seen).T
        telling = TELLING[1] + np.minimum(whites / TELLING[0], 1)
        haze, lift = (_quantile(values, telling, SHOWN) for values in (hazes, lifts))
        white = float(np.quantile(whites, SHOWN))
        day = float(np.median([reading.day for reading in seen or surveyed]))
        dark = float(np.median(darks))
        return haze, lift, dirt_of(Reading(haze, lift, white, day, dark), self._scale)

    def _film(self) -> tuple[float, float, float]:
        if not self._films:
            return 0.0, 0.0, 0.0
        red, green, blue = np.quantile(np.array(self._films), FILM_FRAMES, axis=0).tolist()
        return red, green, blue

    def _direction(self) -> float | None:
        smooth = np.sum([np.roll(self._directions, k) for k in (-1, 0, 1)], axis=0)
        best = int(np.argmax(smooth))
        if not smooth[best] > CLEAR_DIRECTION * smooth.mean():
            return None
        three = self._directions[[best - 1, best, (best + 1) % BINS]]
        offset = float(three[2] - three[0]) / float(three.sum())
        return (best + 0.5 + offset) * 180 / BINS % 180

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All that was learned, as arrays."""
        return {
            "surveyed": np.array(self._surveyed).reshape(-1, 5),
            "seen": np.array(self._seen).reshape(-1, 5),
            "dirt": np.array(np.nan if self._dirt is None else self._dirt),
            "films": np.array(self._films).reshape(-1, 3),
            "directions": self._directions.copy(),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over what ``state`` gave."""
        self._surveyed = _readings(state["surveyed"])
        self._seen.clear()
        self._seen.extend(_readings(state["seen"]))
        dirt = float(state["dirt"])
        self._dirt = None if np.isnan(dirt) else dirt
        self._films.clear()
        self._films.extend(tuple(film.tolist()) for film in state["films"])
        self._directions = state["directions"].astype(np.float32)


def _readings(rows: npt.NDArray[Any]) -> list[Reading]:
    return [Reading(*map(float, row)) for row in rows]


def _quantile(values: Light, weights: Light, share: float) -> float:
    """Where so much of the weight lies below; between two values in proportion."""
    order = np.argsort(values)
    middles = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(share * weights.sum(), middles, values[order]))


def _ramp(value: float, between: tuple[float, float]) -> float:
    low, high = between
    return float(np.clip((value - low) / (high - low), 0, 1))
