"""``--fork`` and `Session.fork`: a new session that starts with the history of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.transcripts import find, known_ids, read_journal

Start = Callable[..., Notebook]


@pytest.fixture
def kernel(notebook: Start, tmp_path: Path) -> Notebook:
    """A notebook whose session has answered two prompts."""
    started = notebook(tmp_path / "work")
    said(started, "%load_ext copilot_magics\n%copilot_session source")
    said(started, "%%copilot\nsay: one")
    said(started, "%%copilot\nsay: two")
    return started


def said(nb: Notebook, code: str) -> str:
    cell = nb.run(code)
    assert cell.status == "ok", cell.text
    assert cell.stderr == ""
    return cell.stdout.strip()


def refused(nb: Notebook, line: str) -> str:
    cell = nb.run(line)
    assert cell.status == "error", cell.outputs
    return f"{cell.ename}: {cell.evalue}"


def recalled(nb: Notebook) -> list[str]:
    return said(nb, "print((await session.aask('recall')).text)").splitlines()


def test_a_notebook_goes_on_from_a_fork(kernel: Notebook, provider: ScriptedServer) -> None:
    told = said(kernel, "%copilot_session other way --fork source")
    fork = find("Other Way")
    assert fork not in (None, "source")
    assert told.startswith(f"Forked source. Resumed {fork} · “other way” · 2 turns · last used ")
    assert told.endswith(" · scripted.")
    said(kernel, "%%copilot\nsay: three")
    assert provider.requests[-1].prompts == ["say: one", "say: two", "say: three"]
    assert said(kernel, "print(get_messages(types='user.message').content.tolist())") == (
        "['say: one', 'say: two', 'say: three']"
    )
    # The source has not heard of it.
    said(kernel, "%copilot_session source")
    said(kernel, "%%copilot\nsay: four")
    assert provider.requests[-1].prompts == ["say: one", "say: two", "say: four"]


def test_a_fork_of_a_session_in_use_elsewhere(
    kernel: Notebook, notebook: Start, tmp_path: Path
) -> None:
    other = notebook(tmp_path / "work", "other.ipynb")
    said(other, "%load_ext copilot_magics")
    error = refused(other, "%copilot_session source")
    assert error.startswith("SessionInUse: ")
    assert "`%copilot_session --fork source`" in error
    told = said(other, "%copilot_session --fork source")
    assert "· “source (fork)” · 2 turns" in told
    assert "· “source (fork 2)” · 2 turns" in said(other, "%copilot_session --fork source --new")
    said(other, "%%copilot\nsay: here")
    said(kernel, "%%copilot\nsay: there")


def test_a_fork_may_end_before_an_event(kernel: Notebook) -> None:
    second = [e for e in read_journal("source").events if e.type == "user.message"][1]
    said(kernel, f"%copilot_session --fork source --at {second.id}")
    fork = find("source (fork)")
    assert fork is not None
    said(kernel, f"from copilot_magics import Session\nsession = Session({fork!r})")
    assert recalled(kernel) == ["- say: one"]


def test_the_same_from_python(kernel: Notebook) -> None:
    said(kernel, "from copilot_magics import Session\nsource = Session('source')")
    said(kernel, "session = source.fork('A copy')")
    assert said(kernel, "print(session.title, session.exists)") == "A copy True"
    assert recalled(kernel) == ["- say: one", "- say: two"]
    told = said(kernel, "session = session.fork()\nprint(session.title)")
    assert told == "A copy (fork)"


def test_what_cannot_be_forked_is_said_and_nothing_is_made(kernel: Notebook) -> None:
    before = known_ids()
    for line, told in {
        "--fork sorce": "SessionNotFound: There is no session 'sorce'. Did you mean 'source'?",
        "source --fork source": "BadInput: 'source' already names the session 'source'.",
        "--fork source --at nope": "BadInput: The session 'source' has no event 'nope'.",
        "--at nope": "BadInput: --at goes with --fork.",
        "x --fork source --resume": "BadInput: --fork makes a new session.",
        f"{'x' * 101} --fork source": f"BadInput: '{'x' * 100}'… cannot be a title.",
    }.items():
        assert refused(kernel, f"%copilot_session {line}").startswith(told)
    assert known_ids() == before
    assert "is bound to source " in said(kernel, "%copilot_session")
