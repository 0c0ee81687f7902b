"""Whether clips can lie in one track as they are, and in which of the first one's tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashcam_pipeline.media.joined.clip import Clip

_SAID: Final = {
    "codec": _("codec"),
    "clock": _("clock"),
    "header": _("encoder settings"),
    "size": _("picture size"),
    "format": _("pixel format"),
    "rate": _("sampling rate"),
    "layout": _("channels"),
}
"""What two tracks differ in, for people."""


def tracks_of(first: Clip, clip: Clip) -> dict[int, int]:
    """Which track of a clip goes on in which one of the first clip's, by index.

    The pictures that are worked on always do; every other track in one of the same kind and
    parameters that no earlier one took. Covers and attachments don't: the first clip has them.

    Args:
        first: whose tracks the joined recording has.
        clip: any of them.
    """
    if clip is first:
        return {track.index: track.index for track in first.info.tracks}
    pairs = {clip.info.video.index: first.info.video.index}
    free = [t for t in first.info.others if not t.cover and t.kind != "attachment"]
    for track in clip.info.others:
        for place in free:
            if _same(first.parameters[place.index], clip.parameters[track.index]):
                pairs[track.index] = place.index
                free.remove(place)
                break
    return pairs


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in {*one, *other})


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """What two tracks differ in, in words."""
    return [words for key, words in _SAID.items() if one.get(key) != other.get(key)]


def why_turned(first: Clip, clip: Clip) -> str:
    """Why a clip's pictures would stand on their head among the first one's; empty if not."""
    own, wanted = (round(one.info.video.rotation) % 360 for one in (clip, first))
    if own == wanted:
        return ""
    return _(
        "{name} is turned by {own} degrees, and {first} by {wanted}",
        name=clip.path.name,
        first=first.path.name,
        own=own,
        wanted=wanted,
    )


def why_not_copied(clips: Sequence[Clip]) -> str:
    """Why the clips' pictures can't be put into one track as they are; empty if they can.

    Args:
        clips: in order.
    """
    first = clips[0]
    wanted = first.parameters[first.info.video.index]
    for clip in clips[1:]:
        found = differences(wanted, clip.parameters[clip.info.video.index])
        if found:
            return _(
                "{name} differs from {first} in: {what}",
                name=clip.path.name,
                first=first.path.name,
                what=", ".join(found),
            )
        if clip.hidden:
            return _("{name} hides its first pictures by an edit list", name=clip.path.name)
    return ""
