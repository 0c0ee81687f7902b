from __future__ import annotations

import pytest

from dashcam_pipeline.engine.readable import clock, duration, one_line, size, spans


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (62.54, "1:02.5"), (59.97, "1:00.0"), (3723.4, "1:02:03.4")],
)
def test_times_with_tenths(seconds, text):
    assert clock(seconds, tenths=True) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599.6, "1:00:00")]
)
def test_times_in_whole_seconds(seconds, text):
    assert clock(seconds) == text


def test_hours_where_they_are_asked_for():
    assert clock(62, hours=True) == "0:01:02"
    assert clock(3723, hours=True) == clock(3723) == "1:02:03"


def test_spans():
    assert spans([(1, 2.54), (7.04, 7.06)]) == "1.0-2.5 s, 7.0-7.1 s"
    assert spans([]) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5.64, "5.6 s"),
        (2.0, "2.0 s"),
        (12.0, "12 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1:00 min"),
        (7, "7 s"),
        (60, "1:00 min"),
        (61, "1:01 min"),
        (3725, "1:02:05"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (412_000, "0.4 MB"),
        (999_999, "1.0 MB"),
        (2_540_000, "2.5 MB"),
        (7e15, "7000.0 TB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("20240101 (1) caf\u00e9 \uc57c\uac04.mp4", "20240101 (1) caf\u00e9 \uc57c\uac04.mp4"),
        ("caf\udce9.mp4", r"caf\xe9.mp4"),
        ("new\nline\r\t.mp4", r"new\nline\r\t.mp4"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("gpj\u202e4pm", r"gpj\u202e4pm"),
        ("\ud800", r"\ud800"),
    ],
)
def test_names_are_shown_in_one_line(text, shown):
    assert one_line(text) == shown
    shown.encode()
