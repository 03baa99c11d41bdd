"""Which sessions there are, what is known of them, and which of them a name means."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import facts, find, get_turn, known_ids
from copilot_magics.transcripts.catalog import SessionFacts, catalog, glance


def known(session: str) -> SessionFacts:
    found = facts(session)
    assert found is not None
    return found


def named(name: str, user_named: bool = True) -> str:
    return f"id: x\nname: {name}\nuser_named: {str(user_named).lower()}\n"


def test_no_home_has_no_sessions(home: Path) -> None:
    assert (known_ids(), catalog(), find("x"), facts("x")) == ([], [], None, None)


def test_a_real_session(home: Path) -> None:
    folder = sample(home)
    found = known("rich")
    assert (found.title, found.user_named, found.turns) == ("say: hello there", False, 7)
    assert (found.model, found.cwd) == ("scripted", "/home/alice/project")
    assert found.created == datetime(2026, 11, 23, 6, 46, 1, 925000, UTC)
    changed = (folder / "events.jsonl").stat().st_mtime
    assert found.modified == datetime.fromtimestamp(changed, UTC)
    assert found.bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_those_with_a_journal_are_listed_newest_first(home: Path) -> None:
    for age, session in enumerate(["new", "middle", "old"]):
        folder = write_session(home, session, start())
        os.utime(folder / "events.jsonl", (2e9 - age, 2e9 - age))
    write_session(home, "unprompted", workspace=named("unprompted"))
    write_session(home, ".session-operation-locks", start())
    write_session(home, "not an id", start())
    (home / "session-state" / "a-file").touch()
    (home / "session-state" / "dangling").symlink_to(home / "nowhere")
    assert [found.session for found in catalog()] == ["new", "middle", "old"]
    assert known_ids() == ["middle", "new", "old"]
    assert facts("unprompted") is None


@pytest.mark.parametrize(
    ("yaml", "title"),
    [
        (named("'My: title'"), "My: title"),
        (named("'it''s'"), "it's"),
        (named("yes"), "yes"),
        (named("2026-01-01"), "2026-01-01"),
        (named("é🎉"), "é🎉"),
        (
            named("a long title that another version\n  wrapped"),
            "a long title that another version wrapped",
        ),
        (named("x1"), "first prompt"),
        (named("first prompt and all", user_named=False), "first prompt"),
        ("name: |-\n  two\n  lines\nuser_named: false\n", "first prompt"),
        ("", "first prompt"),
        ("name: [", "first prompt"),
        ("name: \x00", "first prompt"),
        ("- a\n- list\n", "first prompt"),
        (named("[a, list]"), "first prompt"),
        (None, "first prompt"),
    ],
)
def test_titles(home: Path, yaml: str | None, title: str) -> None:
    write_session(home, "x1", start(), prompt("first\n  prompt"), workspace=yaml)
    assert known("x1").title == title
    assert known("x1").user_named is (title != "first prompt")


def test_a_first_prompt_is_shortened_to_a_line(home: Path) -> None:
    write_session(home, "s", start(), prompt("word \n" * 40), prompt("second"))
    assert len(known("s").title) == 80
    assert known("s").title == "word " * 15 + "word…"


def test_a_session_that_was_named_and_never_prompted(home: Path) -> None:
    write_session(home, "s", start(), workspace=named("s"))
    assert (known("s").title, known("s").turns, find("s")) == ("", 0, "s")


def test_what_is_counted_as_a_turn(home: Path) -> None:
    write_session(
        home,
        "s",
        raw=b"\n".join(
            [
                start(),
                prompt("one") + answer('"type":"user.message"'),
                prompt("sub", agentId="a"),
                event("user.message", {"content": "x", "source": "skill-pdf"}),
                event("assistant.message", {"content": "", "nested": {"type": "user.message"}}),
                b"garbage" + prompt("two"),
            ]
        ),
    )
    assert known("s").turns == 2


def test_the_model_is_the_one_last_set(home: Path) -> None:
    write_session(
        home,
        "s",
        start(),
        event("session.model_change", {"newModel": "m-2"}),
        event("session.model_change", {"newModel": "sub"}, agentId="a"),
        event("session.resume", {"selectedModel": "m-3"}),
    )
    assert known("s").model == "m-3"


def test_without_a_workspace_the_journal_tells(home: Path) -> None:
    write_session(home, "s", start(), start())
    assert known("s").cwd == "/home/a"
    assert known("s").created.year == 2026
    write_session(home, "empty", raw=b"")
    assert known("empty").created == known("empty").modified
    assert (known("empty").model, known("empty").cwd) == ("", "")


def test_a_session_deleted_meanwhile_is_gone(home: Path) -> None:
    shutil.rmtree(write_session(home, "s", start()))
    assert facts("s") is None


def test_a_name_means_an_id_before_a_title(home: Path) -> None:
    write_session(home, "a", start(), workspace=named("b"))
    write_session(home, "b", start())
    assert (find("b"), find("a")) == ("b", "a")


def test_a_title_is_found_in_any_case(home: Path) -> None:
    write_session(home, "x1", start(), workspace=named("Große Sache"))
    assert find("GROSSE sache") == "x1"


def test_a_first_prompt_is_no_title(home: Path) -> None:
    write_session(home, "x1", start(), prompt("test"), workspace=named("test", user_named=False))
    assert find("test") is None


def test_a_title_of_several_lists_them(home: Path) -> None:
    for session in ("x1", "x2"):
        write_session(home, session, start(), workspace=named("same"))
    with pytest.raises(BadInput, match=r"2 sessions have the title 'Same'. Use an ID: x1, x2"):
        find("Same")


@pytest.mark.parametrize("wanted", ["../x", "", "a/b", "*", "\0"])
def test_what_is_no_id_is_not_found(home: Path, wanted: str) -> None:
    write_session(home, "x", start())
    assert find(wanted) is None


def test_a_glance_tells_what_the_folder_does(home: Path) -> None:
    sample(home)
    found, whole = glance("rich"), known("rich")
    assert found is not None
    assert (found.modified, found.created, found.cwd) == (whole.modified, whole.created, whole.cwd)
    assert (found.title, found.user_named) == ("", False)
    assert found.bytes == (home / "session-state" / "rich" / "events.jsonl").stat().st_size
    assert glance("none") is None


@pytest.mark.parametrize(
    ("yaml", "title", "user_named"),
    [
        (named("Mine"), "Mine", True),
        (named("what was\n  asked first", user_named=False), "what was asked first", False),
        (named("word " * 40, user_named=False), "word " * 15 + "word…", False),
        (named("s"), "", False),
        (None, "", False),
    ],
)
def test_the_title_at_a_glance(home: Path, yaml: str | None, title: str, user_named: bool) -> None:
    write_session(home, "s", start(), workspace=yaml)
    found = glance("s")
    assert found is not None
    assert (found.title, found.user_named) == (title, user_named)


@pytest.mark.parametrize(
    ("lines", "answered"),
    [
        ([prompt("p")], False),
        ([prompt("p"), answer("")], False),
        ([prompt("p"), answer("sub", agentId="a")], False),
        ([prompt("p"), answer("yes"), prompt("q")], True),
    ],
)
def test_whether_any_prompt_was_answered(home: Path, lines: list[bytes], answered: bool) -> None:
    write_session(home, "s", start(), *lines)
    assert known("s").answered is answered


def test_a_prompt_that_a_damaged_journal_repeats_is_one_turn(home: Path) -> None:
    asked = event("user.message", {"content": "q", "messageId": "m"})
    write_session(home, "s", start(), asked, asked, answer("r"), prompt("q2"), asked)
    assert known("s").turns == 2
    turn = get_turn("s", "m")
    assert turn["content"].dropna().tolist() == ["q", "q", "r"]
    assert set(turn["turn"]) == {1}
