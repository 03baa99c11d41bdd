"""Which cells are rewritten to be awaited, and which are left alone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager, available_events
from IPython.core.inputtransformer2 import TransformerManager

from copilot_magics.awaiting import TWIN, Awaiting


class Shell:
    """As much of a kernel's shell as the rewriting touches."""

    def __init__(self) -> None:
        self.kernel = SimpleNamespace()
        self.autoawait = True
        self.events = EventManager(self, available_events)
        self.manager = TransformerManager()
        self.input_transformers_post: list[object] = []

    def read(self, cell: str) -> str:
        lines = self.manager.transform_cell(cell).splitlines(keepends=True)
        for transform in self.input_transformers_post:
            lines = transform(lines)  # type: ignore[operator]
        return "".join(lines)


@pytest.fixture
def shell() -> Shell:
    made = Shell()
    Awaiting(made).start()
    # The cell that loads the extension ends.
    made.events.trigger("post_run_cell", None)
    return made


@pytest.mark.parametrize(
    ("cell", "call"),
    [
        ("%%copilot\nhi", f"await get_ipython().run_cell_magic({TWIN!r}, '', 'hi\\n')\n"),
        (
            "%%copilot --quiet\nhi",
            f"await get_ipython().run_cell_magic({TWIN!r}, '--quiet', 'hi\\n')\n",
        ),
        ("\n\n%%copilot\nhi", f"await get_ipython().run_cell_magic({TWIN!r}, '', 'hi\\n')\n"),
        ("%copilot hi", f"await get_ipython().run_line_magic({TWIN!r}, 'hi')\n"),
        ("%copilot hi\nx = 1", f"await get_ipython().run_line_magic({TWIN!r}, 'hi')\nx = 1\n"),
    ],
)
def test_at_the_top_of_a_cell_it_is_awaited(shell: Shell, cell: str, call: str) -> None:
    assert shell.read(cell) == call


@pytest.mark.parametrize(
    "cell",
    [
        "%%copilot\n",
        "%%time\n%copilot hi",
        "%%capture\n%copilot hi",
        "for n in range(2):\n    %copilot hi",
        "def ask():\n    %copilot hi",
        "x = %copilot hi",
        "x = 1\n%copilot hi",
        "%copilot_session a",
        "%%copilots\nhi",
        "print('copilot')",
        "",
    ],
)
def test_everything_else_is_left_alone(shell: Shell, cell: str) -> None:
    assert shell.read(cell) == TransformerManager().transform_cell(cell)
    assert TWIN not in shell.read(cell)


def test_nothing_is_rewritten_while_a_cell_runs_or_without_autoawait(shell: Shell) -> None:
    cell = "%%copilot\nhi"
    shell.events.trigger("pre_run_cell", None)
    assert TWIN not in shell.read(cell)
    shell.events.trigger("pre_run_cell", None)
    shell.events.trigger("post_run_cell", None)
    assert TWIN not in shell.read(cell)
    shell.events.trigger("post_run_cell", None)
    assert TWIN in shell.read(cell)
    shell.autoawait = False
    assert TWIN not in shell.read(cell)


def test_a_shell_without_a_kernel_is_left_alone() -> None:
    shell = Shell()
    del shell.kernel
    Awaiting(shell).start()
    assert shell.input_transformers_post == []


def test_it_can_be_stopped() -> None:
    shell = Shell()
    awaiting = Awaiting(shell)
    awaiting.start()
    awaiting.stop()
    assert shell.input_transformers_post == []
    assert not any(shell.events.callbacks.values())
