"""A drive as a recording: rendered frame by frame, then filmed with and without glare.

The folder of a clip::

    frames/               views as rendered (log-coded), one file a frame: what makes it resumable
    night-glare.mp4       what the dashcam recorded
    night-truth.mp4       the same light, noise, sound and time, without the glare
    day.mp4               the same drive by day, on request
    masks.mkv             coverage by lamps, signals, lit windows and boards (red, green, blue)
    truth.json            recipe, optics, exposure, the camera's path, lamps of every frame
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dashcam_pipeline._version import __version__
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.output_checks import need_new
from dashcam_pipeline.simulation.build import build_scene
from dashcam_pipeline.simulation.cpus import few_cpus
from dashcam_pipeline.simulation.film import Fix, write_film
from dashcam_pipeline.simulation.optics import Glare, Optics, Sensor, develop, draw_optics, expose
from dashcam_pipeline.simulation.pack import Image, write_masks
from dashcam_pipeline.simulation.processes import share_out
from dashcam_pipeline.simulation.rain import add_rain
from dashcam_pipeline.simulation.recipe import KINDS, Recipe, SceneKind, make_recipe
from dashcam_pipeline.simulation.silence import silence
from dashcam_pipeline.simulation.views import load_view, save_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

    from dashcam_pipeline.simulation.blender import Renderer
    from dashcam_pipeline.simulation.scene import Scene

WRITTEN = ("night-glare.mp4", "night-truth.mp4", "day.mp4", "masks.mkv", "truth.json")
"""Files of a clip that is whole."""
JOB = "job.txt"
"""Beside the rendered views: whose they are."""
START = datetime(2024, 11, 16, 21, 4, 7, tzinfo=UTC)
"""When every drive begins: burned in, in the GPS track and in the metadata."""
PLACE = (48.0, 9.0)
"""Latitude and longitude of every road's origin, degrees: a round number, nobody's address."""
DEGREE = 111_320.0
"""Metres a degree of latitude."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to render.

    Args:
        kind, seed: of the scene.
        seconds: length.
        width, height: pixels, even.
        fps: frames a second.
        samples: light paths per pixel by night; by day half as many.
        day: render the day as well.
        heavy: a dirty windscreen.
        threads: of the renderer, per worker.
    """

    kind: SceneKind
    seed: int
    seconds: float
    width: int
    height: int
    fps: Fraction
    samples: int = 8
    day: bool = False
    heavy: bool = True
    threads: int = 1

    @property
    def count(self) -> int:
        """Number of frames."""
        return round(self.seconds * self.fps)

    def time(self, index: int) -> float:
        """Seconds at which frame ``index`` is taken."""
        return float(index / self.fps)


def need_place(out: Path, *, overwrite: bool) -> None:
    """Make sure that a clip replaces none that is there; what it began itself it may finish.

    Raises:
        OutputExistsError: a film or its truth lies there, and no rendered views of it.
    """
    begun = (out / "frames" / JOB).is_file()  # whose, ``render_frames`` checks
    need_new((out / name for name in WRITTEN), overwrite=overwrite or begun)


def render_frames(job: Job, out: Path, *, workers: int = 1) -> Iterator[int]:
    """Render the views that aren't there yet.

    Args:
        job: what to render.
        out: folder of the clip.
        workers: processes.

    Yields:
        frames done so far, those of earlier runs included.
    """
    folder = out / "frames"
    folder.mkdir(parents=True, exist_ok=True)
    _claim(job, folder)
    missing = [
        i for i in range(job.count) if not all(f.exists() for f, _ in _files(job, folder, i))
    ]
    done = job.count - len(missing)
    yield done
    render = partial(_render, job, folder)
    if workers > 1 and len(missing) > 1:
        for _ in share_out(render, missing, min(workers, len(missing))):
            done += 1
            yield done
        return
    for index in missing:
        render(index)
        done += 1
        yield done


def film(job: Job, out: Path, *, crf: int = 24) -> None:
    """Film the rendered views, with and without glare, and write the truth beside them.

    Args:
        job: as rendered.
        out: folder of the clip, with all its frames.
        crf: of x264.
    """
    scene = build_scene(make_recipe(job.kind, job.seed))
    recipe, folder = scene.recipe, out / "frames"
    optics = draw_optics(np.random.default_rng([300, job.seed]), heavy=job.heavy)
    glare = Glare(optics, job.height, job.width)
    first, _ = load_view(folder / "00000.night.npz")
    sensor = _sensor(expose(first, 0.30), job.seed)
    fixes = [gps_fix(scene, s) for s in range(ceil(job.count / job.fps))]
    metadata = {"creation_time": START.isoformat(), "comment": "simulated, not recorded"}
    nights = [folder / f"{i:05d}.night.npz" for i in range(job.count)]

    def pictures(*, with_glare: bool) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
        for i, file in enumerate(nights):
            light = add_rain(load_view(file)[0], recipe, i, job.time(i))
            if with_glare:
                light = light + glare(light)
            yield burn_in(develop(light, sensor, i), fixes[int(job.time(i))])

    write_film(out / "night-glare.mp4", pictures(with_glare=True), job.fps,
               fixes=fixes, crf=crf, metadata=metadata)  # fmt: skip
    write_film(out / "night-truth.mp4", pictures(with_glare=False), job.fps,
               fixes=fixes, crf=crf, metadata=metadata)  # fmt: skip
    write_masks(out / "masks.mkv", (load_view(f)[1] for f in nights), job.fps)
    if job.day:
        _film_day(job, out, fixes, crf, metadata)
    lamps = [_lamps(*load_view(f)) for f in nights]
    facts = _facts(job, scene, optics, sensor) | {"lamps": lamps}
    write_whole(out / "truth.json", json.dumps(facts, indent=1) + "\n", overwrite=True)


def _claim(job: Job, folder: Path) -> None:
    """Take a folder for a job; frames of another one in it would be mixed up.

    Raises:
        UsageError: it holds frames of another scene, seed, size, rate or quality.
    """
    wanted = f"{job.kind} {job.seed} {job.width}x{job.height} {job.fps} {job.samples}"
    note = folder / JOB
    found = note.read_text("utf-8") if note.exists() else wanted
    if found != wanted:
        raise UsageError(
            f"{folder} holds frames of another drive: {found!r}, not {wanted!r}",
            advice="Give another `out=FOLDER`, or delete that folder.",
        )
    write_whole(note, wanted, overwrite=True)


def remove_frames(out: Path) -> None:
    """Delete the rendered views of a clip that is whole."""
    folder = out / "frames"
    for file in [
        *folder.glob("?????.*.npz"),
        *folder.glob("?????.*.part"),
        *folder.glob("?????.*.lock"),
        folder / JOB,
    ]:
        file.unlink()
    folder.rmdir()


def burn_in(
    picture: np.ndarray[Any, np.dtype[np.uint8]], fix: Fix
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Write date, speed and position into the lower left, white with a dark rim, in place."""
    height = picture.shape[0]
    scale = height / 900
    origin = (round(14 * height / 540), height - round(16 * height / 540))
    rim = max(1, round(height / 540))
    steps = [(x, y) for x in (-rim, 0, rim) for y in (-rim, 0, rim) if x or y]
    for ink, shifts in (((0, 0, 0), steps), ((255, 255, 255), [(0, 0)])):
        for x, y in shifts:
            place = (origin[0] + x, origin[1] + y)
            cv2.putText(
                picture, fix.line(), place, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, rim, cv2.LINE_AA
            )
    return picture


def _film_day(job: Job, out: Path, fixes: list[Fix], crf: int, metadata: dict[str, str]) -> None:
    days = [out / "frames" / f"{i:05d}.day.npz" for i in range(job.count)]
    sensor = Sensor(expose(load_view(days[0])[0], 0.5), 2e-4, 2e-4, 0.15, 0.0, job.seed)
    pictures = (
        burn_in(develop(load_view(f)[0], sensor, i), fixes[int(job.time(i))])
        for i, f in enumerate(days)
    )
    write_film(out / "day.mp4", pictures, job.fps, fixes=fixes, crf=crf, metadata=metadata)


def _files(job: Job, folder: Path, index: int) -> list[tuple[Path, bool]]:
    """Files of a frame, and whether they show the night."""
    files = [(folder / f"{index:05d}.night.npz", True)]
    return [*files, (folder / f"{index:05d}.day.npz", False)] if job.day else files


_loaded: dict[Job, Renderer] = {}
"""The scene that this process has loaded: loading takes longer than a small frame."""


def _render(job: Job, folder: Path, index: int) -> None:
    """Render the views of one frame that aren't there yet."""
    for file, night in _files(job, folder, index):
        if file.exists():
            continue
        samples = job.samples if night else max(2, job.samples // 2)
        if job in _loaded:
            view = _loaded[job].render(job.time(index), night=night, samples=samples)
        else:
            with few_cpus(job.threads):  # the first picture makes the last of the pools
                _loaded.clear()
                _loaded[job] = _load(job)
                view = _loaded[job].render(job.time(index), night=night, samples=samples)
        save_view(file, view.rgb, view.mask, night=night)


def _load(job: Job) -> Renderer:
    """The renderer with the job's scene."""
    with silence(1, 2):
        # Only here: the rest of the module does without the renderer.
        from dashcam_pipeline.simulation.blender import Renderer  # noqa: PLC0415

    return Renderer(
        build_scene(make_recipe(job.kind, job.seed)),
        width=job.width,
        height=job.height,
        samples=job.samples,
        threads=job.threads,
    )


def _sensor(gain: float, seed: int) -> Sensor:
    """A small sensor at high gain."""
    rng = np.random.default_rng([400, seed])
    return Sensor(
        gain=gain,
        shot=float(rng.uniform(6e-4, 1.4e-3)),
        read=float(rng.uniform(1e-3, 2e-3)),
        vignette=float(rng.uniform(0.2, 0.4)),
        black=float(rng.uniform(0.001, 0.005)),
        seed=seed,
    )


def gps_fix(scene: Scene, second: float) -> Fix:
    """Where the camera is, so many seconds after the start."""
    drive = scene.camera
    s = drive.s + drive.speed * second
    x, y, _ = scene.road.at(s, drive.d)
    latitude = PLACE[0] + float(y) / DEGREE
    longitude = PLACE[1] + float(x) / (DEGREE * float(np.cos(np.radians(PLACE[0]))))
    course = float(np.degrees(scene.road.yaw(s))) % 360
    return Fix(START + timedelta(seconds=second), latitude, longitude, drive.speed, course)


def _lamps(light: Image, mask: Image) -> list[dict[str, Any]]:
    """Lamps and signals of a frame: centre, area in pixels, largest radiance in cd/m2."""
    found = []
    for channel, kind in ((0, "lamp"), (1, "signal")):
        binary = (mask[..., channel] > 0.2).astype(np.uint8)
        count, labels, stats, centres = cv2.connectedComponentsWithStats(binary)
        for label in range(1, count):
            peak = float(light[labels == label].max())
            x, y = (round(float(v), 1) for v in centres[label])
            area = int(stats[label, cv2.CC_STAT_AREA])
            found.append({"kind": kind, "x": x, "y": y, "area": area, "peak": round(peak, 1)})
    return found


def _facts(job: Job, scene: Scene, optics: Optics, sensor: Sensor) -> dict[str, Any]:
    """All that made the clip, and where the camera was."""
    path = []
    for i in range(job.count):
        position, axes = scene.camera_pose(job.time(i))
        rounded = {
            k: [round(float(v), 4) for v in a] for k, a in (("at", position), ("ahead", axes[2]))
        }
        path.append({"t": round(job.time(i), 4), **rounded})
    return {
        "version": __version__,
        "scene": job.kind,
        "seed": job.seed,
        "size": [job.width, job.height],
        "fps": str(job.fps),
        "frames": job.count,
        "start": START.isoformat(),
        "clicks": "2 kHz for 10 ms at every full second, from 0",
        "recipe": asdict(scene.recipe),
        "optics": asdict(optics),
        "sensor": asdict(sensor),
        "camera": path,
    }


__all__ = ["KINDS", "Job", "Recipe", "burn_in", "film", "remove_frames", "render_frames"]
