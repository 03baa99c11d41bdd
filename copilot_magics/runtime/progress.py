"""How much of a download has arrived, for people who watch and for logs.

The clients of the registries show what they like; what they have stored so far is visible to all:
the growth of the folder they work in.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_MEGABYTE = 1_000_000


class CommandFailed(Exception):
    """A command ended with an error; the text is its own reason."""


def run(
    command: Sequence[str],
    folder: Path,
    *,
    label: str,
    size: int,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command in a folder, and show how much it has stored there.

    Parameters
    ----------
    command : sequence of str
        What to run.
    folder : Path
        Where it runs and keeps all it downloads.
    label : str
        What is downloaded.
    size : int
        How many bytes that should be.
    env : mapping of str to str, optional
        Its environment.

    Raises
    ------
    CommandFailed
        It ended with an error.
    """
    log = folder / "log.txt"
    meter = _Meter(label, size)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                meter.show(_stored(folder))
                try:
                    process.wait(0.2)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            process.kill()
            process.wait()
            meter.close()
    if process.returncode != 0:
        raise CommandFailed(_reason(log.read_text("utf-8", "replace"), process.returncode))


class _Meter:
    """One line that is redrawn on a terminal; a line a quarter in a log."""

    def __init__(self, label: str, size: int) -> None:
        self._label = label
        self._size = size
        self._redraws = sys.stdout.isatty()
        self._shown = -1
        print(f"Downloading {label} ({size / _MEGABYTE:.0f} MB) …", flush=True)

    def show(self, stored: int) -> None:
        percent = min(100, 100 * stored // self._size)
        if self._redraws and percent > self._shown:
            print(f"\r{self._text(percent)}", end="", flush=True)
            self._shown = percent
        elif not self._redraws and percent // 25 > max(0, self._shown) // 25:
            print(self._text(percent), flush=True)
            self._shown = percent

    def close(self) -> None:
        if self._redraws:
            print(flush=True)

    def _text(self, percent: int) -> str:
        done = self._size * percent / 100 / _MEGABYTE
        return f"  {percent:3d} %  {done:.0f} of {self._size / _MEGABYTE:.0f} MB"


def _stored(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:  # moved or deleted since it was listed
            continue
    return total


def _reason(log: str, status: int) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() and "log" not in line.lower()]
    # npm gives its code first and its sentence later, pip its sentence last.
    chosen = errors[-1:] or lines[-1:] or [f"exit status {status}"]
    return chosen[0].rstrip(".")
