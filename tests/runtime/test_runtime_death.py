"""What was on its way when the runtime dies is kept, and prompts queue.

Every other moment at which it may die is in `tests/faults/test_runtime.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from kernels import Notebook
from runtimes import runtime_of
from scripted import ScriptedServer

Start = Callable[..., Notebook]

BLOCKING = """
for n in range(2):
    get_ipython().run_line_magic('copilot', 'silent after: A piece.')
"""


def test_the_piece_of_an_answer_stays_and_what_is_queued_does_not_run(
    notebook: Start, provider: ScriptedServer
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session phoenix")
    kernel.run("%%copilot\nRemember the word heron.")
    for code in ("%%copilot\nsilent after: A piece.", BLOCKING):
        cell = kernel.start(code)
        queued = kernel.start("print('this ran')")
        cell.wait_output(lambda cell: "A piece." in cell.text)
        runtime_of(kernel.process).kill()
        assert cell.result().ename == "TurnFailed", cell.outputs
        shown = [bundle.get("text/markdown", "") for bundle in cell.displays]
        assert any(text.startswith("A piece.\n\n<sub>phoenix") for text in shown), shown
        assert queued.result().status == "aborted"
        after = kernel.run("%%copilot\nrecall")
        assert "a new one has resumed the session" in after.text
        assert "- Remember the word heron." in after.text
    assert "resumed" not in kernel.run("%%copilot\nrecall").text


def test_twenty_prompts_are_answered_in_order_each_with_its_own_reply(
    notebook: Start, provider: ScriptedServer
) -> None:
    kernel = notebook()
    kernel.run(
        "%load_ext copilot_magics\n%copilot_session crowd\nfrom copilot_magics import Session"
    )

    cells = [kernel.start(f"%%copilot\nsay: cell {n}") for n in range(20)]
    for n, cell in enumerate(cells):
        assert cell.result().displays[0]["text/markdown"].startswith(f"cell {n}\n")

    gathered = kernel.run(
        "import asyncio, json\n"
        "session = Session('crowd')\n"
        "asked = (session.aask(f'say: task {n}') for n in range(20))\n"
        "print(json.dumps([reply.text for reply in await asyncio.gather(*asked)]))"
    )
    assert json.loads(gathered.stdout) == [f"task {n}" for n in range(20)], gathered.text

    threads = kernel.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(20) as pool:\n"
        "    replies = list(pool.map(lambda n: session.ask(f'say: thread {n}').text, range(20)))\n"
        "print(json.dumps(replies))"
    )
    assert json.loads(threads.stdout) == [f"thread {n}" for n in range(20)], threads.text

    prompts = provider.last.prompts
    assert len(prompts) == 60
    assert prompts[:20] == [f"say: cell {n}" for n in range(20)]
    assert prompts[20:40] == [f"say: task {n}" for n in range(20)]
    # Which thread comes first is not ours to say.
    assert sorted(prompts[40:]) == sorted(f"say: thread {n}" for n in range(20))
    roles = [message["role"] for message in provider.last.messages if message["role"] != "system"]
    assert roles == ["user", "assistant"] * 59 + ["user"]
