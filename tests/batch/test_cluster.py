"""The Ray runner on a cluster of this machine; skipped where Ray isn't installed."""

from __future__ import annotations

import importlib.util
import threading
import time

import judge
import pytest
from factory import Picture, make_clip

from dashcam_pipeline.batch.driver import run_batch
from dashcam_pipeline.batch.events import BatchStarted
from dashcam_pipeline.batch.journal import Journal, journal_path, work_folder
from dashcam_pipeline.batch.session import BatchOptions
from dashcam_pipeline.config import CleanConfig
from dashcam_pipeline.errors import UsageError

PLAIN = CleanConfig(stages=(), threads=1)
RAY = BatchOptions(runner="ray", segment_seconds=0.5)

with_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs the extra cluster"
)


def make_card(root, frames):
    root.mkdir()
    for minute, count in enumerate(frames):
        make_clip(root / f"20240101_12{minute:02}00_NF.mp4", Picture(size=(128, 72), frames=count))
    return root


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_says_how_to_get_it(tmp_path):
    card = make_card(tmp_path / "card", [5])
    with pytest.raises(UsageError, match=r"dashcam-pipeline\[cluster\]"):
        run_batch(card, tmp_path / "out", config=PLAIN, options=RAY)


@pytest.mark.slow
@with_ray
def test_a_cluster_does_the_same_jobs(tmp_path):
    card = make_card(tmp_path / "card", [20, 20, 20])
    (card / "20240101_130000_NF.mp4").write_text("no video")
    report = run_batch(card, tmp_path / "out", config=PLAIN, options=RAY)
    assert (report.counts["done"], report.counts["failed"]) == (3, 1)
    with Journal(journal_path(tmp_path / "out")) as journal:
        assert sorted(e.status for e in journal) == ["done", "done", "done", "failed"]
    again = run_batch(card, tmp_path / "out", config=PLAIN, options=BatchOptions())
    assert again.counts["skipped"] == 3


class Killer:
    """Kills a node as soon as two recordings are under way."""

    def __init__(self, cluster, node, segments):
        self.cluster, self.node, self.segments = cluster, node, segments
        self.killed = threading.Event()

    def __call__(self, event):
        if isinstance(event, BatchStarted):
            threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        deadline = time.monotonic() + 120
        while len({p.parent for p in self.segments.glob("*/*.seg")}) < 2:
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
        self.cluster.remove_node(self.node, allow_graceful=False)
        self.killed.set()


@pytest.mark.slow
@with_ray
def test_a_lost_node_costs_nothing(tmp_path):
    import ray  # noqa: PLC0415 - not installed everywhere
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - likewise

    frames = [1500, 1500, 30, 30]
    card = make_card(tmp_path / "card", frames)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        node = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
        killer = Killer(cluster, node, work_folder(tmp_path / "out") / "segments")
        report = run_batch(card, tmp_path / "out", config=PLAIN, options=RAY, observer=killer)
        assert killer.killed.is_set()
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert report.counts["done"] == 4
    for path, count in zip(sorted((tmp_path / "out").glob("*.mp4")), frames, strict=True):
        assert len(judge.ticks(path)) == count
