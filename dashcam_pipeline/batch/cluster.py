"""The same job on a Ray cluster over a shared folder; the extra ``cluster`` brings Ray.

Every node sees input and output under the same paths and has this package installed. The journal
is still written by the driving process alone. Ray itself runs a job again whose node is lost; as
its whole segments lie in the shared output folder, the next node goes on where the lost one was.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from dashcam_pipeline.batch.job import Outcome, run_job
from dashcam_pipeline.batch.resources import THREADS_EACH
from dashcam_pipeline.batch.runner import Finished, News, Started
from dashcam_pipeline.errors import UsageError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from dashcam_pipeline.batch.job import Job
    from dashcam_pipeline.config import CleanConfig

NODE_LOSSES: Final = 3
"""How often Ray runs a job again whose node or process was lost; not counted as the job's own
tries."""

AHEAD: Final = 2
"""Jobs handed to Ray for each that it can run at once, so that no node waits for the driver."""

GPU_SHARE: Final = 0.5
"""Of a GPU, for each job: while one encodes, the other's network runs."""


class RayRunner:
    """Jobs on a Ray cluster.

    Args:
        config: device and threads of each job.
        address: of the cluster (``auto``, ``HOST:PORT``, ``ray://HOST:PORT``); None takes
            ``RAY_ADDRESS``, or else starts one on this machine.
        workers: jobs at a time; 0 as many as the cluster's processors hold.

    Raises:
        UsageError: Ray isn't installed, or the cluster can't be reached.
    """

    def __init__(
        self, config: CleanConfig, *, address: str | None = None, workers: int = 0
    ) -> None:
        # Ray reports its use to its makers unless told not to; read when it is imported.
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        try:
            import ray  # noqa: PLC0415 - the extra `cluster`
        except ImportError as error:
            raise UsageError(
                _('`runner="ray"` needs Ray.'),
                advice=_("Install it: pip install 'dashcam-pipeline[cluster]'."),
            ) from error
        self._ray = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            try:
                ray.init(
                    address=address,
                    include_dashboard=None if address else False,
                    log_to_driver=False,
                    configure_logging=False,
                )
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise UsageError(
                    _(
                        "the Ray cluster {address} can't be reached: {error}",
                        address=address or "(local)",
                        error=error,
                    ),
                    advice=_("Start its head with `ray start --head`, and give HOST:PORT."),
                ) from error
        self._threads = config.threads or THREADS_EACH
        self._asked = workers
        self._device = config.device
        self._gpus = GPU_SHARE if config.device.startswith("cuda") else 0.0
        if config.device == "auto" and ray.cluster_resources().get("GPU", 0) > 0:
            self._gpus = GPU_SHARE
        self._task = ray.remote(_run).options(
            num_cpus=self._processors(),
            num_gpus=self._gpus,
            max_retries=NODE_LOSSES,
            retry_exceptions=False,
        )
        self._running: dict[Any, Job] = {}
        self._slots: dict[str, int] = {}
        self._begun: deque[News] = deque()

    @property
    def slots(self) -> int:
        """Jobs that the cluster can run at a time, as it is now."""
        if self._asked:
            return self._asked
        resources = self._ray.cluster_resources()
        counts = [int(resources.get("CPU", 1) // self._processors())]
        if self._gpus:
            counts.append(int(resources.get("GPU", 0) // self._gpus))
        return max(1, min(counts))

    @property
    def free(self) -> int:
        """How many more jobs it takes; beyond what runs at once, so that none waits."""
        most = self._asked or self.slots * AHEAD
        return most - len(self._running)

    def submit(self, job: Job) -> None:
        """Hand a job to the cluster."""
        device = "auto" if self._device.startswith("cuda:") else self._device
        config = job.config | {"threads": self._threads, "device": device}
        reference = self._task.remote(asdict(replace(job, config=config)))
        self._running[reference] = job
        taken = set(self._slots.values())
        self._slots[job.path] = next(i for i in range(len(taken) + 1) if i not in taken)
        self._begun.append(Started(job.path, self._slots[job.path]))

    def poll(self, timeout: float) -> list[News]:
        """What happened, waiting for the first of it."""
        events = list(self._begun)
        self._begun.clear()
        ready, _later = self._ray.wait(
            list(self._running), num_returns=1, timeout=0 if events else timeout
        )
        return events + [self._finished(reference) for reference in ready]

    def pause(self) -> None:
        """Nothing: what a node has begun it brings to its end."""

    def resume(self) -> None:
        """Nothing, likewise."""

    def close(self) -> None:
        """End everything; a cluster that was there before stays."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        self._running.clear()
        if self._ours and self._ray.is_initialized():
            self._ray.shutdown()

    def _processors(self) -> int:
        """Of a job; never more than the largest node has, or it would wait for ever."""
        nodes = [n["Resources"].get("CPU", 0) for n in self._ray.nodes() if n["Alive"]]
        return max(1, min(self._threads, int(max(nodes, default=1))))

    def _finished(self, reference: Any) -> Finished:  # noqa: ANN401 - Ray's own type
        job = self._running.pop(reference)
        slot = self._slots.pop(job.path)
        try:
            outcome = Outcome(**self._ray.get(reference))
        except self._ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[0]
            outcome = Outcome(
                status="failed",
                reason=_("lost on the cluster: {reason}", reason=reason),
                exit_code=1,
                retry=True,
            )
        return Finished(job.path, slot, outcome)


def _run(data: dict[str, Any]) -> dict[str, Any]:
    """The job as Ray's task."""
    return run_job(data)
