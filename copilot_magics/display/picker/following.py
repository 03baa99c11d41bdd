"""The thread that keeps an open picker in step with the disk, and completes its rows.

It works while somebody looks: a picker that is in no page costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_INTERVAL = 0.8
"""Seconds between two looks."""

_SHARE = 4
"""Looks may take one part in so many of the thread's time; on a slow disk they become rarer."""


class Following:
    """Calls a function now and then, in a thread, while anybody looks.

    Parameters
    ----------
    step : callable
        Looks at the disk; returns whether there is more to do at once.
    """

    def __init__(self, step: Callable[[], bool]) -> None:
        self._step = step
        self._wake = threading.Event()
        self._watched = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Follow: somebody looks."""
        self._watched.set()
        self._wake.set()
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(
                target=self._run, name="copilot-magics-picker", daemon=True
            )
            self._thread.start()

    def pause(self) -> None:
        """Follow no more until somebody looks again."""
        self._watched.clear()

    def hurry(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread for good."""
        self._stopped = True
        self._watched.set()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._watched.wait()
            if self._stopped:
                return
            self._wake.clear()
            begun = time.monotonic()
            if not self._step():
                took = time.monotonic() - begun
                self._wake.wait(max(_INTERVAL, took * _SHARE))
