"""Prompts from where nothing can be awaited: loops, functions, other magics, nested cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]


def answers(cell: Cell) -> list[str]:
    """Return the first lines of the answers that a cell shows."""
    assert cell.status == "ok", cell.text
    shown = (data.get("text/markdown", "") for data in cell.displays)
    return [text.split("\n")[0] for text in shown if text]


PLACES = {
    "a loop": "for n in range(2):\n    %copilot say: {n}",
    "a function": "def ask(n):\n"
    "    return get_ipython().run_cell_magic('copilot', '', f'say: {n}')\n"
    "replies = [ask(0), ask(1)]\nassert [r.text for r in replies] == ['0', '1']",
    "below the top": "n = 0\n%copilot say: {n}\nassert _i\n%copilot say: 1",
    "%%time": "%%time\nfor n in range(2):\n    %copilot say: {n}",
    "run_cell": "ip = get_ipython()\nfor n in range(2):\n"
    "    assert ip.run_cell(f'%%copilot\\nsay: {n}').result.text == str(n)",
    "a comprehension": "ask = get_ipython().run_line_magic\n"
    "[ask('copilot', f'say: {n}') for n in range(2)][0]",
}


def test_every_place_where_one_can_ask(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session blocking")
    for place, code in PLACES.items():
        assert answers(kernel.run(code))[:2] == ["0", "1"], place
    assert "Wall time" in kernel.run("%%time\n%copilot say: timed").stdout
    assert answers(kernel.run("%time reply = %copilot say: timed")) == ["timed"]
    assert kernel.run("print(reply.text)").stdout == "timed\n"
    assert answers(kernel.run("%copilot say: Is it so?")) == ["Is it so?"]
    assigned = kernel.run("reply = %copilot say: Is it so?\nprint(reply.text)")
    assert assigned.stdout == "Is it so?\n"

    captured = kernel.run("%%capture kept\n%copilot say: captured")
    assert captured.outputs == []
    assert answers(kernel.run("kept.show()")) == ["captured"]
    touch = json.dumps({"command": "touch made", "description": "make"})
    kernel.run(f"%%capture kept\n%copilot tool bash {touch.replace('{', '{{').replace('}', '}}')}")
    assert "would allow it" in kernel.run("kept.show()").text

    kernel.run("%autoawait False")
    assert answers(kernel.run("%%copilot\nsay: not awaited")) == ["not awaited"]
    kernel.run("%autoawait True")
    assert answers(kernel.run("%%copilot\nsay: awaited")) == ["awaited"]
    goes_on(kernel, provider, tmp_path / "work" / "ticks")
    asks(kernel)


def goes_on(kernel: Notebook, provider: ScriptedServer, ticks: Path) -> None:
    """The notebook's own tasks go on while a prompt blocks, as while one is awaited."""
    kernel.run(
        "import asyncio\n"
        "async def tick():\n"
        "    with open('ticks', 'ab', buffering=0) as file:\n"
        "        while True:\n"
        "            file.write(b'.')\n"
        "            await asyncio.sleep(0.01)\n"
        "task = asyncio.create_task(tick())"
    )
    for name, code in {
        "blocking": "for n in range(1):\n    %copilot gate blocking",
        "awaited": "%%copilot\ngate awaited",
    }.items():
        cell = kernel.start(code)
        cell.wait_output(lambda cell, name=name: f"Before {name}." in cell.text)
        before = ticks.stat().st_size
        kernel.wait(lambda before=before: ticks.stat().st_size > before + 3, while_running=cell)
        provider.release(name)
        cell.result()
    assert kernel.run("task.cancel()").status == "ok"


def asks(kernel: Notebook) -> None:
    """Permissions and questions come through input()."""
    touch = json.dumps({"command": "touch made", "description": "make"})
    ask = f"for n in range(1):\n    get_ipython().run_line_magic('copilot', 'tool bash {touch}')"
    look = "import os; print(os.path.exists('made'))"
    cell = kernel.start(ask)
    assert "Allow?" in cell.wait_question()
    assert "touch made" in cell.stdout
    cell.answer("perhaps")
    assert "Allow?" in cell.wait_question()
    cell.answer("n")
    cell.result()
    assert "The user refused this." in cell.text
    assert kernel.run(look).stdout == "False\n"
    assert "Allowed once" in kernel.run(ask, inputs=["y"]).text
    assert kernel.run(look).stdout == "True\n"
    assert "Allowed until this kernel stops" in kernel.run(ask, inputs=["kernel"]).text
    assert kernel.run(ask).status == "ok"

    question = json.dumps({"question": "Which colour?", "choices": ["red", "blue"]})
    ask = f"for n in range(1):\n    get_ipython().run_line_magic('copilot', 'ask {question}')"
    cell = kernel.start(ask)
    cell.wait_question()
    assert "Which colour?\n  1. red\n  2. blue" in cell.stdout
    cell.answer("2")
    assert "User selected: blue" in cell.result().text
    assert "User responded: green" in kernel.run(ask, inputs=["green"]).text

    unwatched = kernel.run(ask, allow_stdin=False)
    assert unwatched.status == "ok"
    assert "Nobody is there to answer." in unwatched.text
