from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.inference import devices
from dashcam_pipeline.inference.devices import cuda_refusal, decide_device


@pytest.fixture(autouse=True)
def fresh():
    cuda_refusal.cache_clear()
    yield
    cuda_refusal.cache_clear()


@pytest.fixture
def driver(monkeypatch):
    """Pretend that the driver offers so many devices."""

    def offer(count):
        monkeypatch.setattr(devices, "cuda_devices", lambda: count)

    return offer


@pytest.fixture
def runtime(monkeypatch):
    """Pretend that ONNX Runtime was built with, and can load, these providers."""

    def pretend(built, loaded):
        class Session:
            def __init__(self, *_args, **_kwargs):
                pass

            def get_providers(self):
                return loaded

        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: built)
        monkeypatch.setattr(onnxruntime, "InferenceSession", Session)

    return pretend


CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def test_the_probe_model_is_a_model_that_runs():
    session = onnxruntime.InferenceSession(devices._IDENTITY, providers=[CPU])
    (result,) = session.run(None, {"x": np.array([2.5], np.float32)})
    assert result.tolist() == [2.5]


def test_cpu_is_never_questioned():
    assert decide_device("cpu") == "cpu"


def test_without_a_driver(driver):
    driver(0)
    assert decide_device("auto") == "cpu"
    with pytest.raises(DeviceError, match="no CUDA driver") as caught:
        decide_device("cuda")
    assert '`device="cpu"`' in caught.value.advice


def test_a_number_that_is_not_there(driver):
    driver(2)
    with pytest.raises(DeviceError, match="cuda:2 can't be used: the driver offers 2"):
        decide_device("cuda:2")


def test_a_driver_with_a_runtime_that_uses_it(driver, runtime):
    driver(2)
    runtime([CUDA, CPU], [CUDA, CPU])
    assert decide_device("auto") == "cuda"
    assert decide_device("cuda:1") == "cuda:1"


@pytest.mark.parametrize(
    ("built", "says"), [([CPU], "built without CUDA"), ([CUDA, CPU], "can't load its CUDA")]
)
def test_a_driver_with_a_runtime_that_can_not_use_it(driver, runtime, built, says):
    driver(1)
    runtime(built, [CPU])
    assert decide_device("auto") == "cpu"
    with pytest.raises(DeviceError, match=says):
        decide_device("cuda:0")


def test_asking_the_real_driver_is_harmless():
    assert devices.cuda_devices() >= 0
