"""The pack: many rendered scenes in a few small files, for training.

A pack is a folder::

    scenes.json   kind, seed, exposure and camera of each scene, in the order of the frames
    night.mkv     scene i is frame i: log-coded HDR, HEVC 4:4:4 12 bits, intra frames only
    day.mkv       the same view by day
    mask.mkv      coverage by lamps (red), signals (green), lit windows and boards (blue), FFV1

A folder of raw scenes (``*.npz``, as ``render_pack`` leaves them while it works) is read as well.
Reading needs no renderer::

    for scene in load_pack(Path("samples/pack")):
        scene.night, scene.mask, scene.day
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import numpy.typing as npt

from dashcam_pipeline.errors import InputError, InputMissingError
from dashcam_pipeline.frames import KR_KB
from dashcam_pipeline.media.atomic import atomic, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Image = npt.NDArray[np.float32]

INDEX = "scenes.json"
"""The list of a finished pack's scenes."""
TOE = 2.0**-10
"""Radiance below which the code is about linear; 1 is the camera's white."""
TOP = 2.0**16
"""Largest radiance that has a code."""
ONCE = Fraction(1)
"""A pack's films show a scene a second."""
HDR_FORMAT = "yuv444p12le"
CODES = 4095
"""Codes of 12 bits: about 157 a stop."""


@dataclass(frozen=True, slots=True)
class PackScene:
    """One scene of a pack.

    Args:
        night: (H, W, 3) float32, linear BT.709 RGB; 1 is the white of a camera that exposes well,
            lamps reach thousands. No glare, no noise.
        mask: (H, W, 3) float32, 0 to 1: coverage by lamps, signals, lit windows and boards.
        day: (H, W, 3) float32, linear, the same view by day; 1 is white.
        info: kind, seed and more, as in ``scenes.json``.
    """

    night: Image
    mask: Image
    day: Image
    info: dict[str, Any]


def to_code(radiance: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Radiance (at least 0) to a code from 0 to 1: log2(1 + x / TOE), scaled to 1 at TOP."""
    x = np.clip(np.asarray(radiance, np.float64), 0.0, TOP)
    return np.asarray(np.log2(1.0 + x / TOE) / np.log2(1.0 + TOP / TOE))


def from_code(code: npt.ArrayLike) -> Image:
    """The radiance of a code; the inverse of ``to_code``."""
    c = np.clip(np.asarray(code, np.float64), 0.0, 1.0)
    return np.asarray(TOE * (np.exp2(c * np.log2(1.0 + TOP / TOE)) - 1.0), np.float32)


def is_pack(path: Path) -> bool:
    """Whether a folder is a finished pack."""
    return (path / INDEX).is_file()


def load_pack(path: Path) -> Iterator[PackScene]:
    """Read the scenes of a pack, one after another.

    Args:
        path: a folder as described above, finished or of raw scenes.

    Yields:
        scenes in the pack's order.

    Raises:
        InputMissingError: neither kind of file is there.
        InputError: a film of the pack ends before its list of scenes does.
    """
    if is_pack(path):
        index = (path / INDEX).read_text("utf-8")
        yield from _load_films(path, json.loads(index)["scenes"])
        return
    raw = sorted(path.glob("*.npz"))
    if not raw:
        raise InputMissingError(
            f"no pack of scenes in {path}",
            advice="Render one: python -m dashcam_pipeline.simulation pack --out DIR",
        )
    for file in raw:
        yield load_raw(file)


def load_raw(file: Path) -> PackScene:
    """Read one raw scene."""
    with np.load(file) as data:
        return PackScene(
            night=from_code(data["night"] / np.float32(65535)),
            mask=data["mask"].astype(np.float32) / np.float32(255),
            day=from_code(data["day"] / np.float32(65535)),
            info=json.loads(str(data["info"])),
        )


def save_raw(file: Path, scene: PackScene) -> None:
    """Write one raw scene; it appears only when it is whole."""
    with atomic(file, overwrite=True) as part, part.path.open("wb") as stream:
        np.savez_compressed(
            stream,
            night=np.round(to_code(scene.night) * 65535).astype(np.uint16),
            mask=np.round(np.clip(scene.mask, 0, 1) * 255).astype(np.uint8),
            day=np.round(to_code(scene.day) * 65535).astype(np.uint16),
            info=np.array(json.dumps(scene.info)),
        )


def write_pack(scenes: Iterable[PackScene], path: Path, *, crf: int = 12) -> int:
    """Write a pack.

    Args:
        scenes: all of one size, with even sides.
        path: folder to write into; films of an older pack there are replaced.
        crf: of the HEVC encoder; 0 is nearly lossless, 12 is finer than 8 bits by far.

    Returns:
        number of scenes.
    """
    path.mkdir(parents=True, exist_ok=True)
    infos = []
    with ExitStack() as whole:
        films = {}
        for name in ("night", "day", "mask"):
            part = whole.enter_context(atomic(path / f"{name}.mkv", overwrite=True))
            films[name] = whole.enter_context(closing(_Film(part.path, name, crf)))
        for scene in scenes:
            films["night"].add(_to_planes(to_code(scene.night)))
            films["day"].add(_to_planes(to_code(scene.day)))
            films["mask"].add(np.round(np.clip(scene.mask, 0, 1) * 255).astype(np.uint8))
            infos.append(scene.info)
    text = json.dumps({"format": 1, "toe": TOE, "top": TOP, "scenes": infos}, indent=None)
    write_whole(path / INDEX, text.replace('{"kind"', '\n{"kind"') + "\n", overwrite=True)
    return len(infos)


def write_masks(path: Path, masks: Iterable[Image], fps: Fraction) -> None:
    """Write masks (H, W, 3), 0 to 1, as a film of RGB without loss."""
    with atomic(path, overwrite=True) as part, closing(_Film(part.path, "mask", 0, fps)) as film:
        for mask in masks:
            film.add(np.round(np.clip(mask, 0, 1) * 255).astype(np.uint8))


class _Film:
    """One track of a pack being written: 12-bit codes as HEVC, or a mask as FFV1."""

    def __init__(self, path: Path, name: str, crf: int, fps: Fraction = ONCE) -> None:
        self.path = path
        self._mask = name == "mask"
        self._file = av.open(str(path), "w", format="matroska")
        self._stream: av.VideoStream | None = None
        self._crf = crf
        self._fps = fps
        self._count = 0

    def _open(self, width: int, height: int) -> av.VideoStream:
        if self._mask:
            stream = self._file.add_stream("ffv1", rate=self._fps)
            stream.pix_fmt = "bgr0"  # the 8-bit RGB that FFV1 has
        else:
            params = f"log-level=none:keyint=1:pools=1:frame-threads=1:crf={self._crf}"
            options = {"preset": "slow", "x265-params": params}
            stream = self._file.add_stream("libx265", rate=self._fps, options=options)
            stream.pix_fmt = HDR_FORMAT
        stream.width, stream.height = width, height
        return stream

    def add(self, picture: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> None:
        height, width = picture.shape[:2]
        if self._stream is None:
            self._stream = self._open(width, height)
        if self._mask:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="bgr0")
        else:
            frame = _planes_to_frame(picture)
        frame.pts, frame.time_base = self._count, 1 / self._fps
        self._count += 1
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        if self._stream is not None:
            self._file.mux(self._stream.encode(None))
        self._file.close()


def _load_films(path: Path, infos: list[dict[str, Any]]) -> Iterator[PackScene]:
    """Read the three films side by side."""
    films = [_read_film(path / f"{name}.mkv") for name in ("night", "mask", "day")]
    for i, info in enumerate(infos):
        try:
            night, mask, day = (next(film) for film in films)
        except (StopIteration, RuntimeError) as error:
            raise InputError(
                f"{path} lists {len(infos)} scenes but its films end at {i}",
                advice="Write the pack again, or fetch it again.",
            ) from error
        yield PackScene(
            from_code(_from_planes(night)),
            mask.astype(np.float32) / np.float32(255),
            from_code(_from_planes(day)),
            info,
        )


def _read_film(file: Path) -> Iterator[npt.NDArray[Any]]:
    """Frames as arrays (H, W, 3): planes of 12-bit codes in order, or a mask's RGB."""
    with av.open(str(file)) as source:
        for frame in source.decode(video=0):
            if frame.format.name != HDR_FORMAT:
                yield frame.to_ndarray(format="rgb24")
                continue
            planes = []
            for plane in frame.planes:
                rows = np.frombuffer(bytes(plane), np.uint16).reshape(frame.height, -1)
                planes.append(rows[:, : frame.width])
            yield np.stack(planes, -1)


def _planes_to_frame(picture: npt.NDArray[Any]) -> av.VideoFrame:
    """Planes (H, W, 3) of 12-bit codes as a frame."""
    height, width = picture.shape[:2]
    frame = av.VideoFrame(width, height, HDR_FORMAT)
    for i, plane in enumerate(frame.planes):
        rows = np.zeros((height, plane.line_size // 2), np.uint16)
        rows[:, :width] = picture[..., i]
        plane.update(rows.tobytes())
    return frame


def _to_planes(code: npt.NDArray[np.float64]) -> npt.NDArray[np.uint16]:
    """R, G, B codes (0 to 1) to Y, Cb, Cr of 12 bits, full range, BT.709 weights."""
    kr, kb = KR_KB["bt709"]
    r, g, b = np.moveaxis(code, -1, 0)
    y = kr * r + (1 - kr - kb) * g + kb * b
    ycc = np.stack([y, (b - y) / (2 - 2 * kb) + 0.5, (r - y) / (2 - 2 * kr) + 0.5], -1)
    return np.asarray(np.round(np.clip(ycc, 0, 1) * CODES), np.uint16)


def _from_planes(planes: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """The inverse of ``_to_planes``."""
    kr, kb = KR_KB["bt709"]
    y, cb, cr = np.moveaxis(planes / np.float64(CODES), -1, 0)
    r = y + (cr - 0.5) * (2 - 2 * kr)
    b = y + (cb - 0.5) * (2 - 2 * kb)
    return np.stack([r, (y - kr * r - kb * b) / (1 - kr - kb), b], -1)
