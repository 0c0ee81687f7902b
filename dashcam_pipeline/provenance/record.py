"""What the record says: the run report, and what a report can't know (hashes, command)."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline._version import __version__
from dashcam_pipeline.config import available_threads
from dashcam_pipeline.inference.digest import sha256_of
from dashcam_pipeline.media.write_report import COPIED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.provenance.changes import ChangeLog

SCHEMA: Final = "dashcam_pipeline/provenance"
SCHEMA_VERSION: Final = 1
"""It rises when a key changes its meaning or goes away, not when one is added."""

ENDING: Final = ".provenance.json"


def record_path(output: Path) -> Path:
    """Where an output's record lies: its whole name, then ``.provenance.json``."""
    return output.with_name(output.name + ENDING)


def file_entry(path: Path, name: str | None = None) -> dict[str, Any]:
    """Name, size and hash of a file; no folder: where it lay is the user's own business.

    Args:
        path: where it lies.
        name: that it will have; None is its own.

    Raises:
        OSError: it can't be read.
    """
    return {"name": name or path.name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def make_record(
    report: RunReport,
    *,
    source: dict[str, Any],
    output: dict[str, Any],
    companions: Iterable[dict[str, Any]],
    telemetry: dict[str, Any],
    changes: ChangeLog,
    clips: Iterable[dict[str, Any]] = (),
) -> dict[str, Any]:
    """The record of one run.

    Args:
        report: of the run.
        source, output: ``file_entry`` of the two files.
        companions: ``file_entry`` of each file written beside the output.
        telemetry: what became of it.
        changes: what the chain's frames showed.
        clips: of which the source is joined, an entry each; ``source`` is the first one's then.
    """
    facts = report.to_dict()
    joined = facts["joined"]
    of_clips = {"clips": list(clips), "joined": _names_alone(joined)} if joined else {}
    copied = report.output.codec == COPIED
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": f"dashcam_pipeline {__version__}",
        "versions": facts["versions"],
        "command": [_without_folders(part) for part in sys.argv],
        "input": {**source, **_media(facts["input"])},
        **of_clips,
        "output": {**output, **_media(facts["output"])},
        "companions": list(companions),
        "weights": [
            {"stage": stage["name"], "model": stage["facts"].get("model"), "sha256": sha}
            for stage in facts["stages"]
            if (sha := stage["facts"].get("sha256"))
        ],
        "settings": facts["settings"],
        "encoder_options": facts["encoder_options"],
        "device": facts["device"],
        "machine": {
            "platform": platform.platform(),
            "processor": platform.machine(),
            "threads": facts["settings"].get("threads") or available_threads(),
        },
        "stages": facts["stages"],
        "synthetic": any(stage["synthetic"] for stage in facts["stages"]),
        "frames": {**facts["frames"], "concealed_at_s": changes.concealed},
        "holes_s": facts["holes"],
        "scene_cuts": facts["cuts"],
        "protected": facts["protected"],
        "streams": {key: facts[key] for key in ("carried", "not_carried", "lost")},
        "telemetry": telemetry,
        "warnings": facts["warnings"],
        # a job that went on after a kill has seen only the rest
        "change_complete": copied
        or sum(s.frames for s in changes.seconds) >= report.frames.written,
        "change_per_second": [second.to_dict() for second in changes.seconds],
    }


def _names_alone(joined: dict[str, Any]) -> dict[str, Any]:
    """Facts of a join, of clips' paths only the names."""
    clips = [{**clip, "path": PurePath(clip["path"]).name} for clip in joined["clips"]]
    return {**joined, "clips": clips}


def _media(file: dict[str, Any]) -> dict[str, Any]:
    return {key: file[key] for key in ("container", "codec", "width", "height", "duration_s")}


def _without_folders(part: str) -> str:
    """An argument as given, of a path only its name."""
    option, equals, value = part.partition("=") if part.startswith("--") else ("", "", part)
    if os.sep in value or (os.altsep and os.altsep in value):
        value = value.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return option + equals + value
