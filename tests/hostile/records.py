"""Records and reports as somebody with bad intentions would write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEP = 100_000
"""Levels that end a parser which calls itself."""

ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    10**400,
    1e308,
    float("nan"),
    "text",
    "\ud800",
    "../x",
    "/etc/passwd",
    "a\0b",
    "x" * 5000,
    [],
    [[]],
    [None],
    {},
    {"a": {"b": [1]}},
]
"""What stands in places that are meant for something else."""

NO_JSON = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"\xff\xfe\0",
    b"1" * 5000,
    b"[" * DEEP,
    b'{"input":' * DEEP,
    b'{"input": {"a": ' + b"[" * 900 + b"]" * 900 + b'}, "output": {"path": "x"}}',
    b'{"input": {"path": "\\ud800"}, "output": {"path": "\\udfff\\ud800"}, "clips": 5}',
]
"""Files that are no record at all, or none that is meant well."""


def spoiled(record: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every place of a record with every odd value, as (where, the file)."""
    for place in places(record):
        for number, value in enumerate(ODD_VALUES):
            changed = json.loads(json.dumps(record))
            holder = changed
            for key in place[:-1]:
                holder = holder[key]
            holder[place[-1]] = value
            where = ".".join(map(str, place))
            yield f"{where}={number}", json.dumps(changed).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values within a value."""
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))
