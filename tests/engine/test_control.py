from __future__ import annotations

import pytest
from factory import Picture, make_clip

from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.errors import CancelledError
from dashcam_pipeline.pipeline import clean


def test_the_clock_stands_still_with_the_run(monkeypatch):
    now = [10.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    control = Control()
    times = []
    for change in (control.pause, control.pause, control.resume, control.resume, control.toggle):
        now[0] += 1
        change()
        now[0] += 1
        times.append((control.clock(), control.paused))
    assert times == [(11, True), (11, True), (12, False), (14, False), (15, True)]


def test_a_cancelled_clean_leaves_nothing(tmp_path):
    source = make_clip(tmp_path / "a.mp4", Picture(size=(128, 72), frames=400))
    control = Control()

    def cancel(progress):
        if progress.frames:
            control.cancel()

    with pytest.raises(CancelledError, match="nothing was written"):
        clean(source, config=CleanConfig(stages=()), progress=cancel, control=control)
    assert list(tmp_path.iterdir()) == [source]
