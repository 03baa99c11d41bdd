"""A multiprocessing pool lives beside the runtime: neither costs the other anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from figures import FaultOf
from kernels import Notebook, processes_of

from copilot_magics import locking

Start = Callable[..., Notebook]

POOL = """
import multiprocessing, os
pool = multiprocessing.get_context({kind!r}).Pool(2)
print(*{{pool.apply(os.getpid) for n in range(20)}})
"""
BLOCKED = "for n in range(2):\n    get_ipython().run_cell_magic('copilot', '', {!r})"


@pytest.fixture
def children() -> Iterator[list[psutil.Process]]:
    """Collect the pool's processes: some end by themselves once their kernel was killed."""
    found: list[psutil.Process] = []
    yield found
    for process in found:
        if process.is_running():
            process.kill()
    psutil.wait_procs(found, timeout=5)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ["fork", pytest.param("spawn", marks=pytest.mark.slow)])
def test_an_interrupt_and_a_kill_with_a_pool_alive(
    notebook: Start, home: Path, fault: FaultOf, children: list[psutil.Process], kind: str
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session chat")
    assert "hello" in kernel.run("%%copilot\nsay: hello").text
    told = kernel.run(POOL.format(kind=kind))
    assert told.status == "ok", told.outputs
    (runtime,) = [p for p in kernel.process.children() if "--headless" in p.cmdline()]
    children += [p for p in kernel.process.children(recursive=True) if p.pid != runtime.pid]
    assert set(map(int, told.stdout.split())) <= {child.pid for child in children}
    prompt = "silent after: A piece."
    for code in (f"%%copilot\n{prompt}", BLOCKED.format(prompt)):
        with fault(f"interrupt: a pool ({kind}) alive, {code.split()[0]}") as it:
            cell = kernel.start(code)
            queued = kernel.start("print('this ran')")
            cell.wait_output(lambda cell: "A piece." in cell.text)
            it.strikes()
            kernel.interrupt()
            assert cell.result().ename == "TurnInterrupted"
            it.told(5)
            assert queued.result().status == "aborted"
            assert "again" in kernel.run("%%copilot\nsay: again").text
            assert runtime.is_running()
    with fault(f"kernel: SIGKILL, a pool ({kind}) alive") as it:
        cell = kernel.start(f"%%copilot\n{prompt}")
        cell.wait_output(lambda cell: "A piece." in cell.text)
        # The interrupts went to the pool too, and it has started others.
        children += [p for p in kernel.process.children(recursive=True) if p.pid != runtime.pid]
        kernel.kill()
        psutil.wait_procs([runtime], timeout=5)
        it.processes = sum(process == runtime for process in processes_of(home))
        assert it.processes == 0
        assert locking.holder("chat") is None
        after = notebook()
        after.run("%load_ext copilot_magics")
        assert "Resumed chat" in after.run("%copilot_session chat").stdout
        shown = after.run("%%copilot\nrecall")
        assert "- say: again" in shown.text, shown.outputs
        status = after.run("%copilot_session").stdout
        assert "was answered" in status
