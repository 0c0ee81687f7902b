"""From facts to HTML: one template, its style and scripts put into it."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

import jinja2
from markupsafe import Markup

from dashcam_pipeline._version import __version__
from dashcam_pipeline.engine.readable import clock, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.compare.page.model import Clip

PageLanguage = Literal["auto", "en", "ko"]

GENERATOR: Final = f"dashcam_pipeline {__version__}"
"""Marks a page as ours: such a file may be written again without asking."""

SCRIPTS: Final = ("language.js", "player.js", "charts.js", "clips.js")

COLUMNS: Final = (
    "name",
    "status",
    "removed",
    "duration",
    "frames",
    "fps",
    "recorded",
    "size",
)
"""Of a batch's table, in order."""

ICONS: Final = {
    "theme": '<path d="M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z"/>',
    "play": '<path class="start" fill="currentColor" d="M8 5.5v13l10.5-6.5z"/>'
    '<path class="pause" d="M9 6v12M15 6v12" stroke-width="3.4"/>',
    "back": '<path d="M17 6 9 12l8 6zM6 6v12"/>',
    "forward": '<path d="m7 6 8 6-8 6zM18 6v12"/>',
    "loop": '<path d="m17 3 3 3-3 3M4 11V9a3 3 0 0 1 3-3h13"/>'
    '<path d="m7 21-3-3 3-3M20 13v2a3 3 0 0 1-3 3H4"/>',
    "sound": '<path d="M5 9.5v5h3.5L13 18V6L8.5 9.5z"/>'
    '<path class="on" d="M16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11"/>'
    '<path class="off" d="m16.5 9.5 5 5m0-5-5 5"/>',
    "view": '<rect x="3" y="5" width="18" height="14" rx="2"/><path d="M12 5v14"/>',
    "full": '<path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/>',
    "grip": '<path d="m8 7-5 5 5 5M16 7l5 5-5 5"/>',
    "left": '<path d="m14 6-6 6 6 6"/>',
}
"""Drawn on a grid of 24, with the text's colour."""


def render(clips: Sequence[Clip], title: str, language: PageLanguage = "auto") -> str:
    """The whole page.

    Args:
        clips: one at least.
        title: of the page.
        language: that it opens in; auto is the browser's.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_asset("page.html.j2"))
    texts = load_texts()
    totals = Counter(clip.status for clip in clips)
    return template.render(
        clips=clips,
        title=title,
        language=language,
        generator=GENERATOR,
        texts=texts,
        css=_trusted(_asset("page.css")),
        scripts=[_trusted(_asset(name)) for name in SCRIPTS],
        icons={name: _trusted(shape) for name, shape in ICONS.items()},
        columns=COLUMNS,
        totals=totals.most_common(),
        total_duration=clock(sum(clip.duration for clip in clips)),
        most_removed=max((clip.removed or 0.0 for clip in clips), default=0.0) or 1.0,
        clock=clock,
        size=size,
        data={"texts": texts, "clips": [clip.for_script() for clip in clips]},
    )


def load_texts() -> dict[str, dict[str, str]]:
    """Every text by language and ``section.key``."""
    tables: dict[str, dict[str, dict[str, str]]] = tomllib.loads(_asset("texts.toml"))
    texts: dict[str, dict[str, str]] = {"en": {}, "ko": {}}
    for section, entries in tables.items():
        for key, by_language in entries.items():
            for language, text in by_language.items():
                texts[language][f"{section}.{key}"] = text
    return texts


def _asset(name: str) -> str:
    folder = files("dashcam_pipeline.compare.page").joinpath("assets")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _trusted(text: str) -> Any:  # noqa: ANN401 - markupsafe's own type
    """A part of the package itself, to go into the page as it is."""
    return Markup(text)  # noqa: S704 - no user's text ever comes here
