"""Code that the agent runs in the kernel: allowed by click in a running cell, seen, and stopped."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from browser.front_end import FrontEnd
from browser.prompts import tool
from browser.saved import assert_no_placeholder, assert_same_when_reopened

Open = Callable[..., FrontEnd]

CODE = """\
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
print(f"sum: {sum(numbers)}")
numbers
"""


def test_code_is_allowed_by_click_and_its_output_is_seen(front_end: Open) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session runs\nnumbers = [1, 2, 39]")
    cell = notebook.run(tool("notebook_run", code=CODE), wait=False)
    expect(cell.button("Allow once")).to_be_visible()
    expect(cell.output).to_contain_text("Copilot wants to run Python in this kernel:")
    expect(cell.output.locator(".copilot-ask pre")).to_contain_text("plt.plot([1, 2, 3])")
    expect(cell.prompt).to_have_text("[*]:")
    notebook.screenshot("kernel-tool-asked")
    cell.button("Allow once").click()
    cell.finished()
    expect(cell.output).to_contain_text("sum: 42")
    expect(cell.output).to_contain_text("[1, 2, 39]")
    expect(cell.output.locator(".jp-RenderedImage img")).to_be_visible()
    expect(cell.output).to_contain_text("Allowed once (run Python in this kernel)")
    assert_no_placeholder(notebook)

    # Folded: the code, and what the agent was told.
    folded = cell.output.locator("details")
    expect(folded.get_by_text("plt.plot([1, 2, 3])").last).to_be_hidden()
    folded.locator("summary").click()
    expect(folded.locator("pre").first).to_contain_text("plt.plot([1, 2, 3])")

    endless = "print('started', flush=True)\nwhile True: pass"
    cell = notebook.run(tool("notebook_run", code=endless), wait=False)
    cell.button("Allow once").click()
    expect(cell.output).to_contain_text("started")
    notebook.interrupt()
    expect(cell.finished().output).to_contain_text("TurnInterrupted")
    after = notebook.run("%%copilot\nsay: It goes on.")
    expect(after.output).to_contain_text("It goes on.")
    assert_same_when_reopened(notebook)
