"""Peak memory does not grow with the length of a recording."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import dashcam_pipeline

pytest.importorskip("resource", reason="needs the peak memory of a process")

MEASURE = """
import resource, sys
from dashcam_pipeline import clean
from dashcam_pipeline.engine import workers
from dashcam_pipeline.stages.registry import BUILT_IN
BUILT_IN["dim"] = "toys:Dim"
source, target, queue_bytes, preset = sys.argv[1:]
if int(queue_bytes):
    workers.QUEUE_BYTES = int(queue_bytes)
clean(source, target, config={
    "stages": ["dim:amount=0.5"], "overwrite": True, "codec": "libx264", "encoder_preset": preset,
})
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
"""


def make_long_clip(path: Path, frames: int, size: tuple[int, int]) -> Path:
    """Grainy frames, ten of them over and over: cheap to make, dear to hold in memory."""
    width, height = size
    rng = np.random.default_rng(0)
    pictures = [
        av.VideoFrame.from_ndarray(
            rng.integers(30, 60, (height * 3 // 2, width), np.uint8), "yuv420p"
        )
        for _ in range(10)
    ]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "40"})
        stream.width, stream.height = size
        for index in range(frames):
            picture = pictures[index % len(pictures)]
            picture.pts, picture.time_base = index, Fraction(1, 30)
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def peak_bytes(source: Path, target: Path, *, queue_bytes: int, preset: str) -> int:
    """Peak memory of a process that cleans one recording."""
    package = Path(dashcam_pipeline.__file__).parent.parent
    folders = os.pathsep.join((str(package), str(Path(__file__).parent)))
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(source), str(target), str(queue_bytes), preset],
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(run.stdout)


def growth(folder: Path, short: int, long: int, size: tuple[int, int], **settings) -> int:
    few, many = (
        peak_bytes(
            make_long_clip(folder / f"{frames}.mp4", frames, size), folder / "out.mp4", **settings
        )
        for frames in (short, long)
    )
    return many - few


def test_ten_times_the_frames_take_no_more_memory(tmp_path):
    # 1,350 more frames of 86 kB: 117 MB if they were held. x264's look-ahead is full in both.
    more = growth(tmp_path, 150, 1500, (320, 180), queue_bytes=1 << 20, preset="ultrafast")
    assert more < 20_000_000


@pytest.mark.slow
def test_a_minute_of_1080p_takes_at_most_50_mb_more_than_ten_seconds(tmp_path):
    more = growth(tmp_path, 300, 1800, (1920, 1080), queue_bytes=0, preset="veryfast")
    assert more < 50_000_000
