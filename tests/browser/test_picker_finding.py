"""Finding a session in the picker: search, filters, sorting, keys, and a table that moves along."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session
from playwright.sync_api import Page, expect

from browser.front_end import FrontEnd
from browser.pickers import LOAD, SHOW, PickerView

Open = Callable[..., FrontEnd]


def session(home: Path, name: str, *lines: bytes, days: float = 0, **data: object) -> Path:
    """Write a session that was last used some days ago."""
    folder = write_session(home, name, start(**data), *lines)
    used = time.time() - days * 86400 - 5
    os.utime(folder / "events.jsonl", (used, used))
    os.utime(folder, (used, used))
    return folder


def turn(said: str, answered: str = "yes") -> list[bytes]:
    return [prompt(said), answer(answered)]


def shown(notebook: FrontEnd) -> PickerView:
    return PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))


def scroll(page: Page, picker: PickerView, by: int) -> None:
    picker.root.locator(".ag-grid-viewport").hover()
    page.mouse.wheel(0, by)


def test_search_as_one_types(front_end: Open, home: Path) -> None:
    session(home, "churn", *turn("Which columns?"), days=3)
    session(home, "x-1", *turn("A CHURNING of butter"), days=2)
    session(home, "folder", *turn("one"), days=1, context={"cwd": "/data/churn-2026"})
    session(home, "said", *turn("hello", "before the match, Churn it was <b>said</b>, and after"))
    session(home, "none", *turn("nothing"))
    picker = shown(front_end(SHOW))
    expect(picker.count).to_have_text("5 sessions")
    picker.search.fill("churn")
    # What was said is found in the conversation, and shown in the row with the match marked.
    expect(picker.row("said").locator("mark")).to_have_text("Churn")
    expect(picker.row("said")).to_contain_text(
        "Copilot: before the match, Churn it was <b>said</b>"
    )
    picker.expect_ids("said", "folder", "x-1", "churn")
    expect(picker.count).to_have_text("4 of 5 sessions")
    expect(picker.cell("churn", "id").locator("mark")).to_have_text("churn")
    expect(picker.cell("x-1", "title").locator("mark").first).to_have_text("CHURN")

    picker.search.fill("M-1")
    picker.expect_ids("none", "said", "folder", "x-1", "churn")
    picker.search.fill("no such text")
    expect(picker.count).to_have_text("0 of 5 sessions")
    picker.button("Show all").click()
    expect(picker.count).to_have_text("5 sessions")
    expect(picker.search).to_have_value("")


@pytest.mark.slow
def test_filters(front_end: Open, home: Path, tmp_path: Path) -> None:
    notebook = front_end()
    notebook.run(f"{LOAD}\n%copilot_session mine")
    notebook.run("%%copilot\nhello")
    session(home, "here", *turn("a"), days=2, context={"cwd": str(tmp_path / "work")})
    session(home, "past", *turn("b"), days=50)
    session(home, "hurt", *turn("c"), b'{"type": "user.mess', days=4)
    picker = PickerView(
        notebook.run("picker = SessionPicker(filter='damaged')\npicker").output.locator(
            ".copilot-picker"
        )
    )
    picker.expect_ids("hurt")
    damaged = picker.button("Damaged")
    expect(damaged).to_have_attribute("aria-pressed", "true")
    expect(picker.cell("hurt", "title")).to_contain_text("damaged")
    damaged.click()
    expect(damaged).to_have_attribute("aria-pressed", "false")
    picker.expect_ids("mine", "here", "hurt", "past")
    for name, sessions in {
        "This notebook": ["mine"],
        "This folder": ["mine", "here"],
        "Bound": ["mine"],
        "In use": ["mine"],
        "Older than": ["past"],
    }.items():
        picker.button(name).click()
        picker.expect_ids(*sessions)
        picker.button(name).click()
    picker.root.get_by_label("Age of the filter").select_option("1 day")
    picker.expect_ids("here", "hurt", "past")
    # Filters add up, also with the search; the kernel knows them.
    picker.button("This folder").click()
    picker.expect_ids("here")
    told = notebook.run("print(sorted(picker.filters), picker.older)").output.inner_text().strip()
    assert told == "['older', 'this-folder'] 1d"
    notebook.run("picker.filters = []")
    picker.expect_ids("mine", "here", "hurt", "past")
    notebook.run("picker.value = 'past'")
    picker.expect_chosen("past")


def test_sorting_keeps_stars_on_top(front_end: Open, home: Path) -> None:
    session(home, "b-2", *turn("zebra"), *turn("zebra"), *turn("zebra"), days=3)
    session(home, "b-10", *turn("Apple"), days=1)
    session(home, "a", *turn("mango", "long " * 400), *turn("mango", "long " * 400), days=2)
    notebook = front_end(SHOW)
    picker = shown(notebook)
    notebook.resize(1900)
    picker.expect_ids("b-10", "a", "b-2")
    for column, once, twice in (
        ("ID", ["a", "b-2", "b-10"], ["b-10", "b-2", "a"]),
        ("Title", ["b-10", "a", "b-2"], ["b-2", "a", "b-10"]),
        ("Turns", ["b-2", "a", "b-10"], ["b-10", "a", "b-2"]),
        ("Size", ["a", "b-2", "b-10"], ["b-10", "b-2", "a"]),
        ("Last used", ["b-10", "a", "b-2"], ["b-2", "a", "b-10"]),
    ):
        picker.heading(column).click()
        picker.expect_ids(*once)
        picker.heading(column).click()
        picker.expect_ids(*twice)
    picker.cell("a", "star").get_by_role("button").click()
    picker.expect_ids("a", "b-2", "b-10")
    picker.heading("Title").click()
    picker.expect_ids("a", "b-10", "b-2")


@pytest.mark.slow
def test_keys(front_end: Open, home: Path) -> None:
    for number in range(4):
        session(home, f"s{number}", *turn(f"text {number}"), days=number + 1)
    notebook = front_end()
    notebook.run(f"{LOAD}\n%copilot_session real")
    notebook.run("%%copilot\nhello")
    notebook.run("%copilot_session --disconnect")
    picker = PickerView(notebook.run("SessionPicker()").output.locator(".copilot-picker"))
    cells = notebook.cells.count()
    keys = notebook.page.keyboard
    picker.choose("s0")
    for key, chosen in (
        ("ArrowDown", ["s1"]),
        ("Shift+ArrowDown", ["s1", "s2"]),
        ("ArrowDown", ["s3"]),
        ("ArrowUp", ["s2"]),
        ("ArrowRight", ["s2"]),
    ):
        keys.press(key)
        picker.expect_chosen(*chosen)
    expect(picker.conversation).to_contain_text("text 2")
    # Letters that JupyterLab would take: cut a cell, insert one, delete it.
    for key in ("x", "a", "b", "d", "d", "m"):
        keys.press(key)
    assert notebook.cells.count() == cells

    keys.press("/")
    expect(picker.search).to_be_focused()
    keys.type("text 1")
    picker.expect_ids("s1")
    picker.expect_chosen()
    keys.press("Escape")
    expect(picker.search).to_have_value("")
    picker.expect_chosen("s2")
    keys.press("Escape")
    expect(picker.row("s2").locator(":focus")).to_have_count(1)
    keys.press("Delete")
    expect(picker.dialog).to_contain_text("Delete this session?")
    # The focus stays in the question, and returns to where it was.
    for _ in range(4):
        keys.press("Tab")
        expect(picker.dialog.locator(":focus")).to_have_count(1)
    keys.press("Escape")
    expect(picker.row("s2").locator(":focus")).to_have_count(1)

    # Tab leaves the table for the actions, and the arrows reach the headings.
    keys.press("Tab")
    expect(picker.preview.locator(":focus")).to_have_count(1)
    keys.press("Shift+Tab")
    for _ in range(4):
        keys.press("ArrowUp")
    expect(picker.root.locator(".ag-header :focus")).to_have_count(1)
    keys.press("Enter")
    expect(picker.heading("ID")).to_have_attribute("aria-sort", "ascending")

    picker.choose("real")
    keys.press("Enter")
    picker.expect_said("Resumed real")
    keys.press("Escape")
    expect(picker.root.locator(":focus")).to_have_count(0)


def test_a_long_conversation_comes_page_by_page(front_end: Open, home: Path) -> None:
    lines = [line for n in range(60) for line in turn(f"prompt {n:02}", "word " * 800)]
    session(home, "long", *lines)
    notebook = front_end(SHOW)
    picker = shown(notebook)
    picker.choose("long")
    expect(picker.conversation.get_by_role("article").last).to_be_in_viewport()
    expect(picker.conversation.get_by_text("prompt 59")).to_have_count(1)
    expect(picker.conversation.get_by_text("prompt 00")).to_have_count(0)
    items = picker.conversation.get_by_role("article")
    while picker.conversation.get_by_text("Beginning of the conversation").count() == 0:
        known = items.count()
        top = items.first
        handle = top.element_handle()
        picker.conversation.evaluate("pane => { pane.scrollTop = 0; }")
        if known < 120:
            expect(items).not_to_have_count(known)
        # What one was reading stays where it was.
        assert (
            handle.evaluate(
                """item => {
                const pane = item.closest(".cp-conversation").getBoundingClientRect();
                return Math.abs(item.getBoundingClientRect().top - pane.top);
            }"""
            )
            < 60
        )
    expect(items).to_have_count(121)
    assert items.locator("p").filter(has_text="prompt").all_inner_texts() == [
        f"prompt {n:02}" for n in range(60)
    ]


@pytest.mark.slow
def test_the_table_follows_the_disk(front_end: Open, home: Path) -> None:
    folders = [session(home, f"s{n:02}", *turn(f"text {n}"), days=n) for n in range(60)]
    notebook = front_end(SHOW)
    picker = shown(notebook)
    picker.search.fill("text")
    picker.choose("s03")
    expect(picker.conversation).to_contain_text("text 3")
    scroll(notebook.page, picker, 700)
    expect(picker.row("s03")).not_to_be_in_viewport()
    position = picker.root.locator(".ag-grid-viewport")
    before = position.evaluate("body => body.scrollTop")

    session(home, "new", *turn("text of the new one"))
    expect(picker.count).to_have_text("61 of 61 sessions")
    shutil.rmtree(folders[40])
    expect(picker.count).to_have_text("60 of 60 sessions")
    with (folders[3] / "events.jsonl").open("ab") as journal:
        journal.write(prompt("text that was added") + b"\n")
    expect(picker.conversation.get_by_text("text that was added")).to_be_in_viewport()
    expect(picker.search).to_have_value("text")
    assert position.evaluate("body => body.scrollTop") == before
    scroll(notebook.page, picker, -2000)
    picker.expect_chosen("s03")
    expect(picker.cell("s03", "turns")).to_have_text("2")

    shutil.rmtree(folders[3])
    expect(picker.count).to_have_text("59 of 59 sessions")
    picker.expect_chosen()


@pytest.mark.slow
def test_times_are_relative_and_exact_on_hover(front_end: Open, home: Path) -> None:
    session(home, "x", *turn("a"), days=1 / 8)
    picker = shown(front_end(SHOW, locale="en-GB"))
    cell = picker.cell("x", "modified").locator("span[title]")
    expect(cell).to_have_text("3 hours ago")
    expect(cell).to_have_attribute("title", re.compile(r"\d{4}.*\d\d:\d\d:\d\d"))
