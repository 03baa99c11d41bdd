"""What fails on the runtime's loop is told, unless the kernel is ending anyway."""

from __future__ import annotations

import subprocess
import sys

FAILING = """
import asyncio, atexit, threading
from copilot_magics.runtime.loop import submit

done = threading.Event()

async def fail():
    await asyncio.get_running_loop().run_in_executor(None, int, "seven")

async def work(late):
    while late and threading.main_thread().is_alive():
        await asyncio.sleep(0.01)
    await asyncio.wait({asyncio.create_task(fail())})
    done.set()

future = submit(work(LATE))
if LATE:
    atexit.register(done.wait)
else:
    future.result()
"""


def stderr_of(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr


def test_what_fails_is_told() -> None:
    assert "invalid literal for int()" in stderr_of(FAILING.replace("LATE", "False"))


def test_what_fails_since_the_kernel_ends_is_not() -> None:
    assert stderr_of(FAILING.replace("LATE", "True")) == ""
