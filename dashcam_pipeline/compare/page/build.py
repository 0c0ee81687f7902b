"""Making the page: find the clips, look at each, write pictures and proxies, then the HTML."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Final, Literal, Self

from dashcam_pipeline.compare.canvas import shown_size
from dashcam_pipeline.compare.page import audit, browser, hangul
from dashcam_pipeline.compare.page.curves import SAMPLES, measure, save_shot
from dashcam_pipeline.compare.page.finding import ENDINGS, FILES, ClipFiles, find_clips
from dashcam_pipeline.compare.page.model import Clip, Moment, PageResult, Playable
from dashcam_pipeline.compare.page.record import described
from dashcam_pipeline.compare.page.render import GENERATOR, PageLanguage, render
from dashcam_pipeline.compare.page.route import route
from dashcam_pipeline.compare.page.words import Teller
from dashcam_pipeline.compare.pairs import origin
from dashcam_pipeline.compare.sources import Comparison, known_duration
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.engine.output import is_marked
from dashcam_pipeline.errors import (
    DashcamError,
    InputError,
    OutputError,
    OutputExistsError,
    UsageError,
)
from dashcam_pipeline.inference.digest import short_name
from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.claim import Claim
from dashcam_pipeline.media.containers import is_recording
from dashcam_pipeline.media.folders import check_folder, made_folder
from dashcam_pipeline.media.interrupts import deferred_interrupts
from dashcam_pipeline.media.names import check_name, cut
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.part_file import PART
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashcam_pipeline.compare.page.curves import Shot
    from dashcam_pipeline.compare.page.model import Curve
    from dashcam_pipeline.compare.page.record import RunRecord
    from dashcam_pipeline.media.source import SourceInfo

Proxies = Literal["auto", "always", "never"]

BATCH_SAMPLES: Final = 24
"""Points of a clip's curve where a page shows many: a batch must not take hours to look at."""

STRIP: Final = 8
BATCH_STRIP: Final = 4

_READABLE: Final = 80
"""Bytes of the folder's own name in the one it has until it is whole."""

_HEAD: Final = 4096
"""Bytes of an existing page in which our mark is looked for."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How a page is made.

    Args:
        language: that it opens in; the reader can switch.
        proxies: ``auto`` where a browser can't play a recording; ``always`` makes a folder that
            can be moved with its page; ``never`` costs no time.
        overwrite: True replaces any file; a page of ours is always written anew.
        threads: for decoding and proxies; 0 means all.
        wording: of settings in sentences, where the page's readers know them by other names.
    """

    language: PageLanguage = "auto"
    proxies: Proxies = "auto"
    overwrite: bool = False
    threads: int = 0
    wording: Callable[[str], str] = str


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
        _Files(folder, page, ours=ours or options.overwrite) as files,
    ):
        tell = Teller(_folders(target, original, found), options.wording)
        writer = _ClipWriter(page, files, options, tell, many=len(found) > 1)
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


class _Files:
    """The folder of a page's files: it gets its name with the page, unless it has it already.

    Only with the page's claim; what a run that was killed left of it is removed.

    Args:
        folder: its name.
        page: that it is of.
        ours: True if a folder of that name is of a page of ours, or may be written into.

    Raises:
        OutputExistsError: a folder of somebody else's lies there, or a link.
        OutputError: it can't be made.
    """

    def __init__(self, folder: Path, page: Path, *, ours: bool) -> None:
        self.folder = folder
        """As the page names it."""
        self.place = folder
        """Where it is now."""
        try:
            check_name(folder, page)
            there = os.path.lexists(folder)
            if there and (folder.is_symlink() or (not ours and any(folder.iterdir()))):
                raise OutputExistsError(
                    _("{folder} exists already and is not of a page of this tool.", folder=folder),
                    advice=_(
                        "Pass `overwrite=True` to write into it, name another page, or remove "
                        "the link."
                    ),
                )
            begin = f"{cut(folder.name, _READABLE)}.{short_name(os.fsencode(folder.name))}."
            for left in page.parent.glob(f"{escape(begin)}*{PART}"):
                rmtree(left, ignore_errors=True)  # never through a link
            if not there:
                place = folder.with_name(f"{begin}{secrets.token_hex(4)}{PART}")
                place.mkdir()
                self.place = place
        except OSError as error:
            raise output_error(error, folder) from error

    def __enter__(self) -> Self:
        """Made already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it, unless it has its name."""
        if self.place != self.folder:
            rmtree(self.place, ignore_errors=True)

    def commit(self, claim: Claim) -> None:
        """Give the page its name, and then the folder; a page without one is made anew.

        Raises:
            OSError: it failed.
        """
        with deferred_interrupts():
            claim.commit()
            if self.place != self.folder:
                self.place.rename(self.folder)
                self.place = self.folder


class _ClipWriter:
    """Makes what the page knows of each clip, and the files beside it."""

    def __init__(
        self, page: Path, files: _Files, options: PageOptions, tell: Teller, *, many: bool
    ) -> None:
        self._page, self._options, self._tell, self._many = page, options, tell, many
        self._place, self._folder = files.place, files.folder
        self.files = 0
        self.notes: list[str] = []

    def make(self, found: ClipFiles, index: int) -> Clip:
        """Look at one clip; what can't be looked at is said on the page."""
        clip = Clip(title=found.name)
        if found.cleaned is None:
            clip.status = "skipped" if found.status == "skipped" else "failed"
            clip.reason = self._tell(found.reason, found.advice)
            return clip
        try:
            after = probe(found.cleaned)
            clip = self._about_result(clip, found, after)
        except InputError as error:
            clip.status, clip.reason = "failed", self._tell(error.args[0], error.advice)
            return clip
        if found.source is None:
            clip.after = self._playable(after, 0.0)
            self.notes.append(
                _("{name}: its original isn't known; name it (`original=FILE`).", name=found.name)
            )
            return clip
        try:
            self._compare(clip, found, found.source, after, index)
        except OSError as error:
            raise output_error(error, self._folder) from error
        except DashcamError as error:
            if isinstance(error, OutputError):
                raise
            clip.warnings.append(self._tell(error.args[0], error.advice))
            clip.after = clip.after if clip.after.src else self._playable(after, 0.0)
        return clip

    def _about_result(self, clip: Clip, found: ClipFiles, after: SourceInfo) -> Clip:
        shown = shown_size(after.video)
        clip.width, clip.height = shown.width, shown.height
        clip.duration = known_duration(after)
        clip.size_bytes = after.size_bytes
        clip.link = browser.link(after.path, self._page)
        name = parse_name(found.source or after.path)
        when = name.recorded or after.creation_time
        clip.recorded = when.strftime("%Y-%m-%d %H:%M:%S") if when else ""
        clip.camera = name.camera or ""
        if found.source is not None:
            clip.original = browser.link(found.source, self._page)
            clip.original_name = found.source.name
        described(clip, found.record, self._tell)
        clip.damage = audit.damage(found.record)
        if found.status == "damaged" or any(row.state == "lost" for row in clip.damage):
            clip.status, clip.reason = "damaged", self._tell(found.reason, found.advice)
        elif found.status == "failed":
            clip.status, clip.reason = "failed", self._tell(found.reason, found.advice)
        return clip

    def _compare(
        self, clip: Clip, found: ClipFiles, source: Path, after: SourceInfo, index: int
    ) -> None:
        part = found.record.settings
        config = CleanConfig(
            stages=(),
            start=part.start,
            end=part.end,
            track=part.track,
            threads=self._options.threads,
        )
        comparison = Comparison(source, after.path, config)
        before = comparison.before
        packets = audit.contents(before), audit.contents(after)
        clip.rows = audit.audit(before, after, packets, found.record)
        clip.track, rows = route(source, after.path, comparison.lead)
        clip.rows += rows
        first = origin(after)
        clip.times = [float(t - first) for t in packets[1].times]
        clip.fps = clip.fps or _speed(found.record, len(clip.times))
        clip.frames = len(clip.times)
        if clip.times:
            clip.duration = _end(clip.times)
        clip.before = self._playable(before, comparison.lead)
        clip.after = self._playable(after, 0.0)
        samples, strip = (BATCH_SAMPLES, BATCH_STRIP) if self._many else (SAMPLES, STRIP)
        curve, shots = measure(comparison, samples=samples, strip=strip)
        _shift(curve, comparison.lead)
        clip.curve = curve
        self._save(clip, [replace(s, seconds=s.seconds - comparison.lead) for s in shots], index)

    def _save(self, clip: Clip, shots: list[Shot], index: int) -> None:
        for number, shot in enumerate(shots):
            names = save_shot(shot, self._place, f"clip-{index}-{number}")
            self.files += 2
            links = [browser.link(self._folder / name, self._page) for name in names]
            clip.moments.append(Moment(shot.seconds, shot.change, links[0], links[1]))
        if clip.moments:
            strongest = max(clip.moments, key=lambda m: m.change)
            clip.poster = strongest.before

    def _playable(self, info: SourceInfo, lead: float) -> Playable:
        wish = self._options.proxies
        if wish == "never" or (wish == "auto" and browser.plays(info)):
            return browser.direct(info, self._page, lead)
        name = browser.proxy_name(info)
        if not (self._place / name).exists():
            browser.make_proxy(info, self._place / name, self._options.threads)
            self.files += 1
        return Playable(browser.link(self._folder / name, self._page), lead, proxy=True)


def _folders(target: Path, original: Path | None, found: list[ClipFiles]) -> set[Path]:
    """Folders of this machine that sentences about the clips may name."""
    known = [target, *(path for one in found for path in (one.cleaned, one.source) if path)]
    known += [original] if original is not None else []
    folders = {path if path.is_dir() else path.parent for path in known}
    folders |= {Path(one.record.input.path).parent for one in found if one.record.input.path}
    return folders | {Path(one.root) for one in found if one.root}


def _speed(record: RunRecord, frames: int) -> float | None:
    seconds = record.timings.total
    return frames / seconds if seconds else None


def _end(times: list[float]) -> float:
    """When the last frame ends, taking it to last as long as the one before."""
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 0.04)


def _shift(curve: Curve, lead: float) -> None:
    """The page's clock begins with the result's first picture."""
    curve.seconds = [t - lead for t in curve.seconds]
