"""Joins a folder in a process that may die at any write; run as a script.

    python killable.py FOLDER TARGET STAGE|- [DIE_AT_WRITE]

Prints how many writes it made.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from remembering import register

from dashcam_pipeline.join.joining import join
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.part_file import PartFile


def main(folder: str, target: str, stage: str, die_at: str = "0") -> None:
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
    join(
        [folder],
        target,
        config={"stages": () if stage == "-" else (stage,), "threads": 1},
        options={"segment_seconds": 1.0},
    )
    print(writes)  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    main(*sys.argv[1:])
