"""One clip of a page: looked at on both sides, with pictures of its moments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.compare.canvas import shown_size
from dashcam_pipeline.compare.page import audit, browser
from dashcam_pipeline.compare.page.curves import SAMPLES, measure, save_shot
from dashcam_pipeline.compare.page.model import Clip, Moment, Playable
from dashcam_pipeline.compare.page.record import described
from dashcam_pipeline.compare.page.route import route
from dashcam_pipeline.compare.pairs import origin
from dashcam_pipeline.compare.sources import Comparison, known_duration
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.dashcam.names import parse_name
from dashcam_pipeline.errors import DashcamError, InputError, OutputError
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.media.probe import probe
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from pathlib import Path

    from dashcam_pipeline.compare.page.curves import Shot
    from dashcam_pipeline.compare.page.finding import ClipFiles
    from dashcam_pipeline.compare.page.folder import PageFiles
    from dashcam_pipeline.compare.page.model import Curve
    from dashcam_pipeline.compare.page.options import PageOptions
    from dashcam_pipeline.compare.page.record import RunRecord
    from dashcam_pipeline.compare.page.words import Teller
    from dashcam_pipeline.media.source import SourceInfo

BATCH_SAMPLES: Final = 24
"""Points of a clip's curve where a page shows many: a batch must not take hours to look at."""

STRIP: Final = 8
BATCH_STRIP: Final = 4


class ClipWriter:
    """Makes what the page knows of each clip, and the files beside it."""

    def __init__(
        self, page: Path, files: PageFiles, options: PageOptions, tell: Teller, *, many: bool
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


def _speed(record: RunRecord, frames: int) -> float | None:
    seconds = record.timings.total
    return frames / seconds if seconds else None


def _end(times: list[float]) -> float:
    """When the last frame ends, taking it to last as long as the one before."""
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 0.04)


def _shift(curve: Curve, lead: float) -> None:
    """The page's clock begins with the result's first picture."""
    curve.seconds = [t - lead for t in curve.seconds]
