"""IPython in a terminal, driven through a pseudo-terminal as a person drives it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from scripted import ScriptedServer

CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Terminal:
    """A running IPython."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        options = ["--simple-prompt", "--no-banner", "--colors=nocolor", "--no-confirm-exit"]
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", *options],
            cwd=str(folder),
            dimensions=(40, 200),
            encoding="utf-8",
            timeout=60,
        )
        self.prompt()

    def type(self, line: str) -> None:
        """Type a line, and read its echo."""
        self.child.sendline(line)
        self.child.expect_exact(line)

    def expect(self, text: str) -> str:
        """Wait for a text, and return what came before it as it can be read."""
        self.child.expect_exact(text)
        return CONTROL.sub("", str(self.child.before))

    def prompt(self) -> str:
        """Wait for the next input prompt."""
        self.child.expect(r"In \[\d+\]: ")
        return CONTROL.sub("", str(self.child.before))

    def run(self, line: str) -> str:
        self.type(line)
        return self.prompt()


@pytest.fixture
def terminal(provider: ScriptedServer, runtime_path: Path, tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path / "work")
    yield started
    started.child.close(force=True)


def test_a_conversation_in_a_terminal(terminal: Terminal, provider: ScriptedServer) -> None:
    terminal.run("%load_ext copilot_magics")
    assert "Created term" in terminal.run("%copilot_session term")
    terminal.type("%copilot gate slow")
    terminal.expect("Before slow.")
    provider.release("slow")
    after = terminal.prompt()
    assert "After slow." in after
    assert "After slow." not in terminal.run("_ is None")
    assert "'Before slow. After slow.'" in terminal.run("Out[max(Out) - 1].text")

    terminal.type("%copilot silent after: A piece.")
    terminal.expect("A piece.")
    terminal.child.sendintr()
    interrupted = terminal.prompt()
    assert interrupted.count("TurnInterrupted: The turn was interrupted") == 1
    assert "Traceback" not in interrupted
    terminal.type("%copilot silent")
    provider.wait_for_request(lambda request: request.prompt == "silent")
    terminal.child.sendintr()
    assert "TurnInterrupted" in terminal.prompt()
    assert "It goes on." in terminal.run("%copilot say: It goes on.")

    several = "for n in range(2): get_ipython().run_line_magic('copilot', f'say: answer {n}')"
    terminal.type(several)
    terminal.child.sendline("")
    terminal.expect("answer 0")
    terminal.expect("answer 1")
    terminal.prompt()

    terminal.type('%copilot tool bash {{"command": "touch made", "description": "make"}}')
    shown = terminal.expect("Allow?")
    assert "Copilot wants to run a command:" in shown
    assert "touch made" in shown
    terminal.child.sendintr()
    assert "TurnInterrupted" in terminal.prompt()
    terminal.type('%copilot tool bash {{"command": "touch made", "description": "make"}}')
    terminal.expect("Allow?")
    terminal.type("y")
    assert "Tool said:" in terminal.prompt()

    escape = "get_ipython().run_line_magic('copilot', 'say: a\\x1b]0;title\\x07b\\x1b[2Jc')"
    terminal.type(escape)
    terminal.child.expect_exact("a]0;titleb[2Jc")
    terminal.prompt()

    printed = terminal.run("%copilot_sessions")
    table = printed.strip().splitlines()
    assert table[0].split() == ["session", "title", "turns", "modified", "size", "in_use"], printed
    assert re.fullmatch(r" *term +gate slow +\d+ +[-\d]+ [:\d]+ +\d+ kB +yes", table[1])
    assert len(table) == 2
    # A terminal has no cells that are run again: what is typed twice is asked twice.
    terminal.run("%copilot_session --rerun rewind")
    for _ in range(2):
        assert "went back" not in terminal.run("%copilot say: and again")
    history = terminal.run("%copilot_history --last 2")
    assert history.count("You · turn ") == 2, history
    assert history.count("and again") == 4
    assert "<" not in history
    assert "after" in terminal.run("print('after')")
