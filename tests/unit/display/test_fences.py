"""Fences of code in a text that has not come to its end: found, and closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_magics.display.fences import Fence, blocks, closed, open_fence
from copilot_magics.display.stream import split_point


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        ("", ""),
        ("plain ``code``", ""),
        ("```python\nx", "```python"),
        ("```python\nx\n```", ""),
        ("~~~\n```\nx", "~~~"),
        ("````\n```\nx", "````"),
        ("````\n```\n````\n", ""),
        ("```\nx\n```python", "```"),
        ("  ```js\nx", "  ```js"),
        # In a list it is one.
        ("    ```js\nx", "    ```js"),
        ("- ~~~\nx", "- ~~~"),
        ("> ```\n> x", "> ```"),
        ("> ```\n> x\nmore", ""),
        ("``` a`b", ""),
        ("```\r\nx\r\n```\r\nmore\r\n", ""),
        ("```\rx\r```\rmore", ""),
        ("~~~\r\nx\r\n~~~~\r", ""),
        ("\t\t```js\nx", "\t\t```js"),
    ],
)
def test_an_open_fence_is_found_and_closed(text: str, fence: str) -> None:
    found = open_fence(text)
    assert (found.opener if found else "") == fence
    assert open_fence(closed(text)) is None
    assert closed(text).startswith(text)
    if not fence:
        assert closed(text) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.\t```\n\tif x:\n\t\ty\n\t```", "if x:\n\ty"),
        ("\t```\n\tif x:\n\t\ty\n\t```", "if x:\n\ty"),
        ("- ```\n  if x:\n  \ty\n  ```", "if x:\n\ty"),
        ("  ```\n  if x:\n\ty\n```", "if x:\n  y"),
        ("- Do:\n  ```\nif x:\n  y\n```", "if x:\n  y"),
        ("-\t```\n\n  if x:\n\ty\n```", "\nif x:\n  y"),
        ("> 1. ```\n>    if x:\n> \t\ty\n> ```", "if x:\n\ty"),
        ("```\r\nx\r\n\r\n y\rz\r\n```\r\nmore", "x\n\n y\nz"),
    ],
)
def test_what_stands_between_keeps_its_own_indent(text: str, code: str) -> None:
    assert [block.code for block in blocks(text) if isinstance(block, Fence)] == [code]


LINES = st.sampled_from(["```", "```py", "~~~~", "text", "", "- item", "  ```", "a. b"])


@given(st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])).map("".join)))
def test_closing_always_closes(lines: list[str]) -> None:
    text = "".join(lines)
    parts = [part.source if isinstance(part, Fence) else part for part in blocks(text)]
    assert "".join(parts) == text
    assert open_fence(closed(text)) is None
    assert 0 <= split_point(text) <= len(text)
