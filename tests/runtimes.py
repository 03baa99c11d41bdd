"""The Copilot runtime of a kernel, as a test finds it, strikes it, and puts another in its place.

Stands for itself: `moments` has it in the kernel too.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
from pathlib import Path

import psutil

_PATIENCE = 30.0

MEMORY = "out of memory"
"""A fault of its own, beside the names of signals: no more memory is given."""


def runtime_of(kernel: psutil.Process) -> psutil.Process:
    """Return the one runtime that a kernel has."""
    found = []
    for process in kernel.children():
        with contextlib.suppress(psutil.Error):
            if "--headless" in process.cmdline():
                found.append(process)
    assert len(found) == 1, found
    return found[0]


def strike(process: psutil.Process, fault: str) -> None:
    """Have a fault strike a process: a signal's name, or `MEMORY`."""
    if fault == MEMORY:
        # It has more already; what it asks for from now on is refused.
        process.rlimit(psutil.RLIMIT_AS, (1, 1))
    else:
        process.send_signal(signal.Signals[fault])


class Installation:
    """A runtime at a path of the test's own, which COPILOT_CLI_PATH names.

    Parameters
    ----------
    folder : Path
        Where to put it.
    installed : Path
        The real one.
    """

    def __init__(self, folder: Path, installed: Path) -> None:
        self.path = folder / "copilot"
        self.installed = installed
        self._started, self._on = folder / "started", folder / "on"
        for pipe in (self._started, self._on):
            os.mkfifo(pipe)
        self.restore()

    def restore(self) -> None:
        """Put the real one there."""
        self.remove()
        try:
            os.link(self.installed, self.path)
        except OSError:
            shutil.copy2(self.installed, self.path)

    def remove(self) -> None:
        """Delete what is there."""
        self.path.unlink(missing_ok=True)

    def put(self, content: str | bytes, mode: int = 0o755) -> None:
        """Put something else there."""
        self.remove()
        self.path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.path.chmod(mode)

    def hold(self) -> None:
        """Put one there that stops before its first word; `held` waits for that."""
        # Open before it starts: what it writes is not lost, and nobody waits for it in vain.
        self._heard = os.open(self._started, os.O_RDWR)
        self.put(
            f'#!/bin/sh\necho $$ > "{self._started}"\nread line < "{self._on}"\n'
            f'exec "{self.installed}" "$@"\n'
        )

    def held(self) -> psutil.Process:
        """Return the process that was held at its start."""
        ready, _, _ = select.select([self._heard], [], [], _PATIENCE)
        assert ready, "no runtime was started"
        pid = int(os.read(self._heard, 100))
        os.close(self._heard)
        return psutil.Process(pid)

    def let_go(self) -> None:
        """Let it go on."""
        self._on.write_text("\n")
