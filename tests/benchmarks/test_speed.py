"""The speed benchmark runs, on a clip far too small to say anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

pytest.importorskip("resource", reason="needs the peak memory of a process")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SIZE = (96, 64)
MAKE = (
    f"from night import *; make_clip(Path('clip.mp4'), width={SIZE[0]}, height={SIZE[1]}, frames=8)"
)


@pytest.fixture
def clip(tmp_path):
    code = "from pathlib import Path; " + MAKE
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PYTHONPATH": str(BENCHMARKS)}, check=True,
    )  # fmt: skip
    return tmp_path / "clip.mp4"


def run(row, clip):
    job = {
        "row": row,
        "clip": str(clip),
        "output": str(clip.with_name("out.mp4")),
        "frames": 8,
        "preset": "ultrafast",
        "crf": 30,
        "began": 0.0,
    }
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "one_run.py"), json.dumps(job)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def luma(path):
    with av.open(str(path)) as file:
        return [f.to_ndarray(format="yuv420p")[: f.height] for f in file.decode(video=0)]


def test_the_clip_is_a_night_with_lamps(clip):
    pictures = luma(clip)
    assert len(pictures) == 8
    assert pictures[0].shape == SIZE[::-1]
    assert all(p.mean() < 90 and p.max() > 180 for p in pictures)


@pytest.mark.parametrize("row", ["plain transcode", "no stages", "glare fast", "naive"])
def test_a_row_writes_every_frame_and_measures(row, clip):
    result = run(row, clip)
    assert result["frames"] == 8
    assert result["wall"] > 0
    assert result["cpu"] > 0
    assert result["peak"] > 10_000_000
    assert len(luma(clip.with_name("out.mp4"))) == 8
