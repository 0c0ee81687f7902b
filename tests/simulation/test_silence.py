import os
from pathlib import Path

import pytest

from dashcam_pipeline.simulation.silence import silence


def test_what_is_written_past_python_vanishes_where_it_was_asked_for(capfd):
    os.write(1, b"before ")
    with silence(1):
        os.write(1, b"noise")
        os.write(2, b"error")
    os.write(1, b"after")
    assert capfd.readouterr() == ("before after", "error")


def test_both_come_back_after_a_failure(capfd):
    with pytest.raises(FileNotFoundError), silence(1, 2):
        Path("no such file").stat()
    os.write(1, b"a")
    os.write(2, b"b")
    assert capfd.readouterr() == ("a", "b")


def test_no_descriptor_is_left_open(capfd):
    before = os.dup(1)
    os.close(before)
    for _ in range(3):
        with silence(1, 2):
            pass
    after = os.dup(1)
    os.close(after)
    assert after == before
