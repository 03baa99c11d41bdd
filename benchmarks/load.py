"""Much at once, against the bare SDK doing the same: sessions, turns, kernels, cells.

Answers of 50 tokens at 100 a second. Both sides run in real kernels, in turns. Throughput is turns
a second. Memory is what a process has for itself (USS), of kernels and runtimes together; what a
kernel takes is also told for kernels that share one runtime.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import psutil
from common import BARE, gone, notebooks, scripted_environment, verdict
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.runtime.locate import find_runtime

LIMIT = 1 / 0.95
PROMPT = "stream 50 tokens at 100/s"
SESSIONS, AT_ONCE, KERNELS, CELLS = 50, 10, 20, 200
ROUNDS = 9

HOLD = """
import asyncio
from copilot_magics import Session
sessions = [Session(f"s{{n}}").open() for n in range({start}, {end})]
_at_once = asyncio.Semaphore({at_once})
async def _ask(session):
    async with _at_once:
        return await session.aask({prompt!r})
"""
BARE_HOLD = """
async def _made(n):
    return await client.create_session(
        session_id=f"s{{n}}", name=f"s{{n}}", model="scripted", streaming=True,
        enable_session_store=False, enable_file_hooks=False,
        provider=dict(type="openai", base_url={url!r}, api_key="a-key-that-is-long-enough"),
    )
sessions = [await _made(n) for n in range({start}, {end})]
_at_once = asyncio.Semaphore({at_once})
async def _ask(session):
    async with _at_once:
        done, pieces = asyncio.Event(), []
        def take(event):
            kind = event.type.value
            if kind == "assistant.message_delta":
                pieces.append(event.data.delta_content)
            elif kind == "session.idle":
                done.set()
        stop = session.on(take)
        await session.send({prompt!r})
        await done.wait()
        stop()
        return "".join(pieces)
"""
ASK_ALL = "_answers = await asyncio.gather(*map(_ask, held))\nassert len(_answers) == len(held)"
CELL = f"%%copilot\n{PROMPT}"
BARE_CELL = f"await ask({PROMPT!r}, show=True)"


def run(notebook: Notebook, code: str) -> float:
    """Run a cell, and return the seconds it took."""
    begun = time.perf_counter()
    cell = notebook.run(code, timeout=600)
    if cell.status != "ok":
        raise RuntimeError(cell.text)
    return time.perf_counter() - begun


def processes(notebook: Notebook) -> list[psutil.Process]:
    """Return a kernel's process and those of its runtime."""
    return [notebook.process, *notebook.process.children(recursive=True)]


def taken(notebooks: list[Notebook]) -> tuple[float, int]:
    """Return the megabytes and the open files of kernels and their runtimes."""
    found = [process for notebook in notebooks for process in processes(notebook)]
    memory = sum(process.memory_full_info().uss for process in found) / 1e6
    return memory, sum(process.num_fds() for process in found)


def in_turns(sides: dict[str, Callable[[], float]], rounds: int, turns: int, what: str) -> float:
    """Measure both sides in turns; print their throughput, and return ours' share of time."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            took[name].append(side())
    medians = {name: statistics.median(times) for name, times in took.items()}
    for name, seconds in medians.items():
        print(f"{what}, {name}: {turns / seconds:.2f} turns/s (median of {rounds})")
    ours, bare = medians.values()
    return ours / bare


def many_sessions() -> list[bool]:
    """Hold 50 sessions in one kernel, and ask all of them, ten at a time."""
    with notebooks() as (ours, bare, server):
        sides = {"ours": (ours, HOLD), "bare SDK": (bare, BARE_HOLD)}
        first, every = f"held = sessions[:{AT_ONCE}]\n{ASK_ALL}", f"held = sessions\n{ASK_ALL}"
        grown: dict[str, tuple[float, float]] = {}
        for name, (notebook, hold) in sides.items():
            values = {"at_once": AT_ONCE, "prompt": PROMPT, "url": server.url}
            run(notebook, hold.format(start=0, end=AT_ONCE, **values) + first)
            memory, files = taken([notebook])
            rest = hold.format(start=AT_ONCE, end=SESSIONS, **values)
            took = run(notebook, f"before = sessions\n{rest}\nsessions = before + sessions")
            run(notebook, every)
            more_memory, more_files = taken([notebook])
            further = SESSIONS - AT_ONCE
            grown[name] = (more_memory - memory) / further, (more_files - files) / further
            print(f"{name}: {took / further * 1000:.0f} ms to make a session")
        for name, (memory, files) in grown.items():
            print(f"{name}: {memory:.2f} MB and {files:.2f} open files a further session")
        share = in_turns(
            {name: lambda n=notebook: run(n, every) for name, (notebook, _) in sides.items()},
            ROUNDS,
            SESSIONS,
            f"{SESSIONS} sessions, {AT_ONCE} turns at once",
        )
    return [verdict("the same, time ours / bare", share, LIMIT)]


def long_notebook() -> list[bool]:
    """Run 200 cells from top to bottom, a tenth of them on each side in turn."""
    with notebooks() as (ours, bare, _server):
        part = CELLS // 10

        def cells(notebook: Notebook, code: str) -> float:
            begun = time.perf_counter()
            for cell in [notebook.start(code) for _ in range(part)]:
                if cell.result(600).status != "ok":
                    raise RuntimeError(cell.text)
            return time.perf_counter() - begun

        run(ours, CELL)
        run(bare, BARE_CELL)
        share = in_turns(
            {"ours": lambda: cells(ours, CELL), "bare SDK": lambda: cells(bare, BARE_CELL)},
            10,
            part,
            f"a notebook of {CELLS} cells",
        )
    return [verdict("the same, time ours / bare", share, LIMIT)]


class Kernels:
    """Kernels of one machine, all with the same provider, which end with the block.

    Attributes
    ----------
    folder : Path
        Holds their folders and their homes.
    """

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._stack.callback(lambda: [gone(home) for home in self.folder.iterdir()])
        self.url = self._stack.enter_context(ScriptedServer()).url

    def start(self, home: str, number: int, **more: str) -> Notebook:
        """Start a kernel; those with one home have one state folder."""
        environment = {
            **scripted_environment(self.folder / home, self.url),
            **more,
        }
        work = self.folder / f"{home}-{number}"
        return self._stack.enter_context(Notebook(work, env=environment))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@contextlib.contextmanager
def served(home: Path) -> Iterator[tuple[int, dict[str, str], psutil.Process]]:
    """Run a runtime to share; its port, what its kernels need, and its process."""
    token = {"COPILOT_CONNECTION_TOKEN": secrets.token_hex()}
    process = subprocess.Popen(
        [find_runtime(), "--headless", "--no-auto-update", "--port", "0"],
        env={**os.environ, **token, "COPILOT_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        found = re.search(rb"port (\d+)", process.stdout.readline())
        assert found is not None
        yield int(found[1]), token, psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def many_kernels() -> list[bool]:
    """Run 20 kernels on one state folder, each with a session, and have all ask at once."""
    with Kernels() as kernels:
        ours, bare = [], []
        for number in range(KERNELS):
            ours.append(kernels.start("ours", number))
            bare.append(kernels.start("bare", number))
            run(ours[-1], f"%load_ext copilot_magics\n%copilot_session s{number}")
            code = BARE.format(path=str(find_runtime()), url=kernels.url)
            run(bare[-1], code.replace('"bare"', f'"s{number}"'))

        def ask(notebooks: list[Notebook], code: str) -> float:
            begun = time.time()
            cells = [notebook.start(code) for notebook in notebooks]
            for cell in cells:
                if cell.result(600).status != "ok":
                    raise RuntimeError(cell.text)
            # The kernels' own clock: one front end reads for all of them, and ours show more.
            return max(cell.messages[-1]["header"]["date"].timestamp() for cell in cells) - begun

        for name, group, code in (("ours", ours, CELL), ("bare SDK", bare, BARE_CELL)):
            ask(group, code)
            tell(name, *taken(group))
        share = in_turns(
            {"ours": lambda: ask(ours, CELL), "bare SDK": lambda: ask(bare, BARE_CELL)},
            ROUNDS,
            KERNELS,
            f"{KERNELS} kernels at once",
        )
    return [verdict("the same, time ours / bare", share, LIMIT)]


def sharing() -> None:
    """Say what kernels take that share one runtime."""
    with Kernels() as kernels, served(kernels.folder / "shared") as (port, token, runtime):
        sharing = []
        for number in range(KERNELS):
            sharing.append(kernels.start("shared", number, **token))
            url = f"%config CopilotMagics.runtime_url = '{port}'"
            run(sharing[-1], f"%load_ext copilot_magics\n{url}\n%copilot_session s{number}")
            run(sharing[-1], CELL)
        memory, files = taken(sharing)
        tell(
            "sharing one runtime",
            memory + runtime.memory_full_info().uss / 1e6,
            files + runtime.num_fds(),
        )


def tell(name: str, memory: float, files: int) -> None:
    """Print what one kernel of many takes, with its part of the runtimes."""
    print(f"{name}: {memory / KERNELS:.0f} MB and {files / KERNELS:.0f} open files a kernel")


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    kept = [*many_sessions(), *long_notebook(), *many_kernels()]
    sharing()
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
