"""The runtime dies, hangs or has no memory, whatever it does: told in one sentence, and no more.

The faults meet the runtimes of one kernel, one after the other, each at another moment. After each
the notebook says how the last turn ended and whether the journal has its prompt, the next prompt is
answered by a new runtime, and the session has all that was acknowledged before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import moments
import psutil
import pytest
from cells import Cell
from figures import Fault, FaultOf, files_left
from kernels import Notebook, processes_of
from patients import MOMENTS, Patient
from runtimes import MEMORY
from scripted import ScriptedServer

Start = Callable[..., Notebook]
Admit = Callable[[], Patient]

HUNG = "the Copilot runtime does not answer; wait, or stop the cell to end it"
HOW = {
    "SIGKILL": r"ended by SIGKILL, as systems short of memory do",
    "SIGTERM": r"exit status 0|ended by SIGTERM",
    "SIGSTOP": r"it did not answer any more",
    MEMORY: r"out of memory, .*|ended by SIG.*|exit status .*",
}
TURN = (
    r"The Copilot runtime ended while it worked \((?:{})\)\. "
    r"The prompt is (?:not )?in the journal[:;] send it again.*\."
)
OPENING = (
    r"The Copilot runtime (?:\S+ did not start: (?:{0})|ended \((?:{0})\))\. Run this again: .*\."
)


@pytest.fixture
def admit(notebook: Start, provider: ScriptedServer, runtime_path: Path, tmp_path: Path) -> Admit:
    """Start a notebook that faults may meet."""
    return lambda: Patient(notebook, provider, tmp_path, runtime_path)


def told(cell: Cell, kind: str, sentence: str) -> None:
    """Check that a cell ended with one error of one line."""
    assert cell.ename == kind, cell.outputs
    assert re.fullmatch(sentence, cell.evalue), cell.evalue
    assert cell.error is not None
    assert cell.error["traceback"] == [f"{kind}: {cell.evalue}"]
    assert cell.stderr == ""


def meets(patient: Patient, fault: str, moment: str, it: Fault) -> None:
    """Have a fault strike at a moment; check what is told, and that all goes on."""
    cell, prompt = patient.struck(fault, moment, it)
    began = moment not in ("starting", "during resume", "during delete")
    if moment == "during delete":
        # What the runtime cannot do any more is done without it.
        assert "Deleted" in cell.result().stdout, cell.outputs
        assert prompt not in patient.say("print(list_sessions()['session'].tolist())")
    elif fault == "SIGSTOP":
        cell.wait_output(lambda cell: HUNG in cell.text)
        it.told(within=15)
        patient.kernel.interrupt()
        assert cell.result().ename == "TurnInterrupted", cell.outputs
    elif moment == "idle" and fault != MEMORY:
        assert cell.result().status == "ok", cell.outputs
        assert "a new one has resumed the session" in cell.text
    elif cell.result().status == "ok":
        # It had memory enough.
        assert fault == MEMORY
    elif began:
        told(cell, "TurnFailed", TURN.format(HOW[fault]))
    else:
        told(cell, "RuntimeUnavailable", OPENING.format(HOW[fault]))
    if cell.status == "error" and fault in ("SIGKILL", "SIGTERM"):
        it.told(within=5)
    if cell.status == "ok" and moment != "during delete":
        patient.acknowledged.append(prompt)
    state_is_true(patient, cell, prompt, began=began)
    if fault == MEMORY:
        end_it(patient)
    patient.answered(f"say: after {fault} {moment}")


def state_is_true(patient: Patient, cell: Cell, prompt: str, *, began: bool) -> None:
    """Check what is said of the last turn against the journal and the provider."""
    said = patient.say("%copilot_session")
    known = prompt in patient.prompts()
    if cell.status == "ok" or not began:
        assert "Its last turn was answered." in said
    else:
        ended = (
            "was aborted" if cell.ename == "TurnInterrupted" else "failed" if known else "was lost"
        )
        where = "is in the journal" if known else "is not in the journal"
        assert f"Its last turn {ended}; its prompt {where}." in said
        assert cell.ename == "TurnInterrupted" or where.removeprefix("is ") in cell.evalue
    assert patient.times_sent(prompt) <= 1
    assert patient.kernel.find_widget("Allow once") is None


def end_it(patient: Patient) -> None:
    """End a runtime that lives on without memory."""
    for process in patient.kernel.process.children():
        process.kill()
        process.wait()


def is_discharged(patient: Patient, home: Path, it: Fault) -> None:
    """Check that all was kept that was acknowledged, and that nothing else is left."""
    kept = patient.prompts()
    it.acknowledged = len(patient.acknowledged)
    it.lost = sum(prompt not in kept for prompt in patient.acknowledged)
    assert it.lost == 0, kept
    assert "heron" in patient.say("%%copilot\nrecall")
    patient.kernel.close()
    _, left = psutil.wait_procs(processes_of(home), timeout=5)
    files = [*files_left(home), *home.rglob("inuse.*"), *home.rglob("report.*")]
    # Node.js compiles into a cache there.
    caches = {patient.temporary / "node-compile-cache"}
    files += [*{*patient.temporary.iterdir()} - caches, *patient.work.glob("report.*")]
    it.processes, it.files = len(left), len(files)
    assert not left
    assert not files


def test_it_ends_at_any_moment(admit: Admit, home: Path, fault: FaultOf) -> None:
    patient = admit()
    for moment in MOMENTS:
        with fault(f"runtime: SIGKILL {moment}") as it:
            meets(patient, "SIGKILL", moment, it)
    for other in ("SIGTERM", MEMORY):
        with fault(f"runtime: {other} mid-stream") as it:
            meets(patient, other, "mid-stream", it)
    with fault("runtime: killed again and again") as it:
        is_discharged(patient, home, it)


def test_it_hangs(admit: Admit, home: Path, fault: FaultOf) -> None:
    patient = admit()
    with fault("runtime: SIGSTOP, then SIGCONT, mid-stream") as it:
        process = patient.process
        cell = patient.kernel.start("%%copilot\ngate open")
        cell.wait_output(lambda cell: "Before open." in cell.text)
        it.strikes()
        process.suspend()
        cell.wait_output(lambda cell: HUNG in cell.text)
        it.told(within=15)
        patient.provider.release("open")
        process.resume()
        assert cell.result().status == "ok", cell.outputs
        assert "After open." in cell.text
        assert HUNG not in cell.text
        assert patient.process == process
        patient.acknowledged.append("gate open")
    with fault("runtime: SIGSTOP awaiting permission") as it:
        meets(patient, "SIGSTOP", "awaiting permission", it)
    with fault("runtime: hung again and again") as it:
        is_discharged(patient, home, it)


@pytest.mark.slow
def test_it_hangs_and_nobody_watches(admit: Admit, home: Path, fault: FaultOf) -> None:
    patient = admit()
    with fault("runtime: SIGSTOP, mid-stream, nobody watches") as it:
        process = patient.process
        cell = patient.kernel.start("%%copilot\ngate shut", allow_stdin=False)
        patient.provider.wait_reached("shut")
        it.strikes()
        process.suspend()
        told(cell.result(), "TurnFailed", TURN.format(HOW["SIGSTOP"]))
        it.told(within=60)
        patient.answered("say: It goes on.")
    with fault("runtime: hung, and nobody watched") as it:
        is_discharged(patient, home, it)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("what", ["SIGTERM", MEMORY, "SIGSTOP"])
def test_each_fault_at_each_moment(admit: Admit, home: Path, fault: FaultOf, what: str) -> None:
    patient = admit()
    for moment in MOMENTS:
        with fault(f"runtime: {what} {moment}") as it:
            meets(patient, what, moment, it)
    with fault(f"runtime: {what} again and again") as it:
        is_discharged(patient, home, it)


@pytest.mark.slow
def test_a_cell_that_only_opens_a_session(admit: Admit, home: Path, fault: FaultOf) -> None:
    patient = admit()
    with fault("runtime: SIGSTOP before another session") as it:
        patient.process.suspend()
        cell = patient.kernel.run("%copilot_session second")
        told(cell, "RuntimeUnavailable", OPENING.format(HOW["SIGSTOP"]))
        it.told(within=15)
        assert "Created second" in patient.say("%copilot_session second")
    with fault("runtime: SIGSTOP starting") as it:
        end_it(patient)
        patient.runtime.hold()
        cell = patient.kernel.start("%copilot_session third")
        process = patient.runtime.held()
        patient.runtime.restore()
        it.strikes()
        process.suspend()
        cell.wait_output(lambda cell: HUNG.partition("the ")[2] in cell.stderr)
        it.told(within=15)
        patient.kernel.interrupt()
        assert cell.result().ename == "Interrupted"
        assert "Created third" in patient.say("%copilot_session third")
        assert "Resumed patient" in patient.say("%copilot_session patient")
        process.wait(10)
    with fault("runtime: hung while sessions open") as it:
        is_discharged(patient, home, it)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "when"),
    [
        ("session.create", "before"),
        ("session.create", "after"),
        ("sessions.save", "before"),
        ("sessions.save", "after"),
        ("session.resume", "after"),
        ("session.send", "before"),
    ],
)
def test_it_ends_right_before_or_after_an_answer(
    admit: Admit, home: Path, fault: FaultOf, method: str, when: str
) -> None:
    patient = admit()
    with fault(f"runtime: SIGKILL {when} {method}") as it:
        if method == "session.resume":
            patient.say("%copilot_session --disconnect")
        name = "patient" if method in ("session.resume", "session.send") else "made"
        moments.plan(patient.kernel, method, when, "runtime SIGKILL")
        it.strikes()
        cell = patient.kernel.run(f"%%copilot --session {name}\nsay: Was it heard?")
        if cell.status == "error":
            it.told(within=15)
            # The end is heard while the session opens, or once the prompt is about to be sent.
            sentence = TURN if cell.ename == "TurnFailed" else OPENING
            kind = cell.ename if method != "session.create" else "RuntimeUnavailable"
            told(cell, kind, sentence.format(HOW["SIGKILL"]))
        assert patient.times_sent("say: Was it heard?") == (cell.status == "ok")
        patient.say(f"%%copilot --session {name}\nsay: It goes on.")
        assert "Resumed" in patient.say(f"%copilot_session {name}")
        patient.say("%copilot_session patient")
        is_discharged(patient, home, it)
