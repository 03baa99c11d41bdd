"""The disk fails: one sentence, nothing lost, and the notebook goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cells import Cell
from disks import Disk, may_mount, small_disk
from figures import FaultOf, files_left
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"

_MEANS = (
    [pytest.param(True, id="mounted"), pytest.param(False, id="played", marks=pytest.mark.slow)]
    if may_mount()
    else [pytest.param(False, id="played")]
)


@pytest.fixture(params=_MEANS)
def disk(request: pytest.FixtureRequest, home: Path, tmp_path: Path) -> Iterator[Disk]:
    """Have the test's COPILOT_HOME lie on a small disk."""
    with small_disk(home, tmp_path / "disk", mounted=request.param) as disk:
        yield disk


def said(nb: Notebook, code: str) -> str:
    cell = nb.run(code)
    assert cell.status == "ok", cell.outputs
    return cell.text


def one_sentence(cell: Cell, kind: str, told: str) -> None:
    """Check that a cell ended with one clear error, without a traceback."""
    assert cell.ename == kind, cell.outputs
    assert cell.evalue.startswith(told), cell.evalue
    assert cell.error is not None
    assert cell.error["traceback"] == [f"{kind}: {cell.evalue}"]
    assert "\n" not in cell.evalue
    assert "JSON" not in cell.evalue
    assert cell.stderr == ""


def journal_of(home: Path, session: str) -> Path:
    return home / "session-state" / session / "events.jsonl"


def prompts_in(home: Path, session: str) -> list[str]:
    """Read a journal without the package: the prompts of its intact lines."""
    found = []
    for line in journal_of(home, session).read_bytes().splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event["type"] == "user.message":
            found.append(event["data"]["content"])
    return found


def test_a_full_disk_and_a_read_only_one(
    disk: Disk, notebook: Start, provider: ScriptedServer, home: Path, fault: FaultOf
) -> None:
    nb = notebook(python=disk.python)
    said(nb, LOAD)
    said(nb, "%copilot_session chat")
    said(nb, "%%copilot\nsay: before")
    of_disk = f"The disk that holds {home}"

    with fault("disk full, before a prompt") as it:
        disk.fill()
        it.strikes()
        cell = nb.run("%%copilot\nsay: too much " + "x" * 9000)
        it.told(within=15)
        one_sentence(cell, "TurnFailed", f"{of_disk} is full")
        assert "Free some space there" in cell.evalue
        assert (
            said(nb, "%copilot_session")
            .strip()
            .endswith("Its last turn failed; its prompt is not in the journal.")
        )
    with fault("disk full, creating a session") as it:
        it.strikes()
        one_sentence(nb.run("%copilot_session another"), "StateUnusable", of_disk)
        it.told(within=15)
        # The one that is held is held still, and nothing is left of the other.
        assert [path.name for path in files_left(home)] == ["chat.json"]
        assert not journal_of(home, "another").parent.exists()
    with fault("disk full, until there is room") as it:
        disk.free()
        assert "- say: before" in said(nb, "%%copilot\nrecall")
        it.acknowledged = 2
        # What failed may be written later, when there is room; but once, and nothing is lost.
        prompts = prompts_in(home, "chat")
        assert len(prompts) == len(set(prompts))
        assert [text for text in prompts if "too much" not in text] == ["say: before", "recall"]

    with fault("disk read-only, before a prompt") as it:
        disk.freeze()
        it.strikes()
        cell = nb.run("%%copilot\nsay: meanwhile")
        it.told(within=15)
        one_sentence(cell, "TurnFailed", f"{of_disk} is read-only.")
        assert "Its last turn failed; its prompt is not" in said(nb, "%copilot_session")
    with fault("disk read-only, everything else") as it:
        for line in (
            "%copilot_session another",
            "%copilot_sessions --delete chat --yes",
            "%copilot_sessions --title chat A title",
            "%copilot_session chat",
            "%%copilot\nsay: still",
        ):
            it.strikes()
            one_sentence(nb.run(line), "StateUnusable", of_disk)
            it.told(within=15)
        # What was said can be read all the same.
        read = said(nb, "print(get_messages('chat', roles='user').content.tolist())")
        assert "'say: before'" in read
        assert "'recall'" in read
        assert "chat" in said(nb, "list_sessions()")
        said(nb, "%copilot_session --disconnect")
    with fault("disk read-only, until it can be written to") as it:
        disk.thaw()
        assert "- say: before" in said(nb, "%%copilot\nrecall")
        it.acknowledged = 1
        said(nb, "%copilot_session --disconnect")
        prompts = [text for text in prompts_in(home, "chat") if not text.startswith("say: ")]
        assert prompts == ["recall", "recall"]
        assert files_left(home) == []
