"""From when to when of its recording a result goes, as records that anybody wrote say it."""

from __future__ import annotations

import pytest

from dashcam_pipeline.compare import sources


@pytest.mark.parametrize(
    ("start", "end", "known"),
    [
        (1.5, 3, (1.5, 3)),
        (float("inf"), float("nan"), (None, None)),
        (-1, float("-inf"), (None, None)),
        ("1", None, (None, None)),
    ],
)
def test_only_times_are_times(tmp_path, monkeypatch, start, end, known):
    record = {"settings": {"start": start, "end": end}}
    monkeypatch.setattr(sources, "read_record", lambda _path: record)
    assert sources._part_of(tmp_path / "a.mp4") == known
