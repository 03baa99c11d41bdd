"""Names that lead elsewhere: refused with the rule, and nothing is touched."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import Notebook

from copilot_magics import Session, delete_sessions, export_transcripts, get_messages
from copilot_magics.errors import BadInput, InvalidSessionID, SessionExists
from copilot_magics.exporting import export
from copilot_magics.ids import check_alone, check_session_id, is_session_id
from copilot_magics.sessions import fork_session, set_title
from copilot_magics.titles import check_title

Start = Callable[..., Notebook]

ELSEWHERE = [
    "..", ".", "../up", "../../etc/passwd", "/etc/passwd", "//host/share", "a/../../b", "a/b",
    "a\\b", "..\\up", "C:\\x", "a\x00b", "\x00", "~", "~root", "$HOME", "%2e%2e", "a%2fb",
    "file:///etc", "a:b", "a:$DATA", "*", "?", "a b", " a", "a ", "a.", "a. .", ".hidden", "a\n",
    "a\nb", "a\tb", "\ud800", "\u202egnp", "é", "ａ", "a\u200b", "", "x" * 101, "x" * 10_000,
    "../" * 3_000 + "etc",
]  # fmt: skip
DEVICES = [
    "CON",
    "con",
    "Nul",
    "NUL",
    "prn",
    "AUX",
    "aux",
    "COM1",
    "com9",
    "LPT0",
    "CONIN",
    "clock",
]


@pytest.mark.parametrize("name", [*ELSEWHERE, *DEVICES], ids=lambda name: ascii(name)[:20])
def test_no_new_session_has_such_a_name(name: str) -> None:
    told = "the name of a device" if name in DEVICES else "1 to 100 ASCII letters"
    with pytest.raises(InvalidSessionID, match=told) as refused:
        check_session_id(name)
    assert len(str(refused.value)) < 500
    proposed = str(refused.value).rsplit("'", 2)[1]
    assert check_session_id(proposed) == proposed


@pytest.mark.parametrize("name", ELSEWHERE, ids=lambda name: ascii(name)[:20])
def test_no_session_that_is_read_has(name: str) -> None:
    assert not is_session_id(name)


def everything(folder: Path) -> dict[Path, bytes | None]:
    """All that lies in a folder, and what it holds."""
    found = sorted(path for path in folder.rglob("*") if not path.is_symlink())
    return {path: path.read_bytes() if path.is_file() else None for path in found}


def ways_in(folder: Path) -> Iterator[Callable[[str], Any]]:
    """Every function that takes a session's name and would do something."""
    yield Session
    yield get_messages
    yield lambda name: get_messages([name])
    yield lambda name: delete_sessions(name, yes=True)
    yield lambda name: delete_sessions([name], yes=True)
    yield lambda name: set_title(name, "a title")
    yield fork_session
    yield lambda name: Session(name).fork("a title")
    yield lambda name: export(name, "jsonl", folder)
    yield lambda name: export_transcripts(folder / "dataset", name)


def test_every_way_in_refuses_them_and_touches_nothing(home: Path, tmp_path: Path) -> None:
    (home / "session-state").mkdir(parents=True)
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "events.jsonl").write_text("{}\n")
    before = everything(tmp_path)
    for name in ELSEWHERE:
        # Without a name, the one of this notebook is meant; a star means every session.
        for number, way in enumerate(ways_in(tmp_path) if name not in ("", "*") else ()):
            with pytest.raises(BadInput) as refused:
                way(name)
            assert len(str(refused.value)) < 500, (number, name)
    assert everything(tmp_path) == before


def test_what_cannot_be_a_title() -> None:
    for title in ("", " ", "a\nb", "x" * 10_000, "\x00", '"a"b'):
        with pytest.raises(BadInput, match="1 to 100 characters") as refused:
            check_title(title)
        assert len(str(refused.value)) < 300


def test_names_that_differ_in_their_case_alone_are_refused() -> None:
    for name, known in (("Alice", ["alice"]), ("ALICE-2", ["b", "alice-2"])):
        with pytest.raises(SessionExists, match="in its case alone") as refused:
            check_alone(name, known)
        assert f"%copilot_session {known[-1]}" in refused.value.mend
    check_alone("alice", ["alice", "alice-2", "b"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_magics_refuse_them_too_and_a_link_is_not_followed(
    notebook: Start, home: Path, tmp_path: Path
) -> None:
    kernel = notebook(tmp_path / "work")
    assert kernel.run("%load_ext copilot_magics\n%copilot_session Alice").status == "ok"
    assert kernel.run("%%copilot\nhello").status == "ok"
    assert "Alice" in kernel.run("%copilot_session ALICE").text
    # Found by its title, until that is another.
    kernel.run("%copilot_sessions --title Alice hers")
    for line in ("%copilot_session ALICE", "%copilot_session ALICE --new"):
        like = kernel.run(line)
        assert like.ename == "SessionExists"
        assert "in its case alone" in like.evalue
    assert kernel.run("%copilot_session --disconnect").status == "ok"

    state, outside = home / "session-state", tmp_path / "outside"
    shutil.copytree(state / "Alice", outside)
    (outside / "precious.txt").write_text("precious")
    (state / "folder").symlink_to(outside)
    shutil.copytree(state / "Alice", state / "journal")
    (state / "journal" / "events.jsonl").unlink()
    (state / "journal" / "events.jsonl").symlink_to(outside / "events.jsonl")
    before = everything(outside)
    kernel.run("from copilot_magics import *; from copilot_magics.sessions import *")
    for line in (
        "%copilot_session {}",
        "%copilot_sessions --delete {} --yes",
        "set_title('{}', 't')",
    ):
        for name in ("folder", "journal"):
            refused = kernel.run(line.format(name))
            assert refused.ename == "BadInput", refused.text
            assert "may lead out of the folder of sessions" in refused.evalue
    for name in ("../up", "/etc/passwd", "nul", "x" * 10_000, "a\\\\b"):
        for line in (
            "%copilot_session {}",
            "%copilot_session --new {}",
            "%copilot_session --fork {}",
            "%copilot_sessions --delete {} --yes",
            "%copilot_sessions --title {} t",
            "%%copilot --session {}\nhello",
        ):
            refused = kernel.run(line.format(name))
            assert refused.ename in ("InvalidSessionID", "SessionNotFound"), (line, refused.text)
            assert len(refused.evalue) < 500
    assert everything(outside) == before
    assert sorted(path.name for path in state.iterdir() if path.name[0] != ".") == [
        "Alice",
        "folder",
        "journal",
    ]
