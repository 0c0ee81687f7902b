"""Metadata on its way from one container to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashcam_pipeline.media import containers

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_THE_FILE: Final = frozenset(("major_brand", "minor_version", "compatible_brands", "encoder"))
"""Facts about a file itself, which the muxer writes anew."""

_OF_THE_ENCODING: Final = ("encoder", "duration", "bps", "number_of_", "_statistics_")
"""Facts about a track's old encoding, by how their keys begin."""


def for_container(
    source: Mapping[str, str], tags: Mapping[str, str], muxer: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Decide what an output's metadata is.

    Args:
        source: the recording's own.
        tags: to add, such as a mark that it was processed; they win.
        muxer: FFmpeg's muxer.

    Returns:
        (metadata, the muxer's options needed to keep it); what the container has no place for is
        left out, and named by ``side_data``.
    """
    rules = containers.named(muxer).metadata
    added = _spelled(tags, rules.native)
    metadata = _spelled(of_the_recording(source), rules.native) | added
    foreign = metadata.keys() - rules.native - {"creation_time"}
    options = dict(rules.options) if foreign else {}
    held = {k: v for k, v in metadata.items() if k in added or k.startswith(rules.prefix)}
    return held, options


def _spelled(keys: Mapping[str, str], native: frozenset[str]) -> dict[str, str]:
    """Native keys as the container spells them: Matroska has ``COMMENT``, an MP4 ``comment``."""
    return {key.lower() if key.lower() in native else key: value for key, value in keys.items()}


def of_the_recording(source: Mapping[str, str]) -> dict[str, str]:
    """A container's metadata without facts about the file itself, and each of the rest once."""
    return {
        key: value
        for key, value in source.items()
        if key.lower() not in _OF_THE_FILE and not _is_translation(key, source)
    }


def for_track(source: Mapping[str, str]) -> dict[str, str]:
    """A re-encoded track's metadata: without what described the old encoding."""
    return {k: v for k, v in source.items() if not k.lower().startswith(_OF_THE_ENCODING)}


def _is_translation(key: str, source: Mapping[str, str]) -> bool:
    """True for FFmpeg's "location-eng" beside an equal "location"."""
    plain, _, language = key.partition("-")
    return len(language) == 3 and source.get(plain) == source[key]  # noqa: PLR2004 - ISO 639-2
