"""A dark, unlit road in the light of one's own headlights: lane marks, verges, posts, signs.

Nearly all light of such a picture lies along lines on the road, and none of it is glare. The road
is a plane seen in perspective: a pixel below the horizon is a place z metres ahead and x metres
aside, and every line runs to the vanishing point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dashcam_pipeline.training.synthesis.kind import glare_kind
from dashcam_pipeline.training.synthesis.lamps import Lamp, lamp_color
from dashcam_pipeline.training.synthesis.polar import log_uniform

if TYPE_CHECKING:
    import numpy.typing as npt

    Generator = np.random.Generator
    Plane = npt.NDArray[np.float32]

SHIFT = 4
"""Fractional bits of the coordinates that OpenCV draws between."""

FAR = 400.0
"""Metres; beyond, the road is too dark to be seen."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera over a flat road, all lengths in metres.

    Args:
        height, width: of the frame, pixels.
        focal: focal length, pixels.
        x, y: vanishing point, pixels.
        camera: height of the camera over the road.
        bend: sideways course of the road, per metre: x = bend z^2.
    """

    height: int
    width: int
    focal: float
    x: float
    y: float
    camera: float
    bend: float

    @classmethod
    def draw(cls, rng: Generator, height: int, width: int) -> View:
        """A dashcam's view."""
        focal = height * rng.uniform(0.8, 1.7)
        x, y = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.4, 0.6)
        bend = rng.normal(0, 0.0004)
        return cls(height, width, focal, x, y, rng.uniform(1.1, 1.7), bend)

    def place(self, x: float, up: float, z: float) -> tuple[float, float]:
        """Pixel of a point x aside, up over the road and z ahead."""
        return (
            self.x + self.focal * (x + self.bend * z * z) / z,
            self.y + self.focal * (self.camera - up) / z,
        )

    def ground(self) -> tuple[Plane, Plane]:
        """Metres aside of the road's course, and ahead, (H, W) each; FAR above the horizon."""
        rows = np.arange(self.height, dtype=np.float32)[:, None] + 0.5 - self.y
        ahead = self.focal * self.camera / np.maximum(rows, self.focal * self.camera / FAR)
        columns = np.arange(self.width, dtype=np.float32)[None] + 0.5 - self.x
        aside = columns * ahead / self.focal - self.bend * ahead * ahead
        return aside.astype(np.float32), np.broadcast_to(ahead, aside.shape).astype(np.float32)


@glare_kind(
    "motorway", "a dark road in one's own headlights: its marks are lines, and stay", part="scene"
)
def motorway(rng: Generator, height: int, width: int) -> tuple[npt.NDArray[np.float32], list[Lamp]]:
    """A scene with few lamps.

    Returns:
        (H, W, 3) float32 linear light, and the lamps that are to be painted: of oncoming cars and
        those ahead.
    """
    view = View.draw(rng, height, width)
    aside, ahead = view.ground()
    beam = _beam(rng, aside, ahead)
    lane = rng.uniform(3.2, 3.9)
    left = -rng.uniform(0.35, 0.65) * lane
    right = left + lane
    edges = (left - lane * int(rng.integers(0, 3)), right + lane * int(rng.integers(0, 2)))
    light = _surface(rng, aside, ahead, edges) * beam[..., None]
    paint = _paint(rng, view, (aside, ahead), [left, right], edges)
    # Glass beads in the paint send the light back where it came from: it falls more slowly.
    back = np.power(np.maximum(ahead, 3) / 10, rng.uniform(0, 0.8)) * beam
    tint = np.exp(rng.normal(0, 0.1, 3)).astype(np.float32)
    light += (paint * back * np.float32(rng.uniform(0.25, 0.9)))[..., None] * (tint - light)
    below = (np.arange(height) + 0.5 > view.y)[:, None, None]
    light = np.where(below, np.maximum(light, 0), 0).astype(np.float32)
    light += _sky(rng, view)
    for side, edge in ((-1, edges[0]), (1, edges[1])):
        if rng.random() < 0.75:  # noqa: PLR2004 - most roads have posts
            _posts(rng, view, light, edge + side * rng.uniform(0.4, 2))
        if rng.random() < 0.35:  # noqa: PLR2004 - and some a barrier
            _barrier(rng, view, light, edge + side * rng.uniform(0.5, 2))
    for _ in range(int(rng.integers(0, 3))):
        _sign(rng, view, light, edges)
    warm = np.array([1, rng.uniform(0.7, 1.0), rng.uniform(0.4, 1.05)], np.float32)
    light *= warm * np.float32(log_uniform(rng, 0.03, 1.0))
    return light, _traffic(rng, view, lane, edges)


def _beam(rng: Generator, aside: Plane, ahead: Plane) -> Plane:
    """Light of the headlights on the road, (H, W), 1 ten metres ahead."""
    fall = np.power((ahead + 4) / 14, -rng.uniform(1.2, 2.6))
    fall *= np.exp(-np.square(ahead / rng.uniform(30, 250)))
    fall *= 1 - rng.uniform(0, 1) * np.exp(
        -np.square(ahead / rng.uniform(4, 12))
    )  # the bonnet's edge
    wide = rng.uniform(0.8, 4) + ahead * log_uniform(rng, 0.03, 0.3)
    return np.asarray(fall * np.exp(-(np.abs(aside / wide) ** rng.uniform(1.0, 3))), np.float32)


def _grain(rng: Generator, aside: Plane, ahead: Plane) -> Plane:
    """Unevenness of a surface in its own plane, (H, W), of mean 0 and deviation about 1."""
    noise = rng.standard_normal((256, 256)).astype(np.float32)
    noise = noise + 2 * cv2.GaussianBlur(noise, (0, 0), 3)
    cell = rng.uniform(0.08, 0.4)
    u, v = np.mod(aside / cell, 256), np.mod(ahead / (4 * cell), 256)
    seen = cv2.remap(noise, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(
        seen / np.sqrt(1 + np.square(ahead / 15)), np.float32
    )  # far grain is averaged


def _surface(rng: Generator, aside: Plane, ahead: Plane, edges: tuple[float, float]) -> Plane:
    """What asphalt and verge reflect, (H, W, 3)."""
    grain = _grain(rng, aside, ahead)
    road = log_uniform(rng, 0.03, 0.2) * (1 + rng.uniform(0.05, 0.3) * grain)
    verge = log_uniform(rng, 0.03, 0.3) * np.maximum(1 + rng.uniform(0.2, 0.8) * grain, 0.05)
    grass = np.array([0.8, 1.0, 0.55], np.float32) * np.exp(rng.normal(0, 0.15, 3))
    outside = (aside < edges[0] - 1) | (aside > edges[1] + 1)
    tint = np.exp(rng.normal(0, 0.06, 3))
    color = np.where(outside[..., None], verge[..., None] * grass, road[..., None] * tint)
    return np.maximum(color, 0).astype(np.float32)


def _paint(
    rng: Generator,
    view: View,
    ground: tuple[Plane, Plane],
    lanes: list[float],
    edges: tuple[float, float],
) -> Plane:
    """Cover by lane marks, (H, W) in [0, 1]: dashed between lanes, solid at the edges."""
    aside, ahead = ground
    cover = np.zeros_like(aside)
    wide = rng.uniform(0.1, 0.3)
    dash, gap = rng.uniform(1.5, 7), rng.uniform(2, 12)
    start = rng.uniform(0, dash + gap)
    pixel = ahead / view.focal  # of a pixel across the road
    deep = ahead * ahead / (view.focal * view.camera)  # and along it
    shown = np.clip(
        (dash / 2 - np.abs(np.mod(ahead + start, dash + gap) - dash / 2)) / deep + 0.5, 0, 1
    )
    shown = np.where(deep > dash + gap, dash / (dash + gap), shown)
    for at in {*lanes, *edges}:
        solid = at in edges or rng.random() < 0.15  # noqa: PLR2004 - no overtaking here
        near = np.clip((wide / 2 - np.abs(aside - at)) / pixel + 0.5, 0, 1)
        near = near * np.minimum(wide / pixel, 1)
        worn = rng.uniform(0.5, 1)
        cover = np.maximum(cover, near * worn * (1 if solid else shown))
    return np.asarray(cover, np.float32)


def _sky(rng: Generator, view: View) -> Plane:
    """Next to nothing, and now and then the glow of a town, (H, W, 3)."""
    rows = np.arange(view.height, dtype=np.float32) + 0.5 - view.y
    level = log_uniform(rng, 0.0002, 0.01)
    glow = level * (
        1 + rng.uniform(0, 6) * np.exp(-np.abs(rows) / (rng.uniform(0.05, 0.4) * view.height))
    )
    color = np.array([1.0, 0.95, 1.0]) * np.exp(rng.normal(0, 0.2, 3))
    above = (rows < 0).astype(np.float32)
    return (glow * (0.3 + 0.7 * above))[:, None, None].astype(np.float32) * color.astype(np.float32)


def _spot(light: Plane, x: float, y: float, radius: float, color: npt.NDArray[np.float32]) -> None:
    """Add a small round light, by the share of each pixel that it covers."""
    reach = math.ceil(radius) + 2
    x0, y0 = max(int(x) - reach, 0), max(int(y) - reach, 0)
    part = light[y0 : int(y) + reach + 1, x0 : int(x) + reach + 1]
    if not part.size or x < -reach or y < -reach:
        return
    v, u = np.mgrid[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]].astype(np.float32)
    wide = max(radius, 0.6)
    cover = np.exp(-((u + 0.5 - x) ** 2 + (v + 0.5 - y) ** 2) / wide**2) * min(
        (radius / wide) ** 2, 1
    )
    part += cover[..., None] * color


def _quad(light: Plane, corners: list[tuple[float, float]], color: npt.NDArray[np.float32]) -> None:
    """Lay a flat surface over the scene."""
    points = np.array(corners)
    height, width = light.shape[:2]
    if np.abs(points).max() > 4 * max(height, width):
        return  # so near that it lies beside the frame
    x0, y0 = np.clip(np.floor(points.min(axis=0)).astype(int) - 1, 0, (width, height))
    x1, y1 = np.clip(np.ceil(points.max(axis=0)).astype(int) + 2, 0, (width, height))
    if x0 >= x1 or y0 >= y1:
        return
    cover = np.zeros((y1 - y0, x1 - x0), np.uint8)
    fixed = np.round((points - (x0, y0)) * (1 << SHIFT)).astype(np.int32)
    cv2.fillPoly(cover, [fixed], 255, cv2.LINE_AA, SHIFT)
    share = (cover.astype(np.float32) / 255)[..., None]
    part = light[y0:y1, x0:x1]
    part += share * (color - part)


def _posts(rng: Generator, view: View, light: Plane, at: float) -> None:
    """Posts at even distances, each with a reflector."""
    step, tall = rng.uniform(12, 60), rng.uniform(0.7, 1.3)
    reflector = np.array(
        ((1, 1, 1), (1, 0.5, 0.05), (1, 0.1, 0.05))[int(rng.integers(3))], np.float32
    )
    shine, body = log_uniform(rng, 0.05, 3), rng.uniform(0.2, 0.9)
    z = rng.uniform(5, 5 + step)
    while z < 250:  # noqa: PLR2004 - metres
        beam = (z / 10 + 0.4) ** -1.4
        (x, foot), (_, top) = view.place(at, 0, z), view.place(at, tall, z)
        half = max(0.06 * view.focal / z, 0.4)
        faint = np.float32(body * beam * min(0.12 * view.focal / z, 1))
        corners = [(x - half, foot), (x - half, top), (x + half, top), (x + half, foot)]
        _quad(light, corners, np.full(3, faint, np.float32))
        _spot(light, x, view.place(at, 0.8 * tall, z)[1], 0.05 * view.focal / z, reflector * shine)
        z += step


def _barrier(rng: Generator, view: View, light: Plane, at: float) -> None:
    """A steel rail beside the road, in pieces that get darker with the distance."""
    low, high = rng.uniform(0.3, 0.5), rng.uniform(0.6, 0.9)
    shade = rng.uniform(0.05, 0.5)
    cuts = np.geomspace(4, 200, 14)
    for near, far in pairwise(cuts):
        corners = [
            view.place(at, up, z) for up, z in ((low, near), (high, near), (high, far), (low, far))
        ]
        _quad(light, corners, np.full(3, shade * (near / 10 + 0.4) ** -1.6, np.float32))


def _sign(rng: Generator, view: View, light: Plane, edges: tuple[float, float]) -> None:
    """A reflecting board beside the road or over it, with lines of writing."""
    z = log_uniform(rng, 15, 150)
    over = rng.random() < 0.4  # noqa: PLR2004 - gantries
    wide, tall = rng.uniform(0.8, 5), rng.uniform(0.6, 2.5)
    x = rng.uniform(*edges) if over else edges[1] + rng.uniform(1, 4)
    up = rng.uniform(5, 6) if over else rng.uniform(1.5, 3)
    boards = ((0.05, 0.15, 0.6), (0.03, 0.4, 0.15), (0.9, 0.9, 0.9), (0.9, 0.7, 0.1))
    board = np.array(boards[int(rng.integers(4))], np.float32)
    bright = np.float32(log_uniform(rng, 0.05, 1.5))
    (x0, y0), (x1, y1) = view.place(x, up + tall, z), view.place(x + wide, up, z)
    _quad(light, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], board * bright)
    ink = np.full(3, 1.0 if board.max() < 0.7 else 0.02, np.float32) * bright  # noqa: PLR2004 - on a light board it is dark
    for line in np.arange(0.2, 0.8, rng.uniform(0.2, 0.4)):
        a, b = np.sort(rng.uniform(0.1, 0.9, 2))
        top, bottom = y0 + (y1 - y0) * line, y0 + (y1 - y0) * (line + 0.08)
        left, right = x0 + (x1 - x0) * a, x0 + (x1 - x0) * b
        _quad(light, [(left, top), (right, top), (right, bottom), (left, bottom)], ink)


def _traffic(rng: Generator, view: View, lane: float, edges: tuple[float, float]) -> list[Lamp]:
    """Head lamps that come along the other side, tail lamps ahead."""
    lamps: list[Lamp] = []
    power = log_uniform(rng, 20, 400)
    for _ in range(int(rng.poisson(1.2))):
        color = lamp_color(rng, ("neutral", "led", "warm", "led"))
        x, z = edges[0] - rng.uniform(0.5, 3) * lane, log_uniform(rng, 15, 600)
        for side in (-0.7, 0.7):
            px, py = view.place(x + side, rng.uniform(0.6, 0.9), z)
            lamps.append(Lamp(px, py, 0.09 * view.focal / z, 0.9, 0.0, color, power))
    for _ in range(int(rng.poisson(0.8))):
        color = lamp_color(rng, ("red",))
        x, z = rng.uniform(edges[0], edges[1]), log_uniform(rng, 12, 300)
        radiance = log_uniform(rng, 0.5, 8)
        for side in (-0.7, 0.7):
            px, py = view.place(x + side, 0.9, z)
            lamps.append(Lamp(px, py, 0.09 * view.focal / z, 0.7, 0.0, color, radiance))
    return lamps
