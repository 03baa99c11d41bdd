"""The bar of a long reading: seen while it lasts, and nothing of it afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.front_end import FrontEnd
from browser.saved import assert_same_when_reopened

Open = Callable[..., FrontEnd]

READING = """
from copilot_magics.transcripts.progress import Progress
with Progress(4_000_000, "Reading", patience=0) as progress:
    progress.advance(1_000_000)
    open("go").read()  # a pipe: it waits until the test writes to it
    progress.advance(3_000_000)
print("It is read.")
"""


@pytest.mark.slow
def test_a_bar_is_seen_and_goes(front_end: Open) -> None:
    notebook = front_end()
    go = notebook.path.with_name("go")
    os.mkfifo(go)
    reading = notebook.run(READING, wait=False)
    bar = reading.output.locator(".progress-bar")
    expect(bar).to_be_visible()
    expect(reading.output).to_contain_text("Reading:")
    expect(reading.output).to_contain_text("1.00M/4.00M")
    go.write_text("on")
    reading.finished()
    expect(bar).to_have_count(0)
    expect(reading.output).to_have_text("It is read.\n")
    assert_same_when_reopened(notebook)
