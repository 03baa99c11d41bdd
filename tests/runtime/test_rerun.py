"""Restart and Run All: what was answered is sent again and said so, or shown again for nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

PROMPTS = ["say: one", "say: **two**", "say: go on", "say: go on", "think: hm\nsay: five"]
ANSWERS = ["one", "**two**", "go on", "go on", "five"]
BEFORE = "This was answered before, on "


IDS, NO_IDS = "with-cell-ids", "without-cell-ids"


def run_all(nb: Notebook, rerun: str = "") -> list[Cell]:
    """Run the five prompts in each of two sessions, with cell IDs in one alone."""
    nb.run("%load_ext copilot_magics")
    cells = []
    for session in (IDS, NO_IDS):
        bound = nb.run(f"%copilot_session {session} {rerun}")
        assert bound.status == "ok", bound.outputs
        for number, prompt in enumerate(PROMPTS):
            cell_id = f"cell-{number}" if session == IDS else None
            cells.append(nb.run(f"%%copilot\n{prompt}", cell_id=cell_id))
    assert {cell.status for cell in cells} == {"ok"}, [cell.outputs for cell in cells]
    return cells


def answers(cells: list[Cell]) -> list[str]:
    """Return the answer that each cell shows: the Markdown on display that has it."""
    return [
        next(answer for answer in ANSWERS if answer in cell.text and expected == answer)
        for cell, expected in zip(cells, ANSWERS * 2, strict=True)
    ]


def test_restart_and_run_all(notebook: StartNotebook, provider: ScriptedServer) -> None:
    nb = notebook()
    first = run_all(nb)
    assert len(provider.requests) == 10
    assert not any(BEFORE in cell.text for cell in first)
    # In the same kernel a cell that is run again is simply asked again.
    assert BEFORE not in nb.run(f"%%copilot --session {IDS}\n{PROMPTS[0]}", cell_id="cell-0").text
    assert len(provider.requests) == 11

    nb.restart()
    replayed = run_all(nb, "--rerun replay")
    assert len(provider.requests) == 11
    assert answers(replayed) == answers(first) == ANSWERS * 2
    for cell in replayed:
        assert "Replayed from the journal of with" in cell.text
        assert "; nothing was sent." in cell.text
    value = nb.run("print(_.text, _.outcome, _.session, len(_.messages) > 1)")
    assert value.stdout == f"five answered {NO_IDS} True\n"

    # What was not asked before is sent.
    for session, cell_id in ((IDS, "cell-0"), (NO_IDS, None)):
        edited = nb.run(f"%%copilot --session {session}\nsay: edited", cell_id=cell_id)
        assert "edited" in edited.text
        assert "Replayed" not in edited.text
    assert len(provider.requests) == 13

    nb.restart()
    appended = run_all(nb)
    assert len(provider.requests) == 23
    assert answers(appended) == ANSWERS * 2
    for cell in appended:
        assert BEFORE in cell.text
        assert "it is sent again. `%copilot_session --rerun replay` would show" in cell.text


@pytest.mark.slow
def test_what_replay_does_not_cover(notebook: StartNotebook, provider: ScriptedServer) -> None:
    nb = notebook()
    nb.run("%load_ext copilot_magics")
    nb.run("%copilot_session chat")
    assert nb.run("%%copilot\nhttp 400 once\nsay: late", cell_id="failed").status == "error"
    nb.run("for _ in range(2):\n    %copilot say: again", cell_id="loop")
    nb.run("%%copilot --quiet --into kept\nsay: kept", cell_id="kept")
    assert len(provider.requests) == 4

    nb.restart()
    nb.run("%load_ext copilot_magics")
    # The default may be set for good; an option overrides it.
    nb.run("%config CopilotMagics.rerun = 'replay'")
    nb.run("%copilot_session chat")
    # A failure is no answer.
    assert "late" in nb.run("%%copilot\nhttp 400 once\nsay: late", cell_id="failed").text
    assert len(provider.requests) == 5
    # A loop replays each of its prompts, and asks the third.
    nb.run("for _ in range(3):\n    %copilot say: again", cell_id="loop")
    assert len(provider.requests) == 6
    quiet = nb.run("%%copilot --quiet --into kept\nsay: kept", cell_id="kept")
    assert quiet.outputs == []
    assert nb.run("print(kept.text)").stdout == "kept\n"
    # Another session has not answered it.
    nb.run("%%copilot --session other\nsay: kept", cell_id="kept")
    assert len(provider.requests) == 7
    nb.run("%copilot_session --rerun append")
    assert BEFORE in nb.run("%%copilot\nsay: kept", cell_id="kept").text
    assert len(provider.requests) == 8
