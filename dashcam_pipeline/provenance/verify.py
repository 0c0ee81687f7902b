"""Checking an output against its record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final, Literal, TypeAlias

from dashcam_pipeline.errors import InputError, InputMissingError, ModelError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.inference.manifest import find_model
from dashcam_pipeline.provenance.record import SCHEMA, SCHEMA_VERSION, record_path

State: TypeAlias = Literal["same", "changed", "missing", "other"]
"""``other``: weights of another version are installed now."""

MAX_RECORD: Final = 64 << 20
"""Bytes of a record that are read: a second of video takes a hundred."""


@dataclass(frozen=True, slots=True)
class Check:
    """One file compared with the record.

    Args:
        role: ``output``, ``input``, ``companion`` or ``weights``.
        name: of the file.
        state: ``missing`` is no failure but for the output and its companions: a source is often
            kept elsewhere.
        expected, found: sha256 in hex; ``found`` is empty where the file is missing.
    """

    role: str
    name: str
    state: State
    expected: str
    found: str = ""

    @property
    def failed(self) -> bool:
        """True if this speaks against the output."""
        if self.state == "missing":
            return self.role in {"output", "companion"}
        return self.state == "changed"


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of one output.

    Args:
        path: the output.
        checks: the output first.
        record: as it was read.
    """

    path: Path
    checks: tuple[Check, ...]
    record: dict[str, Any]

    @property
    def passed(self) -> bool:
        """True if nothing speaks against the output."""
        return not any(check.failed for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "path": str(self.path),
            "passed": self.passed,
            "checks": [
                {
                    "role": check.role,
                    "name": check.name,
                    "state": check.state,
                    "expected_sha256": check.expected,
                    "found_sha256": check.found,
                }
                for check in self.checks
            ],
        }


def verify(path: Path, *, source: Path | None = None) -> Verification:
    """Hash an output and what belongs to it again.

    Args:
        path: the output.
        source: the recording it was made of; looked for beside the output by its name if None.

    Raises:
        InputMissingError: no output, or no record.
        InputError: the record can't be understood.
    """
    if path.is_dir():
        raise InputMissingError(
            f"{path} is a folder, and what is checked is a file.",
            advice="Name a file in it that was cleaned.",
        )
    if not path.is_file():
        raise InputMissingError(
            f"{path} does not exist.", advice="Name an output of dashcam clean."
        )
    record = read_record(record_path(path))
    checks = [_check("output", path, record["output"])]
    checks += [
        _check("companion", path.with_name(entry["name"]), entry) for entry in record["companions"]
    ]
    origin = source or path.with_name(record["input"]["name"])
    if source is None and origin == path:  # a batch keeps names: the source lies in another folder
        entry = record["input"]
        checks.append(Check("input", entry["name"], "missing", entry["sha256"].lower()))
    else:
        checks.append(_check("input", origin, record["input"]))
    checks += [_check_weights(entry) for entry in record["weights"]]
    return Verification(path, tuple(checks), record)


def read_record(path: Path) -> dict[str, Any]:
    """Read and check the shape of a record; it may come from anyone.

    Raises:
        InputMissingError: it isn't there.
        InputError: it is no record of a version that is known here.
    """
    try:
        if path.stat().st_size > MAX_RECORD:
            raise InputError(f"{path} is too large for a provenance record.")
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputMissingError(
            f"there is no record {path}.",
            advice="Only outputs of dashcam clean have one; keep both files together.",
        ) from error
    except OSError as error:
        raise InputMissingError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no provenance record: {error}.") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise InputError(f"{path} is no provenance record.")
    if data.get("schema_version") != SCHEMA_VERSION:
        raise InputError(
            f"{path} has version {data.get('schema_version')!r} of the record; "
            f"{SCHEMA_VERSION} is known here.",
            advice="Use the version of dashcam_pipeline that wrote it.",
        )
    weights = data.get("weights")
    if not isinstance(weights, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("sha256"), str) for entry in weights
    ):
        raise InputError(f"{path} lacks the hashes of its weights.")
    companions = data.get("companions")
    entries = [data.get("input"), data.get("output")]
    entries += companions if isinstance(companions, list) else [None]
    if not all(_is_entry(entry) for entry in entries):
        raise InputError(f"{path} lacks names or hashes of its files.")
    return data


def _is_entry(entry: object) -> bool:
    """True for a file's name and hash; a name that leads to another folder is refused."""
    if not isinstance(entry, dict):
        return False
    name, digest = entry.get("name"), entry.get("sha256")
    return (
        isinstance(name, str)
        and isinstance(digest, str)
        and name not in {"", ".", ".."}
        and "\0" not in name
        and "\\" not in name
        and PurePath(name).name == name
    )


def _check_weights(entry: dict[str, Any]) -> Check:
    """The weights installed now under the recorded name; other ones say nothing of the output."""
    name, expected = str(entry.get("model")), entry["sha256"].lower()
    try:
        found = find_model(name).sha256.lower()
    except ModelError:
        return Check("weights", name, "missing", expected)
    return Check("weights", name, "same" if found == expected else "other", expected, found)


def _check(role: str, path: Path, entry: dict[str, Any]) -> Check:
    expected = entry["sha256"].lower()
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        return Check(role, path.name, "missing", expected)
    except OSError as error:
        raise InputMissingError(f"{path} can't be read: {error.strerror}.") from error
    return Check(role, path.name, "same" if found == expected else "changed", expected, found)
