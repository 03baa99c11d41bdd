"""Interrupts through the kernel's own interrupt, wherever a prompt may wait.

Every time the cell ends, raised, with one line; the cells queued behind it do not run; the next
``%%copilot`` works; and the runtime is the same process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import psutil
import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]
Reached = Callable[[Cell], object]

EMPTY = {"text/plain": ""}
SHELL = 'tool bash {"command": "touch made", "description": "make"}'
BLOCKING = "for n in range(2):\n    get_ipython().run_cell_magic('copilot', '', {!r})"


def runtime_of(kernel: Notebook) -> int:
    """Return the process ID of the kernel's one runtime."""
    found = [p.pid for p in kernel.process.children() if is_runtime(p)]
    assert len(found) == 1, found
    return found[0]


def is_runtime(process: psutil.Process) -> bool:
    return "--headless" in process.cmdline()


def interrupt(kernel: Notebook, code: str, reached: Reached, times: int = 1) -> Cell:
    """Interrupt a cell once it has got somewhere, and check how it ends."""
    cell = kernel.start(code)
    queued = [kernel.start("print('this ran')") for n in range(2)]
    reached(cell)
    at = time.monotonic()
    for _ in range(times):
        kernel.interrupt()
    cell.questions.clear()
    cell.result()
    took = time.monotonic() - at
    print(f"{code[:40]!r} ended {took:.2f} s after the interrupt")
    assert took < 5
    assert cell.status == "error"
    assert cell.ename == "TurnInterrupted", cell.text
    assert cell.error is not None
    assert len(cell.error["traceback"]) == 1
    assert "\n" not in cell.evalue
    for other in queued:
        assert other.result().status == "aborted"
        assert other.outputs == []
    return cell


VALIDATED = """
import time, pydantic
from copilot_magics import Session

class Slow(pydantic.BaseModel):
    n: int

    @pydantic.field_validator("n")
    @classmethod
    def slowly(cls, n):
        print("It is validated.", flush=True)
        time.sleep(60)
"""


def validates(cell: Cell) -> bool:
    return "It is validated." in cell.text


def test_interrupts(notebook: Start, provider: ScriptedServer) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session patient")
    pid = runtime_of(kernel)

    def asked(text: str) -> Reached:
        before = len(provider.requests)
        return lambda _cell: provider.wait_for_request(
            lambda request: request in provider.requests[before:] and text in request.prompt
        )

    def goes_on() -> None:
        cell = kernel.run("%%copilot\nsay: It goes on.")
        assert cell.displays[0]["text/markdown"].startswith("It goes on."), cell.text
        assert kernel.run("print(_.text)").stdout == "It goes on.\n"
        assert runtime_of(kernel) == pid

    def piece(cell: Cell) -> object:
        return cell.wait_output(lambda cell: "A piece." in cell.text)

    piecemeal = "silent after: A piece."
    for code in (f"%%copilot\n{piecemeal}", BLOCKING.format(piecemeal)):
        cell = interrupt(kernel, code, piece)
        (answer,) = [shown["text/markdown"] for shown in cell.displays if shown != EMPTY]
        assert answer.startswith("A piece.\n\n<sub>patient · ")
        assert "aborted" in answer
        goes_on()
    for times in (1, 2):
        for code in ("%%copilot\nsilent", BLOCKING.format("silent")):
            interrupt(kernel, code, asked("silent"), times)
            goes_on()

    interrupt(kernel, f"%%copilot\n{SHELL}", lambda _cell: kernel.wait_widget("Allow once"))
    goes_on()
    assert kernel.find_widget("Allow once") is None
    interrupt(kernel, BLOCKING.format(SHELL), Cell.wait_question)
    goes_on()
    question = f"ask {json.dumps({'question': 'Which?', 'choices': ['red', 'blue']})}"
    interrupt(kernel, f"%%copilot\n{question}", lambda _cell: kernel.wait_widget("red"))
    goes_on()
    interrupt(kernel, BLOCKING.format(question), Cell.wait_question)
    goes_on()

    # Also while code of the user's, here a validator, makes something of an answer that is there.
    kernel.run(VALIDATED)
    answer = 'say: {"n": 1}'
    by_magic = BLOCKING.replace("''", "'--as Slow'").format(answer)
    for code, times in ((f"%%copilot --as Slow\n{answer}", 2), (by_magic, 1)):
        cell = interrupt(kernel, code, lambda cell: cell.wait_output(validates), times)
        assert "Interrupted while the answer was validated as Slow" in cell.text
        goes_on()
    cell = kernel.start(f"await Session('patient').aask({answer!r}, schema=Slow)\nprint('went on')")
    queued = kernel.start("print('this ran')")
    cell.wait_output(validates)
    kernel.interrupt()
    assert cell.result().ename == "CancelledError"
    assert "went on" not in cell.text
    assert queued.result().status == "aborted"
    goes_on()

    # A notebook's own input(), while no prompt runs, is not ours to change.
    cell = kernel.start("input('Name: ')")
    cell.wait_question()
    kernel.interrupt()
    cell.questions.clear()
    assert cell.result().ename == "KeyboardInterrupt"
    goes_on()

    status = kernel.run("%copilot_session").stdout
    assert "Its last turn was answered." in status


LATE = """
import signal
kernel = get_ipython().kernel
original = kernel.finish_metadata

def late(*told):
    # Asked by ipykernel when a cell is over, for the reply that says so.
    kernel.finish_metadata = original
    signal.raise_signal(signal.SIGINT)
    return original(*told)

kernel.finish_metadata = late
"""


def test_an_interrupt_of_a_cell_that_is_over_does_not_cost_its_reply(notebook: Start) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics")
    for code in ("", "import asyncio\nawait asyncio.sleep(0)", "get_ipython().run_cell('x = 1')"):
        assert kernel.run(LATE + code).status == "ok"
    # One that has the shell run others is not over with them.
    cell = kernel.start("get_ipython().run_cell('x = 2')\nprint('begun')\nwhile True: pass")
    cell.wait_output(lambda cell: "begun" in cell.text)
    kernel.interrupt()
    assert cell.result().ename == "KeyboardInterrupt"
    assert kernel.run("%unload_ext copilot_magics\nprint('unloaded')").stdout == "unloaded\n"
    cell = kernel.start("print('begun')\nwhile True: pass")
    cell.wait_output(lambda cell: "begun" in cell.text)
    kernel.interrupt()
    assert cell.result().ename == "KeyboardInterrupt"


OPENING = ["%%copilot\nhello", BLOCKING.format("hello"), "%copilot_session named"]


@pytest.mark.parametrize("code", OPENING)
def test_an_interrupt_while_the_session_opens(
    notebook: Start, provider: ScriptedServer, code: str
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics")
    cell = kernel.start(code)
    queued = kernel.start("print('this ran')")
    kernel.wait(lambda: any(map(is_runtime, kernel.process.children())))
    kernel.interrupt()
    cell.result()
    assert cell.status == "error", cell.text
    assert cell.ename in ("TurnInterrupted", "Interrupted")
    assert cell.error is not None
    assert len(cell.error["traceback"]) == 1
    assert queued.result().status == "aborted"
    after = kernel.run("%%copilot\nsay: It goes on.")
    assert "It goes on." in after.text
    assert len([p for p in kernel.process.children() if is_runtime(p)]) == 1
