from __future__ import annotations

import threading

import pytest

from dashcam_pipeline.engine.queues import Aborted, ByteQueue


def in_thread(function):
    """Run it in a thread; the thread and what it returned or raised."""
    result = []

    def run():
        try:
            result.append(function())
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, result


def test_first_in_first_out_and_none_at_the_end():
    queue = ByteQueue(10)
    queue.put("a", 3)
    queue.put("b", 3)
    queue.close()
    assert [queue.get(), queue.get(), queue.get(), queue.get()] == ["a", "b", None, None]


def test_put_waits_while_the_bytes_do_not_fit():
    queue = ByteQueue(10)
    queue.put("a", 6)
    thread, result = in_thread(lambda: queue.put("b", 6))
    thread.join(0.2)
    assert thread.is_alive()
    assert queue.get() == "a"
    thread.join(5)
    assert result == [None]
    assert queue.get() == "b"
    assert queue.put_seconds > 0.1


def test_an_item_larger_than_the_bound_still_passes():
    queue = ByteQueue(10)
    queue.put("huge", 1000)
    assert queue.get() == "huge"


@pytest.mark.parametrize("wait", ["put", "get"])
def test_abort_wakes_whoever_waits(wait):
    queue = ByteQueue(10)
    if wait == "put":
        queue.put("a", 10)
    thread, result = in_thread(queue.get if wait == "get" else lambda: queue.put("b", 10))
    thread.join(0.1)
    assert thread.is_alive()
    queue.abort()
    thread.join(5)
    assert isinstance(result[0], Aborted)


def test_after_abort_nothing_goes_in_or_out():
    queue = ByteQueue(10)
    queue.put("a", 1)
    queue.abort()
    with pytest.raises(Aborted):
        queue.get()
    with pytest.raises(Aborted):
        queue.put("b", 1)


def test_put_after_close_is_a_mistake():
    queue = ByteQueue(10)
    queue.close()
    with pytest.raises(RuntimeError, match="closed"):
        queue.put("a", 1)
