"""A device that runs out of memory: smaller batches, then the CPU, then a clear end."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.inference.session import Network, out_of_memory


class Session:
    """Stands for ONNX Runtime's: doubles pictures, as long as they are few enough."""

    def __init__(self, room, words="CUDA failure 2: out of memory"):
        self.room, self.words = room, words
        self.batches = []

    def get_inputs(self):
        return [SimpleNamespace(name="x")]

    def run(self, _outputs, feeds):
        (pictures,) = feeds.values()
        self.batches.append(len(pictures))
        if len(pictures) > self.room:
            raise RuntimeError(self.words)
        return [pictures * 2]


def network(monkeypatch, device, **sessions):
    monkeypatch.setattr(Network, "_open", lambda _self, name: sessions[name.partition(":")[0]])
    return Network(SimpleNamespace(), device=device)


@pytest.fixture
def pictures():
    return np.arange(11 * 3 * 2 * 2, dtype=np.float32).reshape(11, 3, 2, 2)


def test_batches_get_smaller_and_stay_so(monkeypatch, pictures, caplog):
    session = Session(room=3)
    made = network(monkeypatch, "cuda:0", cuda=session)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(made.run(pictures), pictures * 2)
    assert session.batches == [11, 5, 2, 2, 2, 2, 2, 1]
    assert "batches of 2" in caplog.text
    session.batches.clear()
    assert np.array_equal(made.run(pictures[:4]), pictures[:4] * 2)
    assert session.batches == [2, 2]
    assert len(made.notes) == 2


def test_then_the_cpu_goes_on(monkeypatch, pictures, caplog):
    gpu, cpu = Session(room=0), Session(room=100)
    made = network(monkeypatch, "cuda", cuda=gpu, cpu=cpu)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(made.run(pictures), pictures * 2)
    assert "goes on on the CPU" in caplog.text
    assert cpu.batches == [11]
    made.run(pictures)
    assert gpu.batches == [11, 5, 2, 1]


def test_no_memory_at_all_is_a_sentence(monkeypatch, pictures):
    made = network(monkeypatch, "cpu", cpu=Session(room=0, words="std::bad_alloc"))
    with pytest.raises(DeviceError, match="not enough memory"):
        made.run(pictures)


def test_other_failures_are_not_swallowed(monkeypatch, pictures):
    made = network(monkeypatch, "cuda", cuda=Session(room=0, words="Got invalid dimensions"))
    with pytest.raises(RuntimeError, match="invalid dimensions"):
        made.run(pictures)


@pytest.mark.parametrize(
    ("words", "is_so"),
    [
        ("BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer", True),
        ("CUDA failure 2: out of memory ; GPU=0", True),
        ("CUBLAS_STATUS_ALLOC_FAILED", True),
        ("Invalid Feed Input Name", False),
    ],
)
def test_words_that_say_so(words, is_so):
    assert out_of_memory(RuntimeError(words)) is is_so
    assert out_of_memory(MemoryError())
