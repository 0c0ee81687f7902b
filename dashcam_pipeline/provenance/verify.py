"""Checking an output against its record."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashcam_pipeline.errors import InputError, InputMissingError, ModelError
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.inference.manifest import load_manifest
from dashcam_pipeline.provenance.record import SCHEMA, SCHEMA_VERSION, record_path
from dashcam_pipeline.provenance.untrusted import (
    Count,
    FileName,
    Text,
    inside,
    read_object,
    what_is_wrong,
)
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Sequence

State: TypeAlias = Literal["same", "changed", "missing", "other"]
"""``other``: weights of another version are installed now."""

_SHOWN: Final = 20
"""Characters of an unknown version that are told."""


class _Part(BaseModel):
    """A part of a record: of its own types, and whatever it holds beside."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class FileEntry(_Part):
    """A file by name and hash."""

    name: FileName
    sha256: Text


class ClipEntry(_Part):
    """A clip that an output was joined of; without a hash if it could not be read to its end."""

    name: FileName
    sha256: Text | None = None


class WeightsEntry(_Part):
    """Weights by name and hash; the name may be missing."""

    sha256: Text
    model: Text | None = None


class FrameEntry(_Part):
    """Frames of a run."""

    read: Count | None = None
    written: Count | None = None
    concealed: Count | None = None
    missing: Count | None = None


class Provenance(_Part):
    """What a record must hold, and what of it is shown; ``docs/provenance.md`` has all of it."""

    input: FileEntry
    output: FileEntry
    companions: list[FileEntry] = Field(max_length=1000)
    clips: list[ClipEntry] = Field(default=[], max_length=100_000)
    weights: list[WeightsEntry] = Field(max_length=1000)
    frames: FrameEntry = FrameEntry()
    software: Text = ""
    created: Text = ""


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


def verify(path: str | Path, *, source: str | Path | None = None) -> Verification:
    """Hash an output and what belongs to it again.

    Args:
        path: the output.
        source: the recording it was made of, or a folder that the clips lie in, at any depth,
            which it was joined of; looked for beside the output by name if None.

    Raises:
        InputMissingError: no output, or no record.
        InputError: the record can't be understood.
    """
    path = Path(path)
    if path.is_dir():
        raise InputMissingError(
            _("{path} is a folder, and what is checked is a file.", path=path),
            advice=_("Name a file in it that was cleaned."),
        )
    if not path.is_file():
        raise InputMissingError(
            _("{path} does not exist.", path=path), advice=_("Name an output of dashcam clean.")
        )
    if source is not None and not Path(source).exists():
        raise InputMissingError(
            _("{path} does not exist.", path=source),
            advice=_("Name the recording that it was made of, or leave it out."),
        )
    data = read_record(record_path(path))
    record = Provenance.model_validate(data)
    checks = [_check("output", path, record.output)]
    checks += [_check_beside("companion", path, entry) for entry in record.companions]
    if record.clips and (source is None or Path(source).is_dir()):
        folder = path.parent if source is None else Path(source)
        names = {clip.name for clip in record.clips}
        below = {} if source is None else _below(folder, names)
        checks += [_check_clip(folder, clip, below.get(clip.name, [])) for clip in record.clips]
    elif source is not None:
        checks.append(_check("input", Path(source), record.input))
    elif record.input.name == path.name:
        # a batch keeps names: the source lies in another folder
        checks.append(_missing("input", record.input))
    else:
        checks.append(_check_beside("input", path, record.input))
    checks += [_check_weights(entry) for entry in record.weights]
    return Verification(path, tuple(checks), data)


def read_record(path: Path) -> dict[str, Any]:
    """Read a record and check it by ``Provenance``; it may come from anyone.

    Returns:
        as it is in the file; what ``Provenance`` names is of its types.

    Raises:
        InputMissingError: it isn't there.
        InputError: it is no record of a version that is known here.
    """
    try:
        data = read_object(path)
    except FileNotFoundError as error:
        raise InputMissingError(
            _("there is no record {path}.", path=path),
            advice=_("Only what dashcam made has one; keep both files together."),
        ) from error
    except OSError as error:
        raise InputMissingError(
            _("{path} can't be read: {reason}.", path=path, reason=system_reason(error))
        ) from error
    except ValueError as error:
        raise InputError(
            _("{path} is no provenance record: {error}.", path=path, error=error)
        ) from error
    if data.get("schema") != SCHEMA:
        raise InputError(_("{path} is no provenance record.", path=path))
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        shown = repr(version)[:_SHOWN] if isinstance(version, int | str) else "of another kind"
        raise InputError(
            _(
                "{path} has version {shown} of the record; {known} is known here.",
                path=path,
                shown=shown,
                known=SCHEMA_VERSION,
            ),
            advice=_("Use the version of dashcam_pipeline that wrote it."),
        )
    try:
        Provenance.model_validate(data)
    except ValidationError as error:
        raise InputError(
            _(
                "{path} is no provenance record: {what}.",
                path=path,
                what=what_is_wrong(error),
            )
        ) from error
    return data


def _check_weights(entry: WeightsEntry) -> Check:
    """The weights installed now under the recorded name; other ones say nothing of the output.

    Only names of the package's own manifest are looked up: a record's path could be any file.
    """
    name, expected = entry.model or "?", entry.sha256.lower()
    try:
        found = load_manifest().get(name).sha256.lower()
    except ModelError:
        return Check("weights", name, "missing", expected)
    return Check("weights", name, "same" if found == expected else "other", expected, found)


def _check_beside(role: str, output: Path, entry: FileEntry) -> Check:
    """A file beside the output; a link that leads to another folder is none."""
    path = inside(output.parent, entry.name)
    return _missing(role, entry) if path is None else _check(role, path, entry)


def _below(folder: Path, names: set[str]) -> dict[str, list[Path]]:
    """Files of some names in a folder's folders, by name: a card has several."""
    found: dict[str, list[Path]] = {}
    for place, _folders, files in os.walk(folder):
        for name in names.intersection(files):
            found.setdefault(name, []).append(Path(place, name).relative_to(folder))
    return found


def _check_clip(folder: Path, clip: ClipEntry, below: Sequence[Path]) -> Check:
    """A clip in a folder, or below it; one that has no hash on record isn't checked."""
    places = dict.fromkeys((Path(clip.name), *below))
    paths = [path for place in places if (path := inside(folder, place)) is not None]
    if clip.sha256 is None or not paths:
        return Check("input", clip.name, "missing", (clip.sha256 or "").lower())
    entry = FileEntry(name=clip.name, sha256=clip.sha256)
    checks = [_check("input", path, entry) for path in paths]
    return next((check for check in checks if check.state == "same"), checks[0])


def _missing(role: str, entry: FileEntry) -> Check:
    return Check(role, entry.name, "missing", entry.sha256.lower())


def _check(role: str, path: Path, entry: FileEntry) -> Check:
    expected = entry.sha256.lower()
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        return Check(role, path.name, "missing", expected)
    except OSError as error:
        raise InputMissingError(
            _("{path} can't be read: {reason}.", path=path, reason=system_reason(error))
        ) from error
    return Check(role, path.name, "same" if found == expected else "changed", expected, found)
