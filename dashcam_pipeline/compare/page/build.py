"""Making the page: find the clips, look at each, write pictures and proxies, then the HTML."""

from __future__ import annotations

from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.page import browser, hangul
from dashcam_pipeline.compare.page.clip_writer import ClipWriter
from dashcam_pipeline.compare.page.finding import ENDINGS, FILES, ClipFiles, find_clips
from dashcam_pipeline.compare.page.folder import PageFiles
from dashcam_pipeline.compare.page.model import PageResult
from dashcam_pipeline.compare.page.options import PageOptions
from dashcam_pipeline.compare.page.render import GENERATOR, render
from dashcam_pipeline.compare.page.words import Teller
from dashcam_pipeline.engine.output import is_marked
from dashcam_pipeline.errors import (
    OutputError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.media.folders import check_folder, made_folder
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD: Final = 4096
"""Bytes of an existing page in which our mark is looked for."""


def write_page(
    target: str | Path,
    output: str | Path | None = None,
    *,
    original: str | Path | None = None,
    options: PageOptions | None = None,
    progress: Callable[[str, int, int], None] = lambda _name, _done, _all: None,
) -> PageResult:
    """Write a page about a cleaned clip, or a folder of them.

    Args:
        target: the clip or the folder; only read, except for the page that goes into it.
        output: the page; None is ``report.html`` in the folder, or ``NAME_report.html`` beside the
            clip. Pictures and proxies go into a folder ``NAME_files`` beside it.
        original: the recording, or the folder of recordings, where no run's report tells it.
        options: language, proxies.
        progress: called with a clip's name, its number and the number of clips.

    Raises:
        InputError: there is nothing to show.
        OutputError: the page can't be written.
        UsageError: the clips' originals are unknown, or options contradict each other.
    """
    options = options or PageOptions()
    target, page = Path(target), _page_path(Path(target), output)
    original = None if original is None else Path(original)
    found, left = find_clips(target, original)
    ours = _check_page(page, overwrite=options.overwrite)
    folder = page.with_name(f"{page.stem}{FILES}")
    with (
        made_folder(page.parent),
        Claim(page, overwrite=options.overwrite, own=ours) as claim,
        PageFiles(folder, page, ours=ours or options.overwrite) as files,
    ):
        tell = Teller(_folders(target, original, found), options.wording)
        writer = ClipWriter(page, files, options, tell, many=len(found) > 1)
        clips = []
        for index, one in enumerate(found):
            progress(one.name, index, len(found))
            clips.append(writer.make(one, index))
        progress("", len(found), len(found))
        title = clips[0].title if len(clips) == 1 else (target.resolve().name or str(target))
        font = "" if options.language == "ko" else browser.link(folder / hangul.TEXTS, page)
        html = render(clips, title, options.language, font)
        try:
            if font:
                data = hangul.font_file(hangul.TEXTS)
                write_whole(files.place / hangul.TEXTS, data, overwrite=True)
            claim.part().write(html.encode("utf-8", "backslashreplace"))
            files.commit(claim)
        except OSError as error:
            raise output_error(error, page) from error
    return PageResult(page, len(clips), writer.files, (*left, *writer.notes))


def check_cleaned(target: Path, original: Path | None = None) -> None:
    """Refuse a page about a recording that nothing was done to; a folder is looked at by itself.

    Args:
        target: what the page is to be about.
        original: what it was made of, if that was named: then it is taken for granted.

    Raises:
        InputError: it is no video.
        UsageError: no sign of a run is found in it, in its name or beside it.
    """
    if not target.is_file():
        return
    info, ((clip,), _notes) = probe(target), find_clips(target)
    by_name = target.stem.lower().endswith(ENDINGS)
    if original is not None or is_marked(info.metadata) or clip.record.known or by_name:
        return
    made = sorted(target.parent.glob(f"{escape(target.stem)}{ENDINGS[0]}.*"))
    result = next((path for path in made if is_recording(path)), None)
    raise UsageError(
        _(
            "{target} was not cleaned, as far as can be told: there is nothing to report.",
            target=target,
        ),
        advice=_("Did you mean {result}?", result=result)
        if result
        else _("Name what was made of it."),
    )


def _page_path(target: Path, output: str | Path | None) -> Path:
    if output is None:
        if target.is_dir():
            return target / "report.html"
        return target.with_name(f"{target.stem}_report.html")
    page = Path(output)
    if page.suffix.lower() not in {".html", ".htm"}:
        raise OutputError(
            _(
                "{page} has the extension {suffix}, but a page is HTML.",
                page=page,
                suffix=repr(page.suffix or "(none)"),
            ),
            advice=_("Name a file that ends in .html."),
        )
    return page


def _check_page(page: Path, *, overwrite: bool) -> bool:
    """True if a page of ours lies there, which may be replaced in any case.

    Raises:
        OutputError: the page can't be written there.
        OutputExistsError: another file lies there.
    """
    check_folder(page.parent)
    if page.is_dir():
        raise OutputError(_("{page} is a folder.", page=page), advice=_("Name a file in it."))
    if not page.is_file() or page.is_symlink():
        return False  # what else is in the way, the claim says
    try:
        with page.open("rb") as file:
            ours = GENERATOR.split()[0].encode() in file.read(_HEAD)
    except OSError as error:
        raise output_error(error, page) from error
    if not (ours or overwrite):
        raise OutputExistsError(
            _("{page} exists already and is no page of this tool.", page=page),
            advice=_("Pass `overwrite=True` to replace it, or name another."),
        )
    return ours


def _folders(target: Path, original: Path | None, found: list[ClipFiles]) -> set[Path]:
    """Folders of this machine that sentences about the clips may name."""
    known = [target, *(path for one in found for path in (one.cleaned, one.source) if path)]
    known += [original] if original is not None else []
    folders = {path if path.is_dir() else path.parent for path in known}
    folders |= {Path(one.record.input.path).parent for one in found if one.record.input.path}
    return folders | {Path(one.root) for one in found if one.root}
