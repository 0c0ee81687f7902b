"""The README's numbers are those of the files that benchmarks and evaluations write."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="needs the peak memory of a process")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def readme(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import readme  # noqa: PLC0415 - a script

    yield readme
    for name in ("readme", "speed", "study_tables", "night", "one_run"):
        sys.modules.pop(name, None)


def text():
    return (BENCHMARKS.parent / "README.md").read_text(encoding="utf-8")


def test_the_readme_says_what_the_files_say(readme):
    assert readme.fill(text()) == text(), "run `make readme`"


def test_the_korean_readme_says_the_same(readme):
    korean = readme.KOREAN.read_text(encoding="utf-8")
    assert readme.fill(korean, readme.korean()) == korean, "run `make readme`"


def test_a_text_without_korean_is_noticed(readme):
    with pytest.raises(KeyError, match="dreams"):
        readme.korean()("dreams")


def test_what_stands_between_markers_is_replaced_and_nothing_else(readme):
    wrong = re.sub(r"\| glare-open \(the default\) \|[^\n]*", "| nonsense |", text())
    wrong = wrong.replace("1.45 s after the start", "at once")
    assert wrong != text()
    assert readme.fill(wrong) == text()
    with pytest.raises(SystemExit, match="one <!-- pairs -->"):
        readme.fill(text().replace("<!-- pairs -->", ""))


def test_every_table_of_these_sections_comes_from_a_file():
    for section in ("Night to day", "How good it is", "How fast it is"):
        body = text().split(f"\n## {section}\n")[1].split("\n## ")[0]
        by_hand = re.sub(r"<!-- ([\w-]+) -->.*?<!-- /\1 -->", "", body, flags=re.DOTALL)
        assert "|---" in body
        assert "|---" not in by_hand


def test_a_new_measurement_of_speed_reaches_the_readme(readme, tmp_path, monkeypatch):
    import speed  # noqa: PLC0415 - a script

    def run(row, clip, folder, frames, options):
        if row.startswith("parts"):
            return {"parts": {"decode": [0.004, 0.002, 0.003], "encode": [0.5, 0.5, 0.5]}}
        seconds = 2.0 if row == "plain transcode" else 5.0
        return {
            "frames": 10,
            "wall": seconds,
            "cpu": 3.0,
            "peak": 123e6,
            "first": 0.75,
            "first_cpu": 1.0,
        }

    def make_clip(path, **_size):
        path.write_bytes(b"night")
        return path

    monkeypatch.setattr(speed, "run", run)
    monkeypatch.setattr(speed, "make_clip", make_clip)
    results = tmp_path / "results"
    results.mkdir()
    (results / "quality.json").write_text((BENCHMARKS / "results" / "quality.json").read_text())
    options = argparse.Namespace(
        frames=1234, quick=False, rounds=1, rows=None, preset="veryfast", crf=20, avx2=False
    )
    for size in speed.FRAMES:
        found = speed.measure(size, tmp_path, options)
        speed.keep(results / "speed.json", f"{size[0]}x{size[1]}", found)
    speed.keep(results / "speed.json", "1920x1080 avx2", found)
    assert len(json.loads((results / "speed.json").read_text())) == 4
    monkeypatch.setattr(readme, "HERE", tmp_path)
    assert "| `glare`, balanced | 2.0 | 2.50 | 2.50 | 1.9 | 300 | 123 |" in readme.speed()
    assert "| plain transcode | 5.0 | 1 | 1 | | 300 | 123 |" in readme.speed()
    words = " ".join(readme.speed_words().split())
    assert "At 4K (1,234 frames) no stages, fast and balanced take 2.50, 2.50 and 2.50" in words
    assert "is written 0.75 s after the start" in words
    assert "1,234 frames of 1080p H.264" in " ".join(readme.speed_setting().split())
