"""The cells that were run, as IPython and the extension remember them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from copilot_magics.mentions.cells import Cell, cell, cells, last_cell, last_error, numbers
from copilot_magics.mentions.outputs import Output, Recorder, as_printed, recorder
from copilot_magics.mentions.overview import cells_summary, own_names, variables_summary
from copilot_magics.mentions.summary import both_ends, fitted, tokens
from copilot_magics.tools.capturing import Capture


@pytest.fixture
def shell() -> Iterator[Any]:
    """A shell that is listened to, its loading cell over."""
    made: Any = InteractiveShell()
    made.history_manager.enabled = False
    # All shells of a process share it.
    made.history_manager.outputs.clear()
    listening = Recorder(made)
    listening.start()
    listening._ended(None)
    yield made
    listening.stop()
    assert recorder(made) is None
    assert "_showtraceback" not in vars(made)
    made.history_manager.end_session()


def run(shell: Any, *codes: str) -> None:
    """Run cells."""
    for code in codes:
        shell.run_cell(code, store_history=True)


def test_cells_are_known_by_their_number(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "print('one')\n6 * 7", "import sys; print('two', file=sys.stderr)", "1 / 0")
    written = sys.stdout.write
    first, second, third = cells(shell)
    assert (first.number, first.code) == (1, "print('one')\n6 * 7")
    assert first.outputs == "one\nOut[1]: 42"
    assert second.outputs == "two"
    assert third.error.endswith("ZeroDivisionError: division by zero")
    assert third.outputs == ""
    assert "\x1b" not in third.error
    assert numbers(shell) == [1, 2, 3]
    assert cell(shell, 2) == second
    assert cell(shell, 9) is None
    assert last_cell(shell) == last_error(shell) == third
    assert sys.stdout.write == written
    capsys.readouterr()


def test_the_cell_that_asks_is_none_of_them(shell: Any) -> None:
    shell.user_ns["seen"] = seen = []
    shell.user_ns["look"] = lambda: seen.extend(numbers(shell))
    run(shell, "x = 1", "look()")
    assert seen == [1]


def test_what_speaks_to_the_agent_is_not_the_last_cell(shell: Any) -> None:
    prompts = [
        "%%copilot\nhello",
        "%copilot hello",
        "%copilot_session x",
        "%load_ext copilot_magics",
    ]
    others = ["%load_ext copilot_magics\nimport os", "x = 1 # %copilot", "%matplotlib inline"]
    assert all(Cell(1, code, "", "").is_prompt for code in prompts)
    assert not any(Cell(1, code, "", "").is_prompt for code in others)


def test_a_cell_is_told_in_bounded_words(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(
        shell,
        "for n in range(100_000): print(f'line {n}')\nraise ValueError('y' * 100_000 + 'end')",
    )
    (only,) = cells(shell)
    told = only.summary("cell:1")
    assert tokens(told.text) < 2_000
    assert "line 0\n" in told.text
    assert "line 99999\n" in told.text
    assert told.text[-4:] == "yend"
    assert len(only.outputs) < 30_000
    assert tokens(cells_summary(shell).text) < 2_000
    capsys.readouterr()


def test_an_output_takes_no_more_room_than_it_may() -> None:
    output = Output("stdout", "")
    for number in range(200_000):
        output.write(f"{number}\n")
    assert output.text.startswith("0\n1\n")
    assert output.text.endswith("\n199999\n")
    assert "characters left out" in output.text
    assert sum(map(len, output._tail)) < 50_000
    assert Output("display", "x" * 20_000).text == "x" * 20_000


def test_what_is_left_out_of_a_cell_is_counted_from_what_it_showed(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "for n in range(20_000): print(f'line {n}')")
    shown = capsys.readouterr().out.rstrip("\n")
    told = cells(shell)[0].summary("cell:1").text.partition("It showed:\n")[2]
    (count,) = re.findall(r"\n… \(([0-9,]+) characters left out\)\n", told)
    first, last = re.split(r"\n….*\n", told)
    assert int(count.replace(",", "")) == len(shown) - len(first) - len(last)
    again = both_ends(told, 100)
    (count,) = re.findall(r"\n… \(([0-9,]+) characters left out\)\n", again)
    first, last = re.split(r"\n….*\n", again)
    assert int(count.replace(",", "")) == len(shown) - len(first) - len(last)
    # Nor is a number of lines told that are not all there.
    assert fitted(told, 100).endswith(" more characters)")


def test_what_was_written_over_is_gone() -> None:
    assert as_printed("10%\r20%\r30%\nnext\r\n\x1b[31mred\x1b[0m") == "30%\nnext\nred"


def test_the_overview_names_what_is_the_user_s(shell: Any) -> None:
    run(shell, "import os\nnumbers = [1, 2]\n_own = 1\npassword = 'hunter22'\nname = 'Ada'")
    told = variables_summary(shell).text.splitlines()
    assert told == [
        "numbers: list of 2 [1, 2]",
        "password: str of 8 characters, not told because of its name",
        "name: str 'Ada'",
    ]
    assert own_names(shell) == ["numbers", "password", "name"]
    for number in range(3_000):
        shell.user_ns[f"variable{number}"] = number
    assert tokens(variables_summary(shell).text) < 2_000


def test_an_error_is_told_with_the_users_own_lines_however_deep_it_was(shell: Any) -> None:
    run(
        shell,
        "import pandas as pd\nframe = pd.DataFrame({'a': [1]})",
        "def clean_it(frame):\n    return frame['missing'] * 2",
        "clean_it(frame)",
    )
    found = last_error(shell)
    assert found is not None
    told = found.summary("error")
    assert "return frame['missing'] * 2" in told.text
    assert "KeyError: 'missing'" in told.text
    assert told.tokens < 2000


def test_an_error_comes_with_the_code_of_other_cells_that_it_happened_in(shell: Any) -> None:
    lines = "\n".join(f"    step{n} = {n}" for n in range(30))
    run(
        shell,
        f"before = 1\n\ndef inner(x):\n    'The innermost.'\n{lines}\n    return x / 0",
        "class Outer:\n    other = 1\n\n    @staticmethod\n    def call():\n"
        "        return inner(1)\n\n    def unused(self):\n        pass",
        "Outer.call()",
    )
    found = last_error(shell)
    assert found is not None
    assert [called.number for called in found.called] == [1, 2]
    assert found.called[0].code.startswith("def inner(x):\n    'The innermost.'")
    assert found.called[1].code.strip() == (
        "@staticmethod\n    def call():\n        return inner(1)"
    )
    told = found.summary("error")
    assert "It had called this code of cell [1]:\ndef inner(x):" in told.text
    assert told.tokens < 2000


def test_an_error_that_cannot_say_what_it_is_is_the_last_one(shell: Any) -> None:
    run(
        shell,
        "1 / 0",
        "class Mute(Exception):\n    def __str__(self):\n        raise RuntimeError('x')",
        "raise Mute",
    )
    found = last_error(shell)
    assert found is not None
    assert found.number == 3
    assert found.code == "raise Mute"
    assert "raise Mute" in found.error
    assert "in Mute.__str__" in found.error


def test_an_error_that_a_magic_shows_is_the_cell_s(shell: Any, tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("def f():\n    return 1 / 0\nprint('in it')\nf()\n")
    run(
        shell,
        "raise ValueError('earlier')",
        f"%run {script}",
        "x = 1",
        "%%capture kept\n{}['hidden']",
        "get_ipython().run_cell('display(7)\\nint(\"x\")');",
        "x = 2",
    )
    _, ran, _fine, captured, nested, _ = found = cells(shell)
    assert last_error(shell) == nested
    assert [bool(one.error) for one in found] == [True, True, False, True, True, False]
    assert ran.error.endswith("ZeroDivisionError: division by zero")
    assert ran.script is not None
    assert (ran.script.path, ran.script.line) == (str(script), 2)
    assert f"It had run this code of {script}:\ndef f():" in ran.summary("cell:2").text
    assert captured.error.endswith("KeyError: 'hidden'")
    assert nested.error.endswith("with base 10: 'x'")
    assert nested.outputs == "7"
    # What it had the shell run is said to be of a cell that is still to come.
    assert captured.called == nested.called == ()
    # What is shown again is no error of its own.
    run(shell, "%tb")
    assert last_error(shell) == nested
    assert "ValueError: invalid literal" in cells(shell)[-1].outputs
    # IPython forgets it.
    shell.run_line_magic("reset", "-f")
    assert cell(shell, 2) == ran
    script.write_text("x = (\n")
    run(shell, f"%run {script}")
    broken = cells(shell)[-1].script
    assert broken is not None
    assert broken.code == "x = ("


async def test_what_the_agent_s_tool_shows_is_no_error_of_the_cell(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["capture"] = Capture(shell, shown=True)
    run(shell, "with capture.listening():\n    get_ipython().run_cell('1 / 0');", "2 / 0")
    tool, own = cells(shell)
    assert "division by zero" in tool.outputs
    assert tool.error == ""
    assert own.error.endswith("division by zero")
    capsys.readouterr()


def test_every_value_that_was_shown_is_told(shell: Any) -> None:
    shell.ast_node_interactivity = "all"
    run(shell, "1\n'two'\n3")
    assert cells(shell)[0].outputs == "Out[1]: 1\nOut[1]: 'two'\nOut[1]: 3"
