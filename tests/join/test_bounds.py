"""Memory doesn't grow with the number of clips."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from drives import BEGIN, SMALL
from factory import Picture, Sound, make_clip

CODE = """
import resource, sys
from dashcam_pipeline.engine import workers
from dashcam_pipeline.join.joining import join
workers.QUEUE_BYTES = 1 << 20  # else frames that wait would be the growth
report = join([sys.argv[1]], sys.argv[2], options={"reencode": sys.argv[3] == "encoded"})
print(report.frames.written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak(folder, count, clip, how="copied"):
    """Frames, and the most memory in MiB, of a join of so many clips."""
    card = folder / str(count)
    card.mkdir()
    for number in range(count):
        when = BEGIN + timedelta(seconds=2 * number)
        os.link(clip, card / f"NO{when:%Y%m%d-%H%M%S}-{number + 1:06}F.mp4")
    done = subprocess.run(
        [sys.executable, "-c", CODE, card, folder / f"{count}.mp4", how],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    frames, most = map(int, done.stdout.split())
    return frames, most


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_many_clips_need_hardly_more_memory_than_a_few(tmp_path):
    clip = make_clip(
        tmp_path / "one.mp4", Picture(size=SMALL, frames=60), sounds=[Sound(seconds=2)]
    )
    few, many = peak(tmp_path, 3, clip), peak(tmp_path, 24, clip)
    assert (few[0], many[0]) == (180, 1440)
    assert many[1] - few[1] < 16


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_nor_where_they_are_decoded_and_encoded(tmp_path):
    """The encoder's look-ahead is full in both; each clip has a decoder of its own."""
    clip = make_clip(tmp_path / "one.mp4", Picture(size=(256, 144), frames=15))
    few, many = (peak(tmp_path, count, clip, "encoded") for count in (16, 64))
    assert (few[0], many[0]) == (240, 960)
    assert many[1] - few[1] < 48  # 115 where readers are held
