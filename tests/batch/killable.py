"""Cleans one recording resumably, in a process that may die at any write; run as a script.

    python killable.py SOURCE TARGET WORK SECONDS [DIE_AT_WRITE]

Prints how many writes it made.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from remembering import register

from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.part_file import PartFile


def main(source: str, target: str, work: str, seconds: str, die_at: str = "0") -> None:
    register()
    writes = 0
    write, commit = PartFile.write, Claim.commit

    def count() -> None:
        nonlocal writes
        writes += 1
        if writes == int(die_at):
            os.kill(os.getpid(), signal.SIGKILL)

    def counted_write(self, data):
        count()
        return write(self, data)

    def counted_commit(self):
        count()
        return commit(self)

    PartFile.write, Claim.commit = counted_write, counted_commit
    clean_resumable(
        Path(source),
        Path(target),
        config=CleanConfig(stages=("remember",), threads=1),
        work=Path(work),
        recipe="test",
        segment_seconds=float(seconds),
    )
    print(writes)  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    main(*sys.argv[1:])
