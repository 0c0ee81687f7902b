"""Everything that goes along with an output, beside its picture and tracks.

::

    keeper = Keeper(source, target, config)      # begins to read the telemetry
    keeper.check(claim)                          # nothing of the user's would be overwritten
    chain.observer = keeper.changes
    writer.finish(keeper.seal)                   # puts the telemetry back
    report = keeper.finish(report)               # GPX, raw bytes and the record, as parts
    claim.commit()                               # all of it gets its names
"""

from __future__ import annotations

import json
import os
import threading
from concurrent.futures import Future
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from dashcam_pipeline.dashcam.overlay import Overlay
from dashcam_pipeline.dashcam.telemetry import read_telemetry
from dashcam_pipeline.dashcam.telemetry.embed import Embedded, added_bytes, embed
from dashcam_pipeline.dashcam.telemetry.export import to_gpx, to_zip
from dashcam_pipeline.engine.report import StreamFact
from dashcam_pipeline.media.destination import muxer_of
from dashcam_pipeline.media.output_checks import output_error
from dashcam_pipeline.provenance.changes import ChangeLog
from dashcam_pipeline.provenance.companions import (
    ENDINGS,
    GPX_ENDING,
    RAW_ENDING,
    former_companions,
)
from dashcam_pipeline.provenance.record import (
    ENDING,
    file_entry,
    make_record,
    record_path,
)
from dashcam_pipeline.translation import _, system_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from dashcam_pipeline.config import CleanConfig
    from dashcam_pipeline.dashcam.telemetry.model import Telemetry
    from dashcam_pipeline.engine.report import RunReport
    from dashcam_pipeline.media.claim import Claim

T = TypeVar("T")

_NOTHING: Final[Mapping[str, bytes]] = MappingProxyType({})

_UNANNOUNCED: Final = " unknown"
"""What the label of a track without a known kind holds."""


class Keeper:
    """One run's telemetry and record.

    Args:
        source: the recording; only read.
        target: where the output goes.
        config: of the run.
        clips: that the recording is joined of, the first one being ``source``; empty for one file.
        read: gives the telemetry, where it isn't the source's alone.
        more: what else goes beside the output: by ending, its bytes.
    """

    def __init__(
        self,
        source: Path,
        target: Path,
        config: CleanConfig,
        *,
        clips: Sequence[Path] = (),
        read: Callable[[], Telemetry] | None = None,
        more: Mapping[str, bytes] = _NOTHING,
    ) -> None:
        self._source, self._target = source, target
        self._clips = tuple(clips)
        self._more = {self._beside(ending): content for ending, content in more.items()}
        self._endings = (*more, *ENDINGS)
        self._claim: Claim | None = None
        self._kept: list[Path] = []
        self._before = self._state()
        self._reading = _Later(
            read or (lambda: read_telemetry(source).within(config.start, config.end)), "telemetry"
        )
        self.changes = ChangeLog()
        self.overlay = Overlay()
        """What was protected; set before the run ends."""
        self._embedded = Embedded()

    @property
    def telemetry(self) -> Telemetry:
        """What was found; waits until all of the source has been looked at.

        Raises:
            InputError: the source can't be read.
        """
        return self._reading.result()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files that will be written beside the output, the record last."""
        found = self.telemetry
        gpx, raw = self._beside(GPX_ENDING), self._beside(RAW_ENDING)
        own = (*(gpx,) * bool(found.fixes), *(raw,) * bool(found.raws))
        return (*self._more, *own, record_path(self._target))

    @property
    def nbytes(self) -> int:
        """How many bytes ``seal`` adds to the output at most; waits as ``telemetry`` does."""
        return added_bytes(self.telemetry)

    def check(self, claim: Claim) -> None:
        """Claim all names beside the output's; refuse to replace what may not be.

        Files of an earlier output of that name, as its record lists them, may be replaced: the
        output itself is gone, or may be replaced as well. Where they get no successor they go with
        it; others stay, with a warning.

        Args:
            claim: of the output.

        Raises:
            OutputExistsError: a file of one of the names exists.
            OutputError: one of the names is too long here.
        """
        own = {self._beside(ending) for ending in self._endings}
        if not claim.broken_off:
            own = former_companions(self._target, self._endings)
        for ending in self._endings:
            path = claim.include(ending, own=self._beside(ending) in own)
            if path in own:
                claim.drop(path)
            elif os.path.lexists(path):
                self._kept.append(path)
        self._claim = claim

    def seal(self, part: Path) -> None:
        """Put telemetry back into the unfinished output.

        Raises:
            OSError: writing failed.
        """
        self._embedded = embed(self.telemetry, part, muxer_of(self._target))

    def finish(self, report: RunReport) -> RunReport:
        """Write the files beside the output, as parts of its claim, the record last.

        Args:
            report: of the run, whose output is whole, but has no name yet.

        Returns:
            the report with what was kept here.

        Raises:
            OutputError: a file can't be written.
        """
        claim = self._claim
        if claim is None:
            raise RuntimeError("nothing was claimed")
        report = self._completed(report)
        try:
            *companions, _ = self.paths
            entries = []
            for path in companions:
                part = claim.part(path.name.removeprefix(self._target.name))
                part.write(self._content(path))
                part.complete()
                entries.append(file_entry(part.path, path.name))
            output = claim.unfinished
            facts = make_record(
                report,
                source=self._input_entry(),
                clips=[_entry(path) for path in self._clips],
                output={
                    **file_entry(output, self._target.name),
                    "video_essence_sha256": report.output.essence_sha256,
                },
                companions=entries,
                telemetry=self._facts(),
                changes=self.changes,
            )
            text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
            # a file name that is no UTF-8 comes out as JSON escapes
            claim.part(ENDING).write(text.encode("utf-8", errors="backslashreplace"))
        except OSError as error:
            raise output_error(error, self._target) from error
        return report

    def _completed(self, report: RunReport) -> RunReport:
        """The report with the telemetry, and without tracks that travelled as packets after all."""
        not_carried = report.not_carried
        carried = report.carried
        if any(name.startswith("pid ") for name in self._embedded.places):
            again = [s for s in not_carried if s.track.endswith(_UNANNOUNCED)]
            carried = (*carried, *(StreamFact(s.track) for s in again))
            not_carried = tuple(s for s in not_carried if s not in again)
        return replace(
            report,
            carried=carried,
            not_carried=not_carried,
            telemetry=self._facts(),
            protected=tuple(str(box) for box in self.overlay.boxes),
            companions=tuple(str(path) for path in self.paths),
            warnings=(*report.warnings, *self._warnings()),
        )

    def _warnings(self) -> list[str]:
        said = list(self.telemetry.faults)
        if self._state() != self._before:
            said.append(_("the source was changed by something else while it was read."))
        said += [
            _("{path} was there before, and is not of this output.", path=path)
            for path in self._kept
            if path not in self.paths
        ]
        return said

    def _state(self) -> list[tuple[int, int] | None]:
        """Size and time of everything that is read; None for what isn't there."""
        return [_size_and_time(path) for path in self._clips or (self._source,)]

    def _facts(self) -> dict[str, Any]:
        found = self.telemetry
        return {
            "families": list(found.families),
            "fixes": len(found.fixes),
            "accelerations": len(found.accelerations),
            "embedded": list(self._embedded.places),
            "not_embedded": [{"name": name, "reason": why} for name, why in self._embedded.missing],
            "unknown": sorted({name.partition(" [")[0] for name in found.unknown}),
            "withheld": list(found.withheld),
            "notes": [*found.faults, *found.notes],
            "recorded": found.recorded.isoformat() if found.recorded else None,
        }

    def _input_entry(self) -> dict[str, Any]:
        return file_entry(self._source)

    def _content(self, path: Path) -> bytes:
        if path in self._more:
            return self._more[path]
        if path == self._beside(GPX_ENDING):
            name = self._target.stem if self._clips else self._source.stem
            return to_gpx(self.telemetry, name).encode()
        return to_zip(self.telemetry)

    def _beside(self, ending: str) -> Path:
        return self._target.with_name(self._target.name + ending)


def _size_and_time(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _entry(path: Path) -> dict[str, Any]:
    """A clip's entry; of one that can't be read any more, why."""
    try:
        return file_entry(path)
    except OSError as error:
        return {"name": path.name, "unreadable": system_reason(error)}


class _Later(Generic[T]):
    """A value that another thread makes meanwhile.

    A daemon: a run that ends before nobody waits for it.

    Args:
        make: called at once.
        name: of the thread.
    """

    def __init__(self, make: Callable[[], T], name: str) -> None:
        self._future: Future[T] = Future()
        self._make = make
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def result(self) -> T:
        """The value, or what was raised instead of it."""
        return self._future.result()

    def _run(self) -> None:
        try:
            self._future.set_result(self._make())
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the value
            self._future.set_exception(error)
