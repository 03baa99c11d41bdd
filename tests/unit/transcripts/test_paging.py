"""A journal from its end, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.transcripts import Event, journal_path, read_journal
from copilot_magics.transcripts.paging import Page, page_before


def is_said(event: Event) -> bool:
    return event.type in ("user.message", "assistant.message")


def pages(session: str, most: int) -> list[Page]:
    """Return all pages, the last one first."""
    found = [page_before(session, None, is_said, most)]
    while found[-1].start is not None:
        found.append(page_before(session, found[-1].start, is_said, most))
    return found


def ids(page: Page) -> list[str | None]:
    return [event.id for event in page.events]


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_the_pages_together_are_the_journal(home: Path, most: int) -> None:
    lines = [start()]
    for turn in range(300):
        # Lines longer than a step and short ones, in and out of step with it.
        lines += [prompt(f"p{turn}"), event("x", {"text": "é" * (turn * 379)}), answer("a")]
    write_session(home, "long", *lines)
    found = pages("long", most)
    whole = [event.id for event in read_journal("long").events]
    assert [name for page in reversed(found) for name in ids(page)] == whole
    for page in found[:-1]:
        assert sum(map(is_said, page.events)) >= most
        assert page.events


def test_the_end_of_a_long_journal_is_read_alone(home: Path) -> None:
    write_session(home, "long", *[prompt("x" * 1000) for _ in range(2000)])
    page = page_before("long", None, is_said, 5)
    size = journal_path("long").stat().st_size
    assert page.start is not None
    assert size - page.start < 70_000
    assert page.events[-1].id == read_journal("long").events[-1].id


def test_what_is_appended_does_not_move_a_page(home: Path) -> None:
    write_session(home, "grows", *[prompt("x" * 1000) for _ in range(200)])
    first = page_before("grows", None, is_said, 3)
    second = page_before("grows", first.start, is_said, 3)
    with journal_path("grows").open("ab") as file:
        file.write(prompt("new") + b"\n")
    assert ids(page_before("grows", first.start, is_said, 3)) == ids(second)
    newest = page_before("grows", None, is_said, 3).events[-1]
    assert newest.id == read_journal("grows").events[-1].id


def test_a_session_that_a_runtime_wrote(home: Path) -> None:
    sample(home)
    (page,) = pages("rich", 1000)
    assert page.events == read_journal("rich").events


def test_damage_costs_only_what_is_damaged(home: Path) -> None:
    whole = [prompt(f"p{n}") for n in range(50)]
    lines = [*whole[:25], b"\x00" * 100_000, b"garbage", *whole[25:]]
    write_session(home, "torn", raw=b"\n".join(lines) + b"\n" + prompt("cut")[:40])
    assert sum(len(page.events) for page in pages("torn", 1)) == 50


def test_nothing_is_there(home: Path) -> None:
    assert page_before("none", None, is_said, 3) == Page([], None)
    write_session(home, "empty", raw=b"")
    assert page_before("empty", None, is_said, 3) == Page([], None)
    # One that was rewritten shorter since its end was read.
    write_session(home, "short", start())
    assert len(page_before("short", 10_000_000, is_said, 3).events) == 1
