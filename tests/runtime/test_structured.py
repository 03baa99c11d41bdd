"""Answers of a type: validated, asked for again where they are not, and said so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import moments
import pytest
from cells import Cell
from directives import Request
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics import Session
from copilot_magics.errors import BadInput, InvalidAnswer
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.process import runtime

Start = Callable[..., Notebook]

TYPES = """
%load_ext copilot_magics
%copilot_session typed
import dataclasses, typing
from pydantic import BaseModel

class Person(BaseModel):
    name: str
    age: int

@dataclasses.dataclass
class Point:
    x: float
    tags: dict[str, int]

class Row(typing.TypedDict):
    plan: str
    churned: bool
"""
ADA = '{"name": "Ada <b>", "age": 36}'
TAGS = '[{"key": "a", "value": 3}]'
ANSWERS = [
    ("Person", ADA, "Person(name='Ada <b>', age=36)"),
    ("list[Person]", f'{{"value": [{ADA}]}}', "[Person(name='Ada <b>', age=36)]"),
    ("Point", f'{{"x": 1, "tags": {TAGS}}}', "Point(x=1.0, tags={'a': 3})"),
    ("Row", '{"plan": "basic", "churned": true}', "{'plan': 'basic', 'churned': True}"),
    ("dict[str, float]", '{"value": [{"key": "m", "value": 2}]}', "{'m': 2.0}"),
    ("'int | None'", '{"value": null}', "None"),
]
NOTICE = "The answer was not a valid {}; asked again ({} of 2)."


def schema_of(request: Request) -> Any:
    """Return the schema that a provider was given, which it is to enforce."""
    form = request.body["response_format"]
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    return form["json_schema"]["schema"]


def shown(cell: Cell) -> str:
    """Return the one static output of a cell, as Markdown."""
    (output,) = cell.displays
    return str(output["text/markdown"])


def test_an_answer_is_an_object_of_the_type(notebook: Start, provider: ScriptedServer) -> None:
    nb = notebook()
    nb.run(TYPES)
    for kind, answer, value in ANSWERS:
        cell = nb.run(f"%%copilot --as {kind}\nsay: {answer}", cell_id=kind)
        assert cell.status == "ok", cell.text
        assert shown(cell).startswith(f"```python\n{value}\n```\n\n<sub>typed · ")
        schema = schema_of(provider.last)
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert schema["required"] == list(schema["properties"])
        told = nb.run("print(repr(_.value)); print(_.text); print(type(_.value).__name__)").stdout
        assert told.splitlines()[:2] == [value, answer]
    nb.run("%config CopilotMagics.quiet = False")

    rows = '{"rows": [{"name": "A|$x$ <b>", "age": null}, {"name": "B", "age": 3}]}'
    cell = nb.run(f"%%copilot --as DataFrame[name: str, age: int | None]\nsay: {rows}")
    table = shown(cell)
    assert table.startswith("|  | name | age |\n| ---: | :--- | ---: |\n| 0 | A&#124;&#36;x&#36; ")
    assert "<b>" not in table
    assert "2 rows × 2 columns" in table
    assert "name   age\n0  A|$x$ <b>  <NA>" in cell.displays[0]["text/plain"]
    types = nb.run("print(*_.value.dtypes, list(_.value.columns))")
    assert types.stdout == "string Int64 ['name', 'age']\n"
    again(nb, provider)
    refused(nb, provider)

    requests = len(provider.requests)
    nb.restart()
    nb.run(TYPES)
    nb.run("%copilot_session --rerun replay")
    kind, answer, value = ANSWERS[1]
    cell = nb.run(f"%%copilot --as {kind}\nsay: {answer}", cell_id=kind)
    assert "Replayed from the journal" in cell.text
    assert value in shown(cell)
    assert nb.run("print(repr(_.value))").stdout == f"{value}\n"
    mended = nb.run("%%copilot --as Person\nsay: {}\nagain: " + ADA, cell_id="mended")
    assert "Replayed from the journal" in mended.text
    assert nb.run("print(_.value.age)").stdout == "36\n"
    assert len(provider.requests) == requests
    # What was answered is of another type than what is wanted now: it is asked for anew.
    other = nb.run(f"%%copilot --as list[int]\nsay: {answer}\nagain: [1]", cell_id=kind)
    assert "Replayed" not in other.text


def again(nb: Notebook, provider: ScriptedServer) -> None:
    """What is not of the type is asked for again, and a provider may refuse the schema."""
    before = len(provider.requests)
    cell = nb.run("%%copilot --as Person\nsay: {}\nagain: " + ADA, cell_id="mended")
    assert cell.status == "ok", cell.text
    wrong = "Person (name: Field required; age: Field required)"
    assert shown(cell).startswith(f"> {NOTICE.format(wrong, 1)}\n\n```python\nPerson(")
    first, second = provider.requests[before:]
    assert second.prompt.startswith("Your answer is not a valid Person: name: Field required; ")
    assert json.dumps(schema_of(first)) in second.prompt
    assert schema_of(second) == schema_of(first)
    assert nb.run("print(_.turns, _.value.name)").stdout == "2 Ada <b>\n"
    # Each is a turn of its own, and the session knows what was said in all of them.
    told = nb.run("m = get_messages(types='user.message'); print(m['content'].iloc[-1])")
    assert told.stdout.startswith("Your answer is not a valid Person: ")

    fenced = nb.run(f"%%copilot --as Person\nsay: Sure:\\n```json\\n{ADA}\\n```")
    assert nb.run("print(_.turns, _.value.age)").stdout == "1 36\n", fenced.text

    before = len(provider.requests)
    cell = nb.run("%%copilot --as Person\nno schema\nsay: Well.\nagain: " + ADA)
    assert "> The provider refused the request, perhaps for the type" in shown(cell)
    assert NOTICE.format("Person (it is not JSON)", 2) in shown(cell)
    first, *others = provider.requests[before:]
    assert [("response_format" in other.body) for other in others] == [False, False]
    assert others[0].prompt.startswith("no schema\nsay: Well.")
    assert '"required": ["name", "age"]' in others[0].prompt
    assert nb.run("print(_.turns, _.value.age)").stdout == "3 36\n"

    # The second of its turns is interrupted like any other.
    cell = nb.start("%%copilot --as Person\nno schema\nsilent")
    provider.wait_for_request(lambda r: "silent" in r.prompt and "response_format" not in r.body)
    nb.interrupt()
    assert cell.result().ename == "TurnInterrupted"

    before = len(provider.requests)
    cell = nb.run(
        "%%copilot --as Person --into kept\nsay: I <i>cannot</i>.\nagain: no\nagain: never"
    )
    assert cell.ename == "InvalidAnswer"
    assert "is not a valid Person, after 3 turns: it is not JSON." in cell.evalue
    assert len(provider.requests) == before + 3
    assert "never" in cell.text
    assert NOTICE.format("Person (it is not JSON)", 2) in cell.text
    error = nb.run("import sys; print(sys.last_value.reply.text, sys.last_value.reply.value)")
    assert error.stdout == "never None\n"


def refused(nb: Notebook, provider: ScriptedServer) -> None:
    """What cannot be a type is said before anything is sent."""
    before = len(provider.requests)
    for kind, told in (
        ("Persn", "There is no 'Persn' in this notebook; nothing was sent. Did you mean 'Person'"),
        ("print", "print cannot be the type of an answer; nothing was sent. Give a Pydantic model"),
        ("Person(name='x', age=1)", "Give its class, Person."),
        ("DataFrame[a, a]", "The column 'a' is named twice"),
        ("'list[Person'", "is no type; nothing was sent."),
        ("''", "is no type; nothing was sent."),
        ("Person --code", "--as and --code do not go together"),
        ("Person --fix", "--as and --fix do not go together"),
        ("Person --now", "do not go together"),
    ):
        cell = nb.run(f"%%copilot --as {kind}\nsay: x")
        assert cell.ename == "BadInput", cell.text
        assert told in cell.evalue
    assert len(provider.requests) == before
    # A failure that has nothing to do with the type is none of its.
    failed = nb.run("%%copilot --as Person\nhttp 401")
    assert failed.ename == "TurnFailed"
    assert "asked again" not in failed.text


def test_a_runtime_that_dies_before_it_asks_again_has_cost_no_prompt(
    notebook: Start, provider: ScriptedServer
) -> None:
    nb = notebook()
    nb.run("%load_ext copilot_magics\n%copilot_session chat")
    moments.arm(nb)
    moments.plan(nb, "session.send", "before", "runtime SIGKILL", skip=1)
    cell = nb.run("%%copilot --as int\nsay: nope\nagain: 5")
    assert cell.ename == "TurnFailed"
    assert "The prompt and an answer are in the journal" in cell.evalue
    status = nb.run("%copilot_session").text.strip()
    assert status.endswith("Its last turn failed; its prompt is in the journal.")
    assert len(provider.requests) == 1
    # Nor has one that hangs then and is stopped, and the answer that came is kept.
    moments.plan(nb, "session.send", "before", "runtime SIGSTOP", skip=1)
    cell = nb.start("%%copilot --as int\nsay: nothing\nagain: 5")
    cell.wait_output(lambda cell: "the Copilot runtime does not answer" in cell.text)
    nb.interrupt()
    assert cell.result().ename == "TurnInterrupted"
    kept = nb.run("import sys\nreply = sys.last_value.reply\nprint(reply.text, reply.outcome)")
    assert kept.stdout == "nothing aborted\n"
    status = nb.run("%copilot_session").text.strip()
    assert status.endswith("Its last turn was aborted; its prompt is in the journal.")
    assert len(provider.requests) == 2
    assert nb.run("%%copilot --as int\nsay: 7").status == "ok"


async def test_from_python(provider: ScriptedServer, runtime_path: object) -> None:
    import pandas as pd

    session = Session("typed")
    try:
        reply = session.ask('say: {"value": [1, 2]}', schema=list[int])
        assert (reply.value, reply.turns) == ([1, 2], 1)
        alone = reply.usage["model_calls"]
        reply = await session.aask("say: no\nagain: 7", schema=int)
        assert (reply.value, reply.turns) == (7, 2)
        assert reply.usage["model_calls"] == 2 * alone
        table = await session.aask(
            'say: {"columns": ["a", "b"], "rows": [[1, "x"], [null, "y"]]}', schema=pd.DataFrame
        )
        assert table.value.dtypes.astype(str).to_dict() == {"a": "Int64", "b": "string"}
        begun = session.start("say: no\nagain: 8", schema=int)
        assert await begun is begun
        assert begun.value == 8
        with pytest.raises(InvalidAnswer) as caught:
            await session.aask("say: no", schema=int)
        assert caught.value.reply is not None
        assert caught.value.reply.text == "I still cannot."
        before = len(provider.requests)
        with pytest.raises(BadInput, match="cannot be the type"):
            session.ask("x", schema=3)
        with pytest.raises(BadInput, match="do not go together"):
            session.ask("x", schema=int, now=True)
        assert len(provider.requests) == before
    finally:
        session.close()
        submit(runtime().kill()).result()
