"""Whatever happens while a conversation goes back: no turn is lost, and what is left goes on."""

from __future__ import annotations

from collections.abc import Callable

import moments
import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.transcripts.catalog import known_ids
from copilot_magics.transcripts.prompts import prompts_of

Start = Callable[..., Notebook]

OPEN = "%load_ext copilot_magics\n%copilot_session chat --rerun rewind"


@pytest.mark.slow
@pytest.mark.parametrize("what", ["interrupt", "kill", "runtime SIGKILL"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["sessions.fork", "session.history.rewind"])
@pytest.mark.parametrize("again", [False, True], ids=["--rewind", "--rerun"])
def test_nothing_is_lost(
    notebook: Start, provider: ScriptedServer, method: str, when: str, what: str, again: bool
) -> None:
    kernel = notebook()
    assert kernel.run(OPEN).status == "ok"
    for number in (1, 2, 3):
        asked = kernel.run(f"%%copilot\nsay: {number}", cell_id=f"cell-{number}")
        assert asked.status == "ok"
    moments.arm(kernel)
    moments.plan(kernel, method, when, what)
    code = "%%copilot\nsay: 2" if again else "%copilot_session --rewind 1"
    cell = kernel.start(code, cell_id="cell-2")
    if what == "kill":
        kernel.process.wait(30)
        kernel = notebook()
        kernel.run(OPEN)
    else:
        cell.result()
        told = ("Interrupted",) if what == "interrupt" else ("RuntimeUnavailable", "TurnFailed")
        assert cell.status == "ok" or cell.ename.endswith(told), cell.text
    texts = {session: [prompt.text for prompt in prompts_of(session)] for session in known_ids()}
    whole = ["say: 1", "say: 2", "say: 3"]
    assert texts["chat"] in (whole, whole[:1], whole[:2])
    assert whole in texts.values()
    # What the agent knows is what the journal has.
    recalled = kernel.run("%%copilot\nrecall", cell_id="recall")
    if "is not in the journal: send it again" in recalled.evalue:
        # The end of the runtime that was killed right after its answer is heard here.
        recalled = kernel.run("%%copilot\nrecall", cell_id="recall")
    assert recalled.status == "ok", recalled.text
    assert provider.last.prompts == [*texts["chat"], "recall"]
    told = kernel.run("print(get_messages('chat', types='user.message').turn.tolist())")
    assert told.stdout == f"{list(range(1, len(texts['chat']) + 2))}\n"
