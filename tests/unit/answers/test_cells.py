"""Which of an answer's blocks are code for a cell, and where they are put."""

from __future__ import annotations

import pytest

from copilot_magics.answers.cells import block_code, into_cell, put, python_code
from copilot_magics.errors import BadInput


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no code, only `x = 1`", ""),
        ("```python\nx = 1\n```", "x = 1"),
        ("```Python\nx = 1\n\n\n```\n~~~py\ny\n~~~", "x = 1\n\ny"),
        ('```{.python title="a"}\nx\n```', "x"),
        ("```bash\nls\n```\n```json\n{}\n```\n```pycon\n>>> 1\n```", ""),
        ("```\nx = 1\n```", "x = 1"),
        ("```\nimport x\n```\n```\n!pip list\n```\n```\n%time f(x)\n```", None),
        # What names no language may as well be an output.
        ("```\n42\n```\n```\nyes\n```\n```\n  a  b\n0 1 2\n```\n```\nkey: value\n```", ""),
        ('```\n{"a": [1, 2]}\n```\n```\nFile not found.\n```', ""),
        ("1. Do\n\n   ```python\n   if x:\n       y()\n   ```", "if x:\n    y()"),
        ("> ```python\n> x = 1\n> y = 2\n> ```", "x = 1\ny = 2"),
        # Joined, the one's indent would be taken off the other.
        ("```py\n    a()\n```\n```py\nif x:\n    y()\n```", "a()\n\nif x:\n    y()"),
        ("````md\n```python\nx\n```\n````", ""),
        ("```python\nunfinished(", "unfinished("),
        ("```python\n\n```", ""),
        ("```python3.11\nx = 1\n```", "x = 1"),
        # A cell magic takes the whole cell.
        ("```python\n%pip list\n```\n```python\n%%bash\nls\n```", "%pip list"),
        ("```python\n%%bash\nls\n```\n```python\nx = 1\n```", "%%bash\nls"),
        ("```py\n# Shell\n\n%%bash\n# ls\nls\n```\n```py\nx\n```", "%%bash\n# ls\nls"),
        ("```py\n# x\nx = 1\n```\n```py\n\n # y\n  %%time\n  y\n```", "# x\nx = 1"),
        ("Do:\r\n```py\r\nx\r\ny\r\n```\r\nor\r\n~~~py\r\nz\r\n~~~\r\n.", "x\ny\n\nz"),
        # What turns the order of what is read would hide what is run.
        ("```python\nx = 1 # \u202e harmless\x1b[2J\n```", "x = 1 #  harmless[2J"),
    ],
)
def test_python_code(text: str, code: str | None) -> None:
    wanted = "import x\n\n!pip list\n\n%time f(x)" if code is None else code
    assert python_code(text) == wanted


def test_one_block() -> None:
    text = "```python\na\n```\n```sh\nb\n```\n```\nc d\n```"
    assert (block_code(text, 0), block_code(text, 2), block_code(text, -3)) == ("a", "c d", "a")
    for number in (1, 3, -4, True, "0", None):
        with pytest.raises(BadInput):
            block_code(text, number)  # type: ignore[arg-type]


def test_there_must_be_a_notebook_and_code() -> None:
    for text in ("```python\nx\n```", "no code"):
        with pytest.raises(BadInput, match=r"`\.code`"):
            into_cell(text, None)


class InTerminal:
    """IPython in a terminal."""

    rl_next_input: str | None = None

    def set_next_input(self, text: str) -> None:
        """Fill in the next line."""
        self.rl_next_input = text


@pytest.mark.parametrize("parts", [("%%bash\nls", "x"), ("x", "%%bash\nls")])
def test_a_cell_magic_is_joined_with_nothing(parts: tuple[str, str]) -> None:
    shell = InTerminal()
    assert "next input" in put(shell, parts[0])
    assert "%% can hold nothing else" in put(shell, parts[1])
    assert shell.rl_next_input == parts[0]


class Simple:
    """IPython where a prompt is a plain line of input, which cannot be filled in."""

    simple_prompt = True
    rl_next_input: str | None = None


def test_a_plain_line_of_input_cannot_be_filled_in() -> None:
    shell = Simple()
    assert "cannot be filled in" in put(shell, "x")
    assert shell.rl_next_input is None
