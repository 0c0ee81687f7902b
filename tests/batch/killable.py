"""Cleans one recording resumably, in a process that may die at any write; run as a script.

    python killable.py SOURCE TARGET WORK SECONDS [DIE_AT_WRITE]

Prints how many writes it made.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dying import die_at_write
from remembering import register

from dashcam_pipeline.batch.resumable import clean_resumable
from dashcam_pipeline.config import CleanConfig


def main(source: str, target: str, work: str, seconds: str, die_at: str = "0") -> None:
    register()
    writes = die_at_write(int(die_at))
    clean_resumable(
        Path(source),
        Path(target),
        config=CleanConfig(stages=("remember",), threads=1),
        work=Path(work),
        recipe="test",
        segment_seconds=float(seconds),
    )
    print(writes())  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    main(*sys.argv[1:])
