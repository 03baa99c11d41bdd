"""Many sessions, read by several processes: the same rows, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pandas as pd
import psutil
import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.transcripts.parallel import Found, gather_all
from copilot_magics.transcripts.restrictions import Restrictions, restrictions
from copilot_magics.transcripts.schema import unpack
from copilot_magics.transcripts.wire import Answer, Job, receive, send
from copilot_magics.transcripts.wire import read as read_rows

# It would say that a process failed, whose work was then done here.
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


_others: set[int] = set()


@pytest.fixture(autouse=True)
def others() -> None:
    """Remember the processes that other tests have left."""
    _others.clear()
    _others.update(child.pid for child in psutil.Process().children())


def workers() -> list[psutil.Process]:
    """Return the processes that read for this one."""
    return [child for child in psutil.Process().children() if child.pid not in _others]


# Longer than what a process is given at a time.
LONG = answer("x" * 3_000_000)


@pytest.fixture
def sessions(home: Path) -> list[str]:
    for number in range(12):
        call = {"toolCallId": f"c{number}", "toolName": "bash"}
        write_session(
            home,
            f"s{number:02}",
            start(),
            prompt(f"prompt {number}"),
            event("tool.execution_start", call),
            event("tool.execution_complete", {"toolCallId": f"c{number}", "success": True}),
            *([LONG] if number % 2 else [b"rubbish"]),
        )
    write_session(home, "unprompted")
    return [*(f"s{number:02}" for number in range(12)), "unprompted"]


def read(home: Path, sessions: list[str], wanted: Restrictions, processes: int) -> Found:
    told: list[int] = []
    found = gather_all(home / "session-state", sessions, wanted, told.append, processes)
    journals = [home / "session-state" / name / "events.jsonl" for name in sessions]
    assert sum(told) == sum(path.stat().st_size for path in journals if path.exists())
    assert workers() == []
    assert not [one for one in threading.enumerate() if "transcripts" in one.name]
    return found


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"types": ["tool.execution_complete"], "columns": ["session", "tool", "turn"]},
        {"since": "2026-03-01T10:00:30Z", "roles": ["tool", "user"]},
        {"types": []},
    ],
    ids=["all", "types and columns", "roles since", "none"],
)
def test_several_processes_find_the_same(
    home: Path, sessions: list[str], wanted: dict[str, list[str]], processes: int
) -> None:
    checked = restrictions(**wanted)
    one, several = (read(home, sessions, checked, count) for count in (1, processes))
    frames = [unpack(found.pieces, checked.needed) for found in (one, several)]
    pd.testing.assert_frame_equal(*frames)
    assert one.damage == several.damage
    assert [place["session"] for place in one.damage] == sessions[0:12:2]


def test_what_a_process_that_dies_did_not_answer_is_read_here(
    home: Path, sessions: list[str]
) -> None:
    killed = []

    def kill(count: int) -> None:
        for child in workers():
            child.kill()
            killed.append(child.pid)

    state = home / "session-state"
    whole = read(home, sessions, Restrictions(), 1)
    with pytest.warns(RuntimeWarning, match="ended before it was done"):
        found = gather_all(state, sessions, Restrictions(), kill, 2)
    assert killed
    pd.testing.assert_frame_equal(unpack(found.pieces), unpack(whole.pieces))
    assert found.damage == whole.damage


def test_sessions_that_are_deleted_meanwhile_are_not_there(home: Path, sessions: list[str]) -> None:
    def delete(count: int) -> None:
        shutil.rmtree(home / "session-state" / "s11", ignore_errors=True)
        shutil.rmtree(home / "session-state" / "s10", ignore_errors=True)

    found = gather_all(home / "session-state", sessions, Restrictions(), delete, 1)
    assert unpack(found.pieces)["session"].unique().tolist() == sessions[:10]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_ends_all_at_once(
    home: Path, sessions: list[str], error: type[BaseException]
) -> None:
    def interrupt(count: int) -> None:
        raise error

    with pytest.raises(error):
        gather_all(home / "session-state", sessions, Restrictions(), interrupt, 3)
    assert workers() == []
    assert not [one for one in threading.enumerate() if "transcripts" in one.name]


KILLED = """
import os, signal, sys
from pathlib import Path
import psutil
from copilot_magics.transcripts.parallel import gather_all
from copilot_magics.transcripts.restrictions import Restrictions

def die(count):
    print(psutil.Process().children()[0].pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

state = Path(sys.argv[1])
gather_all(state, sorted(path.name for path in state.iterdir()), Restrictions(), die, 2)
"""


def test_the_others_end_with_a_process_that_is_killed(home: Path, sessions: list[str]) -> None:
    command = [sys.executable, "-c", KILLED, str(home / "session-state")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert done.returncode == -signal.SIGKILL
    other = int(done.stdout)
    with contextlib.suppress(psutil.NoSuchProcess):
        # It is nobody's child, so it may stay as a zombie where nobody waits for those.
        process = psutil.Process(other)
        while process.status() != psutil.STATUS_ZOMBIE:
            psutil.wait_procs([process], timeout=0.1)


@contextlib.contextmanager
def worker(tmp_path: Path, prefix: str = "") -> Iterator[tuple[socket.socket, Path]]:
    """Start the other process alone, with a file that has a name, and a socket to it."""
    module = "copilot_magics.transcripts.worker"
    code = f"{prefix}import runpy; runpy.run_module({module!r}, run_name='__main__')"
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "rows").open("w+b") as file:
        given = (theirs.fileno(), file.fileno())
        command = [sys.executable, "-W", "error", "-c", code, *map(str, given)]
        with subprocess.Popen(command, pass_fds=given) as process:
            theirs.close()
            yield ours, tmp_path / "rows"
            ours.shutdown(socket.SHUT_RDWR)
            assert process.wait() == 0


@pytest.mark.parametrize(
    "prefix",
    ["", "import sys; sys.modules['pyarrow'] = None; "],
    ids=["with pyarrow", "without pyarrow"],
)
def test_the_other_process_answers(
    home: Path, sessions: list[str], tmp_path: Path, prefix: str
) -> None:
    batches = [sessions[:5], ["unprompted"], sessions[5:]]
    found: list[Found] = []
    with worker(tmp_path, prefix) as (connection, rows):
        send(connection, msgspec.json.encode(Job(str(home / "session-state"), Restrictions())))
        for batch in batches:
            send(connection, msgspec.json.encode(batch))
        for _ in batches:
            answer = msgspec.json.decode(receive(connection) or b"", type=Answer)
            memory = memoryview(rows.read_bytes())[answer.start : answer.end]
            found.append(Found(read_rows(memory), answer.damage))
    here = read(home, sessions, Restrictions(), 1)
    pieces = [piece for one in found for piece in one.pieces]
    pd.testing.assert_frame_equal(unpack(pieces), unpack(here.pieces))
    assert [place for one in found for place in one.damage] == here.damage
    assert isinstance(pieces[0], dict) is bool(prefix)


def test_a_module_in_the_folder_does_not_pass_for_one_of_ours(
    home: Path, sessions: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    read(home, sessions, Restrictions(), 2)
    assert not (tmp_path / "ran").exists()
    assert os.listdir(tmp_path / "home") == []
