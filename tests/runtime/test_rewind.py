"""``--rewind``, `Session.rewind` and ``--rerun rewind``: back to an earlier turn, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import moments
import pytest
from journals import prompt
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics import export_transcripts, get_messages, read_transcripts
from copilot_magics.locking import SessionLock
from copilot_magics.transcripts.catalog import catalog, known_ids
from copilot_magics.transcripts.prompts import prompts_of
from copilot_magics.transcripts.search import first_hit

Start = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics\n%copilot_session {}"


def said(nb: Notebook, code: str, **options: object) -> str:
    """Run a cell that must go well, and return what it shows."""
    cell = nb.run(code, **options)
    assert cell.status == "ok", cell.text
    assert cell.stderr == ""
    return cell.text.strip()


def refused(nb: Notebook, line: str) -> str:
    """Run a line that must fail, and return its error."""
    cell = nb.run(line)
    assert cell.status == "error", cell.outputs
    return f"{cell.ename}: {cell.evalue}"


def ask(nb: Notebook, *words: str) -> None:
    for word in words:
        said(nb, f"%%copilot\nsay: {word}")


def typed(session: str) -> list[str]:
    return [prompt.text.removeprefix("say: ") for prompt in prompts_of(session)]


def seen(provider: ScriptedServer) -> list[str]:
    """Return what the model was last shown of what was typed."""
    return [prompt.removeprefix("say: ") for prompt in provider.last.prompts]


def fork_in(told: str) -> str:
    """Return the ID of the fork that a line names."""
    found = re.search(r"kept in the fork (\S+) “", told)
    assert found, told
    return found[1]


def test_back_to_a_turn_and_what_was_cut_off_is_in_a_fork(
    notebook: Start, provider: ScriptedServer
) -> None:
    nb = notebook()
    said(nb, LOAD.format("chat"))
    ask(nb, "one", "two", "three")
    read = "print(get_messages('chat').dropna(subset='turn').turn.max())"
    assert said(nb, read) == "3"

    told = said(nb, "%copilot_session --rewind 1")
    fork = fork_in(told)
    assert told == (
        f"Session chat is back at turn 1; turns 2 and 3 are kept in the fork {fork} "
        "“chat before rewind to turn 1”."
    )
    # The journal has nothing of them any more, and everything that reads it agrees.
    assert typed("chat") == ["one"]
    assert typed(fork) == ["one", "two", "three"]
    assert {found.session: found.turns for found in catalog()} == {"chat": 1, fork: 3}
    assert first_hit("chat", "three") is None
    assert first_hit(fork, "three") is not None
    # What this kernel had read of it before, too.
    assert said(nb, read) == "1"
    status = said(nb, "%copilot_session")
    assert "bound to chat · 1 turn ·" in status
    assert status.endswith("Its last turn was answered.")

    said(nb, "%%copilot\nrecall")
    assert seen(provider) == ["one", "recall"]
    # Where nobody but the journal knows, it is the same.
    nb.restart()
    said(nb, LOAD.format("chat"))
    said(nb, "%%copilot\nrecall")
    assert seen(provider) == ["one", "recall", "recall"]

    # What was cut off is gone on with as with any session, by its title too.
    said(nb, "%copilot_session chat before rewind to turn 1")
    said(nb, "%%copilot\nrecall")
    assert seen(provider) == ["one", "two", "three", "recall"]
    # Also from there, past the place at which it was forked, one may go back.
    told = said(nb, "%copilot_session --rewind -3")
    assert "is back at turn 1; turns 2 to 4 are kept" in told
    assert "“chat before rewind to turn 1 before rewind to turn 1”" in told

    # In Python, from a session that this kernel does not hold; numbers as DataFrames have them.
    said(nb, "from copilot_magics import Session\nchat = Session('chat')")
    said(nb, "turn = get_messages('chat').turn.dropna().iloc[0] - 1")
    fork = said(nb, "kept = chat.rewind(turn)\nprint(kept.id)")
    assert typed("chat") == []
    assert typed(fork) == ["one", "recall", "recall"]
    assert said(nb, "print(chat.rewind(0), chat.ask('recall').text)") == (
        "None Nothing was said before."
    )


def test_what_cannot_be_gone_back_to_is_said_and_nothing_is_done(
    notebook: Start, provider: ScriptedServer, home: Path
) -> None:
    nb = notebook()
    said(nb, "%load_ext copilot_magics\nfrom copilot_magics import Session")
    assert refused(nb, "%copilot_session --rewind 1").startswith(
        "BadInput: This notebook is not bound to a session that could go back. Name one"
    )
    said(nb, "%copilot_session empty")
    assert "nothing comes after turn 0" in said(nb, "%copilot_session --rewind 0")
    assert "has 0 turns, so it cannot go back to 1" in refused(nb, "%copilot_session --rewind 1")
    said(nb, "%copilot_session chat")
    ask(nb, "one", "two")
    before = known_ids()
    for line, told in {
        "--rewind 3": "BadInput: The session 'chat' has 2 turns, so it cannot go back to 3; "
        "nothing was cut off. Give one from 0 (its beginning) to 2.",
        "--rewind -3": "BadInput: The session 'chat' has 2 turns, so it cannot go back by 3;",
        "--rewind two": "BadInput: The turn to go back to cannot be 'two'. Give its number",
        "--rewind 1.5": "BadInput: The turn to go back to cannot be '1.5'.",
        "--rewind": "BadInput: %copilot_session: ",
        "caht --rewind 1": "SessionNotFound: There is no session 'caht'. Did you mean 'chat'?",
        "chat --new --rewind 1": "BadInput: --rewind goes with a session that is there.",
        "--fork chat --rewind 1": "BadInput: --rewind goes with a session that is there.",
        "--disconnect --rewind 1": "BadInput: --rewind goes with a session that is there.",
    }.items():
        assert refused(nb, f"%copilot_session {line}").startswith(told)
    assert "cannot be <NA>" in refused(nb, "import pandas as pd\nSession('chat').rewind(pd.NA)")
    assert "There is no session 'no-one'" in refused(nb, "Session('no-one').rewind(0)")
    assert "nothing comes after turn 2" in said(nb, "%copilot_session --rewind 2")

    # The runtime ends instead of going back, and the fork that was made for that goes too.
    moments.arm(nb)
    for end in ("SIGKILL", "SIGTERM"):
        moments.plan(nb, "session.history.rewind", "before", f"runtime {end}")
        told = refused(nb, "%copilot_session --rewind 1")
        assert re.fullmatch(
            r"RuntimeUnavailable: The Copilot runtime ended before 'chat' had gone back \(.*\)\. "
            r"Run this again: a new one is started\.",
            told,
        ), told
        assert known_ids() == before

    # While a prompt is answered.
    nb.run("import asyncio\nasked = asyncio.ensure_future(Session('chat').aask('gate open'))")
    provider.wait_reached("open")
    assert refused(nb, "Session('chat').rewind(0)").startswith(
        "SessionInUse: The session 'chat' is answering a prompt, and cannot go back. Wait"
    )
    provider.release("open")
    assert said(nb, "print((await asked).text)") == "Before open. After open."

    # While somebody else holds it.
    said(nb, "%copilot_session --disconnect")
    lock = SessionLock("chat", "/home/bob/other.ipynb")
    error = refused(nb, "%copilot_session chat --rewind 0")
    assert error.startswith("SessionInUse: The session 'chat' is in use by /home/bob/other.ipynb")
    lock.release()

    # Where the runtime does not know the turn, since somebody else has written it.
    said(nb, "%copilot_session chat")
    journal = home / "session-state" / "chat" / "events.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + prompt("by another hand") + b"\n")
    assert "could not go back to turn 3, and is as it was: " in refused(
        nb, "%copilot_session --rewind 3"
    )
    journal.write_bytes(whole)

    # Where the fork cannot be made: a folder stands in the place of the runtime's own lock of it.
    in_the_way = home / "session-state" / "chat" / ".workspace-fork.lock"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    assert "CopilotError: The session 'chat' could not be forked: " in refused(
        nb, "%copilot_session chat --rewind 0"
    )
    assert typed("chat") == ["one", "two", "gate open"]
    assert known_ids() == before


@pytest.mark.slow
def test_past_a_compaction_a_sub_agent_and_damage(
    notebook: Start, provider: ScriptedServer, home: Path
) -> None:
    nb = notebook()
    said(nb, LOAD.format("chat --permissions allow-all"))
    ask(nb, "one")
    sub = 'tool task {"description": "d", "prompt": "say: sub", "agent_type": "task", "name": "s"}'
    said(nb, f"%%copilot\n{sub}")
    said(
        nb,
        "from copilot_magics.held import repository\n"
        "from copilot_magics.runtime.loop import submit\n"
        "summed = submit(repository['chat']._sdk.rpc.history.compact()).result(60)\n"
        "assert summed.success",
    )
    ask(nb, "three")
    events = get_messages("chat")
    assert events["agent_id"].notna().any()
    assert (events["type"] == "session.compaction_complete").any()
    # Turns are counted as the column has them: what the sub-agent was told is none.
    assert events["turn"].max() == 3
    dataset = home.parent / "dataset"
    export_transcripts(dataset)
    fork = fork_in(said(nb, "%copilot_session --rewind 1"))
    said(nb, "%%copilot\nrecall")
    assert seen(provider) == ["one", "recall"]
    assert len(get_messages(fork)) >= len(events)
    # A dataset that had it has what the journal has.
    export_transcripts(dataset)
    kept = read_transcripts(dataset)
    for session in ("chat", fork):
        rows = kept[kept["session"] == session]
        assert rows["event_id"].tolist() == get_messages(session)["event_id"].tolist()

    # A journal that is damaged is mended first, and kept as it was beside it, as always.
    said(nb, "%copilot_session --disconnect")
    journal = home / "session-state" / "chat" / "events.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:3], b'{"type":\n', *lines[3:], b'{"torn"']))
    told = said(nb, "%copilot_session chat --rewind 1")
    assert typed(fork_in(told)) == ["one", "recall"]
    assert typed("chat") == ["one"]
    dropped = (
        f"The session's journal was damaged: the runtime has dropped lines 4, {len(lines) + 2}."
    )
    assert dropped in told
    # What was cut off was not dropped.
    assert "damaged" not in said(nb, "%%copilot\nrecall")
    assert seen(provider) == ["one", "recall"]


def test_a_cell_that_is_run_again(notebook: Start, provider: ScriptedServer) -> None:
    nb = notebook()
    said(nb, LOAD.format("chat --rerun rewind"))

    def run(number: int, prompt: str = "") -> str:
        return said(nb, f"%%copilot\nsay: {prompt or number}", cell_id=f"cell-{number}")

    for number in (1, 2, 3):
        assert "went back" not in run(number)
    # The last one: only it is replaced.
    told = run(3, "3 again")
    assert told.startswith("> This cell had asked turn 3: the conversation went back to before it;")
    fork = fork_in(told)
    assert "turn 3 is kept in the fork" in told
    assert "“chat before turn 3 was asked again”" in told
    assert typed(fork) == ["1", "2", "3"]
    assert seen(provider) == ["1", "2", "3 again"]
    # An earlier one, changed: what came after it goes too, and is new when it is run.
    told = run(1, "1 again")
    assert "asked turn 1: the conversation went back to before it; turns 1 to 3 are kept" in told
    assert typed(fork_in(told)) == ["1", "2", "3 again"]
    assert seen(provider) == ["1 again"]
    assert "went back" not in run(2)
    assert seen(provider) == ["1 again", "2"]
    # Others' turns in between go with them.
    said(nb, "session = __import__('copilot_magics').Session('chat')\nsession.ask('say: python')")
    assert "turns 2 and 3 are kept" in run(2)
    assert typed("chat") == ["1 again", "2"]

    # A turn without an answer is no loss: nothing is kept of it.
    sessions = len(known_ids())
    assert nb.run("%%copilot\nhttp 400 once\nsay: 4", cell_id="cell-4").status == "error"
    told = said(nb, "%%copilot\nhttp 400 once\nsay: 4", cell_id="cell-4")
    assert "went back to before it; turn 3 is gone, since it had no answer." in told
    assert len(prompts_of("chat")) == 3
    assert len(known_ids()) == sessions

    # After a restart, what was cut off is replayed no more; what is there is.
    nb.restart()
    said(nb, LOAD.format("chat --rerun replay"))
    asked = len(provider.requests)
    assert "Replayed from the journal" in run(2)
    assert "Replayed" not in run(1)
    assert len(provider.requests) == asked + 1

    # Restart and Run All: the first cell goes back, the others are new.
    said(nb, "%copilot_session --rerun rewind")
    assert "turns 1 to 4 are kept" in run(1)
    for number in (2, 3):
        assert "went back" not in run(number)
    assert seen(provider) == ["1", "2", "3"]
    assert len(known_ids()) == sessions + 1


@pytest.mark.slow
def test_a_cell_without_an_id(notebook: Start, provider: ScriptedServer) -> None:
    nb = notebook()
    said(nb, LOAD.format("chat"))
    said(nb, "%config CopilotMagics.rerun = 'rewind'")
    ask(nb, "one", "two")
    again = said(nb, "%%copilot\nsay: one")
    assert "asked turn 1: the conversation went back to before it; turns 1 and 2 are kept" in again
    assert "went back" not in said(nb, "%%copilot\nsay: two")
    loop = "for _ in range(2):\n    %copilot say: again"
    assert "went back" not in said(nb, loop)
    assert seen(provider) == ["one", "two", "again", "again"]
    # The whole loop is one cell's.
    assert said(nb, loop).count("asked turn 3: the conversation went back to before it") == 1
    assert typed("chat") == ["one", "two", "again", "again"]
    # With another session it is another conversation.
    assert "went back" not in said(nb, "%%copilot --session other\nsay: one")
    # An interrupt takes nothing with it but its own turn.
    waiting = nb.start("%%copilot\ngate late")
    provider.wait_reached("late")
    nb.interrupt()
    assert waiting.result().ename == "TurnInterrupted"
    provider.release("late")
    provider_saw = said(nb, "%%copilot\ngate late")
    assert "asked turn 5" in provider_saw
    assert seen(provider) == ["one", "two", "again", "again", "gate late"]

    nb.restart()
    said(nb, LOAD.format("chat --rerun rewind"))
    assert "turns 1 to 5 are kept" in said(nb, "%%copilot\nsay: one")
    ask(nb, "two")
    assert typed("chat") == ["one", "two"]


@pytest.mark.slow
def test_a_program_that_runs_cells_from_the_top(notebook: Start, provider: ScriptedServer) -> None:
    """As papermill does: two cells that ask the same are two, and the next run is a new one."""
    cells = ["say: one", "say: go on", "say: two", "say: go on"]
    for run in (1, 2):
        nb = notebook()
        nb.run(LOAD.format("daily --rerun rewind"), allow_stdin=False)
        told = [said(nb, f"%%copilot\n{cell}", allow_stdin=False) for cell in cells]
        assert ["went back" in line for line in told] == [run == 2, False, False, False]
        assert typed("daily") == ["one", "go on", "two", "go on"]
        nb.close()
    assert len(known_ids()) == 2
    # What nobody asked before takes nothing back, and that is said.
    nb = notebook()
    nb.run(LOAD.format("daily --rerun rewind"), allow_stdin=False)
    told = [said(nb, f"%%copilot\nsay: {new}", allow_stdin=False) for new in ("edited", "so on")]
    assert "No cell had asked this before, so 4 earlier turns stayed." in told[0]
    assert "stayed" not in told[1]
