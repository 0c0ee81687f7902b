"""A runner of batches without processes, which take longer to begin than tiny clips to clean."""

from __future__ import annotations

from dataclasses import asdict

from dashcam_pipeline.batch.job import Outcome, run_job
from dashcam_pipeline.batch.runner import Finished, Started


class InProcess:
    """Does a job when it is polled; every outcome can be bent."""

    def __init__(self, bend=None):
        self.queue, self.jobs, self.bend = [], [], bend or (lambda _job, outcome: outcome)
        self.closed = False

    @property
    def free(self):
        return 2 - len(self.queue)

    def submit(self, job):
        self.queue.append(job)

    def poll(self, timeout):  # noqa: ARG002 - as runners have it
        if not self.queue:
            return []
        job = self.queue.pop(0)
        self.jobs.append(job.path)
        outcome = self.bend(job, Outcome(**run_job(asdict(job))))
        return [Started(job.path, 0), Finished(job.path, 0, outcome)]

    def close(self):
        self.closed = True
