"""Two at once: one writes, the other is told who does; what both do at once is done once."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cells import Cell
from figures import FaultOf, files_left
from kernels import Notebook, processes_of
from psutil import wait_procs
from scripted import ScriptedServer

Start = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"


def said(nb: Notebook, code: str) -> str:
    cell = nb.run(code)
    assert cell.status == "ok", cell.outputs
    return cell.text


def refused(cell: Cell, *told: str) -> None:
    """Check that a cell was refused because somebody else holds the session, in one sentence."""
    assert cell.ename == "SessionInUse", cell.outputs
    assert "\n" not in cell.evalue
    assert all(text in cell.evalue for text in told), cell.evalue


def events(home: Path, session: str) -> list[str]:
    journal = home / "session-state" / session / "events.jsonl"
    return [json.loads(line)["type"] for line in journal.read_bytes().splitlines()]


@pytest.fixture
def two(notebook: Start, tmp_path: Path) -> list[Notebook]:
    """Start two notebooks whose runtimes run."""
    both = [notebook(tmp_path / name) for name in ("one", "two")]
    for number, nb in enumerate(both):
        said(nb, LOAD)
        said(nb, f"%copilot_session warm-{number}")
        said(nb, "%copilot_session --disconnect")
    return both


def at_once(two: list[Notebook], *codes: str) -> list[Cell]:
    """Run a cell in each, at the same time."""
    cells = [nb.start(code) for nb, code in zip(two, codes * (2 // len(codes)), strict=True)]
    return [cell.result() for cell in cells]


def test_two_kernels(
    two: list[Notebook], provider: ScriptedServer, home: Path, fault: FaultOf
) -> None:
    what_a_holder_left(two, home, fault)
    the_same_thing_at_the_same_time(two, home, fault)
    # Last, since one of them is killed.
    one_session(two, provider, home, fault)


def one_session(two: list[Notebook], provider: ScriptedServer, home: Path, fault: FaultOf) -> None:
    holder, other = two
    said(holder, "%copilot_session shared")
    said(holder, "%%copilot\nsay: mine")
    who = f"{holder.process.cwd()}/notebook.ipynb (process {holder.pid} on {socket.gethostname()},"
    with fault("a session held by another kernel") as it:
        for code in ("%copilot_session shared", "%%copilot --session shared\nsay: no"):
            it.strikes()
            refused(other.run(code), who, "`%copilot_session --fork shared`")
            it.told(within=15)
        # What is offered works, and is a conversation of its own.
        said(other, "%copilot_session --fork shared")
        assert "- say: mine" in said(other, "%%copilot\nrecall")
        assert "Nothing" not in said(holder, "%%copilot\nrecall")
        assert events(home, "shared").count("user.message") == 2
        said(other, "%copilot_session --disconnect")
        it.acknowledged = 3
    with fault("the holder killed in the middle of a turn") as it:
        cell = holder.start("%%copilot\ngate held")
        provider.wait_reached("held")
        cell.wait_output(lambda cell: "Before held." in cell.text)
        runtimes = [p for p in processes_of(home) if p.pid in _children(holder)]
        holder.kill()
        wait_procs(runtimes, 15)
        it.strikes()
        assert said(other, "%copilot_session shared").startswith("Resumed shared · 3 turns")
        it.told(within=15)
        assert "- say: mine" in said(other, "%%copilot\nrecall")
        said(other, "%copilot_session --disconnect")
        provider.release("held")
        it.acknowledged = 1
        assert files_left(home) == []


def _children(nb: Notebook) -> set[int]:
    return {child.pid for child in nb.process.children(recursive=True)}


def write_record(home: Path, session: str, host: str, pid: int) -> Path:
    """Write what a holder leaves that was killed."""
    record = home / "copilot_magics" / "locks" / f"{session}.json"
    since = datetime.now(UTC).isoformat()
    record.write_text(
        json.dumps({"notebook": "/a/n.ipynb", "host": host, "pid": pid, "since": since})
    )
    return record


@contextmanager
def holding(lock: Path) -> Iterator[None]:
    """Have another process hold a lock."""
    code = (
        "import filelock, sys\nwith filelock.FileLock(sys.argv[1], mode=0o600):\n"
        "    print(flush=True)\n    input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield
        child.kill()


def what_a_holder_left(two: list[Notebook], home: Path, fault: FaultOf) -> None:
    nb, other = two
    locks = home / "copilot_magics" / "locks"
    for name, host, pid in (
        ("a process that is gone", socket.gethostname(), 2**22 + 1),
        ("a process ID that is somebody else's now", socket.gethostname(), os.getpid()),
        ("another host", "elsewhere.example", os.getpid()),
    ):
        session = "-".join(name.replace("'", "").split())
        with fault(f"a record left by {name}") as it:
            write_record(home, session, host, pid)
            (locks / f"{session}.lock").touch(0o600)
            it.strikes()
            assert said(nb, f"%copilot_session {session}").startswith(f"Created {session}")
            it.told(within=15)
            # And it is held: the other is told by whom.
            refused(other.run(f"%copilot_session {session}"), f"(process {nb.pid} on")
            said(nb, "%copilot_session --disconnect")
    with fault("a lock held on another host") as it:
        record = write_record(home, "far", "elsewhere.example", 77)
        with holding(locks / "far.lock"):
            it.strikes()
            refused(nb.run("%copilot_session far"), "/a/n.ipynb (process 77 on elsewhere.example,")
            it.told(within=15)
            record.write_bytes(b"\xff")
            refused(nb.run("%copilot_session far"), "in use by another kernel")
        said(nb, "%copilot_session far")
        said(nb, "%copilot_session --disconnect")
    assert files_left(home) == []


def test_the_terminal_on_the_same_session(
    notebook: Start,
    provider: ScriptedServer,
    runtime_path: Path,
    home: Path,
    tmp_path: Path,
    fault: FaultOf,
) -> None:
    nb = notebook()
    said(nb, LOAD)
    said(nb, "%copilot_session shared")
    said(nb, "%%copilot\nsay: one")
    with fault("the terminal's copilot on the same session") as it:
        command = [str(runtime_path), "-p", "gate term", "--resume=shared", "--allow-all-tools"]
        with subprocess.Popen(
            [*command, "--no-auto-update"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
        ) as terminal:
            provider.wait_reached("term")
            marked = "in use by another Copilot runtime (process "
            for code in ("%%copilot\nsay: two", "%copilot_sessions --delete shared --yes"):
                it.strikes()
                refused(nb.run(code), marked, "End it there", "`%copilot_session --fork shared`")
                it.told(within=15)
            assert provider.prompts() == ["say: one", "gate term"]
            provider.release("term")
            assert terminal.stdout is not None
            assert b"Before term. After term." in terminal.stdout.read()
        # It is gone, and what was said in it is known here.
        assert "- gate term" in said(nb, "%%copilot\nrecall")
        assert provider.prompts() == ["say: one", "gate term", "recall"]
        assert events(home, "shared").count("user.message") == 3
        it.acknowledged = 3
        said(nb, "%copilot_session --disconnect")
        assert files_left(home) == []


def copies(home: Path, count: int, *, days_old: int = 0) -> list[str]:
    """Make some sessions of the one that is there."""
    names = [f"copy-{days_old}-{number}" for number in range(count)]
    moment = time.time() - days_old * 86400
    for name in names:
        folder = shutil.copytree(home / "session-state" / "sample", home / "session-state" / name)
        for file in (folder / "events.jsonl", folder / "workspace.yaml"):
            file.write_text(file.read_text().replace("sample", name))
            os.utime(file, (moment, moment))
    return names


def the_same_thing_at_the_same_time(two: list[Notebook], home: Path, fault: FaultOf) -> None:
    one, _ = two
    said(one, "%copilot_session sample")
    said(one, "%%copilot\nsay: here")
    said(one, "%copilot_session --disconnect")
    state, rounds = home / "session-state", range(4)

    with fault("two kernels create one session at once"):
        for number in rounds:
            ends = [
                cell.ename or cell.text.split()[0]
                for cell in at_once(two, f"%copilot_session new-{number}")
            ]
            assert sorted(ends) == ["Created", "SessionInUse"]
            assert events(home, f"new-{number}").count("session.start") == 1
            at_once(two, "%copilot_session --disconnect")
    with fault("two kernels delete one session at once"):
        for name in copies(home, len(rounds)):
            cells = at_once(two, f"%copilot_sessions --delete {name} --yes")
            ends = sorted(cell.ename or cell.text.split()[0] for cell in cells)
            assert ends in (["Deleted", "SessionInUse"], ["Deleted", "SessionNotFound"]), ends
            assert not (state / name).exists()
    with fault("two kernels prune at once"):
        old = copies(home, 6, days_old=40)
        cells = at_once(
            two, "gone = %copilot_sessions --prune 30d --yes\nprint(gone.session.tolist())"
        )
        assert [cell.status for cell in cells] == ["ok", "ok"], [cell.outputs for cell in cells]
        assert sorted(name for cell in cells for name in old if f"'{name}'" in cell.text) == old
        assert not any((state / name).exists() for name in old)
        assert (state / "sample").exists()
    with fault("two kernels rename one session at once"):
        for number in rounds:
            titles = [f"Title {number} {end}" for end in "ab"]
            cells = at_once(two, *(f"%copilot_sessions --title sample {title}" for title in titles))
            assert {cell.ename for cell in cells} <= {"", "SessionInUse"}
            given = [title for title, cell in zip(titles, cells, strict=True) if not cell.ename]
            assert given
            assert (
                said(one, "print(list_sessions().set_index('session').title['sample'])").strip()
                in given
            )
    with fault("one kernel deletes what the other asks") as it:
        for name in copies(home, len(rounds), days_old=1):
            asked, deleted = at_once(
                two,
                f"%%copilot --session {name}\nrecall",
                f"%copilot_sessions --delete {name} --yes",
            )
            assert {asked.ename, deleted.ename} <= {"", "SessionInUse"}, (asked, deleted)
            # Who was answered knew the conversation, or began one where it was gone; it is there.
            if not asked.ename:
                it.acknowledged += 1
                assert events(home, name).count("user.message") == 1 + ("say: here" in asked.text)
            said(one, f"from copilot_magics import Session\nSession('{name}').close()")
    assert files_left(home) == []
    locks = {path.stem for path in home.glob("copilot_magics/locks/*.lock")}
    assert not {name for name in locks if not (state / name).exists()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.glob("copilot_magics/*/*")} == {
        0o600
    }
