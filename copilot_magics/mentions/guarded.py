"""An object's own ``repr``, asked for in a copy of this process that is thrown away.

Anybody may have written a ``__repr__``: it may loop for ever, ask a server, print, change what it
describes, take all memory or end the process. So it runs in a forked child with nothing open, few
seconds and little memory; what it does there happens to nobody, and this process waits no longer
than it said. Python's own kinds are written here, without a child and without running anything.
Where a process cannot be forked (Windows) an object of another kind is named by its class alone.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import NoReturn

from copilot_magics.mentions.naming import full_name
from copilot_magics.mentions.rendering import cut, render, without_addresses

MOST = 4_000
"""Characters of a ``repr`` that are kept where nothing else is said."""

_SECONDS = 3.0
"""How long a child may wait, for a lock or for a server that does not answer."""
_PROCESSOR_SECONDS = 1
_MEMORY = 256 * 2**20
"""Bytes that a child may take beyond what this process has."""
_SAID, _RAISED = b"s", b"r"


class _Needed(Exception):
    """Something has to be written that only its own code can write."""


def guarded_repr(value: object, most: int = MOST) -> str:
    """Return what an object says of itself, whatever its class is like; never raises, never hangs.

    Parameters
    ----------
    value : object
        The object.
    most : int
        Characters to return, and a few more that say what was left out.

    Returns
    -------
    str
        Its ``repr``, bounded and without places in memory; where that fails, takes too long or
        needs too much, its class and why there is no more.
    """
    try:
        return render(value, most, _needed)
    except _Needed:
        pass
    except Exception:
        # Another thread may change what is being read.
        return f"<{full_name(type(value))}>"
    return _asked(value, most)


def brief(value: object, most: int = 80) -> str:
    """Return a value in a few words, without running any code of its own or forking.

    Parameters
    ----------
    value : object
        The value.
    most : int
        Characters to return, and a few more that say what was left out.
    """
    try:
        return render(value, most, lambda one, _most: f"<{full_name(type(one))}>")
    except Exception:
        return f"<{full_name(type(value))}>"


def _needed(_value: object, _most: int) -> str:
    raise _Needed


def _asked(value: object, most: int) -> str:
    name = full_name(type(value))
    if not hasattr(os, "fork"):
        return f"<{name}>"
    try:
        kind, text = _in_child(value, most)
    except OSError:
        kind, text = b"", "no process could be started to ask it"
    if kind == _SAID:
        return cut(without_addresses(text), most)
    why = f"its repr raised {text}" if kind == _RAISED else text
    return f"<{name}: {why}>"


def _in_child(value: object, most: int) -> tuple[bytes, str]:
    """Fork, and return what the child wrote: how it went, and the text."""
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            # The kernel has other threads; the child needs none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            _child(value, most, writing)
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    os.close(writing)
    try:
        data = _read(reading, 4 * most + 1000)
    finally:
        os.close(reading)
        _end(child)
    if data is None:
        return b"", f"its repr took longer than {_SECONDS:.0f} seconds"
    if not data:
        return b"", "its repr took too much time or memory, or ended its process"
    return data[:1], data[1:].decode(errors="replace")


def _read(reading: int, most: int) -> bytes | None:
    """Read until the child is done; None where it takes too long."""
    deadline = time.monotonic() + _SECONDS
    data = b""
    # A process that the child has started may keep the other end open: its own length ends it.
    while len(data) < most and not data.endswith(b"\0"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        piece = os.read(reading, 65536)
        if not piece:
            return b""
        data += piece
    return data.removesuffix(b"\0")


def _end(child: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    # What it has started, too.
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)


def _child(value: object, most: int, writing: int) -> NoReturn:
    try:
        _isolate(writing)
        try:
            said = _SAID + _told(value, most).encode(errors="backslashreplace")
        except MemoryError:
            said = b""
        except BaseException as error:
            said = _RAISED + full_name(type(error)).encode(errors="backslashreplace")
        if said:
            said = said.replace(b"\0", b"\\x00") + b"\0"
        while said:
            said = said[os.write(writing, said) :]
    finally:
        os._exit(0)


def _isolate(writing: int) -> None:
    """Leave the child nothing that it could harm, and little to use up."""
    import resource

    # Finalizers are for the process that goes on.
    gc.disable()
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS + 1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    # Connections as well: whoever is at the other end speaks with one process only.
    os.closerange(3, writing)
    os.closerange(writing + 1, min(os.sysconf("SC_OPEN_MAX"), 2**20))
    sys.stdin, sys.stdout, sys.stderr = (open(os.devnull, mode) for mode in "rww")  # noqa: SIM115
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS + 1))
    # Linux alone says how much there is already.
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        most = pages * resource.getpagesize() + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _told(value: object, most: int) -> str:
    """Return a value's ``repr``, in the child, where it may run."""
    return render(value, most, _own_words)


def _own_words(value: object, most: int) -> str:
    kind = type(value)
    if kind.__repr__ is object.__repr__:
        return _attributes(value, most)
    return cut(str.__str__(repr(value)), most)


def _attributes(value: object, most: int) -> str:
    """Name what an object that says nothing of itself holds: not its values, which may be keys."""
    held = getattr(value, "__dict__", {})
    named = [f"{name}: {full_name(type(held[name]))}" for name in list(held)[:40]]
    told = f" with {', '.join(named)}" if named else ""
    return cut(f"<{full_name(type(value))} object{told}>", most)
