"""How long a job has been at work."""

from __future__ import annotations

import time

from dashcam_pipeline.app.at_work import JobAtWork
from dashcam_pipeline.app.queue import Job
from dashcam_pipeline.batch.events import BatchStarted


def test_a_pause_before_the_batch_has_begun_counts_for_nothing(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    job = Job(id="a", folder="/card", paths=["a.mp4"], sizes=[1], output="/out", choices={})
    live = JobAtWork.of(job, running=None)
    live.pause()
    now[0] += 5
    live.heed(BatchStarted(clips=1, bytes=1, workers=1))
    now[0] += 5
    assert live.elapsed == 0
    live.resume()
    assert live.elapsed == 0
    now[0] += 3
    assert live.elapsed == 3
