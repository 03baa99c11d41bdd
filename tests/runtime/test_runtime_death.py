"""The runtime dies, and prompts queue: the conversation goes on all the same."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import psutil
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]


def runtime_of(kernel: Notebook) -> psutil.Process:
    (found,) = [p for p in kernel.process.children() if "--headless" in p.cmdline()]
    return found


def test_a_runtime_that_dies_is_replaced_and_resumed(
    notebook: Start, provider: ScriptedServer
) -> None:
    kernel = notebook()
    kernel.run("%load_ext copilot_magics\n%copilot_session phoenix")
    kernel.run("%%copilot\nRemember the word heron.")

    cell = kernel.start("%%copilot\nsilent after: A piece.")
    queued = kernel.start("print('this ran')")
    cell.wait_output(lambda cell: "A piece." in cell.text)
    first = runtime_of(kernel)
    at = time.monotonic()
    first.kill()
    cell.result()
    took = time.monotonic() - at
    print(f"noticed {took:.2f} s after the runtime's end")
    assert took < 5
    assert cell.ename == "TurnFailed"
    assert "The Copilot runtime ended while it worked (ended by SIGKILL)." in cell.evalue
    assert "\n" not in cell.evalue
    assert "A piece." in cell.displays[0]["text/markdown"]
    assert queued.result().status == "aborted"

    after = kernel.run("%%copilot\nrecall")
    assert "a new one has resumed the session" in after.text
    assert "- Remember the word heron." in after.text
    second = runtime_of(kernel)
    assert second.pid != first.pid

    second.kill()
    second.wait()
    idle = kernel.run("%%copilot\nrecall")
    assert "a new one has resumed the session" in idle.text
    assert "heron" in idle.text
    usual = kernel.run("%%copilot\nrecall")
    assert "resumed" not in usual.text

    third = runtime_of(kernel)
    blocked = kernel.start(
        "for n in range(1):\n    get_ipython().run_line_magic('copilot', 'silent')"
    )
    provider.wait_for_request(lambda request: request.prompt == "silent")
    third.kill()
    assert blocked.result().ename == "TurnFailed"
    assert "heron" in kernel.run("%%copilot\nrecall").text


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
