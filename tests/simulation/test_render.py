"""The renderer itself, at a tiny size, in processes of its own."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from dashcam_pipeline.simulation.pack import load_pack

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
