"""What a batch costs beside its recordings: how it scales with workers, and what the journal takes.

    python benchmarks/batch.py [--clips 8] [--seconds 10] [--entries 10000] [--workers 1 2]
        [--sizes 640x360 1920x1080] [--stage glare]

Scaling cleans copies of a night-like clip (``night.py``) of each size with the given chain (none by
default), once for each number of workers, processors shared out among them. The journal's figures
are for entries as a run makes them: two for each recording, each of them safe against a crash of
the process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

from night import RATE, make_clip, size_of

from dashcam_pipeline.batch.driver import plan_batch, run_batch
from dashcam_pipeline.batch.journal import Entry, Journal
from dashcam_pipeline.batch.plan import Intent, decide
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig


def scaling(folder: Path, size: tuple[int, int], options: argparse.Namespace) -> None:
    folder.mkdir()
    card = folder / "card"
    card.mkdir()
    first = card / "20240101_120000_NF.mp4"
    width, height = size
    make_clip(first, width=width, height=height, frames=round(options.seconds * RATE))
    for minute in range(1, options.clips):
        shutil.copy(first, card / f"20240101_12{minute:02}00_NF.mp4")
    config = CleanConfig(stages=tuple(options.stages))
    chain = " > ".join(options.stages) or "no stages"
    print(f"{options.clips} recordings of {options.seconds:g} s, {width}x{height}, {chain}")
    print("workers  seconds  frames/s  against the first")
    reference = None
    for count in options.workers:
        report = run_batch(
            card, folder / f"out{count}", config=config, options=BatchOptions(workers=count)
        )
        rate = sum(clip.frames for clip in report.clips) / report.seconds
        reference = reference or rate
        print(f"{count:>7}  {report.seconds:>7.1f}  {rate:>8.1f}  {rate / reference:.2f}")


def journal(folder: Path, entries: int) -> None:
    path = folder / "journal.sqlite3"
    facts = {"size": 10**8, "mtime_ns": 10**18, "recipe": "0" * 16, "sha256": "0" * 64}
    with Journal(path) as record:
        begin = time.perf_counter()
        for number in range(entries):
            name = f"Movie/2024_0101_{number:06}_F.MP4"
            record.put(Entry(name, "started", **facts))
            record.put(Entry(name, "done", **facts, output=name, output_size=1))
        wrote = time.perf_counter() - begin
        begin = time.perf_counter()
        for number in range(entries):
            record.get(f"Movie/2024_0101_{number:06}_F.MP4")
        read = time.perf_counter() - begin
    print(f"journal, {entries} recordings: {path.stat().st_size / 1e6:.1f} MB")
    print(f"  recording a start and an end  {wrote / entries * 1e6:8.1f} us each")
    print(f"  looking one up                {read / entries * 1e6:8.1f} us each")


def planning(folder: Path, entries: int) -> None:
    card = folder / "large"
    card.mkdir()
    for number in range(entries):
        (card / f"2024_0101_{number:06}_F.MP4").touch()
    begin = time.perf_counter()
    plan = plan_batch(card, folder / "none", config=CleanConfig(stages=()))
    seconds = time.perf_counter() - begin
    intent = Intent(root=card, output=folder, recipe=plan.recipe)
    begin = time.perf_counter()
    for step in plan.steps:
        decide(step.clip, step.entry, intent)
    print(f"finding and planning {entries} recordings: {seconds:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sizes", type=size_of, nargs="+", default=[(640, 360)], metavar="WxH")
    parser.add_argument("--stage", action="append", default=[], dest="stages")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="dashcam-benchmark-") as name:
        journal(Path(name), options.entries)
        planning(Path(name), options.entries)
        for width, height in options.sizes:
            scaling(Path(name) / f"{width}x{height}", (width, height), options)


if __name__ == "__main__":
    main()
