"""The one server of a user: a second start finds it, and opens it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from filelock import Timeout
from platformdirs import user_data_path, user_state_path

from dashcam_pipeline.media.atomic import write_whole
from dashcam_pipeline.media.lock import kernel_lock

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import FileLock

_ALIVE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Instance:
    """A server that runs.

    Args:
        port: on 127.0.0.1.
        token: that its addresses begin with.
        roots: that it shows.
    """

    port: int
    token: str
    roots: tuple[str, ...]

    @property
    def address(self) -> str:
        """Of its page."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def is_alive(self) -> bool:
        """Whether it answers."""
        request = urllib.request.Request(f"{self.address}api/alive")  # noqa: S310 - http, our own
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=_ALIVE_SECONDS
            ) as reply:
                return bool(json.load(reply) == {"alive": True})
        except (OSError, urllib.error.URLError, ValueError):
            return False


def state_folder() -> Path:
    """Where the app keeps its queue, and which server runs."""
    return user_state_path("dashcam", appauthor=False) / "app"


def inbox_folder() -> Path:
    """Where files go that were dropped on the page and lie below no root."""
    return user_data_path("dashcam", appauthor=False) / "dropped"


class Claim:
    """The right to be the one server; the kernel lets it go with the process.

    Args:
        folder: of the app's state; made if it isn't there, for its user alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the token lies in it
        self._lock: FileLock = kernel_lock(folder / "lock", 0.0, stays=True)

    def take(self) -> bool:
        """Take it; False if another server has it.

        Raises:
            OSError: the file system knows no locks.
        """
        try:
            self._lock.acquire()
        except Timeout:
            return False
        return True

    def publish(self, instance: Instance) -> None:
        """Say where this server is."""
        write_whole(self._folder / "instance.json", json.dumps(asdict(instance)), overwrite=True)

    def other(self) -> Instance | None:
        """The server that has it, if it says where it is."""
        try:
            data: dict[str, Any] = json.loads((self._folder / "instance.json").read_text("utf-8"))
            return Instance(int(data["port"]), str(data["token"]), tuple(data["roots"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def release(self) -> None:
        """Let it go, and forget where this server was."""
        if self._lock.is_locked:
            (self._folder / "instance.json").unlink(missing_ok=True)
            self._lock.release(force=True)
