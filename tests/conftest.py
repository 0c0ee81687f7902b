"""What holds for every test: the network is never used, and Ctrl-C works."""

from __future__ import annotations

import signal
import socket

import pytest

LOCAL = {"127.0.0.1", "::1", "localhost", ""}

# A shell starts background jobs with SIGINT ignored, and children inherit that; many tests
# interrupt a run, and would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
