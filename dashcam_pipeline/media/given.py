"""Which files this process has given their names, to say the truth after Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Given:
    """The names that were given to whole files."""

    def __init__(self) -> None:
        self.count = 0
        self.last: tuple[Path, ...] = ()
        """Of the last set."""

    def note(self, paths: Iterable[Path]) -> None:
        """Count a set of files that is complete; not what lies in a folder that is none yet."""
        from dashcam_pipeline.media.part_file import PART  # noqa: PLC0415 - the help needs none

        named = tuple(path for path in paths if not path.parent.name.endswith(PART))
        self.last = named or self.last
        self.count += len(named)


GIVEN: Final = Given()
