"""All sessions: read without a runtime, listed, deleted to the last byte, pruned."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest
from kernels import Notebook, processes_of
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"
DAY = 86400


@pytest.fixture
def nb(notebook: StartNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """Start a notebook whose temporary files lie in a folder of the test's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    nb = notebook()
    nb.run(LOAD)
    return nb


def ran(nb: Notebook, code: str, **options: object) -> str:
    cell = nb.run(code, **options)  # type: ignore[arg-type]
    assert cell.status == "ok", cell.outputs
    return cell.text


def make(nb: Notebook, *sessions: str) -> None:
    """Create sessions with one prompt each, and release them."""
    for session in sessions:
        ran(nb, f"%copilot_session {session}")
        ran(nb, f"%%copilot\nsay: this is {session}")
        ran(nb, "%copilot_session --disconnect")


def holding(words: Iterable[str], *folders: Path) -> list[str]:
    """Name the files, and the names, that hold one of some words, in any case."""
    wanted = [word.lower().encode() for word in words]

    def holds(text: bytes) -> bool:
        folded = text.lower()
        return any(word in folded for word in wanted)

    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if holds(str(path.relative_to(folder)).encode())
        or (path.is_file() and holds(path.read_bytes()))
    ]


def test_histories_are_read_without_a_runtime(
    nb: Notebook, notebook: StartNotebook, provider: ScriptedServer, home: Path, tmp_path: Path
) -> None:
    ran(nb, "%copilot_session live")
    ran(nb, "%%copilot\nsay: one")
    text = "print(list(get_messages({}, roles=['user', 'assistant']).content.dropna()))"
    assert ran(nb, text.format("None")).strip() == "['say: one', 'one']"
    ran(nb, "%copilot_session never-prompted")
    assert ran(nb, "print(get_messages().type[0])").strip() == "session.start"

    # Another notebook, of one that is held here and that it has never resumed.
    reader = notebook(tmp_path / "elsewhere")
    reader.run(LOAD)
    assert reader.run("get_messages()").ename == "BadInput"
    assert ran(reader, text.format("'live'")).strip() == "['say: one', 'one']"
    both = "print(sorted(get_messages(['live', 'never-prompted']).session.unique()))"
    assert ran(reader, both).strip() == "['live', 'never-prompted']"
    assert ran(reader, both.replace("['live', 'never-prompted']", "'*'")) == ran(reader, both)
    unknown = reader.run("get_messages('lvie')")
    assert unknown.ename == "SessionNotFound"
    assert "Did you mean 'live'?" in unknown.evalue
    listed = "print(list_sessions().set_index('session').turns.to_dict())"
    assert ran(reader, listed).strip() == "{'never-prompted': 0, 'live': 1}"
    # Its runtime ends with it, and the reader has started none.
    others = [process for process in processes_of(home) if process.pid != reader.pid]
    nb.kill()
    psutil.wait_procs(others)
    assert [process.pid for process in processes_of(home)] == [reader.pid]

    # Resumed, in a kernel that begins with the session's history behind it.
    ran(reader, "%copilot_session live")
    ran(reader, "%%copilot\nsay: two")
    assert ran(reader, text.format("None")).strip() == "['say: one', 'one', 'say: two', 'two']"


def test_the_list(nb: Notebook, tmp_path: Path) -> None:
    make(nb, "first")
    ran(nb, "%copilot_session second --cwd .")
    ran(nb, "%copilot_sessions --title first Named by me")
    ran(nb, "row = list_sessions().set_index('session')")
    assert ran(nb, "print(list(row.title.fillna('-')), row.turns.tolist())").strip() == (
        "['Named by me', '-'] [1, 0]"
    )
    assert ran(nb, "print(row.loc['second', 'notebook'])").strip() == str(
        tmp_path / "work" / "notebook.ipynb"
    )
    assert ran(nb, "print(row.loc['second', 'cwd'])").strip() == str(tmp_path / "work")
    assert f"process {nb.pid}" in ran(nb, "print(row.loc['second', 'in_use'])")
    assert ran(nb, "print(row.in_use.isna()['first'], row.notebook.isna()['first'])").strip() == (
        "True True"
    )
    assert "Named by me" in ran(nb, "%copilot_sessions --list")


def test_deleting_asks_refuses_and_names(nb: Notebook) -> None:
    make(nb, "alpha", "beta", "gamma", "delta")
    ran(nb, "%copilot_session held")
    ran(nb, "listed = lambda: print(sorted(list_sessions().session))")

    no = nb.start("%copilot_sessions --delete alpha beta")
    question = no.wait_question()
    assert "Delete alpha (1 turn), beta (1 turn), " in question
    assert "for good? [y/N]" in question
    no.answer("")
    assert "Nothing was deleted." in no.result().stdout
    assert "alpha" in ran(nb, "listed()")

    yes = nb.run("%copilot_sessions --delete alpha", inputs=["y"])
    assert yes.stdout.startswith("Deleted alpha (")
    assert "alpha" not in ran(nb, "listed()")

    some = nb.run("%copilot_sessions --delete nobody beta gama --yes")
    assert some.ename == "SessionNotFound"
    assert some.evalue.startswith("There is no session 'nobody', 'gama'.")
    assert some.stdout.startswith("Deleted beta (")

    # Nobody watches: what is said is meant.
    unasked = nb.run(
        "from copilot_magics import delete_sessions\ndelete_sessions('gamma')", allow_stdin=False
    )
    assert unasked.value == {"text/plain": "['gamma']"}

    assert ran(nb, "listed()").strip() == "['delta', 'held']"


def test_a_session_in_use_is_not_deleted(
    nb: Notebook, notebook: StartNotebook, tmp_path: Path
) -> None:
    make(nb, "free")
    ran(nb, "%copilot_session held")
    other = notebook(tmp_path / "other")
    other.run(LOAD)
    refused = other.run("%copilot_sessions --delete held free --yes")
    assert refused.ename == "SessionInUse"
    assert f"process {nb.pid} on" in refused.evalue
    assert refused.stdout.startswith("Deleted free (")
    assert ran(nb, "print(list(list_sessions().session))").strip() == "['held']"
    # One's own, which only lies open, may go.
    ran(nb, "%copilot_sessions --delete held --yes")
    assert "is not bound" in ran(nb, "%copilot_session")


def test_no_byte_is_left(nb: Notebook, home: Path, tmp_path: Path) -> None:
    prompt, answer, output, title = "zanzibarprompt", "quokkaanswer", "xylophoneout", "Okapititle"
    words = (prompt, answer, output, title, "vanishing-one")
    folders = (home, tmp_path / "cache", tmp_path / "state", tmp_path / "data", tmp_path / "tmp")
    ran(nb, "%copilot_session vanishing-one --permissions allow-all")
    # Long enough for a file of its own.
    many = f"printf '{output} %.0s' $(seq 6000)"
    ran(nb, f'%%copilot\n{prompt}\ntool bash {{"command": "{many}", "description": "d"}}')
    ran(nb, f"%%copilot\n{prompt}\nsay: {answer}")
    nb.run(f"%%copilot\n{prompt}\nhttp 400")
    ran(nb, f"%copilot_sessions --title vanishing-one {title}")
    found = " ".join(holding(words, *folders))
    assert "vanishing-one/events.jsonl" in found
    ran(nb, "%copilot_sessions --delete vanishing-one --yes")
    assert holding(words, *folders) == []
    nb.kill()
    assert holding(words, *folders) == []


async def held_in_a_terminal(runtime: Path, home: Path, url: str, name: str, prompt: str) -> None:
    """Hold a session as the terminal does: with the cross-session store on."""
    from copilot import CopilotClient, RuntimeConnection

    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=str(runtime)),
        base_directory=str(home),
        log_level="none",
        env={k: v for k, v in os.environ.items() if not k.startswith("COPILOT_PROVIDER_")},
    )
    await client.start()
    session = await client.create_session(
        session_id=name,
        provider={"type": "openai", "base_url": url, "api_key": "test-key"},
        model="scripted",
        streaming=True,
        enable_session_store=True,
    )
    idle = asyncio.Event()
    session.on(lambda event: idle.set() if event.type.value == "session.idle" else None)
    await session.send(prompt)
    await idle.wait()
    await session.disconnect()
    await client.stop()


async def test_no_byte_is_left_of_a_terminals_session(
    nb: Notebook, provider: ScriptedServer, runtime_path: Path, home: Path
) -> None:
    words = ("wombatprompt", "numbatanswer")
    await held_in_a_terminal(
        runtime_path, home, provider.url, "doomed", "wombatprompt\nsay: numbatanswer"
    )
    await held_in_a_terminal(runtime_path, home, provider.url, "kept", "say: echidna")
    assert any("session-store.db" in path for path in holding(words, home))
    ran(nb, "%copilot_sessions --delete doomed --yes")
    assert holding(words, home) == []
    # What is somebody else's stays.
    assert any("session-store.db" in path for path in holding(["echidna"], home))
    assert "echidna" in ran(nb, "print(get_messages('kept').content.dropna().tolist())")

    # Where that cannot be cleared, the session stays, and can be deleted later.
    (home / "session-store.db").write_bytes(b"damaged" * 1000)
    refused = nb.run("%copilot_sessions --delete kept --yes")
    assert refused.ename == "CopilotError"
    assert "'kept' was not deleted" in refused.evalue
    (home / "session-store.db").unlink()
    ran(nb, "%copilot_sessions --delete kept --yes")
    assert ran(nb, "print(len(list_sessions()))").strip() == "0"


def age(home: Path, session: str, days: float) -> None:
    """Make a session old: it was used last when its journal was written last."""
    then = time.time() - days * DAY
    os.utime(home / "session-state" / session / "events.jsonl", (then, then))


def test_pruning(nb: Notebook, home: Path) -> None:
    make(nb, "old-1", "old-2", "fresh", "old-bound")
    ran(nb, "%copilot_session old-held")
    # Held, and bound; the one bound before is free again.
    ran(nb, "from copilot_magics import binding\nbinding.bind('/a/b.ipynb', 'old-bound')")
    for session in ("old-1", "old-2", "old-bound", "old-held"):
        age(home, session, 40)
    age(home, "fresh", 20)
    ran(nb, "listed = lambda: print(sorted(list_sessions().session))")
    before = ran(nb, "listed()")

    dry = nb.run("%copilot_sessions --prune 30d --dry-run")
    assert dry.stdout.startswith("2 sessions would be deleted (")
    assert "2 older still, bound to a notebook, in use or starred, are kept." in dry.stdout
    assert dry.value is not None
    table = dry.value["text/plain"]
    assert "old-1" in table
    assert "old-2" in table
    assert " kB" in table
    assert "fresh" not in table
    assert "old-bound" not in table
    assert ran(nb, "listed()") == before

    declined = nb.run("%copilot_sessions --prune 30d", inputs=["n"])
    assert "Nothing was deleted." in declined.stdout
    assert ran(nb, "listed()") == before
    pruned = nb.run("%copilot_sessions --prune 30d --yes")
    assert "Deleted old-" in pruned.stdout
    assert ran(nb, "listed()").strip() == "['fresh', 'old-bound', 'old-held']"
    again = nb.run("%copilot_sessions --prune 30d --yes")
    assert again.stdout.startswith("No session is older than 30d.")
    # Named, it goes whatever it is bound to.
    ran(nb, "%copilot_sessions --delete old-bound --yes")
    assert ran(nb, "listed()").strip() == "['fresh', 'old-held']"


def test_errors_of_options(nb: Notebook, home: Path) -> None:
    for line, told in {
        "--prune": "%copilot_sessions: ",
        "--prune soon": "--prune='soon' is no moment.",
        "--dry-run": "--dry-run goes with --prune.",
        "--prune 30d --delete x": "one at a time",
        "--title x": "--title needs an ID and a title.",
        "--delete nobody": "There is no session 'nobody'.",
        "something": "%copilot_sessions does not know 'something'.",
    }.items():
        cell = nb.run(f"%copilot_sessions {line}")
        assert told in cell.evalue, (line, cell.outputs)
    assert [process.pid for process in processes_of(home)] == [nb.pid]
