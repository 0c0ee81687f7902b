"""Which device networks run on.

ONNX Runtime lists CUDA as available as soon as it was built with it, also where the driver or its
libraries are missing. So the question is put to the driver first, and then to a session that really
runs something.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Final

from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.translation import _

_DRIVERS: Final = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}

# An ONNX model of one Identity node on float x[1] (IR version 8, opset 13), as protobuf. Enough to
# make ONNX Runtime load a provider; the onnx package that could build it is no dependency.
_IDENTITY: Final = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a"
    "0a08080112040a020801620f0a0179120a0a08080112040a02080142040a00100d"
)


@cache
def cuda_devices() -> int:
    """Devices that the CUDA driver offers; 0 without a driver."""
    name = _DRIVERS.get(sys.platform)
    if name is None:
        return 0
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


@cache
def cuda_refusal(number: int) -> str:
    """Why networks can't run on a CUDA device; empty if they can.

    Args:
        number: of the device, from 0.
    """
    count = cuda_devices()
    if number >= count:
        return (
            _("the driver offers {count} CUDA devices", count=count)
            if count
            else _("there is no CUDA driver")
        )
    import onnxruntime  # noqa: PLC0415 - slow to import, and needed only where there is a driver

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return _("this ONNX Runtime was built without CUDA")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its complaint becomes our sentence
    session = onnxruntime.InferenceSession(
        _IDENTITY, options, providers=[("CUDAExecutionProvider", {"device_id": number})]
    )
    if "CUDAExecutionProvider" not in session.get_providers():
        return _("ONNX Runtime can't load its CUDA libraries (CUDA and cuDNN)")
    return ""


def decide_device(asked: str) -> str:
    """The device to use.

    Args:
        asked: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Returns:
        ``cpu``, ``cuda`` or ``cuda:N``; ``auto`` is ``cuda`` where that works, else ``cpu``.

    Raises:
        DeviceError: CUDA was asked for by name and can't be used.
    """
    if asked == "cpu":
        return "cpu"
    reason = cuda_refusal(int(asked.partition(":")[2] or 0))
    if not reason:
        return "cuda" if asked == "auto" else asked
    if asked == "auto":
        return "cpu"
    raise DeviceError(
        _("The device {asked} can't be used: {reason}.", asked=asked, reason=reason),
        advice=_('Take `device="cpu"`, or auto, which uses a GPU where it can.'),
    )
