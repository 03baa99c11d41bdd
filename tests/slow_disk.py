"""A disk that is slow, or refuses, for one kernel and all that it starts; it needs no root.

Run in the place of a Python, it becomes that Python under a filter of system calls (seccomp): those
that touch files below one folder wait for a supervisor, which lets them go on a while later, or has
them fail with the number that a file holds. So the kernel's code, the runtime's and the system's
are the real ones, and only the disk is played. No mount, no compiler and no leave is needed.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_NO_NEW_PRIVILEGES, _SET_PTRACER, _ANY = 38, 0x59616D61, ctypes.c_ulong(-1)
_SECCOMP = {"x86_64": 317, "aarch64": 277}
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_GO_ON = 1

# By name: its number on either machine, and which argument names the file: "fd" or "path".
_CALLS = {
    "open": ({"x86_64": 2}, "path", 0),
    "openat": ({"x86_64": 257, "aarch64": 56}, "path", 1),
    "mkdir": ({"x86_64": 83}, "path", 0),
    "mkdirat": ({"x86_64": 258, "aarch64": 34}, "path", 1),
    "rename": ({"x86_64": 82}, "path", 0),
    "renameat": ({"x86_64": 264, "aarch64": 38}, "path", 1),
    "renameat2": ({"x86_64": 316, "aarch64": 276}, "path", 1),
    "unlink": ({"x86_64": 87}, "path", 0),
    "unlinkat": ({"x86_64": 263, "aarch64": 35}, "path", 1),
    "write": ({"x86_64": 1, "aarch64": 64}, "fd", 0),
    "pwrite64": ({"x86_64": 18, "aarch64": 68}, "fd", 0),
    "writev": ({"x86_64": 20, "aarch64": 66}, "fd", 0),
    "fsync": ({"x86_64": 74, "aarch64": 82}, "fd", 0),
    "fdatasync": ({"x86_64": 75, "aarch64": 83}, "fd", 0),
    "getdents64": ({"x86_64": 217, "aarch64": 61}, "fd", 0),
}
_CHANGING = {"mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat"}
_WRITING = {"write", "pwrite64", "writev"}
_OPENING = {"open": 1, "openat": 2}
"""Which argument holds the flags."""


class SlowDisk:
    """What a test holds of it.

    Parameters
    ----------
    folder : Path
        The folder whose files are slow.
    beside : Path
        A folder for the Python's stand-in and what it is told.
    """

    def __init__(self, folder: Path, beside: Path) -> None:
        beside.mkdir(parents=True, exist_ok=True)
        self._told = beside / "told"
        self.goes_on()
        self.python = beside / "python"
        self.python.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            f"from slow_disk import become\nbecome({str(folder)!r}, {str(self._told)!r})\n"
        )
        self.python.chmod(0o700)

    def takes(self, seconds: float) -> None:
        """Have each call that touches the folder take so long."""
        self._tell(f"{seconds} 0")

    def refuses(self, number: int) -> None:
        """Have each call that would write there fail; ENOSPC lets what only removes succeed."""
        self._tell(f"0 {number}")

    def goes_on(self) -> None:
        """Let everything happen at once."""
        self._tell("0 0")

    def _tell(self, words: str) -> None:
        beside = self._told.with_suffix(".new")
        beside.write_text(words)
        beside.replace(self._told)


def become(folder: str, told: str) -> None:
    """Become the Python that was asked for, supervised."""
    ours, theirs = socket.socketpair()
    _libc.prctl(_SET_PTRACER, _ANY, 0, 0, 0)
    if os.fork() == 0:
        ours.close()
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        listener = array.array("i")
        _, ancillary, _, _ = theirs.recvmsg(1, socket.CMSG_SPACE(4))
        listener.frombytes(ancillary[0][2])
        theirs.close()
        _supervise(listener[0], folder, Path(told))
        os._exit(0)
    theirs.close()
    listener_fd = _filter()
    # The calls of this process wait from here on; sending a message is none of them.
    ours.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener_fd]))])
    os.close(listener_fd)
    ours.close()
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


def _filter() -> int:
    machine = platform.machine()
    numbers = [call[0][machine] for call in _CALLS.values() if machine in call[0]]
    # Load the call's number; ask for those of the list, allow the others.
    code = [struct.pack("HBBI", 0x20, 0, 0, 0)]
    code += [struct.pack("HBBI", 0x15, len(numbers) - at, 0, n) for at, n in enumerate(numbers)]
    code += [
        struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000),
        struct.pack("HBBI", 0x06, 0, 0, 0x7FC00000),
    ]
    body = ctypes.create_string_buffer(b"".join(code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(body))
    if _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    fd = _libc.syscall(_SECCOMP[machine], 1, 1 << 3, program)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return int(fd)


def _supervise(listener: int, folder: str, told: Path) -> None:
    names = {
        call[0][m]: name
        for name, call in _CALLS.items()
        for m in [platform.machine()]
        if m in call[0]
    }
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    while True:
        if any(event & select.POLLHUP for _, event in poll.poll()):
            # All that were under the filter have ended.
            return
        call = bytearray(80)
        try:
            fcntl.ioctl(listener, _RECEIVE, call)
        except OSError:
            continue
        identity, pid, _, number, _, _, *arguments = struct.unpack("QIIiIQ6Q", call)
        name = names[number]
        if not _concerns(name, pid, arguments, folder):
            _answer(listener, identity, 0.0, 0)
            continue
        seconds, refusal = told.read_text().split()
        error = int(refusal) if _refused(name, arguments, int(refusal)) else 0
        # In a thread: while one call waits, those of other threads must not.
        waiting = (listener, identity, float(seconds), error)
        threading.Thread(target=_answer, args=waiting).start()


def _answer(listener: int, identity: int, seconds: float, error: int) -> None:
    time.sleep(seconds)
    answer = struct.pack("QqiI", identity, 0, -error, 0 if error else _GO_ON)
    with contextlib.suppress(OSError):
        fcntl.ioctl(listener, _SEND, answer)


def _refused(name: str, arguments: list[int], refusal: int) -> bool:
    if name in _OPENING:
        flags = arguments[_OPENING[name]]
        # A full disk still opens the files that are there.
        wanted = os.O_CREAT if refusal == errno.ENOSPC else os.O_CREAT | os.O_WRONLY | os.O_RDWR
        return bool(flags & wanted)
    if name in _WRITING:
        return True
    return name in _CHANGING and not (refusal == errno.ENOSPC and name.startswith("unlink"))


def _concerns(name: str, pid: int, arguments: list[int], folder: str) -> bool:
    _, kind, at = _CALLS[name]
    try:
        if kind == "fd":
            path = os.readlink(f"/proc/{pid}/fd/{arguments[at]}")
        else:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                memory.seek(arguments[at])
                path = memory.read(4096).split(b"\0")[0].decode(errors="replace")
            if not path.startswith("/"):
                fd = ctypes.c_int(arguments[0]).value if at else -100
                where = f"/proc/{pid}/cwd" if fd == -100 else f"/proc/{pid}/fd/{fd}"
                path = f"{os.readlink(where)}/{path}"
    except (OSError, ValueError):
        return False
    return path == folder or path.startswith(folder + "/")
