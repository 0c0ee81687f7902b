from __future__ import annotations

from itertools import pairwise

import pages
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.compare.page.curves import SAMPLES, measure
from dashcam_pipeline.compare.sources import Comparison
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.stages.registry import BUILT_IN


@pytest.fixture(autouse=True)
def toy_stages(monkeypatch):
    monkeypatch.setitem(BUILT_IN, "dim", "toys:Dim")


@pytest.fixture
def comparison(tmp_path):
    source, cleaned = pages.make_pair(tmp_path, frames=40)
    return Comparison(source, cleaned, CleanConfig(stages=()))


def test_a_short_recording_is_read_through(comparison):
    curve, shots = measure(comparison)
    assert curve.seconds == pytest.approx([i / 30 for i in range(40)], abs=1e-4)
    assert len(shots) == 8
    assert [s.seconds for s in shots] == sorted(s.seconds for s in shots)
    assert all(b.seconds - a.seconds > 0.05 for a, b in pairwise(shots))
    strongest = max(curve.removed)
    assert max(s.change for s in shots) == strongest


def test_by_seeking_the_same_values_are_found_at_fewer_places(comparison):
    every, _ = measure(comparison)
    some, shots = measure(comparison, samples=6, strip=3)
    assert len(some.seconds) == 6 < SAMPLES
    assert len(shots) == 3
    by_time = {round(t, 3): value for t, value in zip(every.seconds, every.removed, strict=True)}
    for when, removed in zip(some.seconds, some.removed, strict=True):
        assert by_time[round(when, 3)] == pytest.approx(removed, abs=1e-6)


def test_where_nothing_changed_nothing_was_taken_away(tmp_path):
    clip = make_clip(tmp_path / "a.mp4", Picture(frames=6))
    twin = tmp_path / "b.mp4"
    twin.write_bytes(clip.read_bytes())
    curve, _ = measure(Comparison(clip, twin, CleanConfig(stages=())))
    assert curve.removed == [0.0] * 6
    assert curve.before == curve.after
    assert curve.mean_change == 0
    assert curve.slight
