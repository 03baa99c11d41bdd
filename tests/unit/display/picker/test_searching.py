"""Full-text search in processes of its own."""

from __future__ import annotations

import queue
from pathlib import Path

import psutil
from journals import prompt, write_session

from copilot_magics.display.picker.searching import Search
from copilot_magics.transcripts.search import Hit

Told = tuple[list[Hit], int, bool]
PATIENCE = 30


def search(text: str, sessions: list[str]) -> tuple[Search, queue.Queue[Told]]:
    told: queue.Queue[Told] = queue.Queue()
    return Search(text, sessions, lambda *what: told.put(what)), told


def test_hits_come_as_they_are_found_and_the_end_is_told_once(home: Path) -> None:
    for n in range(300):
        write_session(home, f"s{n}", prompt("needle" if n % 3 == 0 else "hay"))
    _, told = search("Needle", [f"s{n}" for n in range(300)])
    hits: list[Hit] = []
    reads = []
    done = False
    while not done:
        new, read, done = told.get(timeout=PATIENCE)
        hits += new
        reads.append(read)
    assert {hit.session for hit in hits} == {f"s{n}" for n in range(0, 300, 3)}
    assert len(hits) == 100
    assert reads == sorted(reads)
    assert reads[-1] == 300
    assert told.empty()


def test_no_sessions_at_all(home: Path) -> None:
    _, told = search("x", [])
    while not (last := told.get(timeout=PATIENCE))[2]:
        continue
    assert last == ([], 0, True)


def test_a_search_that_nobody_waits_for_is_ended(home: Path) -> None:
    write_session(home, "s", prompt("x" * 50_000_000))
    running, told = search("é", ["s"] * 1000)
    (processes) = [
        p for p in psutil.Process().children() if "transcripts.search" in str(p.cmdline())
    ]
    running.cancel()
    psutil.wait_procs(processes, PATIENCE)
    assert not any(process.is_running() for process in processes)
    assert told.empty()
