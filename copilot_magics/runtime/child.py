"""The Copilot process as the operating system knows it: how it is run, and what its end leaves.

It runs in a process group of its own, because Jupyter interrupts a kernel by signalling the
kernel's whole group, and it works in a folder of ours, because one that is short of memory leaves a
report where it works. The agent's commands run in groups of their own and outlive a runtime that is
killed; they carry a mark in their environment, and are ended with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copilot_magics.folders import own_folder, own_state, session_state

MARK = "COPILOT_MAGICS_RUNTIME"
"""The variable that tells which runtime a process was started by."""

IN_OWN_GROUP = """
import os, signal, sys
os.setsid()
# What was held back until now was meant for the kernel.
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    os.execv(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.exit(f"it cannot be run here, {error.strerror}")
"""

_MISMATCH = re.compile(r"SDK supports versions ([\d-]+)(?:.*reports version (\d+))?")

_PATIENCE = 0.3
"""Seconds that a runtime has to end its children and itself, before it is killed."""


@dataclass(eq=False)
class Child:
    """A process that runs, or has run.

    Attributes
    ----------
    process : subprocess.Popen
        The process.
    rpc : copilot._jsonrpc.JsonRpcClient
        Who listens to it.
    mark : str
        What it and all it started have as their `MARK`.
    ended : asyncio.Future
        Takes how it ended.
    why : str
        Why it was ended, where that was our doing.
    """

    process: subprocess.Popen[bytes]
    rpc: Any
    mark: str
    ended: asyncio.Future[str]
    why: str = ""

    def let_go(self) -> None:
        """Close the pipes to it."""
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def command(path: str) -> tuple[str, list[str]]:
    """Return what to run for a runtime to have a group of its own, and its first arguments."""
    return (sys.executable, ["-ISc", IN_OWN_GROUP, path]) if os.name == "posix" else (path, [])


def workplace() -> Path:
    """Return the folder in which the process works; each session names its own."""
    return own_folder(own_state() / "runtime")


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process: asked to, it ends what it runs and writes down what it knows."""
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def clean_up(mark: str, pid: int | None = None) -> None:
    """End what a process that has ended still runs, and remove what it has left lying about.

    Its marks in sessions, where it was killed, and the report on why it had no memory.

    Parameters
    ----------
    mark : str
        The process's `MARK`.
    pid : int, optional
        The process's ID, where it had begun to work.
    """
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark:
                process.kill()
    if pid is None:
        return
    reports = (own_state() / "runtime").glob(f"report.*.{pid}.*.json")
    marks = session_state().glob(f"*/inuse.{pid}.*")
    for path in itertools.chain(reports, marks):
        with contextlib.suppress(OSError):
            path.unlink()


def last_words(rpc: Any) -> str:
    """Return what an ended process wrote to its standard error, once all it said has been heard.

    Parameters
    ----------
    rpc : copilot._jsonrpc.JsonRpcClient or None
        Who listened to it.
    """
    if rpc is None:
        return ""
    for listener in (rpc._read_thread, rpc._stderr_thread):
        if listener is not None:
            listener.join(_PATIENCE)
    return str(rpc.get_stderr_output())


def how_it_ended(code: int, said: str) -> str:
    """Say in a few words how a process ended.

    Parameters
    ----------
    code : int
        Its return code, as `subprocess.Popen` has it.
    said : str
        What it wrote to its standard error.
    """
    how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    if "out of memory" in said:
        return f"out of memory, {how}"
    lines = said.split("\n\n")[0].strip().splitlines()
    if lines and code > 0:
        return f"{how}: {lines[-1].strip().rstrip('.')[:200]}"
    # Whom the system kills to get memory back cannot say so.
    return f"{how}, as systems short of memory do" if code == -signal.SIGKILL else how


def why_not_started(error: BaseException, client: Any) -> str:
    """Say in a few words why a process did not come to work.

    Parameters
    ----------
    error : Exception
        What the SDK raised.
    client : copilot.CopilotClient
        Who started it.
    """
    message = str(error) or type(error).__name__
    if isinstance(error, TimeoutError):
        return "it did not answer"
    if found := _MISMATCH.search(message):
        ours = "-".join(dict.fromkeys(found[1].split("-")))
        theirs = f"its protocol has version {found[2]}" if found[2] else "its protocol has none"
        return f"{theirs}, and the installed SDK needs version {ours}"
    process = client._process
    if process is None:
        return message.splitlines()[0].rstrip(".")
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = process.wait(_PATIENCE)
        return how_it_ended(code, last_words(client._client))
    return "it does not answer as a Copilot runtime does"
