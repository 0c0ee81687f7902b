"""Which recordings of a plan can't be cleaned, or not whole, by a look at their headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashcam_pipeline.errors import InputError
from dashcam_pipeline.media.extent import declared_size
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.batch.session import Plan


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a recording.

    Args:
        path: relative to the input.
        reason: a sentence.
        fails: True if it will fail; False if what can be decoded of it will be cleaned.
    """

    path: str
    reason: str
    fails: bool


def find_faults(plan: Plan) -> list[Fault]:
    """Look at the recordings that there is something to do with, as their jobs will.

    Damage inside pictures is only found by decoding them.
    """
    todo = (step.clip.path for step in plan.steps if step.is_work)
    found = (_fault(plan.tree.root, path) for path in todo)
    return [fault for fault in found if fault is not None]


def _fault(root: Path, path: str) -> Fault | None:
    try:
        info = probe(root / path)
        declared = declared_size(info.path)
    except InputError as error:
        return Fault(path, error.args[0], fails=True)
    except OSError as error:  # it went away meanwhile
        return Fault(
            path, _("it can't be read: {reason}.", reason=system_reason(error)), fails=True
        )
    if declared is not None and declared > info.size_bytes:
        reason = _(
            "it is cut short: the file ends after {size_bytes} of {declared} bytes.",
            size_bytes=info.size_bytes,
            declared=declared,
        )
        return Fault(path, reason, fails=False)
    return None
