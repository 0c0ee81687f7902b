"""What a batch costs beside its recordings: how it scales with workers, and what the journal takes.

    python benchmarks/batch.py [--clips 8] [--seconds 10] [--entries 10000] [--workers 1 2]

Scaling cleans copies of a small made-up recording with the given chain (none by default), once for
each number of workers, processors shared out among them. The journal's figures are for entries as
a run makes them: two for each recording, each of them safe against a crash of the process.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from dashcam_pipeline.batch.driver import plan_batch, run_batch
from dashcam_pipeline.batch.journal import Entry, Journal
from dashcam_pipeline.batch.plan import Intent, decide
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig

SIZE = (640, 360)
RATE = 30


def make_recording(path: Path, seconds: float) -> None:
    """A dark, grainy street with a lamp that moves."""
    rng = np.random.default_rng(0)
    width, height = SIZE
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        for index in range(round(seconds * RATE)):
            picture = rng.integers(20, 40, (height, width, 3)).astype(np.uint8)
            x = index * 7 % (width - 20)
            picture[100:120, x : x + 20] = 240
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


def scaling(
    folder: Path, clips: int, seconds: float, workers: list[int], stages: list[str]
) -> None:
    card = folder / "card"
    card.mkdir()
    first = card / "20240101_120000_NF.mp4"
    make_recording(first, seconds)
    for minute in range(1, clips):
        shutil.copy(first, card / f"20240101_12{minute:02}00_NF.mp4")
    config = CleanConfig(stages=tuple(stages))
    width, height = SIZE
    chain = " > ".join(stages) or "no stages"
    print(f"{clips} recordings of {seconds:g} s, {width}x{height}, {chain}")
    print("workers  seconds  frames/s  against the first")
    reference = None
    for count in workers:
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
    parser.add_argument("--stage", action="append", default=[], dest="stages")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="dashcam-benchmark-") as name:
        journal(Path(name), options.entries)
        planning(Path(name), options.entries)
        scaling(Path(name), options.clips, options.seconds, options.workers, options.stages)


if __name__ == "__main__":
    main()
