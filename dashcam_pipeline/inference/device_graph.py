"""Running a graph whose tensors stay on the device from one batch to the next.

::

    graph = DeviceGraph(data, "glare-device.onnx", device="cuda")
    graph.configure({"strength": np.float32(1)}, {"maps": zeros})
    answers = graph.run({"luma": planes})

A batch goes up once and its answers come down once. What the graph remembers (an input ``past_X``
that its output ``next_X`` replaces) and what stays the same for a stream are never moved again. A
device that runs out of memory gets smaller batches, for the rest of the run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dashcam_pipeline.errors import DeviceError
from dashcam_pipeline.inference.session import device_place, open_session, out_of_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from onnxruntime import OrtValue

    Array = npt.NDArray[Any]

_LOG: Final = logging.getLogger(__name__)

_PAST, _NEXT = "past_", "next_"


class DeviceGraph:
    """A graph on a device.

    Args:
        data: of the ONNX file, checked by who read it.
        name: of the file, for messages.
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        threads: CPU threads it may keep busy.

    Raises:
        ModelError: the graph is not usable.
        DeviceError: the device's provider can't be loaded.
    """

    def __init__(self, data: bytes, name: str, *, device: str, threads: int = 1) -> None:
        self._device = device
        # In TF32 a product has three digits, and not even a byte would be exact.
        self._session = open_session(data, name, device, threads, cuda_options={"use_tf32": "0"})
        self._constant: dict[str, OrtValue] = {}
        self._past: dict[str, OrtValue] = {}
        self._largest: int | None = None
        self.facts: dict[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        """What the file says about itself."""
        self.notes: list[str] = []
        """What had to be given up for lack of memory, a sentence each."""

    def configure(self, constants: Mapping[str, Array], past: Mapping[str, Array]) -> None:
        """Set what all batches share, and what the graph remembers at first.

        Args:
            constants: small tensors by input name.
            past: tensors by the name of their input without ``past_``.
        """
        self._constant = {name: self._on_cpu(array) for name, array in constants.items()}
        self.restore(past)

    def restore(self, past: Mapping[str, Array]) -> None:
        """Remember something else from now on; as ``state`` gave it."""
        self._past = {_PAST + name: self._on_device(array) for name, array in past.items()}

    def state(self) -> dict[str, Array]:
        """What it remembers, fetched from the device, by name without ``past_``."""
        return {k.removeprefix(_PAST): np.asarray(v.numpy()) for k, v in self._past.items()}

    def run(self, batch: Mapping[str, Array]) -> dict[str, Array]:
        """Work on a batch.

        Args:
            batch: tensors by input name, all with as many rows (first axis).

        Returns:
            the answers by output name, with as many rows; without those that it remembers.

        Raises:
            DeviceError: not even one row fits into the device's memory; what is remembered is what
                was before the batch.
        """
        rows = len(next(iter(batch.values())))
        done: list[dict[str, Array]] = []
        place, past = 0, self._past
        while place < rows:
            count = min(rows - place, self._largest or rows)
            part = {name: array[place : place + count] for name, array in batch.items()}
            try:
                done.append(self._run_whole(part))
            except Exception as error:  # ONNX Runtime has no kind of its own for this
                if not out_of_memory(error):
                    raise
                if count == 1:
                    self._past = past
                self._make_do(count, error)
            else:
                place += count
        if len(done) == 1:
            return done[0]
        return {name: np.concatenate([each[name] for each in done]) for name in done[0]}

    def _run_whole(self, batch: Mapping[str, Array]) -> dict[str, Array]:
        binding = self._session.io_binding()
        for name, array in batch.items():
            binding.bind_ortvalue_input(name, self._on_device(array))
        for name, value in (self._constant | self._past).items():
            binding.bind_ortvalue_input(name, value)
        names = [output.name for output in self._session.get_outputs()]
        kind, number = device_place(self._device)
        for name in names:
            if name.startswith(_NEXT):
                binding.bind_output(name, kind, number)
            else:
                binding.bind_output(name)  # comes down
        binding.synchronize_inputs()
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        answers = dict(zip(names, binding.get_outputs(), strict=True))
        self._past = self._past | {
            _PAST + name.removeprefix(_NEXT): value
            for name, value in answers.items()
            if name.startswith(_NEXT)
        }
        return {n: np.asarray(v.numpy()) for n, v in answers.items() if not n.startswith(_NEXT)}

    def _make_do(self, rows: int, error: Exception) -> None:
        """Ask for less memory from now on."""
        if rows == 1:
            raise DeviceError(
                f"{self._device} has not enough memory for one frame of the whole graph.",
                advice="Close other programs, or take --quality fast.",
            ) from error
        self._largest = rows // 2
        note = f"{self._device} is short of memory: batches of {self._largest} from now on."
        _LOG.warning(note)
        self.notes.append(note)

    def _on_device(self, array: Array) -> OrtValue:
        return _value(array, *device_place(self._device))

    def _on_cpu(self, array: Array) -> OrtValue:
        """Where sizes and counts are read; ONNX Runtime moves the rest up itself."""
        return _value(array, "cpu", 0)


def _value(array: Array, kind: str, number: int) -> OrtValue:
    import onnxruntime as ort  # noqa: PLC0415 - slow to import: only where a graph runs

    return ort.OrtValue.ortvalue_from_numpy(np.asarray(array, order="C"), kind, number)
