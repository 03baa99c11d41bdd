"""In a terminal: a line where one is needed, and questions asked of whoever waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from runtime.test_terminal import CONTROL, Terminal
from scripted import ScriptedServer


@pytest.fixture
def terminal(provider: ScriptedServer, runtime_path: Path, tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path / "work")
    yield started
    started.child.close(force=True)


@pytest.mark.slow
def test_the_background_of_a_terminal(
    terminal: Terminal, provider: ScriptedServer, tmp_path: Path
) -> None:
    terminal.run("%load_ext copilot_magics")
    assert "running>" in terminal.run("%copilot --background gate line")
    provider.wait_reached("line")
    assert "It works in the background on “gate line”" in terminal.run("%copilot_session")
    provider.release("line")
    terminal.expect("The turn in the background has its answer: Out[2].text.")
    assert "Before line. After line." in terminal.run("print(Out[2].wait())")

    command = 'tool bash {"command": "touch made", "description": "x"}'
    terminal.run(f"%copilot --background --into reply {command}")
    terminal.expect("The turn in the background waits for your answer: type reply.wait().")
    terminal.type("reply.wait()")
    terminal.expect("[n]o: ")
    terminal.child.sendline("y")
    terminal.expect("Tool said")
    assert (tmp_path / "work" / "made").exists()

    terminal.run("%copilot --background --into reply silent after: begun")
    for waits in ("reply.wait()", "await reply"):
        terminal.type(waits)
        terminal.expect("begun")
        terminal.child.sendintr()
        terminal.expect("the turn goes on in the background, and `reply.stop()` ends it.")
    terminal.run("reply.stop()")
    assert "aborted" in terminal.run("reply.outcome")

    terminal.run("%copilot --background --into reply gate ended")
    provider.wait_reached("ended")
    terminal.child.sendline("exit")
    terminal.child.expect(pexpect.EOF)
    told = CONTROL.sub("", str(terminal.child.before))
    assert "was ended with Python." in told
    assert "Traceback" not in told
    assert "Warning" not in told
