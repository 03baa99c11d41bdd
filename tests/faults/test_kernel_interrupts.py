"""Interrupts, in moments that a person hits only by accident.

Every time: one line, no traceback, nothing behind the cell runs, the runtime is the same process,
how the turn ended is known, nothing is sent twice, and nobody is locked out.
`test_interrupts` has those that come while a prompt waits.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import moments
import psutil
import pytest
from cells import Cell
from figures import FaultOf
from kernels import Notebook, processes_of
from scripted import ScriptedServer

from copilot_magics import locking

Start = Callable[..., Notebook]

ABORTED = "Its last turn was aborted; its prompt is"
ANSWERED = "Its last turn was answered."
AWAITED = "%%copilot\nsilent after: {}"
BLOCKED = "for n in range(2):\n    get_ipython().run_cell_magic('copilot', '', 'silent after: {}')"
RESUMED = "%copilot_session --disconnect"
YES = "True\n"
TOOL = 'tool bash {"command": "sleep 300", "description": "wait"}'
ASKING = 'tool bash {"command": "touch made", "description": "make"}'


@dataclass
class Moment:
    """An interrupt at one of the requests that a cell makes.

    Attributes
    ----------
    method, when : str
        At which request, and whether before it or after it.
    code : str
        The cell.
    said : str
        What is said of the session's last turn.
    before : str
        A cell to run before it.
    again : str
        At which request, before it is sent, there is another interrupt.
    """

    method: str
    when: str
    code: str
    said: str = ANSWERED
    before: str = ""
    again: str = ""


def around(method: str, code: str, said: str = ANSWERED, before: str = "") -> list[Moment]:
    """Return the moments before and after a request."""
    return [Moment(method, when, code, said, before) for when in ("before", "after")]


def runtimes(kernel: Notebook) -> list[int]:
    return [p.pid for p in kernel.process.children() if "--headless" in p.cmdline()]


def ended_by(cell: Cell, queued: Cell | None) -> None:
    """Check that an interrupt ended a cell in one line, and that nothing behind it runs."""
    cell.result()
    assert cell.status == "error", cell.outputs
    assert cell.ename in ("TurnInterrupted", "Interrupted"), cell.text
    assert cell.error is not None
    assert cell.error["traceback"] == [f"{cell.ename}: {cell.evalue}"]
    assert "\n" not in cell.evalue
    assert cell.stderr == ""
    if queued is not None:
        assert queued.result().status == "aborted"
        assert queued.outputs == []


def goes_on(kernel: Notebook) -> None:
    cell = kernel.run("%%copilot\nsay: It goes on.")
    assert "It goes on." in cell.text, cell.outputs


QUICK = [
    *around("session.create", "%copilot_session created-{}"),
    *around("sessions.save", "%%copilot --session saved-{}\nsilent after: {}"),
    *around("session.resume", AWAITED, before=RESUMED),
    *around("session.send", AWAITED, ABORTED),
    *around("session.send", BLOCKED, ABORTED),
    Moment("session.send", "after", AWAITED, ABORTED, again="session.abort"),
    Moment("session.send", "after", BLOCKED, ABORTED, again="session.abort"),
    *around("session.delete", "%copilot_sessions --delete x-{} --yes", before="--new x-{}"),
]
REST = [
    *around("session.create", "%%copilot --session created-{}\nsilent after: {}"),
    *around("sessions.save", "%copilot_session saved-{}"),
    *around("session.resume", "%copilot_session chat", before=RESUMED),
    *around("session.resume", BLOCKED, before=RESUMED),
    *around("session.getMetadata", AWAITED, before=RESUMED),
    *around("session.detach", "%copilot_session --disconnect"),
    *around("session.model.switchTo", "%%copilot --model scripted-mini\nsilent after: {}", ABORTED),
    *around("session.name.set", "%copilot_sessions --title chat Title {}"),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "between",
    [pytest.param(QUICK, id="first"), pytest.param(REST, id="rest", marks=pytest.mark.slow)],
)
def test_between_a_request_and_its_answer(
    notebook: Start,
    provider: ScriptedServer,
    home: Path,
    tmp_path: Path,
    fault: FaultOf,
    between: list[Moment],
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session chat")
    moments.arm(kernel)
    goes_on(kernel)
    alive = runtimes(kernel)
    for number, moment in enumerate(between):
        with fault(f"interrupt: {moment.when} {moment.method}, {moment.code.split()[0]}") as it:
            name = f"x-{number}"
            if moment.before.startswith("--new"):
                kernel.run(f"%copilot_session --new {name}\n%copilot_session chat")
            elif moment.before:
                kernel.run(moment.before)
            if moment.again:
                moments.plan(kernel, moment.again, "before", "interrupt")
            moments.plan(kernel, moment.method, moment.when, "interrupt")
            # It interrupts itself: both are sent before it runs.
            gate = tmp_path / f"gate-{number}"
            os.mkfifo(gate)
            kernel.start(f"_ = open({str(gate)!r}).read()")
            cell = kernel.start(moment.code.replace("{}", str(number)))
            queued = kernel.start("print('this ran')")
            gate.write_text("")
            it.strikes()
            ended_by(cell, queued)
            it.told(5)
            # Neither by itself nor in the end: an aborted prompt is not sent behind one's back.
            assert provider.prompts().count(f"silent after: {number}") <= 1
            told = kernel.run("%copilot_session").stdout
            assert "This notebook is bound to chat" in told
            assert moment.said in told
            goes_on(kernel)
            # What was said of the journal is still true when it has been written to since.
            known = kernel.run(
                f"print('silent after: {number}' in set(get_messages().content.dropna()))"
            ).stdout
            if moment.said == ABORTED:
                assert f"{ABORTED} {'in' if known == YES else 'not in'} the journal." in told
            else:
                assert known == "False\n"
            assert runtimes(kernel) == alive
            assert kernel.run("print(moments._planned)").stdout == "{}\n"
    goes_on(kernel)
    # Whatever was begun to be opened, nobody is told that somebody uses it.
    kernel.run("%copilot_session --disconnect")
    folders = list((home / "session-state").iterdir())
    assert len(folders) > 1
    for folder in folders:
        assert locking.holder(folder.name) is None
        assert folder.name.startswith("chat") or not locking.foreign_runtimes(folder.name, None)


def test_in_the_midst_of_a_tool_and_while_nothing_runs(
    notebook: Start, home: Path, fault: FaultOf
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session chat --permissions allow-all")
    goes_on(kernel)
    alive = runtimes(kernel)
    with fault("interrupt: idle"):
        kernel.interrupt()
        kernel.interrupt()
        goes_on(kernel)
        assert runtimes(kernel) == alive
    for number, code in enumerate(("%%copilot\n{}", BLOCKED.replace("silent after: {}", "{}"))):
        with fault(f"interrupt: mid-tool, {code.split()[0]}") as it:
            cell = kernel.start(code.format(f"{TOOL}\\nnumber {number}" if number else TOOL))
            queued = kernel.start("print('this ran')")
            kernel.wait(lambda: tools(home), what="the tool", while_running=cell)
            it.strikes()
            kernel.interrupt()
            ended_by(cell, queued)
            it.told(5)
            kernel.wait(lambda: not tools(home), 5, "the end of the tool")
            assert f"{ABORTED} in the journal." in kernel.run("%copilot_session").stdout
            goes_on(kernel)
            assert runtimes(kernel) == alive


def tools(home: Path) -> list[int]:
    found = []
    for process in processes_of(home):
        with contextlib.suppress(psutil.Error):
            found += [process.pid] if process.cmdline() == ["sleep", "300"] else []
    return found


SUDDEN_START = """
import signal, threading
_start = threading.Thread.start
def sudden(self):
    _start(self)
    if self.name == "copilot-magics-runtime":
        threading.Thread.start = _start
        signal.raise_signal(signal.SIGINT)
threading.Thread.start = sudden
"""
SUDDEN_IMPORT = """
import signal, sys
class Sudden:
    def find_spec(self, name, path=None, target=None):
        if name == "copilot_magics.session":
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Sudden())
"""


def test_before_anything_runs_and_while_the_magic_itself_works(
    notebook: Start, provider: ScriptedServer, fault: FaultOf
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics")

    def interrupted(name: str, cell: Cell, *reached: Callable[[], object], times: int = 1) -> None:
        with fault(f"interrupt: {name}") as it:
            # One that interrupts itself may have ended before another cell stands behind it.
            queued = kernel.start("print('this ran')") if reached else None
            for reach in reached:
                reach()
                for _ in range(times):
                    kernel.interrupt()
                cell.questions.clear()
            ended_by(cell, queued)
            it.told(5)

    for name, code, cell in (
        ("the magic is imported", SUDDEN_IMPORT, "%copilot_session chat"),
        ("the runtime's loop starts", SUDDEN_START, BLOCKED),
    ):
        kernel.run(code)
        interrupted(name, kernel.start(cell))
    kernel.run("%copilot_session chat\n%copilot_session other\n%copilot_session chat")
    goes_on(kernel)
    alive = runtimes(kernel)

    cell = kernel.start("%copilot_sessions --delete other")
    interrupted("asked whether to delete", cell, cell.wait_question)
    assert kernel.run("print('other' in set(list_sessions().session))").stdout == YES
    kernel.run("\n".join(f"%copilot_session --new y-{n}" for n in range(3)))
    kernel.run("%copilot_session chat")
    moments.arm(kernel)
    moments.plan(kernel, "session.delete", "before", "interrupt", skip=1)
    cell = kernel.start("%copilot_sessions --delete y-0 y-1 y-2 --yes")
    interrupted("one of several is deleted", cell)
    assert cell.stdout.startswith("Deleted y-0, y-1 (")
    assert cell.evalue == ("Interrupted: 2 of 3 sessions went; run it again for the others.")
    assert kernel.run("%copilot_sessions --delete y-2 --yes").stdout.startswith("Deleted y-2 (")
    cell = kernel.start(BLOCKED.replace("silent after: {}", ASKING))
    interrupted("asked for permission, twice", cell, cell.wait_question, times=2)
    goes_on(kernel)

    kernel.run(
        "import asyncio\nfrom copilot_magics import Session\n"
        "task = asyncio.ensure_future(Session('chat').aask('gate door'))"
    )
    provider.wait_reached("door")
    # What the notebook's loop has to do is done while the magic waits.
    cell = kernel.start(
        "import signal\n"
        "asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)\n"
        "%copilot_session --disconnect"
    )
    interrupted("a session is released that is answering", cell)
    provider.release("door")
    assert kernel.run("print((await task).text)").stdout == "Before door. After door.\n"
    goes_on(kernel)
    assert runtimes(kernel) == alive
    assert kernel.run("%copilot_session --disconnect").status == "ok"
    assert locking.holder("chat") is None
