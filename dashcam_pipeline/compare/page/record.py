"""What the run's own report says about a clip, for the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.engine.readable import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.compare.page.model import Clip

_SHOWN: Final = 12
"""Characters of a sha256 that tell one model from another."""


def described(clip: Clip, record: Mapping[str, Any]) -> None:
    """Fill in what a run's report tells; whatever it lacks stays empty.

    Args:
        clip: changed in place.
        record: of ``RunReport.to_dict``, or an empty one.
    """
    clip.warnings += [str(text) for text in _list(record.get("warnings"))]
    for stage in _list(record.get("stages")):
        if isinstance(stage, dict):
            clip.chain.append((str(stage.get("name", "?")), _stage_facts(stage)))
            clip.synthetic = clip.synthetic or stage.get("synthetic") is True
    timings, frames = _dict(record.get("timings")), _dict(record.get("frames"))
    seconds, written = timings.get("total"), frames.get("written")
    if isinstance(seconds, int | float) and isinstance(written, int) and seconds > 0:
        clip.fps = written / seconds
        clip.made.append(("made.took", duration(seconds)))
        clip.made.append(("made.fps", f"{clip.fps:.1f}"))
    if isinstance(written, int):
        clip.frames = written
    if record.get("device") and clip.chain:
        clip.made.append(("made.device", str(record["device"])))
    encoder = _dict(record.get("output")).get("codec")
    if encoder:
        options = _dict(record.get("encoder_options"))
        text = ", ".join(f"{key}={value}" for key, value in options.items())
        clip.made.append(("made.encoder", f"{encoder} ({text})" if text else str(encoder)))
    versions = _dict(record.get("versions"))
    if versions:
        clip.made.append(("made.versions", ", ".join(f"{k} {v}" for k, v in versions.items())))
    for point in _list(record.get("pace")):
        if isinstance(point, list) and len(point) == 2:  # noqa: PLR2004 - a pair
            clip.pace.append((float(point[0]), float(point[1])))


def _stage_facts(stage: Mapping[str, Any]) -> str:
    """Options and facts of a stage in one line."""
    parts = {**_dict(stage.get("options")), **_dict(stage.get("facts"))}
    if isinstance(parts.get("sha256"), str):
        parts["sha256"] = parts["sha256"][:_SHOWN]
    return ", ".join(f"{key} {value}" for key, value in parts.items())


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
