"""``max_size`` in a batch: for each output, over all its segments, however often it was cut off."""

from __future__ import annotations

import csv
import json

import pytest
from factory import Picture, Sound, make_clip

from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.batch.result import CSV_NAME, BatchReport, ClipResult, is_report
from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig

SMALL = (128, 72)


def make(path, frames=90, **picture):
    sounds = [Sound(seconds=frames / 30)]
    return make_clip(path, Picture(frames=frames, size=SMALL, **picture), sounds=sounds)


def config(share, **settings):
    return CleanConfig(stages=(), threads=1, crf=1, max_size=f"{share}x", **settings)


@pytest.mark.parametrize("seconds", [0.5, 1.0, 30.0])
def test_segments_together_keep_to_it(tmp_path, seconds):
    clip, target = make(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    report = clean_resumable(
        clip, target, config=config(0.5), work=tmp_path / "work", recipe="r",
        segment_seconds=seconds,
    )  # fmt: skip
    assert target.stat().st_size <= clip.stat().st_size // 2
    assert report.size["held"] >= 0.3


def test_going_on_gives_the_same_file(tmp_path):
    clip = make(tmp_path / "in.mp4")
    results = []

    def stop(progress):
        if progress.frames > 50:
            raise KeyboardInterrupt

    for name, interrupt in (("a", False), ("b", True)):
        how = {
            "config": config(0.5, deterministic=True),
            "work": tmp_path / f"work-{name}",
            "recipe": "r",
            "segment_seconds": 0.5,
        }
        if interrupt:
            try:
                clean_resumable(clip, tmp_path / f"{name}.mp4", progress=stop, **how)
            except KeyboardInterrupt:
                assert not (tmp_path / f"{name}.mp4").exists()
        clean_resumable(clip, tmp_path / f"{name}.mp4", **how)
        results.append((tmp_path / f"{name}.mp4").read_bytes())
    assert results[0] == results[1]
    assert len(results[0]) <= clip.stat().st_size // 2


def test_it_goes_for_each_output_and_the_table_says_what_it_took(tmp_path):
    card, out = tmp_path / "card", tmp_path / "out"
    card.mkdir()
    for name, frames in (("a.mp4", 60), ("b.mp4", 90)):
        make(card / name, frames)
    (card / "tiny.mp4").write_bytes(
        make(tmp_path / "tiny.mp4", 2, options={"qp": "51"}).read_bytes()
    )
    report = run_batch(
        card, out, config=config(0.5), options=BatchOptions(workers=1, segment_seconds=1.0)
    )
    clips = {clip.path: clip for clip in report.clips}
    for name in ("a.mp4", "b.mp4"):
        assert 0 < clips[name].output_bytes <= clips[name].source_bytes // 2
        assert clips[name].output_bytes == (out / name).stat().st_size
    assert clips["tiny.mp4"].status == "failed"
    assert "The smallest size that can be asked for is" in clips["tiny.mp4"].reason
    assert "quality was given up in 2 recordings, to keep to 0.5x" in report.table()
    with (out / CSV_NAME).open(newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert float(rows["a.mp4"]["held"]) == clips["a.mp4"].held > 0
    assert json.loads((out / "report.json").read_text())["settings"]["max_size"] == "0.5x"


def test_results_that_are_much_larger_are_counted():
    small, large = (
        ClipResult("x", "done", source_bytes=10**7, output_bytes=n) for n in (2 * 10**7, 3 * 10**7)
    )
    said = BatchReport("in", "out", [small, large, large]).table()
    assert "2 results are more than twice as large as their sources" in said
    assert "twice" not in BatchReport("in", "out", [small]).table()


def test_a_table_of_an_earlier_version_is_known_as_ours(tmp_path):
    table = tmp_path / CSV_NAME
    table.write_text("path,status,reason,output,recorded,camera,frames,seconds,attempts,sha256\n")
    assert is_report(table)
