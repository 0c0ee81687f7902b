"""``dashcam simulate``: a night drive with exact truth (extra ``simulate``)."""

from __future__ import annotations

import importlib.util
import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Final

import click

from dashcam_pipeline.cli.progress import ProgressBar
from dashcam_pipeline.errors import UsageError

SCENES: Final = ("city", "highway", "country-moon", "tunnel", "rainy-city")
SIDES: Final = range(32, 7681)
"""Width and height, pixels."""


@click.command()
@click.option("--scene", type=click.Choice(SCENES), default="city", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of all.")
@click.option(
    "--seconds", type=click.FloatRange(0.05, 60), default=4.0, show_default=True, help="Length."
)
@click.option(
    "--size", default="960x540", show_default=True, metavar="WxH", help="Even sides, pixels."
)
@click.option("--fps", default="15", show_default=True, metavar="N", help="25, 27.5, 30000/1001.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the clip.")
@click.option("--day", is_flag=True, help="The same drive by day as well.")
@click.option(
    "--clean-glass", is_flag=True, help="A cleaner windscreen: less glare than the default."
)
@click.option(
    "--samples",
    type=click.IntRange(1, 4096),
    default=8,
    show_default=True,
    help="Light paths per pixel; a denoiser follows.",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Each.")
@click.option(
    "--keep-frames", is_flag=True, help="Keep the rendered frames, to film them again later."
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def simulate(  # noqa: PLR0917 - click passes them by name
    scene: str,
    seed: int,
    seconds: float,
    size: str,
    fps: str,
    out: Path,
    day: bool,
    clean_glass: bool,
    samples: int,
    workers: int,
    threads: int,
    keep_frames: bool,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Render a drive through a made-up street, and film it as a dashcam does.

    Writes night-glare.mp4 (what the camera records), night-truth.mp4 (the same without glare),
    masks of lamps and signals and truth.json. Stopped by Ctrl-C, the same command goes on where
    it was. Nothing of it was recorded: no street, plate or position is real.

    \b
    Rendering is done by Blender (bpy, GPL-3.0-or-later), which is no part of this package:
      pip install 'dashcam-pipeline[simulate]'
      dashcam simulate --scene rainy-city --seed 7 --seconds 2 --size 448x252 --fps 10 --out rain
    """  # noqa: D301 - click's own paragraph mark
    width, height = _size(size)
    rate = _rate(fps)
    need_renderer()
    from dashcam_pipeline.engine.workers import Progress  # noqa: PLC0415 - `--help` needs no codecs
    from dashcam_pipeline.simulation import clip  # noqa: PLC0415 - the extra

    job = clip.Job(
        next(kind for kind in clip.KINDS if kind == scene),
        seed,
        seconds,
        width,
        height,
        rate,
        samples=samples,
        day=day,
        heavy=not clean_glass,
        threads=threads,
    )
    clip.need_place(out, overwrite=overwrite)
    begun = time.monotonic()
    with ProgressBar("rendering", enabled=not quiet) as bar:
        for done in clip.render_frames(job, out, workers=workers):
            bar(Progress(done, job.count, job.time(done), time.monotonic() - begun))
    clip.film(job, out)
    if not keep_frames:
        clip.remove_frames(out)
    if not quiet:
        click.echo(f"{job.count} frames of {scene} in {out}")


def need_renderer() -> None:
    """Say how to install the extra where it is missing.

    Raises:
        UsageError: bpy is not installed.
    """
    if importlib.util.find_spec("bpy") is None:
        raise UsageError(
            "Simulating needs Blender's Python module (bpy), which is not installed.",
            advice="pip install 'dashcam-pipeline[simulate]', with Python 3.11.",
        )


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    sides = tuple(int(v) for v in match.groups()) if match else ()
    if len(sides) != 2 or any(v not in SIDES or v % 2 for v in sides):  # noqa: PLR2004 - two sides
        raise UsageError(
            f"--size must be WIDTHxHEIGHT with even sides from {SIDES[0]} to {SIDES[-1]}: {text!r}",
            advice="For example 960x540.",
        )
    return sides[0], sides[1]


def _rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"--fps must be a number: {text!r}", advice="For example 27.5.") from error
    if not 1 <= rate <= 120:  # noqa: PLR2004 - what cameras have
        raise UsageError(f"--fps must be from 1 to 120, not {text}.")
    return rate
