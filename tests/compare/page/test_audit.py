"""What a page's table says of damage."""

from __future__ import annotations

import pytest

from dashcam_pipeline.compare.page import audit
from dashcam_pipeline.compare.page.record import FramesRecord, RunRecord
from dashcam_pipeline.compare.page.render import load_texts


@pytest.mark.parametrize(
    ("found", "count", "state"),
    [
        ("missing", "2 frames", "lost"),
        ("concealed", "2 frames", "noted"),
        ("damaged_packets", "2 packets", "lost"),
        ("damaged_sound", "2 packets", "lost"),
    ],
)
def test_each_kind_of_damage_has_a_row_with_words(found, count, state):
    (row,) = audit.damage(RunRecord(frames=FramesRecord(**{found: 2})))
    assert (row.key, row.before, row.state) == (f"row.{found}", count, state)
    assert all(texts[row.key] for texts in load_texts().values())
