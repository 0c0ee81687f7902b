"""The renderer itself, at a tiny size, in processes of its own."""

import importlib.util
import subprocess
import sys
import time

import numpy as np
import pytest

from dashcam_pipeline.simulation.pack import load_pack
from dashcam_pipeline.simulation.views import load_view

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy is not installed"),
]


def render(folder, *more: str) -> list:
    command = [sys.executable, "-m", "dashcam_pipeline.simulation", "pack", "--out", str(folder)]
    sizes = ["--size", "64x36", "--samples", "2", "--first-seed", "7", *more]
    done = subprocess.run([*command, *sizes], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(load_pack(folder))


def test_the_same_seed_renders_the_same_picture_and_a_stopped_pack_goes_on(tmp_path):
    (one,) = render(tmp_path / "a", "--count", "1")
    first = next((tmp_path / "a").glob("*.npz"))
    made = first.stat().st_mtime_ns
    again = render(tmp_path / "a", "--count", "2")
    assert first.stat().st_mtime_ns == made
    assert len(again) == 2
    (two,) = render(tmp_path / "b", "--count", "1")
    np.testing.assert_allclose(one.night, two.night, rtol=0.02, atol=0.002)
    assert one.night.shape == (36, 64, 3)
    assert one.night.max() > 20, "a night without lamps"
    assert np.median(one.night) < 0.2, "a night without darkness"
    assert one.mask[..., 0].max() > 0.3
    assert np.median(one.day) > np.median(one.night)


def drive(folder, *more: str) -> subprocess.Popen[str]:
    code = "import sys; from dashcam_pipeline.cli import main; sys.exit(main())"
    sizes = ["--size", "64x36", "--seconds", "1", "--fps", "4", "--samples", "1", "--seed", "7"]
    command = [sys.executable, "-c", code, "simulate", *sizes, "--keep-frames", *more]
    return subprocess.Popen(
        [*command, "--out", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    ours = "dashcam: rendering: "  # how far it is, where that takes more than ten seconds
    others = [line for line in err.splitlines() if not line.startswith(ours)]
    assert not others, "the renderer's own words are kept off the terminal"
    return out


def frames(folder) -> list:
    return sorted((folder / "frames").glob("*.npz"))


def test_two_workers_and_a_killed_run_give_the_frames_of_one(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    assert finished(drive(one)) == f"4 frames of city in {one}\n"
    process = drive(two, "--workers", "2")
    end = time.monotonic() + 900
    while not frames(two) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=60)  # its pipes close when the workers have ended as well
    kept = {file: file.stat().st_mtime_ns for file in frames(two)}
    assert 0 < len(kept) <= 4
    assert not (two / "night-glare.mp4").exists()
    finished(drive(two, "--workers", "2"))
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert [f.name for f in frames(one)] == [f.name for f in frames(two)]
    for a, b in zip(frames(one), frames(two), strict=True):
        for first, second in zip(load_view(a), load_view(b), strict=True):
            np.testing.assert_allclose(first, second, rtol=0.02, atol=0.01)
    assert not list(two.rglob("*.part"))
