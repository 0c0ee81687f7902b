from __future__ import annotations

import _thread
import threading
import time
from dataclasses import dataclass

import pytest
from toys import Delay, Toy, make_frame

from dashcam_pipeline.engine import workers as engine
from dashcam_pipeline.engine.chain import Chain
from dashcam_pipeline.engine.control import Control
from dashcam_pipeline.engine.workers import GRACE_SECONDS, PACE_POINTS, Pace, Progress, Workers
from dashcam_pipeline.errors import CancelledError, StageError

BOUND_SECONDS = 10.0
"""What waits for ever is caught by this; a busy machine is not. Threads get GRACE_SECONDS."""


class Trouble(Exception):  # noqa: N818 - it is injected, not found
    """What the tests inject."""


@dataclass
class Packet:
    """As a packet of another track."""

    nbytes: int = 100


class Source:
    """Frames, with a packet after every third."""

    def __init__(self, count=30, *, fail_at=None, endless=False):
        self.count, self.fail_at, self.endless = count, fail_at, endless
        self.closed = 0

    def __iter__(self):
        index = 0
        while self.endless or index < self.count:
            if index == self.fail_at:
                raise Trouble("source")
            yield make_frame(index, level=80)
            if index % 3 == 2:
                yield Packet()
            index += 1

    def close(self):
        self.closed += 1


class Sink:
    """Remembers what it is given."""

    def __init__(self, *, fail_at=None, fail_finish=False, slow=0.0):
        self.items, self.state = [], "open"
        self.fail_at, self.fail_finish, self.slow = fail_at, fail_finish, slow
        self.lag = threading.Event()

    def write(self, item):
        if len(self.items) == self.fail_at:
            raise Trouble("sink")
        self.lag.wait(self.slow)
        self.items.append(item)

    def finish(self):
        if self.fail_finish:
            raise Trouble("finish")
        self.state = "finished"
        return {"frames": len(self.frames)}

    def abort(self):
        self.state = "aborted"

    @property
    def frames(self):
        return [i.index for i in self.items if not isinstance(i, Packet)]


class Failing(Toy):
    def __init__(self, when, at=5):
        super().__init__()
        self.when, self.at = when, at

    def process(self, batch):
        if self.when == "process" and batch[0].index >= self.at:
            raise Trouble("stage")
        return super().process(batch)

    def flush(self):
        if self.when == "flush":
            raise Trouble("flush")

    def close(self):
        super().close()
        if self.when == "close":
            raise Trouble("close")


def make(source=None, stages=(), sink=None, **kwargs):
    return Workers(source or Source(), Chain(stages), sink or Sink(), **kwargs)


def stuck(workers):
    return any(thread.is_alive() for thread in workers.threads)


def assert_ended(workers, sink, source):
    assert not stuck(workers)
    assert sink.state == "aborted"
    assert source.closed == 1


def test_everything_arrives_once_and_in_order(monkeypatch):
    monkeypatch.setattr(engine, "QUEUE_BYTES", 1)
    source, sink, stage = Source(31), Sink(), Delay(batch_size=4, lookahead=2)
    seen = []
    workers = make(source, [stage], sink)
    workers.run(lambda progress: seen.append(progress.frames))
    assert sink.frames == list(range(31))
    assert sum(isinstance(i, Packet) for i in sink.items) == 10
    assert workers.progress.frames == seen[-1] == 31
    assert (sink.state, workers.sink_report) == ("finished", {"frames": 31})
    assert stage.diary[-1] == "close"
    assert source.closed == 1
    assert [o.name for o in workers.stages] == ["delay"]
    timings = workers.timings
    assert timings.total > 0
    assert min(timings.decode, timings.chain, timings.encode) > 0


def test_the_first_frame_is_told_of_at_once(monkeypatch):
    """Not at the next tick: a person waits for it."""
    monkeypatch.setattr(engine, "TICK_SECONDS", BOUND_SECONDS)
    told = threading.Event()

    class AfterTheFirst(Sink):
        def write(self, item):
            if self.items:
                assert told.wait(BOUND_SECONDS / 2)
            super().write(item)

    sink = AfterTheFirst()
    make(Source(2), (), sink).run(lambda progress: told.set() if progress.frames else None)
    assert sink.frames == [0, 1]


FAULTS = {
    "source at once": lambda: (Source(fail_at=0), (), Sink(), Trouble),
    "source": lambda: (Source(fail_at=9), (), Sink(), Trouble),
    "stage": lambda: (Source(endless=True), [Failing("process")], Sink(), StageError),
    "stage's flush": lambda: (Source(), [Failing("flush")], Sink(), StageError),
    "stage's close": lambda: (Source(), [Failing("close")], Sink(), StageError),
    "sink at once": lambda: (Source(endless=True), (), Sink(fail_at=0), Trouble),
    "sink": lambda: (Source(endless=True), [Toy()], Sink(fail_at=12), Trouble),
    "sink's finish": lambda: (Source(), [Toy()], Sink(fail_finish=True), Trouble),
    "source while the sink is slow": lambda: (Source(fail_at=9), (), Sink(slow=0.05), Trouble),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("queue_bytes", [1, 1 << 30])
def test_a_failure_in_any_part_ends_all_of_them(fault, queue_bytes, monkeypatch):
    monkeypatch.setattr(engine, "QUEUE_BYTES", queue_bytes)
    source, stages, sink, kind = FAULTS[fault]()
    workers = make(source, stages, sink)
    begin = time.monotonic()
    with pytest.raises(kind):
        workers.run()
    assert time.monotonic() - begin < BOUND_SECONDS
    assert_ended(workers, sink, source)


def test_the_check_gives_up():
    source, sink = Source(endless=True), Sink()
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 8:
            raise Trouble("check")

    workers = make(source, (), sink, check=check)
    with pytest.raises(Trouble, match="check"):
        workers.run()
    assert_ended(workers, sink, source)


def test_what_the_progress_callback_raises_ends_the_run():
    source, sink = Source(endless=True), Sink(slow=0.001)

    def on_progress(progress):
        raise Trouble("callback")

    workers = make(source, [Toy()], sink)
    with pytest.raises(Trouble, match="callback"):
        workers.run(on_progress)
    assert_ended(workers, sink, source)


@pytest.mark.parametrize("busy", ["reading", "chain", "writing"])
def test_ctrl_c_ends_the_run_wherever_it_is_busy(busy):
    pause = {part: 0.02 if part == busy else 0.0 for part in ("reading", "chain", "writing")}

    class SlowSource(Source):
        def __iter__(self):
            for item in super().__iter__():
                time.sleep(pause["reading"])
                yield item

    class SlowStage(Toy):
        def process(self, batch):
            time.sleep(pause["chain"])
            return batch

    source, sink = SlowSource(endless=True), Sink(slow=pause["writing"])
    workers = make(source, [SlowStage()], sink)
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        workers.run()
    assert time.monotonic() - begin < BOUND_SECONDS
    assert_ended(workers, sink, source)


def test_a_thread_inside_a_long_native_call_does_not_hold_the_caller_up():
    entered, release = threading.Event(), threading.Event()

    class Stuck(Toy):
        def process(self, batch):
            entered.set()
            release.wait(60)
            return batch

    class Patient(Source):
        def __iter__(self):
            yield make_frame(0)
            entered.wait(60)
            raise Trouble("source")

    source, sink = Patient(), Sink()
    workers = make(source, [Stuck()], sink)
    begin = time.monotonic()
    with pytest.raises(Trouble):
        workers.run()
    assert time.monotonic() - begin < BOUND_SECONDS
    assert GRACE_SECONDS < 2
    assert stuck(workers)
    assert sink.state == "aborted"
    release.set()
    workers.threads[1].join(5)
    assert not stuck(workers)
    assert sink.frames == []


def test_what_the_last_progress_callback_raises_takes_the_output_back():
    source, sink = Source(3), Sink()

    def at_the_end(progress):
        if progress.frames == 3:
            raise Trouble("callback")

    workers = make(source, (), sink)
    with pytest.raises(Trouble, match="callback"):
        workers.run(at_the_end)
    assert_ended(workers, sink, source)


def test_parts_whose_thread_never_began_are_closed_too(monkeypatch):
    source, sink, stage = Source(3), Sink(), Toy()
    workers = make(source, [stage], sink)
    start = threading.Thread.start

    def interrupted_at_the_second(thread):
        if thread.name == "dashcam-chain":
            raise KeyboardInterrupt
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", interrupted_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        workers.run()
    assert_ended(workers, sink, source)
    assert stage.diary == ["close"]


def test_an_output_that_got_whole_as_the_run_was_stopped_is_taken_back():
    source = Source(3)

    class LateSink(Sink):
        def finish(self):
            _thread.interrupt_main()
            time.sleep(0.3)
            return super().finish()

    sink = LateSink()
    workers = make(source, (), sink)
    with pytest.raises(KeyboardInterrupt):
        workers.run()
    assert sink.state == "aborted"


def test_queues_bound_what_is_alive_at_once(monkeypatch):
    monkeypatch.setattr(engine, "QUEUE_BYTES", 50)
    alive, peak = set(), 0
    lock = threading.Lock()

    class Counted:
        nbytes = 10

        def __init__(self):
            nonlocal peak
            with lock:
                alive.add(id(self))
                peak = max(peak, len(alive))

        def __del__(self):
            with lock:
                alive.discard(id(self))

    class CountedSource(Source):
        def __iter__(self):
            return (Counted() for _ in range(200))

    class ForgetfulSink(Sink):
        def write(self, item):  # noqa: ARG002 - it keeps nothing
            time.sleep(0.0005)

    make(CountedSource(), (), ForgetfulSink()).run()
    assert peak <= 2 * 5 + 5  # two queues and one in the hand of each thread and of each call


def test_the_pace_is_noted_by_place_in_few_points():
    pace = Pace()
    for tick in range(1, 40_000):
        speed = 20 if tick < 20_000 else 80
        frames = tick * 2 if tick < 20_000 else 40_000 + (tick - 20_000) * 8
        pace.note(Progress(frames=frames, position_s=frames / 30, elapsed_s=tick / 10))
        assert len(pace.points) < PACE_POINTS
    positions = [position for position, _ in pace.points]
    assert positions == sorted(positions)
    assert len(pace.points) > PACE_POINTS // 4
    assert pace.points[3][1] == pytest.approx(20)
    assert pace.points[-1][1] == pytest.approx(speed)


def test_a_run_that_stands_still_has_no_pace():
    pace = Pace()
    for tick in range(100):
        pace.note(Progress(elapsed_s=tick / 10))
    assert pace.points == []


def until(is_so):
    deadline = time.monotonic() + BOUND_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_paused_run_stands_still_and_then_gives_the_same():
    control, sink = Control(), Sink(slow=0.01)
    run = Workers(Source(200), Chain([Delay()]), sink, control=control)
    thread = threading.Thread(target=run.run)
    thread.start()
    until(lambda: len(sink.items) > 5)
    control.pause()
    time.sleep(0.3)
    there, decoded = len(sink.items), run.timings.decode
    time.sleep(0.5)
    assert (len(sink.items), run.timings.decode) == (there, decoded)
    assert run.progress.paused
    assert thread.is_alive()
    control.resume()
    thread.join(BOUND_SECONDS)
    assert sink.frames == list(range(200))
    assert sink.state == "finished"


def test_time_that_a_run_stood_still_counts_nowhere():
    control = Control()
    sink = Sink(slow=0.002)
    run = Workers(Source(30), Chain([Toy()]), sink, control=control)
    control.pause()
    thread = threading.Thread(target=run.run)
    thread.start()
    time.sleep(1.0)
    control.resume()
    thread.join(BOUND_SECONDS)
    assert sink.state == "finished"
    timings = run.timings
    assert max(timings.total, timings.wait_decode, timings.wait_encode) < 0.9
    assert run.progress.elapsed_s < 0.9


@pytest.mark.parametrize("paused", [False, True])
def test_a_cancelled_run_ends_also_where_it_stands_still(paused):
    control, sink = Control(), Sink()
    source = Source(endless=True)
    run = Workers(source, Chain([Toy()]), sink, control=control)
    if paused:
        control.pause()
    threading.Timer(0.2, control.cancel).start()
    with pytest.raises(CancelledError):
        run.run()
    assert sink.state == "aborted"
    assert source.closed
    assert not any(thread.is_alive() for thread in run.threads)
