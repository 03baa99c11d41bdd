"""An answer's code in a new cell below, or in a terminal's next input; nothing runs by itself."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

ANSWER = (
    "Here:\n```python\nx = 1\n```\n```bash\nrm -rf x\n```\nthen\n\n"
    "  ~~~\n  print(x)\n  ~~~\n```\n42\n```\n```ipython\n%time y = 2\n```"
)
CODE = "x = 1\n\nprint(x)\n\n%time y = 2"
SAY = f"say: {ANSWER}".replace("\n", "\\n")
BELOW = "> The code is in a new cell below, to be read and run by you."


def new_cells(cell: Cell) -> list[Any]:
    """Return the cells that the front end is told to make, as it is told."""
    assert cell.reply is not None
    return list(cell.reply.get("payload", []))


def made(cell: Cell) -> str:
    """Return the code of the one cell that it is told to make below."""
    assert cell.status == "ok", cell.text
    (payload,) = new_cells(cell)
    assert (payload["source"], payload["replace"]) == ("set_next_input", False)
    return str(payload["text"])


def test_the_code_goes_into_a_new_cell_and_is_not_run(
    notebook: Start, provider: ScriptedServer
) -> None:
    nb = notebook()
    nb.run("%load_ext copilot_magics\n%copilot_session code")
    cell = nb.run(f"%%copilot --code\n{SAY}", cell_id="asks")
    assert made(cell) == CODE
    assert cell.text.index("Here:") < cell.text.index(BELOW) < cell.text.index("<sub>code · ")
    assert "rm -rf x" in cell.text
    assert nb.run("print('x' in globals(), _.code[1])").stdout == "False rm -rf x\n"
    # The model is told that it is for a cell; what the user said is kept as it was said.
    assert "with Python code for one cell" in provider.last.prompt
    kept = nb.run("print(get_messages(types='user.message')['content'].iloc[-1])")
    assert kept.stdout == f"{SAY}\n"

    none = nb.run("%copilot --code say: ```sh\\nls\\n``` and no more")
    assert new_cells(none) == []
    assert "The answer holds no Python code: no cell was made." in none.text
    loop = "for n in range(2):\n    %copilot --code --quiet say: ```py\\nz = {n}\\n```"
    assert made(nb.run(loop)) == "z = 0\n\nz = 1"
    ends = "say: So:\r\\n```py\r\\nx = 1\r\\n```\r\\nDone.\r\\n"
    crlf = nb.run(f"%%copilot --code\n{ends}")
    assert made(crlf) == "x = 1"
    assert "```py\nx = 1\n```\nDone.\n\n\n> The code is" in crlf.text
    assert nb.run("print(_.code, _.text.count('\\r\\n'))").stdout == "['x = 1'] 5\n"
    failed = nb.run("%%copilot --code --timeout 0.5\nsilent after: ```py\\nx = 1\\n```")
    assert failed.ename == "TurnTimedOut"
    assert new_cells(failed) == []
    later(nb)
    unwatched(nb)

    requests = len(provider.requests)
    for options in ("--code --as int", "--code --now", "--code --background"):
        refused = nb.run(f"%%copilot {options}\nsay: x = 1")
        assert refused.ename == "BadInput"
        assert "do not go together; nothing was sent." in refused.evalue
    assert len(provider.requests) == requests

    nb.restart()
    nb.run("%load_ext copilot_magics\n%copilot_session code --rerun replay")
    again = nb.run(f"%%copilot --code\n{SAY}", cell_id="asks")
    assert new_cells(again) == []
    assert "`_.to_cell()` makes another one" in again.text
    assert len(provider.requests) == requests


def later(nb: Notebook) -> None:
    """A reply makes a cell of its code whenever it is asked to: all of it, or one block."""
    nb.run(f"%%copilot --quiet --into reply\n{SAY}")
    assert made(nb.run("reply.to_cell()")) == CODE
    assert made(nb.run("reply.to_cell(2)")) == "print(x)"
    assert made(nb.run("reply.to_cell(0); reply.to_cell(-1)")) == "x = 1\n\n%time y = 2"
    assert nb.run("reply.to_cell()").outputs == []
    for call, told in (
        ("reply.to_cell(1)", "block 1 is bash, not Python"),
        ("reply.to_cell(5)", "has 5 code blocks, and none with number 5. They are counted from 0"),
        ("reply.to_cell('a')", "cannot have the number 'a'"),
    ):
        refused = nb.run(call)
        assert refused.ename == "BadInput"
        assert told in refused.evalue
        assert new_cells(refused) == []


def unwatched(nb: Notebook) -> None:
    """Where a program runs the notebook, nobody is told to make a cell."""
    for code in (f"%%copilot --code\n{SAY}", "reply.to_cell()"):
        cell = nb.run(code, allow_stdin=False)
        assert cell.status == "ok"
        assert new_cells(cell) == []
        assert "the code stays in the answer" in cell.text


CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")


class Terminal:
    """IPython in a terminal, whose next input can be filled in."""

    def __init__(self, folder: Path) -> None:
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=nocolor"],
            cwd=str(folder),
            env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm"},
            dimensions=(40, 200),
            encoding="utf-8",
            timeout=60,
        )
        self.expect("In [1]:")

    def expect(self, *wanted: str) -> str:
        """Wait for texts, one after the other, and return what came before the last."""
        for text in wanted:
            self.child.expect_exact(text)
        return CONTROL.sub("", str(self.child.before))

    def type(self, line: str, *wanted: str) -> str:
        """Type a line, and wait for what it shows."""
        self.child.send(f"{line}\r")
        return self.expect(*wanted)


@pytest.fixture
def terminal(provider: ScriptedServer, runtime_path: Path, tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path)
    yield started
    started.child.close(force=True)


def test_in_a_terminal_it_becomes_the_next_input(terminal: Terminal) -> None:
    terminal.type("%load_ext copilot_magics", "In [2]:")
    terminal.type("%copilot_session term", "In [3]:")
    terminal.type("%copilot --code say: ```py\\n6*7\\n```", "The code is your next input")
    # It is there to be read, and run by nothing but a return.
    terminal.expect("In [4]:", "6*7")
    terminal.type("", "42", "In [5]:")
    terminal.type("1/0", "ZeroDivisionError: ", "In [6]:")
    shown = terminal.type("%copilot --fix say: No.\\n```python\\n1/2\\n```", "+++ mended")
    assert "Sent along: error (cell 5, about " in shown
    assert "-1/0\n+1/2\n" in terminal.expect("The code is your next input")
    terminal.expect("In [7]:", "1/2")
    terminal.type("", "0.5", "In [8]:")
    terminal.type("%copilot --as list[int] say: [20, 22]", "Out[8]", "In [9]:")
    terminal.type("sum(_.value)", "42", "In [10]:")
