"""Which sessions may hold a text at all: ripgrep's answer, over the journals as they are.

A gigabyte of journals holds most texts nowhere, and ripgrep sees that five times as fast as Python,
from its first millisecond on. It looks for what stands in a journal unchanged whoever wrote it
(`trace`), outside of the system's prompts; whether somebody said it is for `search` to see. Where
ripgrep is missing or fails, every session may hold the text.
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from copilot_magics.transcripts.journal import FILE

_PLAIN = re.compile(r"[ !#-\[\]-~]+")
"""What JSON writes as it is, whoever writes it: printable ASCII, but for ``"`` and a backslash."""

_OPENING = '{"type":'


def _said_after() -> str:
    """Return a pattern of what stands before a text that somebody said.

    It is the beginning of an event, but not of a system prompt, which holds every other word; or of
    a line that begins otherwise than the runtime's do, of which nothing can be told.
    """
    others = (re.escape(_OPENING[:n]) + f"[^{_OPENING[n]}]" for n in range(len(_OPENING)))
    opening = re.escape(_OPENING)
    return rf'(?:^(?:{"|".join(others)}|{opening}(?:[^" ]| [^"]))|{opening} ?"(?:[^s]|s[^y])).*'


_SAID_AFTER = _said_after()

_LONGEST_LINE = 30_000
"""Characters of a command line, which Windows limits to 32,767."""

_LOOKED = (0, 1)
"""ripgrep's exit codes for some and for none; any other one tells nothing of what it left out."""


def trace(text: str) -> list[str]:
    """Return strings of which one stands in every journal in which a text was said.

    Parameters
    ----------
    text : str
        At least one character that is no white space.

    Returns
    -------
    list of str
        Each stands there in upper or lower case as far as it is ASCII, and else as it is.
    """
    plain = max(_PLAIN.findall(text), key=lambda run: len(run.strip()), default="")
    if plain.strip():
        return [plain]
    # Letters beyond ASCII have two cases, of which bytes know nothing.
    return sorted({text[0], text[0].lower(), text[0].upper()})


class Narrowing:
    """Leaves out the sessions in which a text cannot have been said.

    Parameters
    ----------
    state : Path
        The folder that holds one folder a session.
    sessions : sequence of str
        Their IDs.
    text : str
        At least one character that is no white space.
    """

    def __init__(self, state: Path, sessions: Sequence[str], text: str) -> None:
        self._state = state
        self._sessions = sessions
        self._text = text
        self._lock = threading.Lock()
        self._stopped = False
        self._running: subprocess.Popen[bytes] | None = None

    def __iter__(self) -> Iterator[tuple[list[str], int]]:
        """Go through the sessions, a stretch at a time.

        Yields
        ------
        list of str
            The sessions of the stretch that may hold it, in their order.
        int
            How many others the stretch has.
        """
        for stretch in _stretches(self._sessions):
            found = self._with_trace(stretch)
            if self._stopped:
                return
            left = stretch if found is None else [name for name in stretch if name in found]
            yield left, len(stretch) - len(left)

    def stop(self) -> None:
        """End it, from any thread."""
        with self._lock:
            self._stopped = True
            if self._running is not None:
                self._running.kill()

    def _with_trace(self, sessions: list[str]) -> set[str] | None:
        with self._lock:
            if self._stopped:
                return None
            try:
                self._running = _ripgrep(self._state, sessions, self._text)
            except OSError:
                return None
        with self._running as running:
            output, _ = running.communicate()
        if running.returncode not in _LOOKED:
            return None
        return {os.path.dirname(path) for path in output.decode().splitlines()}


def _stretches(sessions: Sequence[str]) -> Iterator[list[str]]:
    stretch: list[str] = []
    length = 0
    for name in sessions:
        length += len(name) + len(FILE) + 2
        if length > _LONGEST_LINE:
            yield stretch
            stretch, length = [], len(name) + len(FILE) + 2
        stretch.append(name)
    if stretch:
        yield stretch


def _ripgrep(state: Path, sessions: list[str], text: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            # Of this environment, and not whatever PATH has.
            os.path.join(sysconfig.get_path("scripts"), "rg"),
            "--no-config",
            "--no-messages",
            "--no-mmap",  # the runtime may cut a journal short meanwhile
            "--no-unicode",
            "--encoding=none",
            "--text",
            "--ignore-case",
            "--files-with-matches",
            f"--regexp={_SAID_AFTER}(?:{'|'.join(map(re.escape, trace(text)))})",
            "--",
            *(f"{name}/{FILE}" for name in sessions),
        ],
        cwd=state,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # An interrupt of the kernel is not meant for it.
        start_new_session=True,
    )
