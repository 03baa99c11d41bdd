"""`Session` in Python: blocking and awaited, several in one kernel, and in forked children."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]


def says(kernel: Notebook, code: str) -> str:
    """Run a cell that must go well, and return what it prints."""
    cell = kernel.run(code)
    assert cell.status == "ok", cell.text
    assert cell.stderr == ""
    return cell.stdout


def runtimes(kernel: Notebook) -> list[psutil.Process]:
    return [p for p in kernel.process.children() if "--headless" in p.cmdline()]


def test_sessions_without_the_magics(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    kernel = notebook()
    says(kernel, "from copilot_magics import Session\nimport asyncio, pathlib, threading, time")
    assert says(kernel, "a = Session('a')\nprint(a.exists, a)") == "False Session('a')\n"
    assert runtimes(kernel) == []
    with_it = "with Session('a') as s:\n    print(s.exists, s.ask('say: one').text, s.id)"
    assert says(kernel, with_it) == "True one a\n"
    awaited = (
        "async with Session('b') as s:\n"
        "    asked = s.aask('say: two'), Session('c').aask('say: three')\n"
        "    print([(r.text, r.session) for r in await asyncio.gather(*asked)])"
    )
    assert says(kernel, awaited) == "[('two', 'b'), ('three', 'c')]\n"
    assert len(runtimes(kernel)) == 1

    history = "print(a.messages(types=['user.message'])['content'].tolist())"
    assert says(kernel, history) == "['say: one']\n"
    assert says(kernel, "print(a.ask('recall').text)") == "- say: one\n"

    # One of what may be several need not be in a list.
    made = tmp_path / "made"
    call = f"tool bash {json.dumps({'command': f'touch {made}', 'description': 'Make'})}"
    denying = f"d = Session('d', permissions='allow-all', deny='shell')\nd.ask({call!r}).text"
    assert kernel.run(denying).status == "ok"
    assert not made.exists()
    attached = f"d.ask('say: seen', attachments={str(tmp_path / 'made.txt')!r}).text"
    assert "made.txt" in kernel.run(attached).evalue
    (tmp_path / "made.txt").write_text("made")
    assert says(kernel, f"print({attached})") == "seen\n"
    assert "made.txt" in provider.requests[-1].prompts[-1]
    wrong = kernel.run("Session('d').open('nwe')")
    assert wrong.ename == "BadInput"
    assert wrong.evalue.startswith("There is no demand how='nwe'. They are either, new, resume.")

    # From another thread, once the test says so: the first half of the answer is there then.
    gate = tmp_path / "abort now"
    os.mkfifo(gate)
    aborting = (
        f"gate = pathlib.Path({str(gate)!r})\n"
        "def abort():\n"
        "    gate.read_text()\n"
        "    a.abort()\n"
        "threading.Thread(target=abort).start()\n"
        "try:\n"
        "    {}\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error.reply.outcome)"
    )
    for ask in ("a.ask('gate blocked')", "await a.aask('gate awaited')"):
        cell = kernel.start(aborting.format(ask))
        provider.wait_reached("blocked" if "blocked" in ask else "awaited")
        gate.write_text("now")
        assert cell.result().stdout == "TurnAborted aborted\n", cell.text
    assert says(kernel, "print(a.ask('say: again').text)\na.close()") == "again\n"
    assert len(runtimes(kernel)) == 1


def test_nothing_of_the_sdks_logging_reaches_the_cell(
    notebook: Start, provider: ScriptedServer
) -> None:
    kernel = notebook()
    kernel.run("import logging, warnings\nlogging.basicConfig(level=logging.DEBUG, force=True)")
    kernel.run("logging.getLogger('asyncio').setLevel(logging.INFO)")
    cells = ["%load_ext copilot_magics", "%copilot_session quiet", "%%copilot\nhello"]
    cells += [
        "%%copilot\nhttp 400",
        "%%copilot --timeout 0.5\nsilent",
        "%copilot_session --disconnect",
    ]
    for code in cells:
        cell = kernel.run(code)
        assert ":copilot" not in cell.stderr, cell.stderr
        assert "Traceback" not in cell.text
    (runtime,) = runtimes(kernel)
    kernel.run("%copilot_session quiet")
    runtime.kill()
    runtime.wait()
    cell = kernel.run("%%copilot\nsay: again")
    assert "again" in cell.text
    assert ":copilot" not in cell.stderr


@pytest.mark.slow
def test_a_forked_child_that_outlives_the_kernel_holds_nothing(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    kernel = notebook(tmp_path / "first")
    says(kernel, "%load_ext copilot_magics\n%copilot_session shared")
    kernel.run("%%copilot\nRemember the word heron.")
    forked = says(
        kernel,
        "import multiprocessing, os\n"
        f"gate = {str(gate)!r}\n"
        "os.mkfifo(gate)\n"
        # Opening it for reading waits for a writer: the child lives until the test writes.
        "child = multiprocessing.get_context('fork').Process(target=lambda: open(gate).read())\n"
        "child.start()\n"
        "print(child.pid)",
    )
    child = psutil.Process(int(forked))
    (runtime,) = runtimes(kernel)
    assert runtime.is_running()
    cell = kernel.run("%%copilot\nsay: The parent goes on.")
    assert "The parent goes on." in cell.text

    at = time.monotonic()
    kernel.kill()
    runtime.wait(timeout=10)
    print(f"the runtime ended {time.monotonic() - at:.2f} s after its kernel")
    assert child.is_running()
    assert child.status() != psutil.STATUS_ZOMBIE

    other = notebook(tmp_path / "second")
    opened = says(other, "%load_ext copilot_magics\n%copilot_session shared")
    assert opened.startswith("Resumed shared · 2 turns")
    assert "heron" in other.run("%%copilot\nrecall").text
    assert child.is_running()
    gate.write_text("enough")
    child.wait(timeout=10)


def test_a_forked_child_may_ask_in_its_own_sessions(notebook: Start) -> None:
    kernel = notebook()
    says(kernel, "from copilot_magics import Session\nimport multiprocessing")
    says(kernel, "mine = Session('parents')\nmine.ask('say: parent')")
    told = says(
        kernel,
        "def work(name, answers):\n"
        "    try:\n"
        "        answers.put(Session(name).ask('say: child').text)\n"
        "    except Exception as error:\n"
        "        answers.put(type(error).__name__)\n"
        "fork = multiprocessing.get_context('fork')\n"
        "answers = fork.Queue()\n"
        "for name in ('childs', 'parents'):\n"
        "    process = fork.Process(target=work, args=(name, answers))\n"
        "    process.start()\n"
        "    print(answers.get())\n"
        "    process.join()\n"
        "print(mine.ask('say: parent').text)",
    )
    assert told.split() == ["child", "SessionInUse", "parent"], json.dumps(told)
