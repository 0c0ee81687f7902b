"""Joins a folder in a process that may die at any write; run as a script.

    python killable.py FOLDER TARGET STAGE|- [DIE_AT_WRITE]

Prints how many writes it made.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dying import die_at_write
from remembering import register

from dashcam_pipeline.join.joining import join


def main(folder: str, target: str, stage: str, die_at: str = "0") -> None:
    register()
    writes = die_at_write(int(die_at))
    join(
        [folder],
        target,
        config={"stages": () if stage == "-" else (stage,), "threads": 1},
        options={"segment_seconds": 1.0},
    )
    print(writes())  # noqa: T201 - for the test that started it


if __name__ == "__main__":
    main(*sys.argv[1:])
