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
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from copilot_magics.mentions.naming import full_name, plain_kind
from copilot_magics.mentions.rendering import IsSecret, cut, render, without_addresses
from copilot_magics.words import counted

MOST = 4_000
"""Characters of a ``repr`` that are kept where nothing else is said."""

_SECONDS = 3.0
"""How long a child may wait, for a lock or for a server that does not answer."""
_MEMORY = 256 * 2**20
"""Bytes that a child may take beyond what this process has."""
_WRITTEN_HERE = (list, tuple, dict, set, frozenset)
_SAID, _RAISED = b"s", b"r"
_LENGTH = 9
"""Bytes before what a child says: how it went, and how long it is."""


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
    return asked_repr(value, most)[0]


def asked_repr(value: object, most: int = MOST) -> tuple[str, bool]:
    """Return what `guarded_repr` does, and whether its child came to an end with it."""
    try:
        return render(value, most, _needed), True
    except _Needed:
        pass
    except Exception:
        # Another thread may change what is being read.
        return f"<{full_name(type(value))}>", True
    told, ended = _asked(lambda: render(value, most, _own_words), full_name(type(value)), most)
    if not ended and plain_kind(value) in _WRITTEN_HERE:
        # One of its members took all the time; the others need not be asked.
        return brief(value, most), False
    return told, ended


def brief(value: object, most: int = 80, is_secret: IsSecret | None = None) -> str:
    """Return a value in a few words, without running any code of its own or forking.

    Parameters
    ----------
    value : object
        The value.
    most : int
        Characters to return, and a few more that say what was left out.
    is_secret : callable, optional
        Says of a key in a mapping, and of its value, whether the value is left out.
    """
    try:
        return render(value, most, lambda one, _most: f"<{full_name(type(one))}>", is_secret)
    except Exception:
        return f"<{full_name(type(value))}>"


def guarded_text(tell: Callable[[], str], what: str, most: int = MOST) -> str:
    """Return what a function says, called in a child; as `guarded_repr` does.

    Parameters
    ----------
    tell : callable
        Returns a text; may run anybody's code.
    what : str
        What to name where it says nothing.
    most : int
        Characters to return, and a few more.
    """
    return _asked(tell, what, most)[0]


def _asked(tell: Callable[[], str], what: str, most: int) -> tuple[str, bool]:
    if not can_fork():
        return f"<{what}>", True
    kind, data = _in_child(lambda: cut(tell(), most).encode(errors="backslashreplace"), _SECONDS)
    text = data.decode(errors="replace")
    return (without_addresses(text), True) if kind == _SAID else (f"<{what}: {text}>", False)


def guarded_bytes(tell: Callable[[], bytes], seconds: float) -> bytes:
    """Return what a function makes, called in a child with so much time; empty where it fails.

    Parameters
    ----------
    tell : callable
        Returns bytes; may run anybody's code.
    seconds : float
        How long it may take.
    """
    kind, data = _in_child(tell, seconds)
    return data if kind == _SAID else b""


def can_fork() -> bool:
    """Whether there are children to ask."""
    return hasattr(os, "fork")


def _needed(_value: object, _most: int) -> str:
    raise _Needed


def _in_child(tell: Callable[[], bytes], seconds: float) -> tuple[bytes, bytes]:
    """Fork, and return how it went, and what the child said or why it did not."""
    try:
        reading, child = _fork(tell, seconds)
    except OSError:
        return b"", b"no process could be started to ask it"
    try:
        said = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        _end(child)
    if said is None:
        return b"", f"its repr took longer than {counted(round(seconds), 'second')}".encode()
    if not said:
        return b"", b"its repr took too much time or memory, or ended its process"
    kind, data = said[:1], said[_LENGTH:]
    return kind, data if kind == _SAID else b"its repr raised " + data


def _fork(tell: Callable[[], bytes], seconds: float) -> tuple[int, int]:
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            # The kernel has other threads; the child needs none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    if not child:
        _child(tell, seconds, writing)
    os.close(writing)
    return reading, child


def _read(reading: int, deadline: float) -> bytes | None:
    """Read what a child says: None where it takes too long, empty where it ended before."""
    data = b""
    # A process that the child has started may keep the other end open: the length ends it.
    while len(data) < _LENGTH or len(data) < _LENGTH + int.from_bytes(data[1:_LENGTH]):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            return None
        piece = os.read(reading, 2**16)
        if not piece:
            return b""
        data += piece
    return data


def _end(child: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
    # What it has started, too.
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)


def _child(tell: Callable[[], bytes], seconds: float, writing: int) -> NoReturn:
    try:
        _isolate(writing, seconds)
        kind = _SAID
        try:
            said = tell()
        except MemoryError:
            os._exit(1)
        except BaseException as error:
            kind, said = _RAISED, full_name(type(error)).encode(errors="backslashreplace")
        said = kind + len(said).to_bytes(_LENGTH - 1) + said
        while said:
            said = said[os.write(writing, said) :]
    finally:
        os._exit(0)


def _isolate(writing: int, seconds: float) -> None:
    """Leave the child nothing that it could harm, and little to use up."""
    import resource

    # Finalizers are for the process that goes on.
    gc.disable()
    os.setsid()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    # Connections as well: whoever is at the other end speaks with one process only.
    os.closerange(3, writing)
    os.closerange(writing + 1, min(os.sysconf("SC_OPEN_MAX"), 2**20))
    sys.stdin, sys.stdout, sys.stderr = (open(os.devnull, mode) for mode in "rww")  # noqa: SIM115
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # On a busy machine it may have to wait for the processor: that is not held against it.
    busy = max(1, round(seconds / 3))
    resource.setrlimit(resource.RLIMIT_CPU, (busy, busy + 1))
    # Linux alone says how much there is already.
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        most = pages * resource.getpagesize() + _MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _own_words(value: object, most: int) -> str:
    kind = type(value)
    try:
        if kind.__repr__ is object.__repr__:
            return _attributes(value, most)
        return cut(str.__str__(repr(value)), most)
    except Exception as error:
        # What it is part of may have more to say.
        return f"<{full_name(kind)}: its repr raised {full_name(type(error))}>"


def _attributes(value: object, most: int) -> str:
    """Name what an object that says nothing of itself holds: not its values, which may be keys."""
    held = getattr(value, "__dict__", {})
    named = [f"{name}: {full_name(type(held[name]))}" for name in list(held)[:40]]
    told = f" with {', '.join(named)}" if named else ""
    return cut(f"<{full_name(type(value))} object{told}>", most)
