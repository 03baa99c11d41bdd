"""A ``%%copilot`` cell through the awaited door, in a kernel as JupyterLab drives it."""

from __future__ import annotations

import base64
import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]


@pytest.fixture
def kernel(notebook: Start, tmp_path: Path) -> Iterator[Notebook]:
    """A notebook that is bound to a session."""
    started = notebook(tmp_path / "work")
    started.run("%load_ext copilot_magics\n%copilot_session cells")
    yield started
    for cell in started.cells:
        assert cell.stderr == ""


def shown(cell: Cell) -> str:
    """Return the one static output of a cell, as Markdown."""
    assert cell.status == "ok", cell.text
    (output,) = cell.outputs
    assert output["output_type"] == "display_data"
    return str(output["data"]["text/markdown"])


def drawn(cell: Cell) -> list[str]:
    """Return what was drawn of the answer while it came, in order."""
    kinds = ("display_data", "update_display_data")
    contents = [m["content"] for m in cell.messages if m["msg_type"] in kinds]
    return [content["data"].get("text/markdown", "") for content in contents]


def test_the_answer_grows_under_a_status_and_ends_as_one_output(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    cell = kernel.start("%%copilot\nthink: Hm.\ngate middle")
    # The first drawing may hold both; the next one gives each an output of its own, and keeps
    # room between them for tools.
    cell.wait_output(lambda cell: "*answering" in cell.text and len(cell.displays) == 3)
    status, tools, answer = cell.displays
    assert tools == {"text/plain": ""}
    assert status["text/markdown"].startswith("*answering")
    assert status["text/markdown"].rstrip("*").endswith(" s")
    assert answer["text/markdown"] == "Before middle."
    provider.release("middle")
    answer, quiet = shown(cell.result()).split("\n\n")
    assert answer == "Before middle. After middle."
    assert quiet.startswith("<sub>cells · scripted · ")
    assert quiet.endswith("tokens</sub>")
    plain = cell.displays[0]["text/plain"]
    assert plain.startswith("Before middle. After middle.\n[cells · scripted · ")

    cell = kernel.run("%%copilot\nstream 100 tokens at 100/s")
    grown = [text for text in drawn(cell) if text.startswith("tok1") and "<sub>" not in text]
    assert len(grown) > 3
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(grown))
    assert shown(cell).startswith("tok1 tok2 ")


def test_a_silent_model_is_shown_as_such_with_the_time(kernel: Notebook) -> None:
    cell = kernel.start("%%copilot\nsilent")
    cell.wait_output(lambda cell: "nothing has come for 1" in cell.text)
    assert cell.text.startswith("*thinking")
    kernel.interrupt()
    assert cell.result().ename == "TurnInterrupted"
    assert "nothing has come" not in cell.text


def test_a_tool_is_named_while_it_runs_and_the_reply_is_the_value(
    kernel: Notebook, tmp_path: Path
) -> None:
    kernel.run("%copilot_session --allow shell")
    gate = tmp_path / "work" / "gate"
    os.mkfifo(gate)
    cell = kernel.start('%%copilot\ntool bash {"command": "cat gate", "description": "wait"}')
    cell.wait_output(lambda cell: "*bash: cat gate · " in cell.text)
    running = "<summary>⋯ bash <code>cat gate</code> <em>running</em></summary>"
    cell.wait_output(lambda cell: running in cell.text)
    gate.write_text("went\n```\n</details><b>")
    said = shown(cell.result())
    assert said.startswith("<details><summary>✓ bash <code>cat gate</code></summary>\n\n")
    assert "```text\ncommand: cat gate\ndescription: wait\n```" in said
    assert "````text\nwent\n```\n</details><b>" in said
    assert said.index("</details>\n\nTool said: went") > said.index("Result:")
    assert "· bash cat gate\nTool said: went" in cell.displays[0]["text/plain"]

    cell = kernel.run("%%copilot\nsay: Look:\\n```python\\nx = 1\\n```\\ndone")
    shown(cell)
    assert cell.value is None
    told = kernel.run(
        "reply = _\n"
        "import json\n"
        "assert reply is Out[max(Out)]\n"
        "print(json.dumps([type(reply).__name__, reply.text, reply.code, reply.session,"
        " reply.outcome, reply.duration > 0, sorted(reply.usage), list(reply.messages['type'])]))"
    )
    assert told.status == "ok", told.text
    name, text, code, session, outcome, took, usage, events = json.loads(told.stdout)
    assert (name, session, outcome, took) == ("Reply", "cells", "answered", True)
    assert text == "Look:\n```python\nx = 1\n```\ndone"
    assert code == ["x = 1"]
    assert {"input_tokens", "output_tokens"} <= set(usage)
    assert events[0] == "user.message"
    assert "assistant.message" in events
    again = kernel.run("reply")
    assert again.displays[0]["text/markdown"].startswith("Look:")
    assert len(again.outputs) == 1
    assert "<Reply: cells · scripted" in kernel.run("print(repr(reply))").stdout
    assert kernel.run("print(reply)").stdout.startswith("Look:")


WORDS = [
    ">>> x = 1",
    "In [1]: x",
    "    ... indented",
    "trailing spaces   ",
    "{x} and $x and {{y}} and %time and !ls",
    "'single' \"double\" '''triple''' \"\"\"three\"\"\" \\n \\",
    "What?",
    "Help me!",
    "?",
    "%%time",
    "Übergrößenträger 日本語 🙂 \u2028 end",
    "",
    "  ",
    "last line with a space ",
]


def sent(cell_text: str, kernel: Notebook, provider: ScriptedServer) -> str:
    """Return the prompt that a cell sent, as the journal and the model have it."""
    before = len(provider.requests)
    cell = kernel.run(cell_text)
    assert cell.status == "ok", cell.text
    asked = provider.requests[before]
    told = kernel.run(
        "import json; m = get_messages(); print(json.dumps("
        "[d for d in m.loc[m['type'] == 'user.message', 'content']][-1]))"
    )
    prompt = str(json.loads(told.stdout))
    assert prompt.strip() in asked.prompt
    return prompt


def test_a_cell_is_sent_word_for_word_and_a_line_is_expanded(
    kernel: Notebook, provider: ScriptedServer
) -> None:
    for ending in ("", "\n", "\n\n"):
        everything = "\n".join(WORDS) + ending
        assert sent(f"%%copilot\n{everything}", kernel, provider) == everything
    for words in filter(str.strip, WORDS):
        assert sent(f"%%copilot --timeout 60\n{words}", kernel, provider) == words
    assert sent("%%copilot\n\n>>> below", kernel, provider) == "\n>>> below"

    kernel.run("name = 'Ada'")
    line = "%copilot Hello {name} and $name, {1 + 1} {name!r} {{x}}"
    assert sent(line, kernel, provider) == "Hello Ada and Ada, 2 'Ada' {x}"
    assert sent("%copilot --timeout 60 why --not ask?", kernel, provider) == "why --not ask?"


def test_options_of_one_prompt(kernel: Notebook, provider: ScriptedServer, tmp_path: Path) -> None:
    shown(kernel.run("%%copilot --session other\nelsewhere"))
    assert provider.last.prompts == ["elsewhere"]
    shown(kernel.run("%%copilot --model scripted-mini\nsmall"))
    assert provider.last.body["model"] == "scripted-mini"
    shown(kernel.run("%%copilot\nback"))
    assert provider.last.body["model"] == "scripted"
    first, last = provider.last.prompts
    assert first == "small"
    assert last.endswith("back")

    quiet = kernel.run("%%copilot --quiet --into kept\nsay: hidden")
    assert quiet.outputs == []
    assert kernel.run("print(kept.text, kept is _)").stdout == "hidden True\n"

    late = kernel.run("%%copilot --timeout 0.5 --into kept\nsilent after: A piece.")
    assert late.ename == "TurnTimedOut"
    assert "0.5 seconds" in late.evalue
    assert "A piece." in late.displays[0]["text/markdown"]
    shown(kernel.run("%%copilot\nit goes on"))
    attach(kernel, provider, tmp_path / "work")


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def attach(kernel: Notebook, provider: ScriptedServer, work: Path) -> None:
    (work / "notes.txt").write_text("Remember the milk.")
    (work / "a folder").mkdir()
    (work / "a folder" / "inside.txt").write_text("within")
    (work / "dot.png").write_bytes(PNG)
    shown(
        kernel.run(
            "%%copilot --attach notes.txt --attach 'a folder' --attach dot.png\nLook at these"
        )
    )
    request = json.dumps(provider.last.messages[-1])
    assert "notes.txt" in request
    assert "a folder" in request
    assert "data:image/png;base64," in request

    before = len(provider.requests)
    missing = kernel.run("%%copilot --attach note.txt\nLook")
    assert missing.ename == "BadInput"
    assert "'note.txt'" in missing.evalue
    assert "'notes.txt'" in missing.evalue
    assert len(provider.requests) == before


UNSENDABLE = [
    ("%%copilot\n", "the cell body is empty"),
    ("%%copilot\n  \n", "The prompt is empty."),
    ("%copilot", "The prompt is empty."),
    ("%%copilot --timeout soon\nhi", "--timeout cannot be 'soon'"),
    ("%%copilot --timeout -1\nhi", "--timeout cannot be"),
    ("%%copilot --into 1x\nhi", "'1x' cannot be the name of a variable"),
    ("%%copilot --session 'a b'\nhi", "a-b"),
    ("%%copilot --sesion x\nhi", "'--session'"),
    ("%%copilot What is this?\nhi", "the lines below"),
]


def test_what_cannot_be_sent_is_said_in_one_line(
    plain_notebook: Start, provider: ScriptedServer
) -> None:
    # No runtime is needed to say so.
    started = plain_notebook()
    started.run("%load_ext copilot_magics")
    for code, told in UNSENDABLE:
        cell = started.run(code)
        assert cell.status == "error"
        assert told in cell.text
        assert "_copilot_awaited" not in cell.text
        assert cell.text.count("\n") <= 1
    assert provider.requests == []
