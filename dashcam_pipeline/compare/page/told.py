"""What a run did, in the words of who drove: of its stages, its encoder and its machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.page.words import KOREAN
from dashcam_pipeline.engine.recalled import recalled
from dashcam_pipeline.translation import ENGLISH, Message, _, _n, _p, joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashcam_pipeline.translation import Catalogue

_NAMES: Final = {
    "glare": _("Glare taken away"),
    "night-to-day": _("Night made into day"),
    "day-to-night": _("Day made into night"),
}

_INNER: Final = frozenset(
    ("sha256", "transfer", "work_size", "frames_seen", "device_graph", "memory", "graph")
)
"""Facts for who works on a stage; its record keeps them."""

_SHARES: Final = {
    "strength": _p("option", "strength"),
    "streaks": _p("option", "streaks"),
    "veil": _p("option", "haze"),
}
"""Options that are shares of what is usual."""

_SETTINGS: Final = {
    ("exposure", "keep"): _("as bright as it was"),
    ("glass", "clean"): _("as behind clean glass"),
    ("glass", "normal"): _("as behind usual glass"),
    ("glass", "dirty"): _("as behind dirty glass"),
}

_CODECS: Final = {
    "libx264": "H.264 (x264)",
    "libx265": "H.265 (x265)",
    "libsvtav1": "AV1 (SVT-AV1)",
}

_VERSION: Final = re.compile(r"^Lav[cf][\d.]+ ")


def stage_name(name: str) -> str:
    """What a stage does; of others' stages, their name."""
    return _NAMES.get(name, name)


def stage_facts(name: str, options: Mapping[str, str], facts: Mapping[str, str]) -> list[str]:
    """What was asked of a stage and what it found, each a few words."""
    known = name in _NAMES
    told = [_option(key, value, known=known) for key, value in options.items()]
    told += [_fact(key, value, known=known) for key, value in facts.items()]
    return [text for text in told if text]


def encoder_words(codec: str, options: Mapping[str, str]) -> str:
    """``H.264 (x264), quality 20 of 51 (less is better)``."""
    name = _VERSION.sub("", codec)
    parts: list[str] = [_CODECS.get(name, name)]
    for key, value in options.items():
        if key == "crf":
            parts.append(_("quality level {n} (lower is better)", n=value))
        elif key == "preset":
            parts.append(_("speed {name}", name=value))
        else:
            parts.append(f"{key} {value}")
    return joined(", ", parts)


def device_words(device: str) -> str:
    """The processor, or a graphics card."""
    if device == "cpu":
        return _("the processor (CPU)")
    return _("the graphics card ({device})", device=device)


def _option(key: str, value: str, *, known: bool) -> str:
    if (key, value) in _SETTINGS:
        return _SETTINGS[key, value]
    if key in _SHARES and _is_number(value):
        return _("{name} {n:.0f}%", name=_SHARES[key], n=100 * float(value))
    if key == "mark" or (known and value in {"auto", "None"}):
        return ""  # the fact says it
    if known and key == "model":
        return ""
    return _plain(key, value)


def _fact(key: str, value: str, *, known: bool) -> str:
    if key in _INNER:
        return ""
    if key == "frames_changed" and value.isdecimal():
        return _n("{n:,} frame changed", "{n:,} frames changed", int(value))
    if key == "glass":
        return _("glass {words}", words=Message(_glass, value))
    if known and key == "model":
        return _("weights {name}", name=value)
    if known and key == "marked":
        return _("a mark in every picture says so") if value == "True" else _("without a mark")
    return _plain(key, value)


def _glass(texts: Catalogue, words: str) -> str:
    """What a record says of the glass, which is English."""
    return words if texts is ENGLISH else recalled(words, KOREAN, context="glass")


def _plain(key: str, value: str) -> str:
    """A setting of somebody else's stage, as it is written."""
    name = key.replace("_", " ")
    if value in {"True", "False"}:
        return name if value == "True" else _("no {name}", name=name)
    return f"{name} {value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
