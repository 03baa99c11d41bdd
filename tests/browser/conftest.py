"""One server and one browser for all of these tests; each test has a home, kernels and pages.

Playwright's loop stays in the thread while it is in use, where tests of other folders need their
own: the browser ends with this package's tests.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import assert_none_left
from playwright.sync_api import Browser, Error
from scripted import ScriptedServer

from browser.chromium import running_chromium
from browser.front_end import FrontEnd, Kind, write_notebook
from browser.serving import Jupyter

Open = Callable[..., FrontEnd]

_OPENED = pytest.StashKey[list[FrontEnd]]()


@pytest.fixture(scope="package")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Serve the folders of all tests."""
    root = tmp_path_factory.getbasetemp()
    state = tmp_path_factory.mktemp("jupyter")
    with Jupyter(root, state) as server:
        yield server
    assert_none_left(state / "copilot-home")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Run the browser."""
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def kernels(provider: ScriptedServer, runtime_path: Path, jupyter: Jupyter) -> Iterator[Jupyter]:
    """Give the server's kernels this test's home, runtime and provider, and end them."""
    own = ("COPILOT_", "HOME", "XDG_")
    jupyter.use_environment({k: v for k, v in os.environ.items() if k.startswith(own)})
    yield jupyter
    jupyter.end_kernels()
    jupyter.forget_user()


@pytest.fixture
def front_end(
    kernels: Jupyter, chromium: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Open]:
    """Open notebooks, each in a window of its own: ``front_end(*cells, name=…, kind=…, kernel=…)``.

    A notebook that is there already is opened as it is.
    """
    opened: list[FrontEnd] = request.node.stash.setdefault(_OPENED, [])

    def start(
        *cells: str,
        name: str = "notebook.ipynb",
        kind: Kind = "lab",
        kernel: bool = True,
        **context: Any,
    ) -> FrontEnd:
        path = tmp_path / "work" / name
        if not path.exists():
            write_notebook(path, *cells)
        page = chromium.new_context(**context).new_page()
        shown = FrontEnd(page, kernels, path, kind)
        opened.append(shown)
        return shown.open(kernel=kernel)

    yield start
    for context in chromium.contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a screenshot of what each test ended with, and say where that of a failed one is."""
    report = yield
    if report.when == "call":
        opened: list[FrontEnd] = item.stash.get(_OPENED, [])
        test = re.sub(r"[^\w.-]+", "-", f"{item.path.stem}.{item.name}").strip("-")
        for number, front_end in enumerate(opened, 1):
            kept = _screenshot(front_end, test if number == 1 else f"{test}.{number}")
            if report.failed:
                report.sections.append(("Screenshot", kept))
                said = "\n".join(front_end.errors)
                report.sections.append(("Console errors of the page", said))
    return report


def _screenshot(front_end: FrontEnd, name: str) -> str:
    try:
        return str(front_end.screenshot(name))
    except Error as error:
        # A page that crashed must fail its own test, not all of them.
        return f"none could be taken: {error}"
