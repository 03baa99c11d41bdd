"""A line of ``%copilot`` that ends in a question mark is a prompt; ``%copilot?`` asks for help."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from copilot_magics import questions

PROMPTS = [
    ("%copilot why?", "", "why?"),
    ("%copilot Is it {name}??", "", "Is it {name}??"),
    ("%copilot  two  spaces?", "", " two  spaces?"),
    ("%copilot What's up?", "", "What's up?"),
    ("%copilot no question", "", "no question"),
    ("reply = %copilot why?", "reply = ", "why?"),
    ("if True:\n    %copilot why?", "if True:\n    ", "why?"),
    ("x = 1\n%copilot why?", "x = 1\n", "why?"),
]
OTHERS = [
    ("%copilot?", "get_ipython().run_line_magic('pinfo', '%copilot')\n"),
    ("%copilot??", "get_ipython().run_line_magic('pinfo2', '%copilot')\n"),
    ("%copilot_session?", "get_ipython().run_line_magic('pinfo', '%copilot_session')\n"),
    ("len?", "get_ipython().run_line_magic('pinfo', 'len')\n"),
    ("%copilot", "get_ipython().run_line_magic('copilot', '')\n"),
    ("text = '''\n%copilot why?\n'''", "text = '''\n%copilot why?\n'''\n"),
    ("x %copilot (3)", "x %copilot (3)\n"),
]


@pytest.fixture
def shell() -> SimpleNamespace:
    return SimpleNamespace(input_transformer_manager=TransformerManager())


@pytest.mark.parametrize(("cell", "before", "text"), PROMPTS)
def test_prompts(shell: SimpleNamespace, cell: str, before: str, text: str) -> None:
    questions.start(shell)
    called = shell.input_transformer_manager.transform_cell(cell)
    assert called == f"{before}get_ipython().run_line_magic('copilot', {text!r})\n"


@pytest.mark.parametrize(("cell", "becomes"), OTHERS)
def test_all_else_is_left_alone(shell: SimpleNamespace, cell: str, becomes: str) -> None:
    questions.start(shell)
    assert shell.input_transformer_manager.transform_cell(cell) == becomes


def test_it_can_be_stopped(shell: SimpleNamespace) -> None:
    untouched = list(shell.input_transformer_manager.token_transformers)
    questions.start(shell)
    questions.stop(shell)
    assert shell.input_transformer_manager.token_transformers == untouched
