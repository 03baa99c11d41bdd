"""The notebook's tools, called by the agent: asked for, run in this kernel, shown in the cell."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

LOOP = "for once in range(1):\n    get_ipython().run_cell_magic('copilot', '', {!r})"
ALLOWED = "%copilot_session tools --allow tool"


def call(tool: str, **arguments: object) -> str:
    """Return a prompt that makes the model call a tool."""
    return f"tool {tool} {json.dumps(arguments)}"


def run(code: str) -> str:
    return call("notebook_run", code=code)


def told(provider: ScriptedServer) -> str:
    """Return what the agent was told last."""
    return str(provider.last.since_prompt[-1]["content"])


@pytest.fixture
def kernel(notebook: Start, tmp_path: Path) -> Iterator[Notebook]:
    started = notebook(tmp_path / "work")
    started.run("%load_ext copilot_magics")
    yield started
    # Whatever happened, the session goes on, and Out, In and _ are the user's.
    cell = started.run("%%copilot\nsay: It goes on.")
    assert cell.displays[-1]["text/markdown"].startswith("It goes on."), cell.text


def asks(kernel: Notebook, prompt: str) -> Cell:
    cell = kernel.run(f"%%copilot\n{prompt}")
    assert cell.status == "ok", cell.text
    return cell


def test_the_agent_works_in_the_notebook(kernel: Notebook, provider: ScriptedServer) -> None:
    code_runs_among_the_users_variables_and_is_shown(kernel, provider)
    what_others_print_is_shown_and_not_told(kernel, provider)
    code_runs_through_every_door(kernel, provider)
    two_pieces_of_code_run_one_after_the_other(kernel)
    variables_and_cells_are_told(kernel, provider)


def code_runs_among_the_users_variables_and_is_shown(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    kernel.run(f"{ALLOWED}\nx = 20\n'kept'")
    before = kernel.run("print(len(In), len(Out), _)").stdout

    cell = asks(
        kernel, run("import sys\nprint('to', x)\nprint('err', file=sys.stderr)\ny = x + 1\ny")
    )
    assert told(provider) == "Output:\nto 20\nerr\n\nResult:\n21"
    assert (cell.stdout, cell.stderr) == ("to 20\n", "err\n")
    value, answer = cell.displays
    assert value == {"text/plain": "21"}
    saved = answer["text/markdown"]
    assert saved.startswith("<details><summary>✓ notebook&#95;run <code>import sys ")
    assert "Code:\n\n```python\nimport sys\nprint('to', x)\n" in saved
    assert saved.index("</details>") < saved.index("\n\nTool said: Output:")
    after = kernel.run("print(len(In) - 2, len(Out) - 1, y)\nassert _ is Out[max(Out)]")
    assert after.stdout == before.replace("kept", "21")

    cell = asks(kernel, run("def f(n):\n    return 1 / n\nprint('first')\nf(0)"))
    assert cell.stdout == "first\n"
    assert cell.stderr.endswith(
        "return 1 / n\n           ~~^~~\nZeroDivisionError: division by zero\n"
    )
    assert cell.error is None
    assert told(provider).startswith("Output:\nfirst\n\nError:\nTraceback")
    assert "copilot_magics" not in told(provider)
    assert "<summary>✗ notebook" in cell.displays[-1]["text/markdown"]
    asks(kernel, run("z = (1,"))
    assert "SyntaxError" in told(provider)
    asks(kernel, run("print('before')\nraise KeyboardInterrupt"))
    assert told(provider).startswith("Output:\nbefore\n\nError:\nTraceback")

    asks(kernel, run("import asyncio\nslept = await asyncio.sleep(0, 'slept')\nslept"))
    assert told(provider) == "Result:\n'slept'"
    asks(kernel, run("41;"))
    assert told(provider) == "It ran, and showed nothing."

    shown = asks(
        kernel,
        run(
            "from IPython.display import HTML, clear_output, display\n"
            "print('gone'); clear_output()\n"
            "handle = display(HTML('<i>a</i>'), display_id=True); handle.update(HTML('<b>b</b>'))\n"
            "import matplotlib.pyplot as plt\n"
            "plt.plot([1, 2]); print('stays')\n"
        ),
    )
    page, picture, _answer = shown.displays
    assert page["text/html"] == "<b>b</b>"
    assert picture["image/png"]
    assert shown.stdout == "stays\n"
    assert re.search(r"\[Picture 1: PNG, \d+ × \d+ pixels\]$", told(provider))
    assert kernel.run("handle.update(HTML('<u>c</u>'))").status == "ok"
    assert shown.displays[0]["text/html"] == "<u>c</u>"

    for command in (
        "%pip install six",
        "!touch made",
        "files = !ls",
        "x?",
        "%%time\nx",
        "pip list",
    ):
        cell = asks(kernel, run(command))
        assert told(provider).startswith("Nothing was run: this is no plain Python."), command
        assert cell.stdout == ""
    for inner in (
        "get_ipython().run_cell_magic('copilot', '', 'hi')",
        "Session('other').ask('hi')",
    ):
        asks(kernel, run(f"from copilot_magics import Session\n{inner}"))
        assert "BadInput: Code that the agent runs in this kernel cannot use Copilot" in told(
            provider
        )


def what_others_print_is_shown_and_not_told(kernel: Notebook, provider: ScriptedServer) -> None:
    kernel.run(
        "import threading\n"
        "turn, done = threading.Event(), threading.Event()\n"
        "def shows():\n    turn.wait(); print('a thread'); done.set()\n"
        "threading.Thread(target=shows).start()"
    )
    cell = asks(kernel, run("turn.set(); done.wait(); print('the code')"))
    assert told(provider) == "Output:\nthe code"
    assert cell.stdout == "a thread\nthe code\n"


def code_runs_through_every_door(kernel: Notebook, provider: ScriptedServer) -> None:
    kernel.run(f"{ALLOWED}\nfrom copilot_magics import Session\nimport asyncio")
    code = "print('here'); await asyncio.sleep(0); 6 * 7"
    awaited = asks(kernel, run(code))
    loop = kernel.run(LOOP.format(run(code)))
    line = kernel.run("%copilot " + run(code).replace("{", "{{").replace("}", "}}"))
    blocking = kernel.run(f"Session('tools').ask({run(code)!r}).text")
    handle = kernel.run(f"(await Session('tools').aask({run(code)!r})).text")
    for cell in (awaited, loop, line, blocking, handle):
        assert cell.status == "ok", cell.text
        assert cell.stdout == "here\n"
        assert {"text/plain": "42"} in cell.displays
        # The answer stands below what the code has shown.
        assert "Tool said: Output:" in str(cell.displays[-1])
        assert told(provider) == "Output:\nhere\n\nResult:\n42"
    quiet = kernel.run(f"%%copilot --quiet\n{run(code)}")
    assert quiet.outputs == []
    assert told(provider) == "Output:\nhere\n\nResult:\n42"
    unwatched = kernel.run(f"%%copilot\n{run(code)}", allow_stdin=False)
    assert unwatched.stdout == "here\n"
    thread = (
        "import threading\n"
        f"asking = threading.Thread(target=lambda: Session('tools').ask({run(code)!r}))\n"
        "asking.start(); asking.join()"
    )
    assert kernel.run(thread).stdout == ""
    assert "held from another thread" in told(provider)


def two_pieces_of_code_run_one_after_the_other(kernel: Notebook) -> None:
    kernel.run(f"{ALLOWED}\nimport asyncio\norder = []")
    piece = "order.append({0}); await asyncio.sleep(0.05); order.append({0})"
    asks(kernel, "\n".join(run(piece.format(n)) for n in (1, 2)))
    assert kernel.run("print(order)").stdout in ("[1, 1, 2, 2]\n", "[2, 2, 1, 1]\n")


def variables_and_cells_are_told(kernel: Notebook, provider: ScriptedServer) -> None:
    made = "table = मूल्य = pd.DataFrame({'col': [1, 2]})"
    kernel.run(f"import pandas as pd\n{made}\nprint('shown')")
    kernel.run("1 / 0")
    failed = int(kernel.run("print(len(In) - 2)").stdout)
    asks(kernel, call("notebook_variables"))
    assert re.search(r"^table: DataFrame of 2 rows .*col", told(provider), re.MULTILINE)
    asks(kernel, call("notebook_inspect", name="table"))
    assert re.search(r"^col,int64,0,1\.5", told(provider), re.MULTILINE)
    asks(kernel, call("notebook_inspect", name="मूल्य['col']"))
    assert told(provider).startswith("Series")
    asks(kernel, call("notebook_inspect", name="tabel"))
    assert told(provider) == "There is no variable 'tabel'. Did you mean 'table'?"
    asks(kernel, call("notebook_cells"))
    assert "print('shown')\n\nIt showed:\nshown" in told(provider)
    assert "ZeroDivisionError" in told(provider)
    assert "%%copilot" not in told(provider)
    asks(kernel, call("notebook_cells", first=failed))
    assert told(provider).startswith(f"Cell [{failed}] of the notebook:\n1 / 0")
    assert "shown" not in told(provider)
    asks(kernel, call("notebook_cells", first=999))
    assert told(provider).startswith("No such cell ran in this kernel. There are [1] to [")
    asks(kernel, call("notebook_inspect", nam="x"))
    assert "name: Field required" in told(provider)
    names = {tool["function"]["name"] for tool in provider.last.body["tools"]}
    ours = {name for name in names if name.startswith("notebook_")}
    assert ours == {f"notebook_{one}" for one in ("variables", "inspect", "cells", "run")}
    events = kernel.run(
        "m = get_messages(); print(*m.loc[m['type'] == 'tool.execution_start', 'tool'].unique())"
    )
    assert set(events.stdout.split()) == ours


HOSTILE = """
class Loops:
    def __repr__(self):
        while True: pass
class Raises:
    def __repr__(self): raise RuntimeError('no')
class Shouts:
    def __repr__(self): return 'A' * 10**9
class Tells:
    def __repr__(self): return 'said'
    def _repr_html_(self): raise ValueError('no html')
class Page:
    def __repr__(self): return 'page'
    def _repr_html_(self):
        while True:
            try:
                while True: pass
            except BaseException: pass
class Half:
    def __repr__(self): return '\\ud800'
    def _repr_html_(self): return '<i>\\ud800</i>'
class Exits:
    def __repr__(self):
        import os; os._exit(1)
class Fails(Exception):
    def __str__(self): raise RuntimeError('no')
loops, raises, shouts, tells, exits = Loops(), Raises(), Shouts(), Tells(), Exits()
page, half, nested = Page(), Half(), [{'deep': (Loops(),)}]
"""


def test_hostile_objects_neither_hang_nor_break_the_turn(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    kernel.run(ALLOWED + HOSTILE)
    assert "time or memory" in says(kernel, provider, run("loops"))
    assert "Raises: its repr raised RuntimeError" in says(kernel, provider, run("raises"))
    assert says(kernel, provider, run("tells")) == "Result:\nsaid"
    assert "loops: " in says(kernel, provider, call("notebook_variables"))
    assert "Fails: <exception str() failed>" in says(kernel, provider, run("raise Fails"))
    assert says(kernel, provider, run("half")) == "Result:\n\\ud800"
    held = "import pandas as pd\nprint('before'); pd.DataFrame({'a': [exits]})"
    assert says(kernel, provider, run(held)).startswith("Output:\nbefore\n\nResult:\n<pandas.Data")
    assert says(kernel, provider, run("[exits]")) == "Result:\n[<Exits>]"
    again = kernel.run(LOOP.format(run("half")))
    assert again.status == "ok", again.text
    assert {"text/plain": "\\ud800", "text/html": "<i>\\ud800</i>"} in again.displays
    cancelled = "import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(0)"
    assert "CancelledError" in says(kernel, provider, run(cancelled))
    long = says(kernel, provider, run("print('é' * 10**6); 'b' * 10**6"))
    assert "characters left out" in long


@pytest.mark.slow
def test_other_hostile_objects_neither(kernel: Notebook, provider: ScriptedServer) -> None:
    kernel.run(ALLOWED + HOSTILE)
    for name in ("loops", "shouts", "exits", "page", "nested"):
        for prompt in (run(name), call("notebook_inspect", name=name)):
            assert says(kernel, provider, prompt)


def says(kernel: Notebook, provider: ScriptedServer, prompt: str) -> str:
    """Return what the agent is told, bounded, in a cell that does not count as failed."""
    cell = asks(kernel, prompt)
    assert cell.error is None
    assert len(told(provider).encode()) < 20_000
    return told(provider)


def asked(kernel: Notebook) -> str:
    """Wait until a cell asks, and return the text of what it shows."""
    kernel.wait_widget("Deny")
    shown = kernel.visible_widgets().values()
    values = [str(w.state["value"]) for w in shown if w.state.get("_model_name") == "HTMLModel"]
    return html.unescape(re.sub("<[^>]*>", "", "\n".join(values)))


def answered(kernel: Notebook, prompt: str, button: str) -> tuple[str, Cell]:
    cell = kernel.start(f"%%copilot\n{prompt}")
    shown = asked(kernel)
    kernel.wait_widget(button).click()
    assert cell.result().status == "ok", cell.text
    return shown, cell


def test_each_call_is_asked_for_and_only_what_was_shown_is_done(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    kernel.run("%copilot_session tools\nruns = []")
    code = "runs.append(1)\n# <b>hidden\u202e\nprint(runs)"
    shown, cell = answered(kernel, run(code), "Deny")
    assert "Copilot wants to run Python in this kernel:" in shown
    assert "runs.append(1)\n# <b>hidden\\u202e\nprint(runs)" in shown
    assert "The user refused this." in told(provider)
    assert cell.stdout == ""
    _, cell = answered(kernel, run(code), "Allow once")
    assert cell.stdout == "[1]\n"
    assert "Allowed once (run Python in this kernel): runs.append(1)" in cell.text
    _, cell = answered(kernel, run(code), "Allow until this kernel stops")
    assert asks(kernel, run(code)).stdout == "[1, 1, 1]\n"
    shown, _ = answered(kernel, run(code + "; runs.clear()"), "Deny")
    shown, _ = answered(kernel, run("import os; os.system('pip install x')"), "Deny")
    assert "It seems to install software" in shown
    for tool, about in (
        (call("notebook_variables"), "list the variables of this notebook"),
        (call("notebook_inspect", name="runs"), '"name": "runs"'),
        (call("notebook_cells"), "read cells of this notebook and their outputs"),
    ):
        shown, _ = answered(kernel, tool, "Deny")
        assert about in shown
        assert "The user refused this." in told(provider)

    unwatched = kernel.run(f"%%copilot\n{run('runs.clear()')}", allow_stdin=False)
    assert "`--allow 'tool(notebook_run)'` would allow it." in unwatched.text
    for permissions in ("read-only", "deny"):
        kernel.run(f"%copilot_session {permissions} --permissions {permissions}")
        assert "Refused (run Python in this kernel)" in asks(kernel, run("runs.clear()")).text
        assert "Refused (list the variables" in asks(kernel, call("notebook_variables")).text
    kernel.run(
        "%copilot_session some --allow 'tool(notebook_variables)' --deny 'tool(notebook_run)'"
    )
    assert "runs: list" in asks(kernel, call("notebook_variables")).text
    assert "Refused (run Python" in asks(kernel, run("runs.clear()")).text
    kernel.run("%copilot_session any --permissions allow-all")
    assert asks(kernel, run("print(len(runs))")).stdout == "3\n"


SPIN = "import time\nprint('started', flush=True)\ntime.sleep(60)\nprint('ended')"
CAUGHT = (
    "import time\nprint('started', flush=True)\ntry:\n    time.sleep(60)\n"
    "except BaseException:\n    print('caught')"
)
AWAITS = "import asyncio\nprint('started', flush=True)\nawait asyncio.sleep(60)"
LATER = "import asyncio, time\nawait asyncio.sleep(0)\nprint('started', flush=True)\ntime.sleep(60)"


def test_code_is_interrupted_and_its_turn_with_it(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    kernel.run(f"{ALLOWED}\nfrom copilot_magics import Session\nimport threading")
    cells = [f"%%copilot\n{run(code)}" for code in (SPIN, CAUGHT, AWAITS, LATER)]
    cells += [LOOP.format(run(code)) for code in (SPIN, AWAITS)]
    cells += [f"await Session('tools').aask({run(SPIN)!r})"]
    for code in cells:
        cell = kernel.start(code)
        queued = kernel.start("print('this ran')")
        cell.wait_output(lambda cell: "started" in cell.stdout)
        requests = len(provider.requests)
        kernel.interrupt()
        cell.result()
        assert cell.status == "error"
        assert cell.ename in ("TurnInterrupted", "CancelledError")
        assert cell.stdout.startswith("started\n")
        assert "ended" not in cell.stdout
        assert queued.result().status == "aborted"
        assert len(provider.requests) == requests
        assert "It goes on." in asks(kernel, "say: It goes on.").text

    late = kernel.run(f"%%copilot --timeout 1\n{run(SPIN)}")
    assert late.ename == "TurnTimedOut"
    assert late.stdout == "started\n"
    ended = kernel.start(
        "session = Session('tools')\n"
        "def end():\n    started.wait()\n    session.abort()\n"
        "started = threading.Event()\n"
        "threading.Thread(target=end).start()\n"
        f"session.ask({run('started.set()' + chr(10) + SPIN)!r})"
    )
    assert ended.result().ename == "TurnAborted"
    assert "ended" not in ended.stdout


TERMINAL = """\
%load_ext copilot_magics
%copilot_session term --allow 'tool(notebook_run)'
x = 20
%copilot tool notebook_run {{"code": "print('in', x); x + 1"}}
print('kept', type(_).__name__, len(Out))
%copilot tool notebook_run {{"code": "1/0"}}
"""


def test_code_runs_in_a_terminal(
    provider: ScriptedServer, runtime_path: Path, tmp_path: Path
) -> None:
    options = ["--simple-prompt", "--no-banner", "--colors=nocolor", "--no-confirm-exit"]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", *options],
        input=TERMINAL,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "· notebook_run print('in', x); x + 1\nin 20\n21\nTool said: Output:" in done.stdout
    assert "kept Reply 1" in done.stdout
    trace = done.stderr + done.stdout
    assert 'Traceback (most recent call last):\n  File "<notebook_run 2>", line 1' in trace
    assert "another exception" not in trace
    assert told(provider).endswith("ZeroDivisionError: division by zero")
