"""Commands that want past the rules.

Some are those that a deny pattern is to catch, others are to be run in an allowed program's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer
from security.commands import EVERYDAY, HIDDEN, IN_THE_NAME_OF, PLAIN, SEEN

from copilot_magics.errors import BadInput
from copilot_magics.permissions import Policy, understand

Start = Callable[..., Notebook]


def verdict(text: str, mode: str, *, allow: list[str] | None = None, deny: str = "") -> str:
    ask = understand({"kind": "shell", "fullCommandText": text}, "/")
    return Policy(mode, allow or [], [deny] if deny else [], "/").decide(ask).verdict


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_a_denied_command_is_refused_however_it_is_run(text: str) -> None:
    for deny in ("shell(rm)", "shell(rm:*)"):
        assert verdict(text, "allow-all", deny=deny) == "refuse"
        assert verdict(text, "ask", allow=["shell"], deny=deny) == "refuse"


@pytest.mark.parametrize("text", HIDDEN, ids=ascii)
def test_what_cannot_be_told_is_not_done_unasked(text: str) -> None:
    assert verdict(text, "allow-all", deny="shell(rm)") == "ask"
    assert verdict(text, "read-only", allow=["shell"], deny="shell(rm)") == "refuse"
    # What the user wrote himself, word for word, is his word.
    if "\n" not in text:
        assert verdict(text, "ask", allow=[f"shell({text})"], deny="shell(rm)") == "allow"


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_known_to_run_nothing_else_is_left_alone(text: str) -> None:
    assert verdict(text, "allow-all", deny="shell(rm)") == "allow"


@pytest.mark.parametrize(
    ("pattern", "text"), [(p, text) for p, texts in IN_THE_NAME_OF.items() for text in texts]
)
def test_an_allowed_program_runs_no_other(pattern: str, text: str) -> None:
    assert verdict(text, "ask", allow=[f"shell({pattern})"]) == "ask"
    assert verdict(text, "deny", allow=[f"shell({pattern})"]) == "refuse"


@pytest.mark.parametrize(
    ("pattern", "text"), [(p, text) for p, texts in EVERYDAY.items() for text in texts]
)
def test_everyday_commands_need_no_second_word(pattern: str, text: str) -> None:
    assert verdict(text, "ask", allow=[f"shell({pattern})"]) == "allow"


@pytest.mark.parametrize("program", ["less", "more", "psql", "mysql", "gnuplot", "nano", "mail"])
def test_what_runs_any_program_at_a_word_is_allowed_by_no_name(program: str) -> None:
    with pytest.raises(BadInput, match="any program"):
        verdict("ls", "ask", allow=[f"shell({program}:*)"])
    assert verdict(f"{program} '+!touch p' x", "ask", allow=[f"shell({program})"]) == "ask"


def test_a_program_that_the_user_names_is_known_to_him() -> None:
    for text in ("mytool x", "timeout 5 mytool x", "ls; mytool"):
        assert verdict(text, "allow-all", deny="shell(rm)") == "ask"
        allow = ["shell(mytool:*)", "shell"]
        assert verdict(text, "ask", allow=allow, deny="shell(rm)") == "allow"
    assert verdict("mytool rm", "ask", allow=["shell(mytool:*)"], deny="shell(rm)") == "allow"
    # What can be told to run others is not known by its name alone.
    named = ["shell(gcc:*)", "shell"]
    assert verdict("gcc a.c", "ask", allow=named, deny="shell(rm)") == "allow"
    assert verdict("gcc $x r''m,y a.c", "ask", allow=named, deny="shell(rm)") == "ask"
    assert verdict("/bin/rm x; mytool", "ask", allow=["shell"], deny="shell(rm)") == "refuse"


def run_all(kernel: Notebook, texts: list[str]) -> str:
    """Have the agent run commands, all in one turn, with nobody watching."""
    calls = (json.dumps({"command": text, "description": "do it"}) for text in texts)
    # In a prompt an @ mentions something.
    prompt = "\n".join(f"tool bash {call}" for call in calls).replace("@", r"\@")
    cell = kernel.run(f"%%copilot\n{prompt}", allow_stdin=False)
    assert cell.status == "ok", cell.text
    return cell.text


@pytest.mark.parametrize(
    "share", [slice(None, None, 9), pytest.param(slice(None), marks=pytest.mark.slow)]
)
@pytest.mark.timeout(300)
def test_the_runtime_removes_nothing(
    notebook: Start, provider: ScriptedServer, tmp_path: Path, share: slice
) -> None:
    work = tmp_path / "work"
    kernel = notebook(work)
    (work / "x").write_text("keep")
    kernel.run(
        "%load_ext copilot_magics\n%copilot_session wary --permissions allow-all --deny 'shell(rm)'"
    )
    texts = [text for text in (*SEEN, *HIDDEN) if text.isprintable()][share]
    for start in range(0, len(texts), 50):
        some = texts[start : start + 50]
        assert run_all(kernel, some).count("Refused (") == len(some)
    assert [path.name for path in work.iterdir()] == ["x"]
    assert (work / "x").read_text() == "keep"
    # Without the pattern the first of them does what it says.
    kernel.run("%copilot_session free --permissions allow-all")
    run_all(kernel, ["find . -name x -exec rm {} +"])
    assert list(work.iterdir()) == []
