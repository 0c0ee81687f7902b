"""How fast cleaning is beside the plain transcode that it can't do without.

    python benchmarks/speed.py [--quick] [--sizes 640x360 1920x1080 3840x2160] [--rounds 3]
        [--rows "glare fast" ...] [--results benchmarks/results/speed.json] [--avx2]

Prints Markdown; ``--results`` also writes what the README says of it (``make readme``), a size at a
time: what that file holds of other sizes stays. For each size a night-like clip is made
(``night.py``), and every row cleans it in a process of its own, round by round, so that whatever
else the machine does meets all rows alike. A row's numbers are medians over the rounds. *x plain*
is the ratio to the plain transcode of the same round; the processor's ratio (user and system time
of all threads) also holds on a busy machine, where the wall clock's doesn't.

The plain transcode is decoder and encoder through PyAV, with the codec, preset and rate factor that
the other rows use. *Naive* is what a short script would do: every frame to RGB, through the network
at full size, and back, one after the other. With ``--avx2`` all rows run as on a processor that has
AVX2 and nothing above it, for networks, codecs and everything else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import one_run
from avx2_only import avx2_environment
from night import make_clip, size_of
from study_tables import rounded

from dashcam_pipeline.inference.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

FRAMES = {(640, 360): 1200, (1920, 1080): 1200, (3840, 2160): 300}
QUICK_FRAMES = 90
NAIVE_SHARE = {(640, 360): 20, (1920, 1080): 300}
"""The naive row does one frame in so many; none at sizes where it would take too much memory."""

OURS = ("no stages", "glare fast", "glare balanced")
"""Rows whose memory the README names."""

ABOVE_AVX2 = ("avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8")
FLAGS = ("avx2", *ABOVE_AVX2, "asimddp")
"""Of the processor, those that networks and codecs run faster with."""


def machine(*, avx2: bool = False) -> str:
    """The processor, as far as the system tells; with ``avx2`` as the rows see it."""
    name, flags = platform.processor() or platform.machine(), ""
    if Path("/proc/cpuinfo").exists():
        info = dict(
            (part.strip() for part in line.split(":", 1))
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if ":" in line
        )
        name, flags = info.get("model name", name), info.get("flags", info.get("Features", ""))
    hidden = ABOVE_AVX2 if avx2 else ()
    known = ", ".join(f for f in FLAGS if f in flags.split() and f not in hidden) or "not told"
    if avx2:
        known += "; what it has above AVX2 is hidden"
    load = f"; load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores ({known}){load}"


def rows(size: tuple[int, int]) -> list[str]:
    """What is measured at a size."""
    names = ["plain transcode", "no stages", "glare fast", "glare balanced", "glare best"]
    if any(model.stage == "night-to-day" for model in load_manifest().models):
        names.append("glare + night-to-day")
    return [*names, "naive"] if size in NAIVE_SHARE else names


def run(row: str, clip: Path, folder: Path, frames: int, options: argparse.Namespace) -> dict:
    """One row once, in a process of its own."""
    job = {
        "row": row,
        "clip": str(clip),
        "output": str(folder / "out.mp4"),
        "frames": frames,
        "preset": options.preset,
        "crf": options.crf,
        "began": time.time(),
    }
    done = subprocess.run(
        [sys.executable, one_run.__file__, json.dumps(job)],
        capture_output=True,
        text=True,
        check=False,
        env=options.env,
    )
    if done.returncode:
        raise SystemExit(f"{row}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(size: tuple[int, int], folder: Path, options: argparse.Namespace) -> dict:
    """All rows at one size: printed, and as data."""
    width, height = size
    frames = options.frames or (QUICK_FRAMES if options.quick else FRAMES.get(size, 300))
    clip = make_clip(folder / f"{width}x{height}.mp4", width=width, height=height, frames=frames)
    rate = clip.stat().st_size * 8 / frames * 30 / 1e6
    results: dict[str, list[dict]] = {row: [] for row in options.rows or rows(size)}
    for _ in range(options.rounds):
        for row, found in results.items():
            # At least three, since the first one pays for what the others share.
            some = max(frames // NAIVE_SHARE[size], 3) if row == "naive" else frames
            found.append(run(row, clip, folder, some, options))
    print(f"\n{width}x{height}, {frames} frames of H.264 at {rate:.0f} Mbit/s, ", end="")
    print(f"x264 {options.preset} at crf {options.crf}, {options.rounds} rounds\n")
    print(
        "| row | frames a second | x plain (least to most) | x plain, processor "
        "| core-ms a frame | peak MB |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    rows_found = {}
    for row, found in results.items():
        plain = results["plain transcode"]
        walls, spent = (
            [per(a, key) / per(b, key) for a, b in zip(found, plain, strict=True)]
            for key in ("wall", "cpu")
        )
        wall, processor = median(walls), median(spent)
        rows_found[row] = made = {
            "fps": median(1 / per(r, "wall") for r in found),
            "x_plain": wall,
            "x_plain_spread": max(walls) - min(walls),
            "x_plain_processor": processor,
            "core_ms": 1000 * median(per(r, "cpu") for r in found),
            "peak_mb": median(r["peak"] for r in found) / 1e6,
        }
        print(
            f"| {row} | {made['fps']:.1f} | {wall:.2f} ({min(walls):.2f} to {max(walls):.2f}) "
            f"| {processor:.2f} "
            f"| {made['core_ms']:.1f} | {made['peak_mb']:.0f} |"
        )
    result = {
        "machine": machine(avx2=options.avx2),
        "frames": frames,
        "rounds": options.rounds,
        "preset": options.preset,
        "crf": options.crf,
        "rows": rows_found,
        "peak_mb": max(made["peak_mb"] for row, made in rows_found.items() if row in OURS),
    }
    if "glare balanced" in results:
        first, spent = (
            median(r[key] for r in results["glare balanced"]) for key in ("first", "first_cpu")
        )
        print(f"\nFirst frame of `glare balanced`: {first:.2f} s; {spent:.2f} s of a processor.")
        result["first_seconds"] = first
    if not options.rows:
        result["parts"] = parts(size, clip, folder, options)
    return result


def per(result: dict, key: str) -> float:
    return result[key] / result["frames"]


def parts(size: tuple[int, int], clip: Path, folder: Path, options: argparse.Namespace) -> dict:
    """Where the time goes, frame by frame: printed, and medians by level as data."""
    print(
        f"\nCore-ms a frame at {size[0]}x{size[1]} by part, one thread: median / 95th percentile\n"
    )
    table = {
        level: run(f"parts {level}", clip, folder, 60, options)["parts"]
        for level in ("fast", "balanced", "best")
    }
    names = list(table["best"])
    print(f"| level | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for level, times in table.items():
        cells = (f"{np.median(times[n]):.1f} / {np.percentile(times[n], 95):.1f}" for n in names)
        print(f"| {level} | {' | '.join(cells)} |")
    return {level: {n: float(np.median(times[n])) for n in names} for level, times in table.items()}


def keep(file: Path, size: str, found: dict) -> None:
    """Write what was measured at one size; other sizes stay as they are."""
    known = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.write_text(json.dumps(known | {size: rounded(found)}, indent=1) + "\n", "utf-8")


def as_installed(env: Mapping[str, str]) -> dict[str, str]:
    """An environment in which Python keeps its compiled modules, as it does for users."""
    return {key: value for key, value in env.items() if key != "PYTHONDONTWRITEBYTECODE"}


def start_up(rounds: int, env: Mapping[str, str]) -> None:
    """How long the command takes to say what it can, in an environment."""
    walls, processor = [], []
    for _ in range(rounds):
        begin, before = time.perf_counter(), os.times()
        command = [sys.executable, "-m", "dashcam_pipeline", "--help"]
        subprocess.run(command, capture_output=True, check=True, env=env)
        walls.append(time.perf_counter() - begin)
        spent = os.times()
        processor.append(spent[2] + spent[3] - before[2] - before[3])
    print(f"\n`dashcam --help`: {median(walls):.2f} s; {median(processor):.2f} s of a processor.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer frames, one round, no 4K")
    parser.add_argument("--sizes", type=size_of, nargs="+", metavar="WxH")
    parser.add_argument("--frames", type=int, help="instead of the usual number at each size")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rows", nargs="+", help="these only, without the parts")
    parser.add_argument("--preset", default="veryfast")
    parser.add_argument("--crf", type=int, default=20)
    parser.add_argument("--results", type=Path, help="write what the README says of it there")
    parser.add_argument("--avx2", action="store_true", help="as on a processor without AVX-512")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    sizes = options.sizes or list(FRAMES)[: 2 if options.quick else None]
    if options.rows and "plain transcode" not in options.rows:
        options.rows.insert(0, "plain transcode")
    print(f"{machine(avx2=options.avx2)}; Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="dashcam-benchmark-") as name:
        options.env = as_installed(avx2_environment(Path(name)) if options.avx2 else os.environ)
        start_up(5, options.env)
        for size in sizes:
            found = measure(size, Path(name), options)
            if options.results:
                key = f"{size[0]}x{size[1]}" + (" avx2" if options.avx2 else "")
                keep(options.results, key, found)


if __name__ == "__main__":
    main()
