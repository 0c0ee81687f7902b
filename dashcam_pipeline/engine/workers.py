"""Three threads, source -> chain -> sink, that end together.

Decoder, networks and encoder release the interpreter while they work, so threads overlap them. The
queues in between are bounded by bytes. Whatever fails first, in any of the threads, in the
calling thread's progress callback or by Ctrl-C, aborts both queues: whoever waits in one wakes at
once, whoever works stops at its next item, and the sink throws away what it wrote. While a run is
paused each thread stands still before its next item, so nothing more is held than was.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.engine.queues import Aborted, ByteQueue
from dashcam_pipeline.frames import Frame
from dashcam_pipeline.media.carried import PicturePacket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashcam_pipeline.engine.report import StageFact

QUEUE_BYTES: Final = 24 << 20
"""Bytes that may wait in each of the two queues: 8 frames of 1080p, 2 of 4K at 8 bits."""

TICK_SECONDS: Final = 0.1
"""How often the progress callback is called."""

PACE_SECONDS: Final = 0.5
"""A run's speed is noted so often at first."""

PACE_POINTS: Final = 240
"""Points of a run's speed that are kept, at most."""

GRACE_SECONDS: Final = 1.5
"""How long threads may take to end after a failure before they are left behind.

A thread can only be late inside one native call (a network at work on a batch). It is a daemon and
ends when that call returns; nothing it does then reaches the output any more.
"""


class Sized(Protocol):
    """What travels: a frame, or a packet to be copied."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""


class Source(Protocol):
    """Where frames and packets come from."""

    def __iter__(self) -> Iterator[Any]:
        """Items in order."""

    def close(self) -> None:
        """Free everything; called once more does nothing."""


class Middle(Protocol):
    """What makes frames of frames: the chain, or what shows its work beside the original."""

    def feed(self, frame: Frame) -> list[Frame]:
        """Give a frame; get those that are done, in order."""

    def finish(self) -> list[Frame]:
        """All frames that are not out yet."""

    def stage_facts(self) -> list[StageFact]:
        """What every stage did."""

    def close(self) -> None:
        """Free everything."""


class Sink(Protocol):
    """Where frames and packets go."""

    def write(self, item: Any) -> None:  # noqa: ANN401 - a frame or a packet of the media layer
        """Take the next item."""

    def finish(self) -> Any:  # noqa: ANN401 - the sink's own report
        """Make the output whole; it appears under its name only now."""

    def abort(self) -> None:
        """Throw away everything written, also after ``finish``; twice is no error."""


@dataclass(slots=True)
class Progress:
    """How far a run is; handed to the progress callback.

    Args:
        frames: frames written so far.
        expected: frames there will be, None where the source doesn't say.
        position_s: presentation time of the last frame written.
        elapsed_s: wall time since the run began, without that in which it stood still.
        paused: whether it stands still.
    """

    frames: int = 0
    expected: int | None = None
    position_s: float = 0.0
    elapsed_s: float = 0.0
    paused: bool = False


@dataclass(slots=True)
class Timings:
    """Wall seconds by part, pauses left out; parts overlap, and add up to more than the whole.

    Args:
        decode: reading and decoding.
        chain: all stages, scene cuts and protected boxes.
        encode: encoding and writing.
        wait_decode: the chain waited for frames: decoding is the bottleneck.
        wait_encode: the chain waited for room: encoding is the bottleneck.
        total: from beginning to end.
    """

    decode: float = 0.0
    chain: float = 0.0
    encode: float = 0.0
    wait_decode: float = 0.0
    wait_encode: float = 0.0
    total: float = 0.0


class Pace:
    """How fast a run went, place by place, in few enough points to draw.

    ``points`` holds (presentation time reached in seconds, frames a second since the last point).
    """

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._seconds = PACE_SECONDS
        self._frames, self._elapsed = 0, 0.0

    def note(self, progress: Progress) -> None:
        """Look at a run; called often."""
        frames = progress.frames - self._frames
        elapsed = progress.elapsed_s - self._elapsed
        if elapsed < self._seconds or not frames:
            return
        self.points.append((progress.position_s, frames / elapsed))
        self._frames, self._elapsed = progress.frames, progress.elapsed_s
        if len(self.points) >= PACE_POINTS:
            # Half as many from here on; the two that become one took equally long.
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [(b[0], (a[1] + b[1]) / 2) for a, b in pairs]
            self._seconds *= 2


class Workers:
    """One run.

    Args:
        source: read, and closed, in the first thread.
        chain: fed, and closed, in the second.
        sink: written, and finished or aborted, in the third.
        check: called after each item read and at the end; raises to give up (``strict``).
        control: pauses or cancels it; None is one that nobody has.
    """

    def __init__(
        self,
        source: Source,
        chain: Middle,
        sink: Sink,
        *,
        check: Callable[[], None] = lambda: None,
        control: Control | None = None,
    ) -> None:
        self._source = source
        self._chain = chain
        self._sink = sink
        self._check = check
        self._control = control or Control()
        self._clock = self._control.clock
        self._read: ByteQueue[Sized] = ByteQueue(QUEUE_BYTES, self._clock)
        self._made: ByteQueue[Sized] = ByteQueue(QUEUE_BYTES, self._clock)
        self._lock = threading.Lock()
        self._begun = threading.Event()
        """The first frame is written, or there is none to wait for."""
        self._wake = threading.Event()
        self._error: BaseException | None = None
        self._deadline = 0.0
        self._running = 0
        self.timings = Timings()
        self.progress = Progress()
        self.pace = Pace()
        self.stages: list[StageFact] = []
        self.sink_report: Any = None
        self.threads: list[threading.Thread] = []

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Run to the end.

        Args:
            on_progress: called in this thread, about ten times a second and at the end.

        Raises:
            Exception: the first failure of any part. All parts have ended then, or are given up;
                the sink was aborted.
            CancelledError: its control says so, likewise.
            KeyboardInterrupt: Ctrl-C, likewise.
        """
        begin = self._clock()
        parts = (
            ("reader", self._read_all),
            ("chain", self._chain_all),
            ("writer", self._write_all),
        )
        self.threads = [
            threading.Thread(target=self._guard, args=(part,), name=f"dashcam-{name}", daemon=True)
            for name, part in parts
        ]
        self._running = len(self.threads)
        try:
            for thread in self.threads:
                thread.start()
            for event in (self._begun, self._wake):  # the first frame is told of at once
                while not event.wait(TICK_SECONDS):
                    self._control.check()
                    self._report(begin, on_progress)
                if not self._wake.is_set():
                    self._report(begin, on_progress)
            self._join()
            if self._error is not None:
                raise self._error  # noqa: TRY301 - a thread's failure ends as one of this thread's
            self._report(begin, on_progress)
        except BaseException as error:
            self._stop(error)
            self._join()
            self._close_unstarted()
            if self.sink_report is not None:  # it came between the output's end and ours
                self._sink.abort()
            raise
        self.timings.total = self._clock() - begin
        self.timings.wait_decode = self._read.get_seconds
        self.timings.wait_encode = self._made.put_seconds

    def _report(self, begin: float, on_progress: Callable[[Progress], None] | None) -> None:
        self.progress.elapsed_s = self._clock() - begin
        self.progress.paused = self._control.paused
        self.pace.note(self.progress)
        if on_progress is not None:
            on_progress(replace(self.progress))  # a snapshot: the writer goes on counting

    def _join(self) -> None:
        for thread in self.threads:
            if thread.ident is None:  # Ctrl-C came before it was started
                continue
            if self._error is None:
                thread.join()
            else:
                thread.join(max(0.0, self._deadline - time.monotonic()))

    def _close_unstarted(self) -> None:
        """What a thread that never ran would have closed."""
        closers = (self._source.close, self._chain.close, self._sink.abort)
        for thread, close in zip(self.threads, closers, strict=True):
            if thread.ident is None:
                close()

    def _stand_by(self) -> None:
        """Stand still while the run is paused; called before each item."""
        self._control.wait(lambda: self._error is not None)

    def _guard(self, part: Callable[[], None]) -> None:
        """Run one part; end the others if it fails."""
        try:
            part()
        except Aborted:
            pass  # another part failed, and has said why
        except BaseException as error:  # noqa: BLE001 - handed to the calling thread
            self._stop(error)
        finally:
            with self._lock:
                self._running -= 1
                last = self._running == 0
            if last:
                self._wake.set()
                self._begun.set()

    def _stop(self, error: BaseException) -> None:
        """Remember the first failure, and end all parts."""
        with self._lock:
            if self._error is None:
                self._error = error
                self._deadline = time.monotonic() + GRACE_SECONDS
        self._read.abort()
        self._made.abort()
        self._wake.set()
        self._begun.set()

    def _read_all(self) -> None:
        timings = self.timings
        try:
            items = iter(self._source)
            while True:
                self._stand_by()
                begin = self._clock()
                item = next(items, None)
                timings.decode += self._clock() - begin
                if item is None:
                    break
                self._check()
                self._read.put(item, item.nbytes)
            self._check()
        finally:
            self._source.close()
        self._read.close()

    def _chain_all(self) -> None:
        timings, chain = self.timings, self._chain
        try:
            while (item := self._read.get()) is not None:
                if not isinstance(item, Frame):
                    self._made.put(item, item.nbytes)
                    continue
                self._stand_by()
                begin = self._clock()
                done = chain.feed(item)
                timings.chain += self._clock() - begin
                # The queues' bound would be worth little if these names kept frames alive.
                del item
                self._hand_on(done)
            begin = self._clock()
            done = chain.finish()
            timings.chain += self._clock() - begin
            self._hand_on(done)
            self.stages = chain.stage_facts()
        finally:
            chain.close()
        self._made.close()

    def _hand_on(self, frames: list[Frame]) -> None:
        # Emptied on the way: what waits in the queue must be all that is kept alive.
        frames.reverse()
        while frames:
            frame = frames.pop()
            self._made.put(frame, frame.nbytes)

    def _write_all(self) -> None:
        timings, sink, progress = self.timings, self._sink, self.progress
        try:
            while (item := self._made.get()) is not None:
                self._stand_by()
                begin = self._clock()
                sink.write(item)
                timings.encode += self._clock() - begin
                if isinstance(item, Frame | PicturePacket):
                    progress.frames += 1
                    progress.position_s = item.seconds
                    self._begun.set()
            begin = self._clock()
            report = sink.finish()
            timings.encode += self._clock() - begin
            if self._error is not None:
                raise Aborted  # noqa: TRY301 - the same way out as from a queue
            self.sink_report = report
        except BaseException:
            sink.abort()
            raise
