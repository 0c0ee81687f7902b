"""Running a network: one ONNX Runtime session with an explicit thread budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dashcam_pipeline.errors import DeviceError, ModelError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dashcam_pipeline.inference.manifest import ModelEntry


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
        import onnxruntime as ort  # noqa: PLC0415 - slow to import: only where a network runs

        self.entry = entry
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
            self._session = ort.InferenceSession(entry.read(), options, providers=providers)
        except (ort.capi.onnxruntime_pybind11_state.Fail,
                ort.capi.onnxruntime_pybind11_state.InvalidProtobuf,
                ort.capi.onnxruntime_pybind11_state.InvalidGraph) as error:  # fmt: skip
            raise ModelError(f"The model {entry.path} can't be loaded: {error}") from error
        used = self._session.get_providers()[0]
        if device != "cpu" and used != "CUDAExecutionProvider":
            raise DeviceError(
                f"ONNX Runtime can't use {device}: it fell back to {used}.",
                advice="Its CUDA libraries are missing or don't fit; take --device cpu.",
            )
        self._input = self._session.get_inputs()[0].name

    def run(self, pictures: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Predict.

        Args:
            pictures: (N, 3, H, W) code values in [0, 1], sides multiples of the model's.

        Returns:
            (N, maps, H, W) float32.
        """
        (maps,) = self._session.run(None, {self._input: pictures})
        return np.asarray(maps, np.float32)
