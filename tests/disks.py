"""A small disk for a test's state, which can be filled and turned read-only.

Where this process may mount, it is a real one (tmpfs); elsewhere the kernel's system calls are
refused as such a disk would refuse them (`slow_disk`).
"""

from __future__ import annotations

import contextlib
import errno
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from slow_disk import SlowDisk


class Disk(Protocol):
    """A disk that a test can spoil."""

    python: str
    """The Python whose kernels see what is done to it."""

    def fill(self) -> None:
        """Leave no room on it."""

    def free(self) -> None:
        """Make room again."""

    def freeze(self) -> None:
        """Make it read-only."""

    def thaw(self) -> None:
        """Make it writable again."""


class _Mounted:
    def __init__(self, folder: Path) -> None:
        self.python = sys.executable
        self._folder = folder
        self._filler = folder / "filler"
        self._frozen = False

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        self._filler.unlink()

    def freeze(self) -> None:
        # Over itself, since what is open for writing keeps the mount below from changing.
        _mount("--bind", str(self._folder), str(self._folder))
        _mount("-o", "remount,bind,ro", str(self._folder))
        self._frozen = True

    def thaw(self) -> None:
        _unmount(self._folder)
        self._frozen = False

    def close(self) -> None:
        if self._frozen:
            self.thaw()
        _unmount(self._folder)


class _Played:
    def __init__(self, folder: Path, beside: Path) -> None:
        self._disk = SlowDisk(folder, beside)
        self.python = str(self._disk.python)

    def fill(self) -> None:
        self._disk.refuses(errno.ENOSPC)

    def freeze(self) -> None:
        self._disk.refuses(errno.EROFS)

    def free(self) -> None:
        self._disk.goes_on()

    thaw = free


@contextlib.contextmanager
def small_disk(folder: Path, beside: Path, *, mounted: bool) -> Iterator[Disk]:
    """Have a folder lie on a small disk.

    Parameters
    ----------
    folder : Path
        The folder, which is made.
    beside : Path
        A folder elsewhere, for what playing it needs.
    mounted : bool
        Whether the disk is a real one.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not mounted:
        yield _Played(folder, beside)
        return
    _mount("-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(folder))
    disk = _Mounted(folder)
    try:
        yield disk
    finally:
        disk.close()


def may_mount() -> bool:
    """Whether this process may mount a disk."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
        except (OSError, subprocess.CalledProcessError):
            return False
        _unmount(Path(folder))
        return True


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    # Lazily: what a process that just ended had open may take a moment to be closed.
    subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
