"""JSON files that anybody may have written, read with limits and checked by a model.

::

    file -> read_object: size, depth -> model: names, types, ranges -> what may be used

A file beside a recording comes with the recording, from whoever made it. Nothing in it is used
before a pydantic model has accepted all of it, and a file that it names is opened only where
``inside`` finds it.
"""

from __future__ import annotations

import json
import stat
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from dashcam_pipeline.translation import for_messages

if TYPE_CHECKING:
    from pydantic import ValidationError

MAX_BYTES: Final = 16 << 20
"""Of a file that is read: a record has a hundred for a second of video, and JSON as Python objects
takes up to thirty times its size."""

MAX_DEPTH: Final = 32
"""Levels of lists and objects; records have seven."""

_MAX_TEXT: Final = 4096
"""Characters of one text; paths may be that long."""

_MAX_COUNT: Final = 2**53
"""The largest whole number that every reader of JSON agrees on (RFC 8259, 6)."""

_MAX_SECONDS: Final = 1e7
"""115 days; no recording is longer, and clocks of any time base still hold it."""


def _short(text: str) -> str:
    if len(text) > _MAX_TEXT:
        raise ValueError(f"has more than {_MAX_TEXT} characters")
    return text


def _file_name(name: str) -> str:
    if name in {"", ".", ".."} or "\0" in name or "\\" in name or PurePath(name).name != name:
        raise ValueError("is no name of a file in the same folder")
    return name


Text = Annotated[str, AfterValidator(_short)]
FileName = Annotated[Text, AfterValidator(_file_name)]
"""The name of a file without any folder."""

Count = Annotated[int, Field(ge=0, le=_MAX_COUNT)]
Seconds = Annotated[float, Field(ge=0, le=_MAX_SECONDS, allow_inf_nan=False)]
Number = Annotated[float, Field(ge=-1e300, le=1e300, allow_inf_nan=False)]


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object of a file.

    Args:
        path: an ordinary file; a pipe isn't waited for.

    Returns:
        at most ``MAX_DEPTH`` deep; what it holds is not checked any further.

    Raises:
        OSError: it can't be read.
        ValueError: it is no JSON object, or a larger or deeper one than any of ours.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("no ordinary file")
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB")
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - a value of the file, not of the caller
    _check_depth(found)
    return found


def _check_depth(found: dict[str, Any]) -> None:
    level: list[dict[str, Any] | list[Any]] = [found]
    for _ in range(MAX_DEPTH):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [child for one in inner for child in one if isinstance(child, dict | list)]
        if not level:
            return
    raise ValueError("nested too deeply")


def what_is_wrong(error: ValidationError) -> str:
    """The first fault that a model found, in a few words on one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    said = f"{place}: {first['msg']}" if place else first["msg"]
    return printable(said)[:300]


@for_messages
def printable(text: str) -> str:
    """A text for one line of a terminal: what controls it, or is no character, as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def inside(folder: Path, name: str | Path) -> Path | None:
    """An ordinary file that lies in a folder, or None.

    Args:
        folder: that nothing may lead out of, neither ``..`` nor a link.
        name: relative to it; it may come from anyone.

    Returns:
        the file, not resolved.
    """
    path = folder / name
    try:
        lies_in = path.resolve().is_relative_to(folder.resolve())
        return path if lies_in and stat.S_ISREG(path.stat().st_mode) else None
    except (OSError, ValueError, RuntimeError):
        return None  # no such file, NUL, too long a name, a ring of links
