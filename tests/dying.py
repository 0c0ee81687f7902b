"""Lets a process die at one of its writes, as a power cut or ``kill -9`` would have it."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.part_file import PartFile

if TYPE_CHECKING:
    from collections.abc import Callable


def die_at_write(number: int) -> Callable[[], int]:
    """Kill this process at its write of that number, whole files' names included; 0 at none.

    Returns:
        tells how many writes there were.
    """
    writes = 0
    write, commit = PartFile.write, Claim.commit

    def count():
        nonlocal writes
        writes += 1
        if writes == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted_write(self, data):
        count()
        return write(self, data)

    def counted_commit(self):
        count()
        return commit(self)

    PartFile.write, Claim.commit = counted_write, counted_commit
    return lambda: writes
