"""A prompt that is sent into the turn that is running, or waits for its end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

HELD = "%%copilot --background --into held\ngate {}"


@pytest.fixture
def kernel(notebook: Start, tmp_path: Path) -> Iterator[Notebook]:
    started = notebook(tmp_path / "work")
    started.run("%load_ext copilot_magics\n%copilot_session steered --allow shell")
    yield started
    for cell in started.cells:
        assert cell.stderr == ""


def says(kernel: Notebook, code: str) -> str:
    cell = kernel.run(code)
    assert cell.status == "ok", cell.text
    return cell.stdout.strip()


def hold(kernel: Notebook, provider: ScriptedServer, gate: str) -> Cell:
    """Have a turn run in the background until the gate is released."""
    cell = kernel.run(HELD.format(gate))
    assert cell.status == "ok", cell.text
    provider.wait_reached(gate)
    return cell


def steer(kernel: Notebook, prompt: str, options: str = "--now --into steering") -> Cell:
    """Send a prompt into the turn that is held, and wait until it is on its way."""
    cell = kernel.start(f"%%copilot {options}\n{prompt}")
    return cell.wait_output(lambda cell: "waiting until the agent takes it in" in cell.text)


def test_steering(kernel: Notebook, provider: ScriptedServer, tmp_path: Path) -> None:
    a_prompt_steers_the_turn_that_runs(kernel, provider)
    what_is_not_taken_in_is_lost(kernel, provider)
    refused_with_what_it_cannot_have(kernel, provider)
    from_python_into_a_tool_and_behind_the_turn(kernel, provider, tmp_path)


def a_prompt_steers_the_turn_that_runs(kernel: Notebook, provider: ScriptedServer) -> None:
    held = hold(kernel, provider, "answer")
    cell = steer(kernel, "say: steered")
    provider.release("answer")
    shown = cell.result().displays[-1]["text/markdown"]
    assert shown.startswith("> Sent into the turn that was running.\n\nsteered\n\n<sub>")
    assert provider.last.prompts[-2:] == ["gate answer", "say: steered"]
    whole = "'Before answer. After answer.\\n\\nsteered' answered"
    assert says(kernel, "print(repr(held.wait().text), held.outcome)") == whole
    assert says(kernel, "print(repr(steering.text), steering.outcome)") == "'steered' answered"
    kernel.wait(lambda: "> Told while it ran: say: steered\n\nBefore" in held.text)
    told = json.loads(
        says(
            kernel,
            "import json\nspoken = lambda reply: list(reply.messages.content[reply.messages.role"
            ".isin(['user', 'assistant'])].dropna())\n"
            "print(json.dumps([spoken(held), spoken(steering)]))",
        )
    )
    answer, steering = told
    assert steering == ["say: steered", "steered"]
    assert answer == ["gate answer", "Before answer. After answer.", *steering]

    # Where no turn runs it is an ordinary prompt.
    alone = kernel.run("%%copilot --now\nsay: alone").displays[-1]["text/markdown"]
    assert alone.startswith("alone\n\n<sub>")

    # An interrupt ends the cell, and not the turn.
    held = hold(kernel, provider, "interrupted")
    cell = steer(kernel, "say: taken in all the same")
    kernel.interrupt()
    assert cell.result().ename == "TurnInterrupted"
    assert cell.evalue.endswith("the turn that its prompt was sent into goes on.")
    provider.release("interrupted")
    assert says(kernel, "print(held.wait().text)").endswith("taken in all the same")
    assert says(kernel, "%copilot_session").endswith("Its last turn was answered.")

    # So does a stop of one in the background.
    held = hold(kernel, provider, "stopped")
    says_more = "%%copilot --now --background --into more\nsay: more"
    assert kernel.run(says_more).status == "ok"
    says(kernel, "import time\nwhile not more.message_id: time.sleep(0.01)\nmore.stop()")
    assert says(kernel, "print(more.outcome, held.outcome)") == "aborted None"
    left = kernel.run("more.wait()")
    assert left.ename == "TurnAborted"
    assert left.evalue.startswith("The turn that the prompt was sent into goes on, and may still")
    provider.release("stopped")
    assert says(kernel, "print(held.wait().outcome)") == "answered"


def what_is_not_taken_in_is_lost(kernel: Notebook, provider: ScriptedServer) -> None:
    hold(kernel, provider, "aborted")
    before = len(provider.requests)
    lost = kernel.run("%%copilot --now --background --into lost\nsay: never")
    says(kernel, "import time\nwhile not lost.message_id: time.sleep(0.01)")
    assert says(kernel, "held.stop()\nprint(held.outcome)") == "aborted"
    failed = kernel.run("lost.wait()")
    assert failed.ename == "TurnFailed"
    assert "ended before the agent took this prompt in" in failed.evalue
    kernel.wait(lambda: "ended before the agent took this prompt in" in lost.text)
    status = says(kernel, "print(lost.outcome)\n%copilot_session")
    assert status.startswith("lost\n")
    assert status.endswith(
        "Its last turn was lost; its prompt is not in the journal. "
        "The turn it was sent into was aborted; its prompt is in the journal."
    )
    assert len(provider.requests) == before


def refused_with_what_it_cannot_have(kernel: Notebook, provider: ScriptedServer) -> None:
    before = len(provider.requests)
    for option in ("--model scripted-mini", "--timeout 5", "--as int"):
        cell = kernel.run(f"%%copilot --now {option}\nsay: no")
        assert cell.ename == "BadInput"
        name = option.split()[0]
        assert cell.evalue.startswith(f"--now and {name} do not go together; nothing was sent.")
    code = "from copilot_magics import Session\nSession('steered').ask('hm', now=True, model='m')"
    assert kernel.run(code).ename == "BadInput"
    assert len(provider.requests) == before


def from_python_into_a_tool_and_behind_the_turn(
    kernel: Notebook, provider: ScriptedServer, tmp_path: Path
) -> None:
    says(kernel, "from copilot_magics import Session\nsession = Session('steered')")
    says(kernel, "import asyncio\ntask = asyncio.create_task(session.aask('gate task'))")
    provider.wait_reached("task")
    cell = steer(kernel, "say: from a cell")
    provider.release("task")
    cell.result()
    task = says(kernel, "print(repr((await task).text))")
    assert task == "'Before task. After task.\\n\\nfrom a cell'"

    # A command that runs is left to itself, and both answers come before the end.
    gate = tmp_path / "work" / "gate"
    os.mkfifo(gate)
    command = {"command": "touch begun; cat gate", "description": "wait"}
    says(kernel, f"held = session.start({'tool bash ' + json.dumps(command)!r})")
    kernel.wait(lambda: (tmp_path / "work" / "begun").exists())
    cell = kernel.start("%%copilot --now\nsay: meanwhile")
    cell.wait_output(lambda cell: "meanwhile" in cell.text)
    gate.write_text("went on")
    cell.result()
    assert says(kernel, "print(held.wait().outcome)") == "answered"

    # By default it waits, and says so.
    hold(kernel, provider, "before")
    cell = kernel.start("%%copilot\nsay: behind")
    cell.wait_output(lambda cell: "waiting for the turn in the background" in cell.text)
    assert "`%%copilot --now` would send into it" in cell.text
    provider.release("before")
    cell.result()
    assert provider.last.prompts[-2:] == ["gate before", "say: behind"]
    assert says(kernel, "print(held.wait().text)") == "Before before. After before."
