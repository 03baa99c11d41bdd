"""A prompt whose kernel is gone leaves the page, and the saved notebook too."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.front_end import FrontEnd
from browser.prompts import bash
from browser.saved import assert_no_placeholder

Open = Callable[..., FrontEnd]


@pytest.mark.slow
@pytest.mark.parametrize("end", ["killed", "shut down"])
def test_nothing_is_left_of_a_prompt_whose_kernel_ends(front_end: Open, end: str) -> None:
    notebook = front_end()
    told = notebook.run("import os\nprint(os.getpid())\n%load_ext copilot_magics")
    cell = notebook.run(bash("touch made"), wait=False)
    expect(cell.button("Deny")).to_be_visible()
    if end == "killed":
        os.kill(int(told.output.inner_text()), signal.SIGKILL)
        notebook.page.locator(".jp-Dialog .jp-mod-accept").click()
    else:
        notebook.page.get_by_role("menuitem", name="Kernel").click()
        notebook.page.locator(".lm-Menu").get_by_text("Shut Down Kernel", exact=True).click()
    expect(cell.output.get_by_role("button")).to_have_count(0)
    assert_no_placeholder(notebook)
    saved = notebook.save().cells[1].outputs[-1]
    assert saved["data"] == {"text/plain": ""}
    notebook.reopen()
    expect(cell.output).to_contain_text("touch made")
    assert_no_placeholder(notebook)
