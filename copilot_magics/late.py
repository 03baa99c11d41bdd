"""An interrupt that comes when a cell is over, and before its kernel has told so.

ipykernel has Python's own handler raise wherever the main thread is. Where that is about to send
the cell's reply, as when somebody stops a cell twice, the front end would wait for it for ever.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any


class Late:
    """Keeps interrupts that come too late from a kernel's own work.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell; in a terminal there is nothing to do.
    """

    def __init__(self, shell: Any) -> None:
        self._events = shell.events
        self._kernel = getattr(shell, "kernel", None)
        self._cell: Any = None
        self._is_over = False

    def start(self) -> None:
        """Look at the kernel's interrupts from the next cell on."""
        if self._kernel is not None:
            self._original = self._kernel.pre_handler_hook
            self._kernel.pre_handler_hook = self._before
            self._events.register("pre_run_cell", self._began)
            self._events.register("post_run_cell", self._ended)

    def stop(self) -> None:
        """Leave the kernel as it was."""
        if self._kernel is not None:
            self._kernel.pre_handler_hook = self._original
            self._events.unregister("pre_run_cell", self._began)
            self._events.unregister("post_run_cell", self._ended)

    def _before(self) -> None:
        self._original()
        self._cell, self._is_over = None, False
        signal.signal(signal.SIGINT, self._interrupted)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if not self._is_over:
            signal.default_int_handler(number, frame)

    def _began(self, info: Any) -> None:
        # A cell may have the shell run others.
        self._cell = self._cell or info

    def _ended(self, result: Any) -> None:
        # A cell that was cancelled has no result.
        self._is_over = result is None or result.info is self._cell
