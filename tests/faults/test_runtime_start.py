"""The runtime does not start: what is wrong is said at once, and all works once it is mended.

Also where one had run before: a session is held, its runtime ends, and the next prompt, resume or
deletion finds that what is installed has changed.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from figures import FaultOf, files_left
from kernels import Notebook, assert_none_left, processes_of
from patients import Patient
from scripted import ScriptedServer

Start = Callable[..., Notebook]

OLDER = f"""#!{sys.executable}
import json, sys

while header := sys.stdin.buffer.readline():
    sys.stdin.buffer.readline()
    asked = json.loads(sys.stdin.buffer.read(int(header.split(b":")[1])))
    answer = {{"jsonrpc": "2.0", "id": asked["id"]}}
    if asked["method"] == "ping":
        answer["result"] = {{"message": "", "timestamp": 0, "protocolVersion": VERSION}}
    else:
        answer["error"] = {{"code": -32601, "message": "Unhandled method " + asked["method"]}}
    said = json.dumps(answer).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n" % len(said) + said)
    sys.stdout.buffer.flush()
"""
FAULTS: dict[str, tuple[str | bytes | None, int, str]] = {
    "exits at start": (
        "#!/bin/sh\nexit 0\n",
        0o755,
        r"The Copilot runtime \S+ did not start: exit status 0\. Correct COPILOT_CLI_PATH.*",
    ),
    "exits at start with a reason": (
        "#!/bin/sh\necho \"error: unknown option '--headless'\" >&2\nexit 2\n",
        0o755,
        r"The Copilot runtime \S+ did not start: exit status 2: error: unknown option "
        r"'--headless'\. Correct COPILOT_CLI_PATH.*",
    ),
    "wrong binary": (
        b"\x7fELF\2\1\1" + bytes(100),
        0o755,
        r"The Copilot runtime \S+ did not start: exit status 1: it cannot be run here, \w.*\. "
        r"Correct COPILOT_CLI_PATH.*doctor.*",
    ),
    "another program": (
        "#!/bin/sh\nexec yes\n",
        0o755,
        r"The Copilot runtime \S+ did not start: it does not answer as a Copilot runtime does\. "
        r"Correct COPILOT_CLI_PATH.*doctor.*",
    ),
    "wrong version": (
        OLDER.replace("VERSION", "1"),
        0o755,
        r"The Copilot runtime \S+ did not start: its protocol has version 1, and the installed SDK "
        r"needs version \d+(-\d+)?\. Correct COPILOT_CLI_PATH.*doctor.*",
    ),
    "older version": (
        OLDER.replace("VERSION", "3"),
        0o755,
        r"The Copilot runtime is older than the installed SDK: it does not know '\S+'\. "
        r"`python -m copilot_magics setup` fetches [\d.]+, which does; it is found where .*",
    ),
    "not executable": (
        "#!/bin/sh\n",
        0o644,
        r"COPILOT_CLI_PATH names '\S+', which cannot be run\. Correct it, or unset it.*",
    ),
    "deleted": (
        None,
        0,
        r"COPILOT_CLI_PATH names '\S+', which does not exist\. Correct it, or unset it.*",
    ),
}
ASKING = "%%copilot\nsay: Nobody hears this."


def break_it(patient: Patient, what: str) -> None:
    """Put what is broken in the runtime's place."""
    content, mode, _ = FAULTS[what]
    if content is None:
        patient.runtime.remove()
    else:
        patient.runtime.put(content, mode)


def refused(patient: Patient, what: str, code: str) -> None:
    """Check that a cell says in one line what is wrong, and that nothing is left of the attempt."""
    cell = patient.kernel.run(code)
    assert cell.ename == "RuntimeUnavailable", cell.outputs
    assert re.fullmatch(FAULTS[what][2], cell.evalue), cell.evalue
    assert cell.error is not None
    assert cell.error["traceback"] == [f"RuntimeUnavailable: {cell.evalue}"]
    assert cell.stderr == ""


def stop(patient: Patient) -> None:
    """End the runtime, if there is one."""
    for process in patient.kernel.process.children():
        process.kill()
        process.wait()


@pytest.fixture
def patient(
    notebook: Start, provider: ScriptedServer, runtime_path: Path, tmp_path: Path
) -> Patient:
    """Start a notebook whose runtime can be exchanged, and unpacks itself."""
    (tmp_path / "cache" / "copilot" / "pkg").unlink()
    return Patient(notebook, provider, tmp_path, runtime_path)


def test_what_is_no_runtime_is_told(patient: Patient, home: Path, fault: FaultOf) -> None:
    for what in FAULTS:
        with fault(f"runtime: {what}, when a new one is needed") as it:
            break_it(patient, what)
            stop(patient)
            it.strikes()
            refused(patient, what, ASKING)
            it.told(within=15)
            assert "Its last turn was answered." in patient.say("%copilot_session")
    with fault("runtime: broken in several ways"):
        patient.runtime.restore()
        assert "a new one has resumed the session" in patient.answered("say: It goes on.")
        assert patient.times_sent("say: Nobody hears this.") == 0
        assert set(patient.acknowledged) <= set(patient.prompts())
        patient.kernel.close()
        assert_none_left(home)
        assert files_left(home) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_is_told_in_each_cell_that_needs_it(
    patient: Patient, home: Path, fault: FaultOf
) -> None:
    # That one starts, and it depends what it is asked.
    for number, what in enumerate(FAULTS.keys() - {"older version"}):
        kept = f"kept-{number}"
        patient.say(f"%copilot_session {kept}\n%copilot_session --disconnect")
        patient.say("%copilot_session patient")
        for when, code in {
            "starting": f"%copilot_session new-{number}",
            "during resume": f"%copilot_session {kept}",
            "during delete": f"%copilot_sessions --yes --delete {kept}",
            "as it is titled": f"%copilot_sessions --title {kept} Great",
        }.items():
            with fault(f"runtime: {what}, {when}") as it:
                stop(patient)
                break_it(patient, what)
                it.strikes()
                refused(patient, what, code)
                it.told(within=15)
                assert processes_of(home) == [patient.kernel.process]
                patient.runtime.restore()
                patient.say(code)
                patient.say("%copilot_session patient")
                if when == "during delete":
                    patient.say(f"%copilot_session {kept}\n%copilot_session --disconnect")
                    patient.say("%copilot_session patient")


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["mid-stream", "mid-tool", "awaiting permission"])
def test_it_is_deleted_while_it_works(
    patient: Patient, home: Path, fault: FaultOf, moment: str
) -> None:
    with fault(f"runtime: deleted while running, {moment}") as it:
        cell, prompt = patient.reached(moment)
        patient.runtime.remove()
        shutil.rmtree(home.parent / "cache" / "copilot")
        patient.go_on(moment)
        assert cell.result().status == "ok", cell.outputs
        patient.acknowledged.append(prompt)
        patient.answered("say: It goes on.")
        stop(patient)
        refused(patient, "deleted", ASKING)
        patient.runtime.restore()
        patient.answered("say: It is there again.")
        kept = patient.prompts()
        it.acknowledged = len(patient.acknowledged)
        it.lost = sum(asked not in kept for asked in patient.acknowledged)
        assert it.lost == 0
