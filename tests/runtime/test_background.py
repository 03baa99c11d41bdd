"""A turn in the background: its reply, its display, and what other cells can do meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cells import Cell
from kernels import Notebook
from runtimes import runtime_of, strike
from scripted import ScriptedServer

Start = Callable[..., Notebook]

TOUCH = 'tool bash {"command": "touch made", "description": "make"}'
SPIN = 'tool notebook_run {"code": "print(\\"started\\", flush=True)\\nwhile True: pass"}'
HERE = 'tool notebook_run {"code": "made = 6 * 7"}'


@pytest.fixture
def kernel(notebook: Start, tmp_path: Path) -> Iterator[Notebook]:
    started = notebook(tmp_path / "work")
    started.run("%load_ext copilot_magics\n%copilot_session beside")
    yield started
    for cell in started.cells:
        assert cell.stderr == ""


def says(kernel: Notebook, code: str) -> str:
    cell = kernel.run(code)
    assert cell.status == "ok", cell.text
    return cell.stdout.strip()


def begin(kernel: Notebook, prompt: str, options: str = "--into reply") -> Cell:
    """Begin a turn in the background; the cell ends at once."""
    cell = kernel.run(f"%%copilot --background {options}\n{prompt}")
    assert cell.status == "ok", cell.text
    return cell


def hold(kernel: Notebook, provider: ScriptedServer, gate: str) -> Cell:
    """Begin a turn that runs until the gate is released."""
    cell = begin(kernel, f"gate {gate}")
    provider.wait_reached(gate)
    return cell


def live(kernel: Notebook, text: str) -> bool:
    """Whether a widget on display shows a text."""
    shown = (widget.state.get("value") for widget in kernel.visible_widgets().values())
    return any(text in value for value in shown if isinstance(value, str))


def ended(kernel: Notebook, cell: Cell) -> str:
    """Wait for the one static output, and return it."""
    kernel.wait(lambda: "</sub>" in cell.text, what="the end of a turn in the background")
    (output,) = cell.outputs
    assert set(output["data"]) == {"text/markdown", "text/plain"}
    return str(output["data"]["text/markdown"])


def test_background(kernel: Notebook, provider: ScriptedServer, tmp_path: Path) -> None:
    its_reply_grows_and_it_ends_as_one_output(kernel, provider)
    it_asks_while_another_cell_runs(kernel, provider, tmp_path)
    who_waits_may_stop_waiting(kernel, provider)
    nothing_but_prompts_waits_behind_it(kernel, provider)
    it_fails_as_any_other(kernel, provider)
    it_asks_in_a_cell_that_waits_and_blocks(kernel)
    its_line_of_input_ends_when_it_is_needed_no_more(kernel)
    several_at_once(kernel, provider)
    it_waits_where_nobody_watches(kernel)
    it_ends_with_the_extension(kernel, provider)


def its_reply_grows_and_it_ends_as_one_output(kernel: Notebook, provider: ScriptedServer) -> None:
    cell = hold(kernel, provider, "first")
    kernel.wait(lambda: live(kernel, "<p>Before first.</p>"), what="the answer, live")
    assert live(kernel, "In the background: answering")
    grown = "print(reply.done, reply.outcome, reply.text, reply.session, _ is reply)"
    assert says(kernel, grown) == "False None Before first. beside True"
    status = says(kernel, "%copilot_session")
    assert "It works in the background on “gate first” (answering · " in status
    assert status.endswith("`reply.wait()` waits for it, `reply.stop()` ends it.")
    waiting = kernel.start("print('waiting')\n(await reply).text")
    waiting.wait_output()
    provider.release("first")
    assert waiting.result().value == {"text/plain": "'Before first. After first.'"}
    assert ended(kernel, cell).startswith("Before first. After first.\n\n<sub>beside · scripted · ")
    told = "print(reply.done, reply.outcome, reply.wait() is reply, reply.usage['model_calls'])"
    assert says(kernel, told) == "True answered True 1"
    assert says(kernel, "print(list(reply.messages.content[:1]))") == "['gate first']"
    assert says(kernel, "%copilot_session").endswith("Its last turn was answered.")


def it_asks_while_another_cell_runs(
    kernel: Notebook, provider: ScriptedServer, tmp_path: Path
) -> None:
    made = tmp_path / "work" / "made"
    cell = begin(kernel, TOUCH)
    other = kernel.start("%%copilot --session other\ngate other")
    provider.wait_reached("other")
    kernel.wait_widget("Allow once").click()
    assert "> Allowed once (run a command): touch made" in ended(kernel, cell)
    assert made.exists()
    assert not other.done
    provider.release("other")
    other.result()
    assert kernel.find_widget("Stop") is None

    # Code of the agent runs in the moments that cells leave free, and can be stopped by itself.
    begin(kernel, HERE)
    kernel.wait_widget("Allow once").click()
    assert says(kernel, "print(reply.wait().outcome, made)") == "answered 42"
    cell = begin(kernel, SPIN)
    kernel.wait_widget("Allow once").click()
    kernel.wait(lambda: "started" in cell.stdout, what="the code of the agent")
    kernel.interrupt()
    assert says(kernel, "print(reply.wait().outcome)") == "answered"
    kernel.wait(lambda: "Tool said: KeyboardInterrupt: the user interrupted it" in cell.text)


def who_waits_may_stop_waiting(kernel: Notebook, provider: ScriptedServer) -> None:
    cell = begin(kernel, "silent after: begun")
    for waits, name in (
        ("reply.wait()", "Interrupted"),
        ("await reply", "AwaitInterrupted"),
        ("import time\ntime.sleep(600)", "KeyboardInterrupt"),
        ("import asyncio\nawait asyncio.sleep(600)", "CancelledError"),
    ):
        waiting = kernel.start(f"print('waiting')\n{waits}")
        queued = kernel.start("print('this ran')")
        waiting.wait_output()
        kernel.interrupt()
        assert waiting.result().ename == name
        if name.endswith("Interrupted"):
            assert waiting.error is not None
            assert waiting.error["traceback"] == [f"{name}: {waiting.evalue}"]
            assert "goes on in the background, and `reply.stop()` ends it." in waiting.evalue
        assert queued.result().status == "aborted"
        assert says(kernel, "print(reply.outcome)") == "None"
    late = kernel.run("reply.wait(timeout=0.1)")
    assert late.ename == "StillRunning"
    assert late.evalue.startswith("The turn still runs after 0.1 s; it goes on in the background.")
    assert says(kernel, "reply.stop()\nprint(reply.outcome, reply.text)") == "aborted begun"
    assert kernel.run("reply.wait()").ename == "TurnAborted"
    assert kernel.run("await reply").ename == "TurnAborted"
    assert says(kernel, "reply.stop()\nprint(reply.outcome)") == "aborted"
    assert "TurnAborted: The turn was aborted." in ended(kernel, cell)

    cell = begin(kernel, "silent after: <img src=x onerror=y> by the button")
    kernel.wait(lambda: live(kernel, "&lt;img src=x onerror=y&gt; by the button"))
    assert not live(kernel, "<img")
    kernel.wait_widget("Stop").click()
    assert "&lt;img src=x onerror=y> by the button\n\n<sub>" in ended(kernel, cell)
    assert says(kernel, "print(reply.outcome)") == "aborted"


def nothing_but_prompts_waits_behind_it(kernel: Notebook, provider: ScriptedServer) -> None:
    hold(kernel, provider, "busy")
    for code in (
        "%copilot_session --disconnect",
        "%copilot_session beside --model scripted-mini",
        "%copilot_sessions --title beside A title",
        "%copilot_sessions --delete beside --yes",
        "from copilot_magics import Session\nSession('beside').close()",
    ):
        refused = kernel.run(code)
        assert refused.ename == "SessionInUse", (code, refused.text)
        assert "works on a prompt in the background" in refused.evalue
        assert "`reply.stop()` ends it" in refused.evalue
    queued = kernel.start("%%copilot\nsay: behind it")
    queued.wait_output(lambda cell: "waiting for the turn in the background" in cell.text)
    provider.release("busy")
    assert "behind it" in queued.result().text
    assert says(kernel, "print(reply.wait().outcome)") == "answered"
    assert "Disconnected" in says(kernel, "%copilot_session --disconnect")


def it_fails_as_any_other(kernel: Notebook, provider: ScriptedServer) -> None:
    cell = begin(kernel, "http 400")
    assert "> TurnFailed: The provider refused the request as invalid" in ended(kernel, cell)
    failed = kernel.run("reply.wait()")
    assert failed.ename == "TurnFailed"
    assert says(kernel, "print(reply.outcome)") == "failed"
    before = len(provider.requests)
    cell = begin(kernel, "say: no", "--into reply --model unknown-model")
    assert "unknown-model" in ended(kernel, cell)
    assert "unknown-model" in kernel.run("reply.wait()").evalue
    refused = kernel.run("%%copilot --background --code\nsay: no")
    assert refused.evalue.startswith("--background and --code do not go together; nothing was sent")
    assert len(provider.requests) == before


def it_asks_in_a_cell_that_waits_and_blocks(kernel: Notebook) -> None:
    begin(kernel, TOUCH.replace("made", "made2"))
    waiting = kernel.start("print(reply.wait().outcome)")
    assert waiting.wait_question().startswith("Allow?")
    waiting.answer("y")
    assert waiting.result().stdout.endswith("answered\n")
    begin(kernel, TOUCH.replace("made", "made3"))
    behind = kernel.start(
        "for _ in range(1):\n    get_ipython().run_cell_magic('copilot', '', 'say: behind')"
    )
    assert behind.wait_question().startswith("Allow?")
    behind.answer("n")
    assert "behind" in behind.result().text
    assert says(kernel, "print(reply.wait().outcome)") == "answered"


def its_line_of_input_ends_when_it_is_needed_no_more(kernel: Notebook) -> None:
    begin(kernel, TOUCH)
    # It may wait no longer than it was told to, whatever is typed.
    waiting = kernel.start("reply.wait(2)")
    assert waiting.wait_question().startswith("Allow?")
    kernel.wait(lambda: waiting.done, what="the end of the waiting")
    assert waiting.ename == "StillRunning"
    waiting = kernel.start("reply.wait()")
    assert waiting.wait_question().startswith("Allow?")
    # A thread that is blocked hears of no click; of the runtime's end it does.
    strike(runtime_of(kernel.process), "SIGKILL")
    kernel.wait(lambda: waiting.done, what="the end of the waiting")
    assert waiting.ename == "TurnFailed"
    assert "SIGKILL" in waiting.evalue
    assert "Not waiting for a line any more." in waiting.text


def several_at_once(kernel: Notebook, provider: ScriptedServer) -> None:
    cell = kernel.run(
        "for n in range(3):\n"
        "    get_ipython().run_cell_magic('copilot', f'--background --session s{n % 2}',"
        " f'say: answer {n}')\n"
        "held = Session('s2').start('gate unseen')"
    )
    kernel.wait(lambda: cell.text.count("</sub>") == 3, what="three answers")
    for number, bundle in enumerate(cell.displays):
        assert f"answer {number}" in bundle["text/markdown"]
    provider.wait_reached("unseen")
    provider.release("unseen")
    assert says(kernel, "print(held.wait().text)") == "Before unseen. After unseen."
    polled = "import time\nheld = Session('s2').start('say: polled')\n"
    polled += "while not held.done: time.sleep(0.01)\nprint(held.outcome, held.text)"
    assert says(kernel, polled) == "answered polled"


def it_waits_where_nobody_watches(kernel: Notebook) -> None:
    code = "%%copilot --background --into reply\nsay: waited for"
    cell = kernel.run(code, allow_stdin=False)
    assert "Nobody watches this kernel: the cell waited for the answer." in cell.text
    assert "waited for\n\n<sub>" in cell.displays[-1]["text/markdown"]
    assert says(kernel, "print(reply.wait().text, (await reply).done)") == "waited for True"


def it_ends_with_the_extension(kernel: Notebook, provider: ScriptedServer) -> None:
    cell = hold(kernel, provider, "unloaded")
    assert says(kernel, "%unload_ext copilot_magics\nprint(reply.outcome)") == "aborted"
    assert "TurnAborted" in ended(kernel, cell)


def test_the_next_kernel_finds_it_answered_or_says_that_it_is_not(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    kernel = notebook(tmp_path / "work")
    kernel.run("%load_ext copilot_magics\n%copilot_session kept")
    ended(kernel, begin(kernel, "say: answered before"))
    begin(kernel, "gate restarted")
    provider.wait_reached("restarted")
    begin(kernel, "say: never sent", "--into later")
    begin(kernel, "say: sent into it", "--now --into into")
    kernel.wait(lambda: live(kernel, "waiting until the agent takes it in"), what="it was sent")
    kernel.restart()
    kernel.run("%load_ext copilot_magics")
    status = says(kernel, "%copilot_session")
    assert status.endswith(
        "Its last turn was lost; its prompt is not in the journal. The turn it was sent into was "
        "aborted; its prompt is in the journal. 1 later prompt was never sent, and is lost."
    ), status
    assert ["say: never sent"] not in [request.prompts[-1:] for request in provider.requests]
    kernel.run("%copilot_session --rerun replay")
    requests = len(provider.requests)
    cell = begin(kernel, "say: answered before")
    assert "> Replayed from the journal of kept; nothing was sent.\n\nanswered before" in cell.text
    assert says(kernel, "print(reply.wait().text)") == "answered before"
    assert len(provider.requests) == requests


@pytest.mark.slow
@pytest.mark.parametrize("end", ["SIGKILL", "restart now", "runtime", "too late"])
def test_how_it_was_lost_is_said(
    notebook: Start, provider: ScriptedServer, tmp_path: Path, end: str
) -> None:
    kernel = notebook(tmp_path / "work")
    kernel.run("%load_ext copilot_magics\n%copilot_session lost")
    cell = begin(kernel, "gate lost")
    provider.wait_reached("lost")
    if end == "runtime":
        strike(runtime_of(kernel.process), "SIGKILL")
        assert "TurnFailed: The Copilot runtime ended while it worked" in ended(kernel, cell)
        assert kernel.run("reply.wait()").ename == "TurnFailed"
        # What the runtime was sent in its last moment may not be in its journal.
        said = r"failed; its prompt is in the journal|was lost; its prompt is not in the journal"
    elif end == "too late":
        # It is answered, but the kernel does not live to hear of it.
        kernel.process.suspend()
        provider.release("lost")
        journal = next(tmp_path.glob("copilot-home/session-state/lost/events.jsonl"))
        kernel.wait(lambda: '"assistant.turn_end"' in journal.read_text(), what="the answer")
        kernel.kill()
        kernel = notebook(tmp_path / "work")
        said = r"was answered as its kernel ended; `get_messages\(\)` has the answer"
    else:
        if end == "SIGKILL":
            kernel.kill()
            kernel = notebook(tmp_path / "work")
        else:
            kernel.restart(now=True)
        said = "was cut short when its kernel ended; its prompt is in the journal"
    kernel.run("%load_ext copilot_magics")
    status = says(kernel, "%copilot_session")
    assert re.search(rf"Its last turn ({said})\.$", status), status
    told = json.loads(
        says(kernel, "import json\nprint(json.dumps(list(get_messages().content.dropna())))")
    )
    assert ("Before lost. After lost." in told) == (end == "too late")
    assert "It goes on." in kernel.run("%%copilot\nsay: It goes on.").text
