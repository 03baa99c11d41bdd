"""A notebook open in JupyterLab or Notebook 7, and what a user does with it.

Everything goes through the page: cells are typed and run with Shift+Enter, buttons are clicked.
Playwright waits for what it is told to act on; `expect` (from `playwright.sync_api`) waits for what
is to be seen.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

import nbformat
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect

from browser.serving import Jupyter

Kind = Literal["lab", "notebook"]
Theme = Literal["JupyterLab Light", "JupyterLab Dark"]

PATIENCE = 30_000
"""Milliseconds within which anything awaited must come."""

ARTIFACTS = Path(
    os.environ.get("COPILOT_MAGICS_ARTIFACTS", Path(__file__).parents[2] / "artifacts")
)
"""Where screenshots are kept."""

expect.set_options(timeout=PATIENCE)

# Tells that a prompt was drawn anew, also where it says the same as before.
_WATCH = """prompt => {
    prompt.dataset.awaited = "";
    new MutationObserver((_, observer) => {
        observer.disconnect();
        delete prompt.dataset.awaited;
    }).observe(prompt, {childList: true, characterData: true, subtree: true});
}"""

# Whether a notebook is open. It gets its path as a mark, for locators that hold over a reload.
_OPEN = """path => {
    const panels = [...(window.jupyterapp?.shell.widgets("main") ?? [])];
    const panel = panels.find(panel => panel.context?.path === path);
    if (panel) panel.node.dataset.path = path;
    return panel ?? null;
}"""

# Whether its kernel is connected and idle: the toolbar shows an idle kernel before there is one.
_READY = f"""path => {{
    const context = ({_OPEN})(path)?.sessionContext;
    return context?.isReady && context.session?.kernel?.status === "idle";
}}"""


@dataclass(frozen=True)
class CellView:
    """A cell as the page shows it."""

    root: Locator

    @property
    def editor(self) -> Locator:
        """Where its code is typed."""
        return self.root.locator(".cm-content")

    @property
    def prompt(self) -> Locator:
        """The ``[1]:`` before its code."""
        return self.root.locator(".jp-InputArea-prompt")

    @property
    def output(self) -> Locator:
        """All of its output."""
        return self.root.locator(".jp-Cell-outputArea")

    @property
    def outputs(self) -> Locator:
        """Its outputs, one by one."""
        return self.output.locator(".jp-OutputArea-output")

    def button(self, name: str) -> Locator:
        """Return a button in its output."""
        return self.output.get_by_role("button", name=name, exact=True)

    def run(self, *, wait: bool = True) -> CellView:
        """Run it with Shift+Enter, to its end unless told not to wait."""
        self.editor.click()
        self.prompt.evaluate(_WATCH)
        self.editor.press("Shift+Enter")
        return self.finished() if wait else self

    def finished(self) -> CellView:
        """Wait until it has run to its end, well or not."""
        expect(self.prompt).not_to_have_attribute("data-awaited", "")
        expect(self.prompt).to_have_text(re.compile(r"^\[\d+\]:$"))
        return self


class FrontEnd:
    """A page with a notebook open in it.

    Parameters
    ----------
    page : Page
        An empty page, to be closed by whoever made it.
    jupyter : Jupyter
        The server.
    path : Path
        The notebook.
    kind : {"lab", "notebook"}
        JupyterLab or Notebook 7.
    """

    def __init__(self, page: Page, jupyter: Jupyter, path: Path, kind: Kind = "lab") -> None:
        self.page = page
        self.jupyter = jupyter
        self.path = path
        self.kind = kind
        self.panel = page.locator(f'.jp-NotebookPanel[data-path="{self.inside}"]')
        """The notebook, its toolbar included."""
        self.errors: list[str] = []
        """What the page's scripts complained about, the front end's own included."""
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)

    def open(self, *, kernel: bool = True) -> Self:
        """Go to the notebook, and wait until its kernel is there.

        Parameters
        ----------
        kernel : bool
            False refuses one. The front end asks only if the notebook names no kernel and language.
        """
        # Each notebook has a workspace of its own, or JupyterLab opens what was open before.
        where = {"lab": f"lab/workspaces/{self.path.stem}/tree", "notebook": "notebooks"}[self.kind]
        inside = quote(self.inside)
        self.page.goto(f"{self.jupyter.url}/{where}/{inside}?token={self.jupyter.token}")
        if not kernel:
            self.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
        self._wait_shown(_READY if kernel else _OPEN)
        return self

    def beside(self, path: Path) -> FrontEnd:
        """Open a notebook to the right of this one, in the same JupyterLab."""
        other = FrontEnd(self.page, self.jupyter, path)
        self.page.evaluate(
            """path => jupyterapp.commands.execute(
                "docmanager:open", {path, options: {mode: "split-right"}}
            )""",
            other.inside,
        )
        other._wait_shown(_READY)
        return other

    @property
    def inside(self) -> str:
        """The notebook's path as the server knows it."""
        return self.path.relative_to(self.jupyter.root).as_posix()

    @property
    def cells(self) -> Locator:
        """All cells."""
        return self.panel.locator(".jp-Notebook-cell")

    def cell(self, number: int) -> CellView:
        """Return a cell, counted from 0; -1 is the last, whichever that is by then."""
        return CellView(self.cells.nth(number))

    def run(self, code: str, *, wait: bool = True) -> CellView:
        """Type a cell at the end of the notebook and run it, to its end unless told otherwise."""
        count = self.cells.count()
        last = self.cell(count - 1)
        last.editor.click()
        if last.editor.inner_text().strip():
            last.editor.press("Escape")
            self.page.keyboard.press("b")
            expect(self.cells).to_have_count(count + 1)
            last = self.cell(count)
            last.editor.click()
        self.page.keyboard.insert_text(code)
        return last.run(wait=wait)

    def interrupt(self) -> None:
        """Press the toolbar's stop button."""
        self._tool("interrupt-kernel").click()

    def restart(self) -> None:
        """Restart the kernel by the toolbar's button, and wait until it is there again."""
        self._tool("restart-kernel").click()
        with self.page.expect_response(lambda answer: "/restart" in answer.url):
            self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self._wait_shown(_READY)

    def save(self) -> nbformat.NotebookNode:
        """Save with Ctrl+S, and return the notebook that is then on disk."""
        path = quote(f"/api/contents/{self.inside}")

        def saved(answer: Response) -> bool:
            return answer.request.method == "PUT" and answer.url.split("?")[0].endswith(path)

        with self.page.expect_response(saved):
            self.page.keyboard.press("Control+s")
        return nbformat.read(self.path, as_version=4)  # type: ignore[no-any-return,no-untyped-call]

    def reload(self) -> None:
        """Reload the page, and wait until the notebook is there again."""
        self.page.reload()
        self._wait_shown(_READY)

    def reopen(self) -> None:
        """End the kernel and reload: what is shown comes from the file alone."""
        self.jupyter.end_kernels()
        self.reload()

    def change_theme(self, theme: Theme) -> None:
        """Choose a theme in the menu."""
        self.page.get_by_role("menuitem", name="Settings").click()
        self.page.locator(".lm-Menu").get_by_text("Theme", exact=True).click()
        self.page.locator(".lm-Menu").get_by_text(theme, exact=True).click()
        expect(self.page.locator(f'body[data-jp-theme-name="{theme}"]')).to_be_attached()
        # JupyterLab covers the page meanwhile.
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)

    def hide_sidebar(self) -> None:
        """Leave JupyterLab's whole width to the notebook."""
        self.page.keyboard.press("Control+b")
        expect(self.page.locator("#jp-left-stack")).to_be_hidden()

    def resize(self, width: int, height: int = 900) -> None:
        """Give the window a size."""
        self.page.set_viewport_size({"width": width, "height": height})

    def violations(self, selector: str, *rules: str) -> list[str]:
        """Return what axe finds wrong with a part of the page, contrast included.

        Parameters
        ----------
        selector : str
            The part, in CSS.
        *rules : str
            Check only these rules, such as ``color-contrast``.
        """
        # All of JupyterLab is positioned in a body without height, which axe takes for invisible.
        self.page.evaluate("document.body.style.minHeight = '100vh'")
        only: dict[str, Any] = {"runOnly": list(rules)} if rules else {}
        answer = Axe().run(self.page, context=selector, options=only).response
        assert answer["passes"] or answer["violations"], f"axe saw nothing: {answer['incomplete']}"
        return [
            f"{violation['id']}: {node['html']} {node['failureSummary']}"
            for violation in answer["violations"]
            for node in violation["nodes"]
        ]

    def screenshot(self, name: str) -> Path:
        """Keep a picture of the page, and return its path."""
        path = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def _tool(self, command: str) -> Locator:
        return self.panel.locator(f'.jp-NotebookPanel-toolbar [data-command="notebook:{command}"]')

    def _wait_shown(self, condition: str) -> None:
        self.page.wait_for_function(condition, arg=self.inside)
        expect(self.cells.first).to_be_visible()


def write_notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells, or with one empty cell."""
    notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    # Without it the front end asks which kernel it should be.
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    notebook.cells = [
        nbformat.v4.new_code_cell(code)  # type: ignore[no-untyped-call]
        for code in cells or [""]
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
