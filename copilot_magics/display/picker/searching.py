"""Full-text search for the picker: in processes of their own, one search at a time.

Two of them share the sessions, the newest ones first. A search that nobody waits for any more is
ended with its processes.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

import msgspec

from copilot_magics.transcripts.search import Hit, Job, Progress

_PROCESSES = 2
_DECODER = msgspec.json.Decoder(Progress)

Tell = Callable[[list[Hit], int, bool], None]
"""Takes new hits, how many sessions have been read, and whether that was all."""


class Search:
    """One search.

    Parameters
    ----------
    text : str
        What to search for.
    sessions : sequence of str
        The IDs of the sessions to search, in the order in which hits are wanted.
    tell : callable
        Called from threads of the search's own, one call at a time.
    """

    def __init__(self, text: str, sessions: Sequence[str], tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._read = 0
        self._ended = 0
        self._cancelled = False
        self._processes = []
        for share in range(_PROCESSES):
            process = subprocess.Popen(
                # -P: a file in the notebook's folder must not pass for a module of ours.
                [sys.executable, "-P", "-m", "copilot_magics.transcripts.search"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # An interrupt of the kernel is not meant for it.
                start_new_session=True,
            )
            self._processes.append(process)
            job = msgspec.json.encode(Job(text, list(sessions[share::_PROCESSES])))
            threading.Thread(
                target=self._follow, args=(process, job), name="copilot-magics-search", daemon=True
            ).start()

    def cancel(self) -> None:
        """End the search; nothing more is told."""
        with self._lock:
            self._cancelled = True
        for process in self._processes:
            process.kill()

    def _follow(self, process: subprocess.Popen[bytes], job: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        with process:
            try:
                process.stdin.write(job)
                process.stdin.close()
            except OSError:
                # It was ended before it had read what to do.
                return
            hits: list[Hit] = []
            unsaid = said = 0
            for line in process.stdout:
                unsaid += 1
                if (hit := _DECODER.decode(line).hit) is not None:
                    hits.append(hit)
                # The first hits at once; then in heaps, as the page draws them.
                if unsaid >= 100 or (hits and unsaid >= min(said, 20)):
                    self._say(hits, unsaid)
                    said, unsaid, hits = said + unsaid, 0, []
            self._say(hits, unsaid, ended=True)

    def _say(self, hits: list[Hit], read: int, *, ended: bool = False) -> None:
        with self._lock:
            self._read += read
            self._ended += ended
            if not self._cancelled:
                self._tell(hits, self._read, self._ended == _PROCESSES)
