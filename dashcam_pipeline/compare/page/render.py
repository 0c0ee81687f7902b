"""From facts to HTML: one template, its style and scripts put into it."""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections import Counter
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

import jinja2
from markupsafe import Markup, escape

from dashcam_pipeline._version import __version__
from dashcam_pipeline.compare.page.hangul import font_faces, hangul_in
from dashcam_pipeline.compare.page.words import in_korean
from dashcam_pipeline.engine.readable import clock, size
from dashcam_pipeline.inference.digest import sha256_of_pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashcam_pipeline.compare.page.model import Clip

PageLanguage = Literal["auto", "en", "ko"]

GENERATOR: Final = f"dashcam_pipeline {__version__}"
"""Marks a page as ours: such a file may be written again without asking."""

PLAYER: Final = (
    "dom.js",
    "icons.js",
    "markup.js",
    "sync.js",
    "view.js",
    "change.js",
    "still.js",
    "player.js",
)
"""Modules of the player, each after those that it imports; ``player.js`` says how it is used."""

SCRIPTS: Final = (*PLAYER, "language.js", "charts.js", "clips.js")
STYLES: Final = ("theme.css", "player.css", "page.css")

_IMPORT: Final = re.compile(r'^import [^;]+ from "\./[\w.]+";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const) )", re.MULTILINE)

COLUMNS: Final = (
    "name",
    "status",
    "change",
    "duration",
    "frames",
    "fps",
    "recorded",
    "size",
)
"""Of a batch's table, in order."""

ICONS: Final = {
    "theme": '<path d="M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z"/>',
    "left": '<path d="m14 6-6 6 6 6"/>',
}
"""Drawn on a grid of 24, with the text's colour."""


def render(
    clips: Sequence[Clip], title: str, language: PageLanguage = "auto", font: str = ""
) -> str:
    """The whole page.

    Args:
        clips: one at least.
        title: of the page.
        language: that it opens in; auto is the browser's.
        font: link of ``hangul.TEXTS`` beside the page, for who switches to Korean.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(asset("page.html.j2"))
    texts = load_texts()
    script = joined_modules(SCRIPTS)
    names = [title, *(f"{c.title} {c.original_name} {c.reason}" for c in clips)]
    names += [warning for clip in clips for warning in clip.warnings]
    totals = Counter(clip.status for clip in clips)
    return template.render(
        clips=clips,
        title=title,
        language=language,
        generator=GENERATOR,
        texts=texts,
        css=_trusted("".join(asset(name) for name in STYLES)),
        fonts=_trusted(font_faces(hangul_in(names), korean=language == "ko", link=font)),
        script=_trusted(script),
        script_hash=_policy_hash(script),
        icons={name: _trusted(shape) for name, shape in ICONS.items()},
        columns=COLUMNS,
        totals=totals.most_common(),
        total_duration=clock(sum(clip.duration for clip in clips)),
        most_changed=max((abs(clip.change or 0.0) for clip in clips), default=0.0) or 1.0,
        said=said,
        clock=clock,
        size=size,
        data={"texts": texts, "clips": [clip.for_script() for clip in clips]},
    )


def said(text: str) -> Markup:
    """A text for the page, which knows both of its languages."""
    korean = in_korean(text)
    if korean == text:
        return escape(text)
    return Markup('<span data-en="{en}" data-ko="{ko}">{en}</span>').format(en=text, ko=korean)


def load_texts() -> dict[str, dict[str, str]]:
    """Every text by language and ``section.key``."""
    tables: dict[str, dict[str, dict[str, str]]] = tomllib.loads(asset("texts.toml"))
    texts: dict[str, dict[str, str]] = {"en": {}, "ko": {}}
    for section, entries in tables.items():
        for key, by_language in entries.items():
            for language, text in by_language.items():
                texts[language][f"{section}.{key}"] = text
    return texts


def joined_modules(names: Sequence[str]) -> str:
    """ES modules as one: a page from disk may run its own script, but import none.

    Args:
        names: of assets, each after those that it imports; their top-level names differ.
    """
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", asset(name))) for name in names)


def asset(name: str) -> str:
    """The text of a file that the page is made of, or that a server of ours may send."""
    folder = files("dashcam_pipeline.compare.page").joinpath("assets")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _policy_hash(script: str) -> str:
    """What a content security policy calls a script by."""
    digest = bytes.fromhex(sha256_of_pieces([script.encode()]))
    return f"sha256-{b64encode(digest).decode()}"


def _trusted(text: str) -> Any:  # noqa: ANN401 - markupsafe's own type
    """A part of the package itself, to go into the page as it is."""
    return Markup(text)  # noqa: S704 - no user's text ever comes here
