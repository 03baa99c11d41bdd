"""A conversation in JupyterLab, from loading the extension to reading the saved notebook."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.frames import start_recording, stop_recording
from browser.front_end import FrontEnd
from browser.prompts import bash, say
from browser.saved import assert_no_placeholder, assert_same_when_reopened

Open = Callable[..., FrontEnd]

LINES = 60
"""Pixels of two lines of text: what comes and goes above and below an answer."""


def test_an_answer_grows_and_stays(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end()
    loaded = notebook.run("%load_ext copilot_magics\n%copilot_session talk")
    expect(loaded.output).to_contain_text("Created talk")

    cell = notebook.run("%%copilot\ngate half", wait=False)
    expect(cell.output).to_contain_text("Before half.")
    expect(cell.output).not_to_contain_text("After half.")
    expect(cell.prompt).to_have_text("[*]:")
    start_recording(cell)
    provider.release("half")
    expect(cell.output).to_contain_text("Before half. After half.")
    cell.finished()
    frames = stop_recording(cell)
    assert all("Before half." in frame.text for frame in frames), "the answer flickered"
    assert len({round(frame.top) for frame in frames}) == 1, "the page jumped"
    expect(cell.outputs).to_have_count(1)

    cell = notebook.run("%%copilot\nbytes 12000 in 60 deltas over 1.5 seconds", wait=False)
    start_recording(cell)
    cell.finished()
    frames = stop_recording(cell)
    sections = [len(re.findall(r"Section \d", frame.text)) for frame in frames]
    assert len(set(sections)) > 3, "it did not grow"
    assert sections == sorted(sections), "what was there went away"
    heights = [frame.height for frame in frames]
    shrunk = [(was, now) for was, now in itertools.pairwise(heights) if now < was - LINES]
    assert not shrunk, "the page jumped"
    expect(cell.outputs).to_have_count(1)
    assert_same_when_reopened(notebook)


@pytest.mark.slow
def test_outputs_are_independent(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session many")
    first = notebook.run("%%copilot\nsay: the first answer")
    second = notebook.run("%%copilot\ngate second", wait=False)
    third = notebook.run("%%copilot\ngate third", wait=False)
    expect(second.output).to_contain_text("Before second.")
    expect(first.output).to_contain_text("the first answer")
    # The one that waits in the queue shows nothing of its own.
    expect(third.outputs).to_have_count(0)
    provider.release("second")
    expect(third.output).to_contain_text("Before third.")
    expect(second.finished().output).to_contain_text("After second.")
    expect(second.output).not_to_contain_text("third")
    provider.release("third")
    third.finished()
    first.run()
    for cell, words in (
        (first, "the first answer"),
        (second, "After second."),
        (third, "After third."),
    ):
        expect(cell.outputs).to_have_count(1)
        expect(cell.output).to_contain_text(words)


@pytest.mark.slow
def test_a_notebook_of_another_is_read_without_a_kernel(front_end: Open) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session theirs")
    asked = notebook.run(bash("touch made"), wait=False)
    asked.button("Deny").click()
    asked.finished()
    notebook.run(say("| a | b |", "| - | - |", "| 1 | 2 |", "", "```python", "x = 1", "```"))
    before = notebook.panel.locator(".jp-Cell-outputArea").all_text_contents()

    theirs = notebook.save()
    # Nothing in it is trusted, and it names no kernel and no language.
    theirs.metadata.clear()
    nbformat.write(theirs, notebook.path.with_name("theirs.ipynb"))  # type: ignore[no-untyped-call]
    mine = front_end(name="theirs.ipynb", kernel=False)
    expect(mine.panel.locator(".jp-Cell-outputArea")).to_have_text(before)
    expect(mine.panel.get_by_role("cell", name="2")).to_be_visible()
    assert_no_placeholder(mine)
