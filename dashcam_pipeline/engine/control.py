"""Pause, resume and cancel a run that is under way, from any thread or a signal handler.

::

    control = Control()
    threading.Thread(target=clean, args=("night.mp4",), kwargs={"control": control}).start()
    control.pause()      # no frame is decoded, rendered or encoded from here on
    control.resume()
    control.cancel()     # clean raises CancelledError; nothing was written
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from dashcam_pipeline.errors import CancelledError
from dashcam_pipeline.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_SECONDS: Final = 0.1
"""How often whoever stands still looks whether it goes on.

Looking costs nothing; an event would have to be set under a lock that the interrupted thread of a
signal handler may hold.
"""


class Control:
    """Whether a run goes on, stands still, or is to end; one for each run."""

    def __init__(self) -> None:
        self._changing = threading.RLock()  # a signal handler may come while its own thread changes
        self._times: tuple[float | None, float] = None, 0.0
        """Since when it stands still, None if it doesn't; and seconds that it stood before."""
        self._cancelled = False

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._times[0] is not None

    @property
    def cancelled(self) -> bool:
        """Whether it is to end."""
        return self._cancelled

    def pause(self) -> None:
        """Stand still, after the frame that is at work; harmless when repeated."""
        with self._changing:
            since, stood = self._times
            self._times = time.perf_counter() if since is None else since, stood

    def resume(self) -> None:
        """Go on; harmless when repeated."""
        with self._changing:
            since, stood = self._times
            if since is not None:
                self._times = None, stood + time.perf_counter() - since

    def toggle(self) -> None:
        """Stand still, or go on: what one key does."""
        with self._changing:
            if self.paused:
                self.resume()
            else:
                self.pause()

    def cancel(self) -> None:
        """End the run as soon as it can, also one that stands still; there is no way back."""
        self._cancelled = True

    def clock(self) -> float:
        """Seconds, as of ``time.perf_counter``, of which those don't count that it stood still."""
        since, stood = self._times
        return (time.perf_counter() if since is None else since) - stood

    def wait(self, ended: Callable[[], bool] = lambda: False) -> None:
        """Return once it doesn't stand still, at once if it doesn't.

        Args:
            ended: asked meanwhile; True if nobody is waited for any more.
        """
        while self.paused and not self._cancelled and not ended():
            time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Give up if it is to end.

        Raises:
            CancelledError: likewise.
        """
        if self._cancelled:
            raise CancelledError(_("the run was cancelled; nothing was written."))
