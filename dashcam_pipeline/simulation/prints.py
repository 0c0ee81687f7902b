"""Everything printed: plates, road signs and shop boards, drawn into one texture.

All names and numbers are invented. The texture is linear enough for paint: values are reflectances.
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from dashcam_pipeline.simulation.mesh import UNIT_UV, Array

Rgb: TypeAlias = tuple[int, int, int]
Picture: TypeAlias = npt.NDArray[np.uint8]

SIZE = 1024
FONT = cv2.FONT_HERSHEY_DUPLEX
PLACES = ("CENTRE", "HARBOUR", "NORTHGATE", "AIRPORT", "LAKESIDE", "STATION", "MILLTOWN", "EASTON")
SHOPS = ("CAFE LUNA", "PHARMACY", "BAKERY", "HOTEL", "NOODLES", "BOOKS", "BAR 21", "FLORIST",
         "LAUNDRY", "PIZZA ROMA", "BARBER", "MARKET", "CINEMA", "TAILOR", "RAMEN")  # fmt: skip
INKS: tuple[Rgb, ...] = (
    (235, 235, 230),
    (250, 210, 60),
    (240, 70, 50),
    (80, 190, 240),
    (90, 220, 120),
)


class Prints:
    """One texture that fills up with pictures, row by row (top to bottom)."""

    def __init__(self) -> None:
        self.pixels: Picture = np.full((SIZE, SIZE, 3), 128, np.uint8)
        self._x = self._y = self._row = 0

    def add(self, picture: Picture) -> Array:
        """Put a picture in; its corners' coordinates (4, 2), counter-clockwise from lower left.

        Raises:
            ValueError: the texture is full.
        """
        h, w = picture.shape[:2]
        if self._x + w > SIZE:
            self._x, self._y, self._row = 0, self._y + self._row, 0
        if self._y + h > SIZE or w > SIZE:
            raise ValueError(f"the texture of prints is full: {picture.shape = }, {self._y = }")
        self.pixels[self._y : self._y + h, self._x : self._x + w] = picture
        low = np.array([self._x + 0.5, SIZE - self._y - h + 0.5])
        self._x, self._row = self._x + w, max(self._row, h)
        return np.asarray((low + UNIT_UV * (w - 1, h - 1)) / SIZE)


def board(
    text: str, size: tuple[int, int], paper: Rgb, ink: Rgb, *, border: Rgb | None = None
) -> Picture:
    """Lines of text, as large as they fit, on a rectangle of ``size`` (width, height)."""
    width, height = size
    picture = np.full((height, width, 3), paper, np.uint8)
    lines = text.split("\n")
    room = height / len(lines)
    for i, line in enumerate(lines):
        scale = 0.60 * room / cv2.getTextSize("H", FONT, 1.0, 1)[0][1]
        wide = cv2.getTextSize(line, FONT, scale, 1)[0][0]
        scale *= min(1.0, 0.86 * width / max(wide, 1))
        thick = max(1, round(scale * 1.8))
        (w, h), _ = cv2.getTextSize(line, FONT, scale, thick)
        origin = (int((width - w) / 2), int(room * (i + 0.5) + h / 2))
        cv2.putText(picture, line, origin, FONT, scale, ink, thick, cv2.LINE_AA)
    if border is not None:
        cv2.rectangle(picture, (1, 1), (width - 2, height - 2), border, max(1, height // 40))
    return picture


def plate(rng: np.random.Generator) -> Picture:
    """An invented number plate."""
    letters = "".join(rng.choice(list("ABCDEFHKLMNPRSTUVWXYZ"), 3))
    text = f"{letters[:2]} {letters[2]}{rng.integers(100, 9999)}"
    paper = (225, 225, 222) if rng.random() < 0.8 else (235, 200, 60)  # most are white
    return board(text, (104, 24), paper, (15, 15, 18), border=(30, 30, 34))


def speed_limit(limit: int) -> Picture:
    """White disc, red ring, black number."""
    picture = np.full((64, 64, 3), 200, np.uint8)
    cv2.circle(picture, (32, 32), 32, (205, 22, 28), -1, cv2.LINE_AA)
    cv2.circle(picture, (32, 32), 24, (235, 235, 235), -1, cv2.LINE_AA)
    text = board(str(limit), (40, 34), (235, 235, 235), (10, 10, 10))
    picture[15:49, 12:52] = text
    return picture


def parking() -> Picture:
    """White P on blue."""
    return board("P", (48, 48), (20, 70, 170), (240, 240, 240), border=(235, 235, 235))


def warning() -> Picture:
    """A red-rimmed triangle with an exclamation mark (drawn on grey; the face is a triangle)."""
    picture = np.full((64, 64, 3), (205, 22, 28), np.uint8)
    inner = np.array([[32, 14], [54, 54], [10, 54]], np.int32)
    cv2.fillPoly(picture, [inner], (235, 235, 232), cv2.LINE_AA)
    cv2.rectangle(picture, (30, 26), (34, 42), (10, 10, 10), -1)
    cv2.circle(picture, (32, 48), 3, (10, 10, 10), -1, cv2.LINE_AA)
    return picture


def direction(rng: np.random.Generator, *, motorway: bool) -> Picture:
    """A board with one to three places and distances."""
    names = rng.choice(PLACES, int(rng.integers(1, 4)), replace=False)
    lines = "\n".join(f"{n} {rng.integers(1, 60)}" for n in names)
    papers: tuple[Rgb, ...] = (
        ((14, 66, 160), (10, 96, 60)) if motorway else ((14, 66, 160), (232, 232, 228))
    )
    paper = papers[int(rng.integers(2))]
    ink: Rgb = (20, 20, 20) if min(paper) > 200 else (240, 240, 240)  # dark on white
    return board(lines, (200, 100), paper, ink, border=ink)


def shop(rng: np.random.Generator) -> Picture:
    """A shop's name in a bright ink on a dark board, or the other way round."""
    ink = INKS[int(rng.integers(len(INKS)))]
    dark: Rgb = (22, 20, 26)
    paper, ink = (dark, ink) if rng.random() < 0.65 else (ink, dark)  # most are dark
    return board(str(rng.choice(SHOPS)), (160, 36), paper, ink)
