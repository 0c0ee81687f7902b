"""What holds for every test: the network is never used, Ctrl-C works, and English is spoken."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores among them; NumPy's and torch's threads would take them all, in
    # each. Read when those are imported, and by the commands that tests start.
    share = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", str(max(1, share)))

import pytest

with suppress(ImportError):  # the page in a browser is tested without it
    from hypothesis import settings

    # A test must not fail by chance: `make test-slow` draws other examples (`fresh`).
    settings.register_profile("fresh", print_blob=True)
    settings.register_profile("same", derandomize=True)
    settings.load_profile("same")

LOCAL = {"127.0.0.1", "::1", "localhost", ""}

# A shell starts background jobs with SIGINT ignored, and children inherit that; many tests
# interrupt a run, and would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def in_english(monkeypatch):
    """Whatever this machine speaks, what is said is compared in English."""
    monkeypatch.setenv("DASHCAM_LANG", "en")


def pytest_runtest_setup(item):
    """What permissions forbid can only be seen by somebody whom they bind."""
    bound = hasattr(os, "geteuid") and os.geteuid() != 0
    if item.get_closest_marker("unprivileged") and not bound:
        pytest.skip("root may do everything; `make test-slow` runs it as another user")


LONG = {"training", "benchmarks", "tools", "docs"}
"""Folders of few tests that take long."""


def pytest_collection_modifyitems(items):
    """What takes long comes first: at the end, one process would wait for another."""
    items.sort(key=lambda item: LONG.isdisjoint(item.path.parts))


class NetworkUsedError(AssertionError):
    """Something reached out."""


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Only this machine may be spoken to; names of others aren't even looked up."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in LOCAL:
            raise NetworkUsedError(f"a connection to {address}")
        return connect(self, address)

    def guarded_look_up(host, *args, **kwargs):
        if host is not None and host not in LOCAL:
            raise NetworkUsedError(f"a look-up of {host}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
