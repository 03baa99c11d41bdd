"""The disk fails: one sentence, nothing lost, and the notebook goes on."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from cells import Cell
from disks import Disk, may_mount, small_disk
from figures import FaultOf, files_left
from kernels import Notebook
from scripted import ScriptedServer
from slow_disk import SlowDisk

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
    with fault("disk full, forking, exporting and writing a notebook") as it:
        said(nb, "from copilot_magics import Session, export_transcripts")
        said(nb, "told = get_messages('chat').copilot")
        for code, place in (
            ("%copilot_session again --fork chat", home),
            ("Session('chat').fork('again')", home),
            (f"export_transcripts({str(home / 'dataset')!r})", home / "dataset"),
            (f"Session('chat').to_notebook({str(home / 'chat.ipynb')!r})", home / "chat.ipynb"),
            (f"told.to_html({str(home / 'chat.html')!r})", home / "chat.html"),
        ):
            # What the one before has cleared away made room.
            disk.fill()
            it.strikes()
            one_sentence(nb.run(code), "StateUnusable", f"The disk that holds {place} is full")
            it.told(within=15)
        sessions = (home / "session-state").glob("[!.]*")
        assert [path.name for path in sessions] == ["chat"]
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
        rename = "%copilot_sessions --title chat A title"
        one_sentence(nb.run(rename), "StateUnusable", f"{of_disk} is read-only.")
        it.strikes()
        cell = nb.run("%%copilot\nsay: meanwhile")
        it.told(within=15)
        one_sentence(cell, "TurnFailed", f"{of_disk} is read-only.")
        assert "Its last turn failed; its prompt is not" in said(nb, "%copilot_session")
    with fault("disk read-only, everything else") as it:
        for line in (
            "%copilot_session another",
            "%copilot_sessions --delete chat --yes",
            rename,
            "%copilot_session chat",
            "%%copilot\nsay: still",
        ):
            it.strikes()
            one_sentence(nb.run(line), "StateUnusable", of_disk)
            # The one before may have cost the runtime its life, and a new one has to start.
            it.told(within=30)
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


Blob = Callable[[list[bytes], int], bytes]
"""From a journal's lines, and which of them holds the second prompt, to a damaged journal."""

WHOLE = ["say: one", "say: two", "say: three"]
FIRST_AND_LAST = ["say: one", "say: three"]
MENDED: dict[str, tuple[Blob, list[str], str]] = {
    "torn-last-line": (lambda j, at: b"".join(j)[:-40], WHOLE, "line 18"),
    "run-together": (
        lambda j, at: b"".join([*j[: at - 1], j[at - 1].rstrip(b"\n"), *j[at:]]),
        FIRST_AND_LAST,
        "line 7, with 2 whole events",
    ),
    "run-into-a-torn-one": (
        lambda j, at: b"".join([*j[: at - 1], j[at - 1][:60], *j[at:]]),
        FIRST_AND_LAST,
        "line 7, with 1 whole event",
    ),
    "nul-bytes": (
        lambda j, at: b"".join([*j[:at], b"\0" * 100, *j[at:]]),
        FIRST_AND_LAST,
        "line 8, with 1 whole event",
    ),
    "garbage-between": (lambda j, at: b"".join([*j[:at], b"Hello\n", *j[at:]]), WHOLE, "line 8"),
    "garbage-first": (lambda j, at: b"Hello\n" + b"".join(j), WHOLE, "line 1"),
    "not-unicode": (
        lambda j, at: b"".join(j).replace(b"say: two", b"say: t\xffo"),
        FIRST_AND_LAST,
        "line 8, with 1 whole event",
    ),
}
"""What is damaged, what the agent remembers of it, and what is said to have been dropped."""

UNHARMED: dict[str, Blob] = {
    "byte-order-mark": lambda j, at: b"\xef\xbb\xbf" + b"".join(j),
    "separator": lambda j, at: b"".join(j).replace(b"scripted", "scr\u2028ipted".encode(), 1),
    "crlf": lambda j, at: b"".join(j).replace(b"\n", b"\r\n"),
    "no-final-newline": lambda j, at: b"".join(j)[:-1],
    "second-start": lambda j, at: b"".join([*j, j[0]]),
}
REFUSED: dict[str, Blob] = {
    "empty": lambda j, at: b"",
    "only-nul-bytes": lambda j, at: b"\0" * 4096,
    "torn-first-line": lambda j, at: b"".join([j[0][:60] + b"\n", *j[1:]]),
    "no-first-line": lambda j, at: b"".join(j[1:]),
}


def damaged(home: Path, session: str, blob: Blob) -> bytes:
    """Make a session of the sound one, with its journal damaged, and return that."""
    sound = journal_of(home, "sound")
    lines = sound.read_bytes().replace(b'"sound"', f'"{session}"'.encode()).splitlines(True)
    at = next(number for number, line in enumerate(lines) if b"say: two" in line)
    folder = shutil.copytree(sound.parent, journal_of(home, session).parent)
    workspace = folder / "workspace.yaml"
    workspace.write_text(workspace.read_text().replace("sound", session))
    raw = blob(lines, at)
    journal_of(home, session).write_bytes(raw)
    return raw


def recalled(cell: Cell) -> list[str]:
    return [line[2:] for line in cell.text.splitlines() if line.startswith("- ")]


def test_damaged_journals(
    notebook: Start, provider: ScriptedServer, home: Path, fault: FaultOf
) -> None:
    nb = notebook()
    said(nb, LOAD)
    said(nb, "%copilot_session sound")
    for text in WHOLE:
        said(nb, f"%%copilot\n{text}")
    said(nb, "%copilot_session --disconnect")

    for session, (blob, remembered, dropped) in MENDED.items():
        raw = damaged(home, session, blob)
        with fault(f"journal damaged: {session}") as it:
            it.strikes()
            resumed = said(nb, f"%copilot_session {session}")
            it.told(within=15)
            assert "Its journal is damaged in line" in resumed
            cell = nb.run("%%copilot\nrecall")
            assert recalled(cell) == remembered, cell.text
            (backup,) = journal_of(home, session).parent.glob("*.backup-before-recovery-*")
            told = f"the runtime has dropped {dropped}. As it was before, it is kept in {backup}."
            assert told in cell.displays[0]["text/plain"], cell.displays
            assert backup.read_bytes() == raw
            again = nb.run("%%copilot\nrecall")
            assert recalled(again) == [*remembered, "recall"]
            assert "dropped" not in again.text
            assert "damaged" not in said(nb, f"%copilot_session {session}")
    for session, unharmed in UNHARMED.items():
        raw = damaged(home, session, unharmed)
        with fault(f"journal unusual: {session}"):
            assert "damaged" not in said(nb, f"%copilot_session {session}")
            cell = nb.run("%%copilot\nrecall")
            assert recalled(cell) == WHOLE
            assert "dropped" not in cell.text
    for session, refused in REFUSED.items():
        raw = damaged(home, session, refused)
        with fault(f"journal without a beginning: {session}") as it:
            it.strikes()
            cell = nb.run(f"%copilot_session {session}")
            it.told(within=15)
            what = "is empty" if not raw else "has lost its beginning"
            told = f"The session '{session}' cannot be resumed, because its journal {what}."
            one_sentence(cell, "CopilotError", told)
            # What is left is left as it was, and can be read, and be deleted.
            assert journal_of(home, session).read_bytes() == raw
            assert nb.run(f"len(get_messages('{session}'))").status == "ok"
            said(nb, f"%copilot_sessions --delete {session} --yes")
            assert not journal_of(home, session).parent.exists()
    said(nb, "%copilot_session --disconnect")


def in_its_place(path: Path, make: Callable[[Path], object]) -> None:
    """Make something else of a file."""
    path.unlink()
    make(path)


def test_what_was_deleted_under_a_live_session(
    notebook: Start, provider: ScriptedServer, home: Path, tmp_path: Path, fault: FaultOf
) -> None:
    nb = notebook()
    said(nb, LOAD)

    def deleted(session: str, delete: Callable[[], object]) -> None:
        said(nb, f"%copilot_session {session}")
        said(nb, f"%%copilot\nsay: in {session}")
        delete()
        sent = len(provider.requests)
        told = f"The journal of the session '{session}' was deleted or replaced while it was in use"
        one_sentence(nb.run("%%copilot\nsay: more"), "CopilotError", told)
        assert len(provider.requests) == sent

    with fault("journal deleted under a live session") as it:
        journal = journal_of(home, "one")
        deleted("one", lambda: journal.rename(tmp_path / "kept"))
        it.told(within=15)
        assert not journal.exists()
        # As it says: back in its place, it goes on.
        (tmp_path / "kept").rename(journal)
        assert recalled(nb.run("%%copilot\nrecall")) == ["say: in one"]
    with fault("journal deleted in the middle of a turn") as it:
        said(nb, "%copilot_session two")
        said(nb, "%%copilot\nsay: in two")
        cell = nb.start("%%copilot\ngate two")
        provider.wait_reached("two")
        it.strikes()
        journal_of(home, "two").unlink()
        provider.release("two")
        cell.result()
        told = "The journal of the session 'two' was deleted or replaced while it was in use"
        one_sentence(nb.run("%%copilot\nsay: more"), "CopilotError", told)
        it.told(within=15)
        told = "The session 'two' cannot be resumed, because its journal has lost its beginning."
        one_sentence(nb.run("%copilot_session two"), "CopilotError", told)
        said(nb, "%copilot_sessions --delete two --yes")
    with fault("session's folder deleted under a live session") as it:
        folder = journal_of(home, "three").parent
        deleted("three", lambda: shutil.rmtree(folder))
        it.told(within=15)
        assert not folder.exists()
        # A deleted conversation is not made again under its name.
        assert "is bound to it" in said(nb, "%%copilot\nsay: elsewhere")
        assert not folder.exists()
        said(nb, "%copilot_session --disconnect")
    replaced: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo,
        "a folder": os.mkdir,
        "a link to itself": lambda journal: journal.symlink_to(journal),
        "a link to a device": lambda journal: journal.symlink_to("/dev/zero"),
    }
    for what, make in replaced.items():
        session = what.replace(" ", "-")
        with fault(f"{what} in the place of a live session's journal") as it:
            journal = journal_of(home, session)
            deleted(session, partial(in_its_place, journal, make))
            it.told(within=15)
            # Neither we nor the runtime wait for what never comes.
            cell = nb.run(f"%copilot_session {session}")
            kind = "is a link" if "link" in what else "is no file"
            one_sentence(cell, "BadInput", f"{journal} {kind}")
            assert session not in said(nb, "list_sessions()")
    with fault("a folder in the place of the journal, and other options asked for") as it:
        said(nb, "%copilot_session changed")
        said(nb, "%%copilot\nsay: one")
        journal = journal_of(home, "changed")
        in_its_place(journal, os.mkdir)
        cell = nb.run("%copilot_session changed --permissions read-only")
        it.told(within=15)
        one_sentence(cell, "BadInput", f"{journal} is no file")
        said(nb, "%copilot_session --disconnect")
    with fault("all state deleted under a live session") as it:
        deleted("four", lambda: shutil.rmtree(home))
        it.told(within=15)
        assert "is bound to it" in said(nb, "%%copilot\nsay: after all")
        said(nb, "%copilot_session --disconnect")
        it.acknowledged = 1
        assert files_left(home) == []
        assert len(list(home.glob("session-state/*/events.jsonl"))) == 1


def without_root(folder: Path) -> Path:
    """Write a stand-in for Python to which permissions apply, also where root runs the tests."""
    stand_in = folder / "python"
    # Reading, writing, and owning everything: 1, 2 and 3 (PR_CAPBSET_DROP is 24).
    stand_in.write_text(
        f"#!{sys.executable}\nimport ctypes, os, sys\nlibc = ctypes.CDLL(None)\n"
        "for capability in (1, 2, 3):\n    libc.prctl(24, capability, 0, 0, 0)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    stand_in.chmod(0o700)
    return stand_in


def give_away(path: Path, mode: int) -> None:
    """Make a file or folder somebody else's; where that takes root's leave, nobody's."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        path.chmod(mode)
    else:
        path.chmod(0)


def take_back(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
    path.chmod(0o700 if path.is_dir() else 0o600)


def test_state_that_is_somebody_elses(
    notebook: Start, provider: ScriptedServer, home: Path, tmp_path: Path, fault: FaultOf
) -> None:
    nb = notebook(python=str(without_root(tmp_path)))
    said(nb, LOAD)
    with fault("state folder missing") as it:
        assert not home.exists()
        said(nb, "%copilot_session chat")
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        said(nb, "%%copilot\nsay: before")
        said(nb, "%copilot_session --disconnect")
    own = home / "copilot_magics"
    for what, mode in (
        (home, 0o700),
        (own, 0o755),
        (own / "locks", 0o777),
        (own / "locks" / "chat.lock", 0o666),
        (own / "sessions" / "chat.json", 0o644),
    ):
        with fault(f"somebody else's: {what.relative_to(home.parent)}") as it:
            give_away(what, mode)
            it.strikes()
            cell = nb.run("%copilot_session chat")
            it.told(within=15)
            one_sentence(cell, "StateUnusable", "")
            assert str(what) in cell.evalue
            take_back(what)
            nb.run("%copilot_session --disconnect")
            assert files_left(home) == []
            assert said(nb, "%copilot_session chat").startswith("Resumed chat")
            said(nb, "%copilot_session --disconnect")
    (binding,) = (own / "bindings").iterdir()
    binding.unlink()
    (tmp_path / "theirs").write_text("precious")
    for what in (binding, own / "locks" / "chat.lock", own / "locks" / "chat.json"):
        with fault(f"a link in the place of {what.relative_to(own).parent}/*{what.suffix}"):
            what.unlink(missing_ok=True)
            what.symlink_to(tmp_path / "theirs")
            one_sentence(nb.run("%copilot_session chat"), "StateUnusable", f"{what} is no file")
            assert (tmp_path / "theirs").read_text() == "precious"
            what.unlink()
            said(nb, "%copilot_session --disconnect")
    with fault("folders of ours that others may read") as it:
        for folder in (own, own / "locks", own / "sessions", own / "bindings"):
            folder.chmod(0o777)
        said(nb, "%copilot_session chat")
        assert "- say: before" in said(nb, "%%copilot\nrecall")
        ours = [own, *own.rglob("*")]
        assert {stat.S_IMODE(path.stat().st_mode) for path in ours if path.is_dir()} == {0o700}
        assert {stat.S_IMODE(path.stat().st_mode) for path in ours if path.is_file()} == {0o600}
        it.acknowledged = 1
        said(nb, "%copilot_session --disconnect")


def test_a_slow_disk(
    notebook: Start, provider: ScriptedServer, home: Path, tmp_path: Path, fault: FaultOf
) -> None:
    disk = SlowDisk(home, tmp_path / "disk")
    nb = notebook(python=str(disk.python))
    said(nb, LOAD)
    with fault("disk slow") as it:
        # For whatever opens, writes, syncs, renames, removes or lists something there.
        disk.takes(0.03)
        said(nb, "%copilot_session chat")
        cell = nb.start("%%copilot\ngate slow")
        provider.wait_reached("slow")
        other = notebook(tmp_path / "other")
        said(other, LOAD)
        it.strikes()
        one_sentence(other.run("%copilot_session chat"), "SessionInUse", "The session 'chat' is in")
        it.told(within=15)
        provider.release("slow")
        assert "After slow." in cell.result().text
        waiting = nb.start("%%copilot\nsilent after: A piece.")
        waiting.wait_output(lambda cell: "A piece." in cell.text)
        nb.interrupt()
        assert waiting.result().ename == "TurnInterrupted"
        assert recalled(nb.run("%%copilot\nrecall"))[0] == "gate slow"
        it.acknowledged = 2
        said(nb, "%copilot_session --disconnect")
        said(other, "%copilot_session chat")
        assert recalled(other.run("%%copilot\nrecall"))[0] == "gate slow"
        said(other, "%copilot_session --disconnect")
        said(nb, "%copilot_sessions --delete chat --yes")
        assert files_left(home) == []
        assert not journal_of(home, "chat").parent.exists()
