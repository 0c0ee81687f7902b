"""Running a network: one ONNX Runtime session with an explicit thread budget.

A device that runs out of memory ends no run: the batch is halved until it fits, and if not even one
picture does, the network goes on on the CPU. Both are said, and stay so for the rest of the run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.errors import DeviceError, ModelError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    import numpy.typing as npt
    from onnxruntime import InferenceSession

    from dashcam_pipeline.inference.manifest import ModelEntry

_LOG: Final = logging.getLogger(__name__)

_NO_MEMORY: Final = (
    "out of memory",  # CUDA's own words (cudaErrorMemoryAllocation)
    "failed to allocate memory",  # ONNX Runtime's arena
    "cuda failure 2:",
    "cudnn_status_alloc_failed",
    "cublas_status_alloc_failed",
    "bad_alloc",
    "bad allocation",
)


class Network:
    """A network on a device.

    Args:
        entry: of the manifest; its sha256 is checked here.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads it may keep busy.

    Raises:
        ModelError: the weights are missing, changed or not usable.
        DeviceError: the device's provider can't be loaded.
    """

    def __init__(self, entry: ModelEntry, *, device: str = "cpu", threads: int = 1) -> None:
        self.entry = entry
        self.notes: list[str] = []
        """What had to be given up for lack of memory, a sentence each."""
        self._device, self._threads = device, threads
        self._largest: int | None = None
        self._session = self._open(device)

    def _open(self, device: str) -> InferenceSession:
        return open_session(self.entry.read(), str(self.entry.path), device, self._threads)

    def run(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Predict.

        Args:
            pictures: (N, 3, H, W) code values in [0, 1], sides multiples of the model's.

        Returns:
            (N, maps, H, W) float32.
        """
        done: list[npt.NDArray[np.float32]] = []
        place = 0
        while place < len(pictures):
            part = pictures[place : place + (self._largest or len(pictures))]
            try:
                done.append(self._predict(part))
            except Exception as error:  # ONNX Runtime has no kind of its own for this
                if not out_of_memory(error):
                    raise
                self._make_do(len(part), error)
            else:
                place += len(part)
        return done[0] if len(done) == 1 else np.concatenate(done)

    def _predict(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """All pictures in one batch; shapes as in ``run``."""
        name = self._session.get_inputs()[0].name
        (maps,) = self._session.run(None, {name: pictures})
        return np.asarray(maps, np.float32)

    def _make_do(self, batch: int, error: Exception) -> None:
        """Ask for less memory from now on."""
        if batch > 1:
            self._largest = batch // 2
            self._note(
                _(
                    "{device} is short of memory: batches of {largest} from now on.",
                    device=self._device,
                    largest=self._largest,
                )
            )
        elif self._device != "cpu":
            self._note(
                _(
                    "{device} is short of memory: the network goes on on the CPU.",
                    device=self._device,
                )
            )
            self._device, self._largest = "cpu", None
            self._session = self._open("cpu")
        else:
            raise DeviceError(
                _("there is not enough memory for one picture of the network."),
                advice=_('Close other programs, or take `quality="fast"`.'),
            ) from error

    def _note(self, text: str) -> None:
        _LOG.warning(text)
        self.notes.append(text)


def open_session(data: bytes, name: str, device: str, threads: int) -> InferenceSession:
    """Load a graph.

    Args:
        data: of the ONNX file.
        name: of the file, for messages.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads it may keep busy.

    Raises:
        ModelError: the file is not usable.
        DeviceError: the device's provider can't be loaded.
    """
    import onnxruntime as ort  # noqa: PLC0415 - slow to import: only where a network runs

    state = ort.capi.onnxruntime_pybind11_state
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads would steal the cores that the codec needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu":
        number = int(device.partition(":")[2] or 0)
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": number}))
    try:
        session = ort.InferenceSession(data, options, providers=providers)
    except (state.Fail, state.InvalidProtobuf, state.InvalidGraph) as error:
        raise ModelError(
            _("The model {name} can't be loaded: {error}", name=name, error=error)
        ) from error
    used = session.get_providers()[0]
    if device != "cpu" and used != "CUDAExecutionProvider":
        raise DeviceError(
            _("ONNX Runtime can't use {device}: it fell back to {used}.", device=device, used=used),
            advice=_('Its CUDA libraries are missing or don\'t fit; take `device="cpu"`.'),
        )
    return session


def out_of_memory(error: Exception) -> bool:
    """True if a failure says that memory ran out; ONNX Runtime only says so in words."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in words for sign in _NO_MEMORY)
