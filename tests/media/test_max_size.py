from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashcam_pipeline.config import CleanConfig, make_config
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.media.max_size import MaxSize

SOURCE = 1_000_000


@pytest.mark.parametrize(
    ("text", "nbytes", "written"),
    [
        ("25MB", 25_000_000, "25MB"),
        (" 25 mb ", 25_000_000, "25MB"),
        ("25M", 25_000_000, "25MB"),
        ("0.50GiB", 1 << 29, "0.5GiB"),
        (".5kb", 500, "0.5kB"),
        ("700KiB", 700 << 10, "700KiB"),
        ("12345", 12_345, "12345B"),
        (12_345, 12_345, "12345B"),
        ("1x", SOURCE, "1x"),
        ("1.0X", SOURCE, "1x"),
        ("0.25x", SOURCE // 4, "0.25x"),
        ("100x", 100 * SOURCE, "100x"),
        ("10x", 10 * SOURCE, "10x"),
    ],
)
def test_sizes(text, nbytes, written):
    size = make_config({"max_size": text}).max_size
    assert size.allowed(of=SOURCE) == nbytes
    assert str(size) == written
    assert make_config(CleanConfig(max_size=text).model_dump(mode="json")).max_size == size


@pytest.mark.parametrize(
    "text", ["", "x", "MB", "0", "0x", "-1MB", "1e3", "25 parsec", "1.2.3MB", "inf", "0.4B", "²MB"]
)
def test_what_is_no_size(text):
    with pytest.raises(UsageError, match="max_size = "):
        make_config({"max_size": text})
    with pytest.raises(UsageError, match="max_size"):
        make_config({"max_size": True})


@given(st.decimals("0.001", "9999", places=3), st.sampled_from(["kB", "MB", "GiB", "x"]))
def test_the_same_size_is_always_written_in_the_same_way(number, unit):
    size = MaxSize.model_validate(f"{number}{unit}")
    assert MaxSize.model_validate(str(size)) == size
    assert MaxSize.model_validate(f"0{number}0 {unit.upper()}").allowed(of=SOURCE) == size.allowed(
        of=SOURCE
    )
