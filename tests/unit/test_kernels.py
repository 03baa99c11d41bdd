"""The harness drives real kernels as a front end does."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import KernelDied, Notebook, assert_none_left, processes_of

StartNotebook = Callable[..., Notebook]


@pytest.fixture
def nb(plain_notebook: StartNotebook) -> Notebook:
    return plain_notebook()


def test_output_error_and_value(nb: Notebook) -> None:
    cell = nb.run("import sys\nprint('a')\nprint('b')\nprint('c', file=sys.stderr)\n6 * 7")
    assert (cell.status, cell.stdout, cell.stderr) == ("ok", "a\nb\n", "c\n")
    assert cell.value == {"text/plain": "42"}
    failed = nb.run("1 / 0")
    assert (failed.status, failed.ename, failed.evalue) == (
        "error",
        "ZeroDivisionError",
        "division by zero",
    )


def test_displays_are_updated_and_cleared(nb: Notebook) -> None:
    shown = nb.run("handle = display('one', display_id=True)\ndisplay('beside')")
    nb.run("handle.update('two')")
    assert [bundle["text/plain"] for bundle in shown.displays] == ["'two'", "'beside'"]
    cleared = nb.run(
        "from IPython.display import clear_output\n"
        "print('gone')\nclear_output()\nprint('stays')\nclear_output(wait=True)"
    )
    assert cleared.stdout == "stays\n"
    assert nb.run("print('gone')\nclear_output(wait=True)\nprint('new')").stdout == "new\n"


def test_questions_are_answered(nb: Notebook) -> None:
    cell = nb.run("a, b = input('A? '), input('B? ')\nprint(a, b)", inputs=["1", "2"])
    assert cell.stdout == "1 2\n"
    cell = nb.start("print(input('Name? '))")
    assert cell.wait_question() == "Name? "
    cell.answer("Ada")
    assert cell.result().stdout == "Ada\n"
    unanswered = nb.start("input('Name? ')")
    with pytest.raises(AssertionError, match="Name"):
        unanswered.result()
    nb.interrupt()
    assert unanswered.wait_output(lambda cell: cell.done).ename == "KeyboardInterrupt"
    assert nb.run("input()", allow_stdin=False).ename == "StdinNotImplementedError"


def test_a_button_works_while_an_awaited_cell_runs(nb: Notebook) -> None:
    cell = nb.start(
        "import asyncio, ipywidgets\n"
        "clicked = asyncio.Event()\n"
        "field = ipywidgets.Text(description='Field')\n"
        "button = ipywidgets.Button(description='Go')\n"
        "button.on_click(lambda _: clicked.set())\n"
        "box = ipywidgets.HBox([field, button])\n"
        "ipywidgets.Button(description='Never shown')\n"
        "display(box)\n"
        "await clicked.wait()\n"
        "box.close()\n"
        "print('clicked', field.value)"
    )
    button = nb.wait_widget("Go")
    assert nb.find_widget("Never shown") is None
    nb.wait_widget("Field").set(value="typed")
    button.click()
    assert cell.result().stdout == "clicked typed\n"
    assert nb.find_widget("Go") is None


def test_an_interrupt_cancels_an_awaited_cell_and_those_queued(nb: Notebook) -> None:
    cell = nb.start("import asyncio\nprint('on')\nwhile True: await asyncio.sleep(0.05)")
    queued = nb.start("print('not run')")
    cell.wait_output(lambda cell: cell.stdout == "on\n")
    nb.interrupt()
    assert cell.result().ename == "CancelledError"
    assert queued.result().status == "aborted"
    assert nb.run("1 + 1").status == "ok"


def test_waiting_ends_with_the_cell(nb: Notebook) -> None:
    with pytest.raises(AssertionError, match="ended without"):
        nb.start("print('this')").wait_output(lambda cell: "that" in cell.stdout)
    message = nb.start("print('this')").wait_message(lambda m: m["msg_type"] == "stream")
    assert message["content"]["text"] == "this\n"


def test_the_kernel_is_told_where_it_is(plain_notebook: StartNotebook, tmp_path: Path) -> None:
    nb = plain_notebook(tmp_path / "there", "churn.ipynb", env={"COLOUR": "blue", "PATH": None})
    code = (
        "import os\n"
        "print(os.getcwd(), os.environ['JPY_SESSION_NAME'], os.environ['COLOUR'])\n"
        "print('PATH' in os.environ)\n"
        "print(get_ipython().kernel.get_parent()['metadata']['cellId'])"
    )
    folder = tmp_path / "there"
    expected = f"{folder} {folder / 'churn.ipynb'} blue\nFalse\ncell-7\n"
    assert nb.run(code, cell_id="cell-7").stdout == expected


def test_a_restart_forgets_variables_and_keeps_outputs(nb: Notebook) -> None:
    before = nb.run("x = 1\nprint(x)")
    pid = nb.pid
    nb.restart()
    assert nb.pid != pid
    assert nb.run("x").ename == "NameError"
    assert before.stdout == "1\n"


def test_a_killed_kernel_is_noticed(nb: Notebook) -> None:
    cell = nb.start("print('on')\nimport time\ntime.sleep(600)")
    cell.wait_output()
    nb.kill()
    with pytest.raises(KernelDied):
        cell.result()


def test_a_killed_kernel_can_be_restarted(nb: Notebook) -> None:
    nb.kill()
    nb.restart()
    assert nb.run("1 + 1").status == "ok"


def test_leftovers_are_found_and_ended(home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as left:
        assert [process.pid for process in processes_of(home)] == [left.pid]
        with pytest.raises(AssertionError, match="left processes behind"):
            assert_none_left(home, timeout=0)
        assert left.wait() == -signal.SIGKILL
    assert_none_left(home)
