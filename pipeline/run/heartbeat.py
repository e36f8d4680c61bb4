"""A daemon thread that calls a function every few seconds, and at once on request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger("selfcodealign")

BEAT_SECONDS = 2.0


class Heartbeat:
    """Calls `beat` every BEAT_SECONDS seconds from a daemon thread, until `stop`.

    An exception of `beat` is logged, and the calls continue.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._wake = threading.Event()
        self._stopped = False
        threading.Thread(target=self._run, name="status", daemon=True).start()

    def now(self) -> None:
        """Beat without waiting for the end of the interval."""
        self._wake.set()

    def stop(self) -> None:
        """Stop the calls. A call that has begun may end after this returns."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(BEAT_SECONDS)
            self._wake.clear()
            if self._stopped:
                return
            try:
                self._beat()
            except Exception:
                logger.exception("the status could not be written")
